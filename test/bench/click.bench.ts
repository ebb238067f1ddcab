// Clicks a session in the Sessions view of a real VS Code, up to the first frame of its panel that answers a click, against the same click on a trace of one step.
//
// The packaged extension in the VS Code server, in Chromium. Window and reader are warm; each trace is opened for the first
// time, then once more, then its hidden tab is shown again. `npm run bench -- click [spans]`.

import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Frame, Locator } from "playwright-core";
import { cacheFolder } from "../../scripts/lib/paths.mjs";
import { installExtension } from "../../scripts/lib/vscodeServer.mjs";
import { packageExtension } from "../../scripts/lib/vsix.mjs";
import { type Figure, median, reportBench } from "../support/bench";
import { launchChromium } from "../support/chromium";
import { makeTempDir } from "../support/tempDir";
import { writeTrace } from "../support/traceGenerator";
import { startVscode } from "../support/vscodeServer";
import { openWorkbench, type Workbench } from "../support/workbench";

const rounds = 5;
const seed = 20_261_121;
const spans = Number(process.argv[2] ?? 100_000);
const sizes = [2, spans];

await mkdir(cacheFolder, { recursive: true });
await using folder = await makeTempDir();
const vsix = folder.join("tracekeeper.vsix");
const extensionsFolder = folder.join("extensions");
await packageExtension(folder.join("staging"), vsix, { quiet: true, budgets: false });
await installExtension(vsix, extensionsFolder);
await using browser = await launchChromium();
await using vscode = await startVscode({ extensionsFolder, sampleTraces: false });
const traces = join(vscode.workspaceFolder, ".tracekeeper", "traces");
await mkdir(traces, { recursive: true });
for (const size of sizes) {
  const path = folder.join(`${size}.json`);
  await writeTrace(path, { spans: size, shape: "bursty", seed });
  // The round before the first one makes everything warm.
  for (let round = 0; round <= rounds; round++) await copyFile(path, join(traces, nameOf(size, round)));
}

await using workbench = await openWorkbench(browser, vscode.url(), {
  widthPx: 1400,
  heightPx: 900,
  timeoutMs: 120_000,
});
await workbench.openContainer("Tracekeeper");
const times = new Map<string, number[]>();
for (let round = 0; round <= rounds; round++) {
  for (const size of sizes) {
    for (const what of ["first", "again", "shown"] as const) {
      const ms = await measure(size, round, what);
      if (round > 0) times.set(`${what} ${size}`, [...(times.get(`${what} ${size}`) ?? []), ms]);
    }
    await workbench.runCommand("View: Close All Editors");
  }
}
const value = (what: string, size: number) => median(times.get(`${what} ${size}`) ?? []);
const label = `${spans.toLocaleString("en")} spans`;
const figures: Figure[] = [
  ["first", `${label}, never opened before`],
  ["again", `${label}, opened before`],
  ["shown", `${label}, its hidden tab shown again`],
].map(([what = "", name = ""]) => ({
  what: `${name}: a click is answered`,
  unit: "ms",
  value: value(what, spans),
  reference: value(what, 2),
  reach: 2,
}));
await reportBench("click", figures);

async function measure(size: number, round: number, what: "first" | "again" | "shown"): Promise<number> {
  const name = nameOf(size, round);
  if (what === "again") await workbench.runCommand("View: Close All Editors");
  if (what === "shown") {
    await workbench.tab(name).dblclick();
    await workbench.openFile("src/billing/tax.ts");
    return clickAndWait(workbench.tab(name));
  }
  const row = workbench.page.locator(".sidebar [role=treeitem]").filter({ hasText: `${size} spans, bursty` });
  return clickAndWait(row.nth(round));
}

/** From the press on the mouse to the frame that shows another selection in the panel, by the clock of the pages. */
async function clickAndWait(target: Locator): Promise<number> {
  const { page } = workbench;
  const before = new Set(page.frames());
  const pressed = page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        const take = () => resolve(performance.timeOrigin + performance.now());
        addEventListener("mousedown", take, { capture: true, once: true });
      }),
  );
  await target.click();
  const pressedMs = await pressed;
  const answeredMs = await (await newPanel(workbench, before)).evaluate(async () => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    while (document.querySelectorAll(".grid .row").length < 2) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
    await frame();
    const rows = [...document.querySelectorAll<HTMLElement>(".grid .row")];
    const selected = () => document.querySelector(".grid .row[aria-selected='true']")?.getAttribute("aria-rowindex");
    const before = selected();
    const other = rows.find(
      (row) => row.getAttribute("aria-selected") !== "true" && (rows.length < 20 || row.offsetTop > innerHeight / 2),
    );
    (other ?? rows.find((row) => row.getAttribute("aria-selected") !== "true"))?.click();
    while (selected() === before) await new Promise((resolve) => requestAnimationFrame(resolve));
    await frame();
    return performance.timeOrigin + performance.now();
  });
  return answeredMs - pressedMs;
}

/** The frame of the panel, as soon as its program is there; asked for over and over, because nobody tells. */
async function newPanel({ page }: Workbench, before: ReadonlySet<Frame>): Promise<Frame> {
  for (;;) {
    for (const frame of page.frames()) {
      if (before.has(frame)) continue;
      const isPanel = await frame.evaluate(() => document.querySelector("#root") !== null).catch(() => false);
      if (isPanel) return frame;
    }
    await page.waitForTimeout(5);
  }
}

function nameOf(size: number, round: number): string {
  return `ses_${String(size).padStart(7, "0")}_${round}.json`;
}
