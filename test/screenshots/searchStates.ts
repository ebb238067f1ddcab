// The states of the search.
import { detailsShown, hideSideBar, openSession } from "./scenes";
import { mainThemes, phone, type State, usual } from "./state";

export const searchStates: readonly State[] = [
  {
    name: "search",
    themes: ["light", "dark"],
    sizes: [usual],
    async steps(scene) {
      await openSession(scene, "Overnight backfill");
      await scene.workbench.panel().getByLabel("Find in Trace").fill("tax");
      await scene.workbench.press("Enter");
      await scene.workbench
        .panel()
        .getByRole("search")
        .getByText(/\d+ of \d+/)
        .waitFor();
      await detailsShown(scene.workbench);
    },
  },
  {
    name: "search-expression",
    themes: mainThemes,
    sizes: [usual, phone],
    async steps(scene) {
      await openSession(scene, "Overnight backfill");
      await hideSideBar(scene);
      const panel = scene.workbench.panel();
      const field = panel.getByLabel("Find in Trace");
      await field.fill("tax");
      await panel.getByRole("button", { name: "Use Regular Expression" }).click();
      await field.fill("tax\\w*|round[A-Z]\\w+");
      await field.press("Enter");
      await panel
        .getByRole("search")
        .getByText(/\d+ of \d+/)
        .waitFor();
      await panel.getByRole("button", { name: "Show Matches Only" }).click();
      await panel.locator("mark").first().waitFor();
      await detailsShown(scene.workbench);
    },
  },
  {
    name: "search-fault",
    themes: mainThemes,
    sizes: [usual, phone],
    async steps(scene) {
      await openSession(scene, "Overnight backfill");
      await hideSideBar(scene);
      const panel = scene.workbench.panel();
      const field = panel.getByLabel("Find in Trace");
      await field.fill("exit");
      await panel.getByRole("button", { name: "Use Regular Expression" }).click();
      await field.fill("exit (?=1)");
      await panel.locator(".search-fault").waitFor();
    },
  },
];
