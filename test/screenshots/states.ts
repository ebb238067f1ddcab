// The states of which screenshots are taken: `npm run screenshots` draws each in each of its themes and sizes, from the
// real VS Code with the packaged extension on the sample workspace. A state starts in a fresh window, its `steps` bring it
// about as a person would, and must end with a wait for what is to be seen.
import { join } from "node:path";
import type { TraceFile } from "../../src/trace/schema";
import { buildRun, failedTestRun, failingTests, manyLines } from "../browser/outputTraces";
import { burstTrace, crashedTrace } from "../browser/timelineTraces";
import { writeTrace as generateTrace } from "../support/traceGenerator";
import type { RunningVscode } from "../support/vscodeServer";
import type { ThemeName } from "../support/webviewTheme";
import type { Workbench } from "../support/workbench";
import { detailsTrace } from "./detailsTrace";
import { largeTrace, liveTrace, writeTrace } from "./madeTraces";

export interface Size {
  /** Part of the file name; empty for the usual size. */
  readonly name: string;
  readonly widthPx: number;
  readonly heightPx: number;
  /** Device pixels per CSS pixel; with half the width and height it is what zooming to 200 % does in a browser. */
  readonly scale?: number | undefined;
}

export interface Scene {
  readonly workbench: Workbench;
  readonly vscode: RunningVscode;
}

export interface State {
  readonly name: string;
  readonly themes: readonly ThemeName[];
  readonly sizes: readonly Size[];
  /** False for a workspace without traces. */
  readonly sampleTraces?: boolean | undefined;
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
  readonly steps: (scene: Scene) => Promise<void>;
}

const usual: Size = { name: "", widthPx: 1440, heightPx: 900 };
const narrow: Size = { name: "narrow", widthPx: 760, heightPx: 900 };
const wide: Size = { name: "wide", widthPx: 2200, heightPx: 1000 };
/** The panel alone is about 320 px wide then. */
const phone: Size = { name: "320px", widthPx: 372, heightPx: 800 };
/** A window of 1440 by 900 at 200 %. */
const zoomed: Size = { name: "200percent", widthPx: 720, heightPx: 450, scale: 2 };
const everyTheme: readonly ThemeName[] = ["light", "dark", "highContrast", "highContrastLight"];
const mainThemes: readonly ThemeName[] = ["light", "dark", "highContrast"];

function traceFile(scene: Scene, id: string): string {
  return join(scene.vscode.workspaceFolder, ".tracekeeper", "traces", `${id}.json`);
}

/** Opens a session by its row and waits until its steps show. */
async function openSession({ workbench }: Scene, row: string | RegExp): Promise<void> {
  await workbench.openContainer("Tracekeeper");
  await workbench.row(row).first().click();
  await workbench.panel().getByRole("treegrid").waitFor();
  await workbench.panel().locator("canvas").first().waitFor();
  await detailsShown(workbench);
}

/** Writes the trace of a program that only printed, and opens it at its output. */
async function openOutput(scene: Scene, id: string, trace: TraceFile): Promise<void> {
  const { workbench } = scene;
  await writeTrace(traceFile(scene, id), { ...trace, sessionId: id });
  await workbench.openContainer("Tracekeeper");
  await workbench
    .row(trace.metadata.title ?? "")
    .first()
    .click();
  await workbench.panel().getByRole("grid", { name: "Output of the program" }).waitFor();
  await workbench.panel().locator(".line-text:not(:empty)").first().waitFor();
  await detailsShown(workbench);
}

/** The facts are the last part of a step's details. */
async function detailsShown(workbench: Workbench): Promise<void> {
  await workbench.panel().getByRole("tabpanel").getByText("Span id").waitFor();
}

/** Writes a trace, opens it and its timeline. */
async function openTimeline(scene: Scene, id: string, trace: TraceFile, row: string): Promise<void> {
  await writeTrace(traceFile(scene, id), trace);
  await openSession(scene, row);
  if ((scene.workbench.page.viewportSize()?.width ?? 0) < 800) await hideSideBar(scene);
  await scene.workbench.panel().getByRole("button", { name: "Show the Timeline" }).click();
  await timelineShown(scene.workbench);
}

/** The lanes are here, and how much was at work in each column. */
async function timelineShown(workbench: Workbench): Promise<void> {
  // What a click asks for is under way after the next frame.
  await workbench
    .panel()
    .locator("body")
    .evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  await workbench.panel().locator(".timeline-body[aria-busy=false]").waitFor();
}

async function hideSideBar({ workbench }: Scene): Promise<void> {
  await workbench.runCommand("View: Toggle Primary Side Bar Visibility");
  await workbench.sideBar.waitFor({ state: "hidden" });
}

/** A state that is a sample, opened. */
function sampleState(name: string, row: string | RegExp, sizes: readonly Size[] = [usual]): State {
  return { name, themes: mainThemes, sizes, steps: (scene) => openSession(scene, row) };
}

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

export const states: readonly State[] = [
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
    name: "timeline-burst",
    themes: everyTheme,
    sizes: [usual, phone, zoomed],
    async steps(scene) {
      await openTimeline(scene, "bursts", burstTrace(), "Two agents and three bursts");
      const { workbench } = scene;
      const body = (await workbench.panel().locator(".timeline-body").boundingBox())!;
      await workbench.panel().getByRole("button", { name: "By Agent" }).click();
      await timelineShown(workbench);
      if (body.width < 600) return;
      const { mouse } = workbench.page;
      await mouse.move(body.x + body.width * 0.16, body.y + 60);
      await mouse.down();
      await mouse.move(body.x + body.width * 0.34, body.y + 60, { steps: 4 });
      await mouse.up();
      await workbench
        .panel()
        .getByText(/steps began/)
        .waitFor();
    },
  },
  {
    name: "timeline-path",
    themes: ["light", "dark"],
    sizes: [usual],
    async steps(scene) {
      await openTimeline(scene, "bursts", burstTrace(), "Two agents and three bursts");
      await scene.workbench.panel().getByRole("button", { name: "Critical Path" }).click();
      await timelineShown(scene.workbench);
    },
  },
  {
    name: "timeline-crashed",
    themes: everyTheme,
    sizes: [usual, phone],
    async steps(scene) {
      const { workbench } = scene;
      await writeTrace(traceFile(scene, "crashed"), crashedTrace());
      await openSession(scene, "Migrate warehouse, killed");
      if (workbench.page.viewportSize()?.width === phone.widthPx) await hideSideBar(scene);
      await timelineShown(workbench);
      const lane = workbench.panel().locator(".durability");
      await lane.hover({ position: { x: ((await lane.boundingBox())?.width ?? 0) * 0.72, y: 12 } });
      await workbench
        .panel()
        .getByText(/Had the machine lost power here/)
        .waitFor();
    },
  },
  {
    name: "timeline-text",
    themes: ["light", "dark"],
    sizes: [usual],
    async steps(scene) {
      await openSession(scene, "Overnight backfill");
      await scene.workbench.panel().getByRole("button", { name: "Show the Timeline" }).click();
      await timelineShown(scene.workbench);
      await scene.workbench.panel().getByRole("button", { name: "View as Text" }).click();
      await scene.workbench
        .panel()
        .getByText(/Critical path: /)
        .waitFor();
    },
  },
  {
    name: "timeline-huge",
    themes: mainThemes,
    sizes: [usual],
    async steps(scene) {
      await writeTrace(traceFile(scene, "ses_huge"), largeTrace("ses_huge", 500_000, Date.now() - 60_000));
      await openSession(scene, "Nightly migration");
      await scene.workbench.panel().getByRole("button", { name: "Show the Timeline" }).click();
      await timelineShown(scene.workbench);
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
