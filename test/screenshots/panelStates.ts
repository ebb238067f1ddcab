// The states of the view and of an opened trace as a whole.
import { writeTrace as generateTrace } from "../support/traceGenerator";
import { largeTrace, liveTrace, writeTrace } from "./madeTraces";
import { detailsShown, hideSideBar, openSession, traceFile } from "./scenes";
import { everyTheme, mainThemes, narrow, phone, type Size, type State, usual, zoomed } from "./state";

/** A state that is a sample, opened. */
function sampleState(name: string, row: string | RegExp, sizes: readonly Size[] = [usual]): State {
  return { name, themes: mainThemes, sizes, steps: (scene) => openSession(scene, row) };
}

export const panelStates: readonly State[] = [
  {
    name: "view-empty",
    themes: everyTheme,
    sizes: [usual],
    sampleTraces: false,
    async steps({ workbench }) {
      await workbench.openContainer("Tracekeeper");
      await workbench.sideBar.getByText("No traces yet").waitFor();
    },
  },
  {
    name: "view-sessions",
    themes: everyTheme,
    sizes: [usual, narrow],
    async steps({ workbench }) {
      await workbench.openContainer("Tracekeeper");
      await workbench.row("Fix tax rounding").first().waitFor();
    },
  },
  {
    name: "loading",
    themes: mainThemes,
    sizes: [usual],
    async steps(scene) {
      // So long that it is still being read when the picture is taken.
      await generateTrace(traceFile(scene, "ses_long"), { spans: 1_500_000, shape: "wide", seed: 1 });
      const { workbench } = scene;
      await workbench.openContainer("Tracekeeper");
      await workbench.row("1500000 spans, wide").click();
      await workbench.panel().locator(".app.loading").waitFor();
    },
  },
  sampleState("failed", "Build revenue mart"),
  sampleState("crashed", "Migrate warehouse"),
  sampleState("loop", /^Loop/),
  sampleState("idle", "Overnight backfill"),
  sampleState("damaged", /ends in the middle/),
  {
    name: "damaged-empty",
    themes: mainThemes,
    sizes: [usual],
    async steps({ workbench }) {
      await workbench.openContainer("Tracekeeper");
      await workbench.row("ses_damaged_empty").click();
      await workbench.panel().getByText(/empty/i).first().waitFor();
    },
  },
  {
    name: "no-steps",
    themes: ["light", "dark"],
    sizes: [usual],
    async steps(scene) {
      const empty = {
        version: 2,
        traceId: "t",
        sessionId: "ses_none",
        startedAt: new Date().toISOString(),
        metadata: { title: "Nothing yet" },
        spans: [],
        summary: {},
      };
      await writeTrace(traceFile(scene, "ses_none"), empty);
      await scene.workbench.openContainer("Tracekeeper");
      await scene.workbench.row("Nothing yet").click();
      await scene.workbench.panel().getByText("No steps in this trace").waitFor();
    },
  },
  {
    name: "live",
    themes: mainThemes,
    sizes: [usual],
    async steps(scene) {
      await writeTrace(traceFile(scene, "ses_running"), liveTrace("ses_running", Date.now()));
      await openSession(scene, "Upgrade the router");
    },
  },
  {
    name: "huge",
    themes: mainThemes,
    sizes: [usual],
    async steps(scene) {
      await writeTrace(traceFile(scene, "ses_huge"), largeTrace("ses_huge", 500_000, Date.now() - 60_000));
      await openSession(scene, "Nightly migration");
    },
  },
  {
    name: "narrow",
    themes: mainThemes,
    sizes: [phone, zoomed],
    async steps(scene) {
      await openSession(scene, "Build revenue mart");
      await hideSideBar(scene);
    },
  },
  {
    name: "beside-code",
    themes: ["light", "dark"],
    sizes: [usual],
    async steps(scene) {
      await openSession(scene, /^Fix tax rounding.*Completed/);
      await scene.workbench.runCommand("View: Keep Editor");
      await scene.workbench.panel().getByRole("treegrid").focus();
      await scene.workbench.press("Alt+F8");
      await scene.workbench.panel().getByText("Error, recovered later").waitFor();
      await scene.workbench.press("F12");
      await scene.workbench.tab("tax.test.ts").waitFor();
      await scene.workbench.runCommand("View: Move Editor into Next Group");
      await scene.workbench.panel().locator("canvas").first().waitFor();
      await detailsShown(scene.workbench);
    },
  },
  {
    name: "keyboard-focus",
    themes: ["highContrast", "highContrastLight", "dark"],
    sizes: [usual],
    async steps(scene) {
      await openSession(scene, "Build revenue mart");
      await scene.workbench.panel().getByRole("treegrid").focus();
      await scene.workbench.press("ArrowUp", "ArrowUp");
    },
  },
  {
    name: "conversation",
    themes: mainThemes,
    sizes: [usual],
    async steps(scene) {
      await openSession(scene, /^Fix tax rounding.*Completed/);
      await scene.workbench.panel().getByRole("button", { name: "Conversation" }).click();
      await scene.workbench.panel().getByText("The tax total on invoices").first().waitFor();
    },
  },
  {
    name: "summary",
    themes: mainThemes,
    sizes: [usual],
    async steps(scene) {
      await openSession(scene, /^Fix tax rounding.*Completed/);
      await scene.workbench
        .panel()
        .getByRole("button", { name: /show summary/ })
        .click();
      await scene.workbench
        .panel()
        .getByRole("dialog")
        .getByText(/model calls/)
        .first()
        .waitFor();
    },
  },
];
