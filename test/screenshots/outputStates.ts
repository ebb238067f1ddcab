// The states of the output of a program that only printed.
import { buildRun, failedTestRun, failingTests, manyLines } from "../browser/outputTraces";
import { hideSideBar, openOutput } from "./scenes";
import { everyTheme, mainThemes, phone, type State, usual, zoomed } from "./state";

export const outputStates: readonly State[] = [
  {
    name: "output-only",
    themes: everyTheme,
    sizes: [usual, phone],
    async steps(scene) {
      await openOutput(scene, "ses_build", buildRun({ startMs: Date.now() - 60_000 }));
      if (scene.workbench.page.viewportSize()?.width === phone.widthPx) await hideSideBar(scene);
    },
  },
  {
    name: "output-failed",
    themes: everyTheme,
    sizes: [usual, phone, zoomed],
    async steps(scene) {
      await openOutput(scene, "ses_tests", failedTestRun({ startMs: Date.now() - 60_000 }));
      if ((scene.workbench.page.viewportSize()?.width ?? 0) < 800) await hideSideBar(scene);
    },
  },
  {
    name: "output-live",
    themes: mainThemes,
    sizes: [usual],
    async steps(scene) {
      const running = failedTestRun({ end: undefined, pieces: failingTests.slice(0, 5), startMs: Date.now() - 14_000 });
      await openOutput(scene, "ses_tests_running", running);
      await scene.workbench.panel().getByText(/quiet/).waitFor();
    },
  },
  {
    name: "output-crashed",
    themes: mainThemes,
    sizes: [usual],
    async steps(scene) {
      const startMs = Date.now() - 60_000;
      const killed = failedTestRun({ end: undefined, pieces: failingTests.slice(0, 5), startMs });
      const summary = { ...killed.summary, status: "crashed", error: "The terminal was closed" } as const;
      await openOutput(scene, "ses_tests_killed", { ...killed, summary });
      await scene.workbench.panel().getByText("The terminal was closed").first().waitFor();
    },
  },
  {
    name: "output-100mb",
    themes: mainThemes,
    sizes: [usual],
    async steps(scene) {
      const lines = manyLines(1_400_000, 700, { startMs: Date.now() - 1_500_000 });
      await openOutput(scene, "ses_import", lines);
      await scene.workbench.panel().getByLabel("Find in Output").fill("ERROR");
      await scene.workbench.press("Enter");
      await scene.workbench.panel().getByRole("search").getByText(/^1 of/).waitFor();
      await scene.workbench.panel().locator(".line.is-cursor mark").waitFor();
    },
  },
];
