// The states of the details of a step.
import { detailsTrace } from "./detailsTrace";
import { writeTrace } from "./madeTraces";
import { detailsShown, hideSideBar, openSession, traceFile } from "./scenes";
import { mainThemes, phone, type Scene, type State, usual, wide, zoomed } from "./state";

/** Details of one step of a run that is hard to draw. */
function detailsState(name: string, row: RegExp, shown: string, before?: (scene: Scene) => Promise<void>): State {
  return {
    name,
    themes: mainThemes,
    sizes: [usual, phone, zoomed],
    async steps(scene) {
      const { workbench } = scene;
      await writeTrace(traceFile(scene, "ses_details"), detailsTrace("ses_details", Date.now() - 60_000));
      await openSession(scene, "Why is August so low");
      if ((workbench.page.viewportSize()?.width ?? 0) < 800) await hideSideBar(scene);
      // At its beginning, where no bar tells of itself.
      const step = workbench.panel().locator("[role=row]").filter({ hasText: row }).first();
      await step.click({ position: { x: 40, y: 10 } });
      await detailsShown(workbench);
      await before?.(scene);
      // Images are drawn when they come into view.
      await workbench
        .panel()
        .locator(shown)
        .first()
        .evaluate((element) => element.scrollIntoView({ block: "nearest" }));
      await workbench
        .panel()
        .locator(shown.replace(/^\.image$/, ".image img"))
        .first()
        .waitFor();
    },
  };
}

export const detailsStates: readonly State[] = [
  {
    name: "diff",
    themes: ["light", "dark"],
    sizes: [usual],
    async steps(scene) {
      await openSession(scene, "Build revenue mart");
      await scene.workbench
        .panel()
        .locator("[role=row]")
        .filter({ hasText: /edit.*tax\.ts/ })
        .first()
        .click();
      await scene.workbench.panel().getByText("roundHalfEven(amount").first().waitFor();
    },
  },
  detailsState("details-image", /generation-1/, ".image"),
  detailsState("details-long", /vitest run/, ".more-of-text"),
  detailsState("details-diff", /edit.*totals/, ".diff-added ins"),
  {
    ...detailsState("details-diff-sides", /edit.*totals/, ".is-side-by-side ins", ({ workbench }) =>
      workbench.panel().getByRole("button", { name: "Side by Side" }).click(),
    ),
    sizes: [wide],
  },
  detailsState("details-patch", /apply_patch/, ".diff-added"),
  detailsState("details-args", /create_issue/, ".field"),
];
