// The states of batches: one that runs, one that failed in part, one that was aborted, one of 10,000 runs, and a trace that
// is a run of one. This process is the one that runs them, and never answers.
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { thisMachine } from "../../src/recorder/liveness";
import { ownIdentity } from "../../src/recorder/recoveryIdentity";
import { attemptSessionId, runIdOf } from "../../src/trace/batch/batchIds";
import type { BatchRecord } from "../../src/trace/batch/batchRecord";
import { abortedBatch, encodeBatchLog, madeBatch, madeBatchId, untilMs } from "../support/batchLogs";
import { batchRunTrace, writeTrace } from "./madeTraces";
import { detailsShown, hideSideBar, traceFile } from "./scenes";
import { everyTheme, mainThemes, phone, type Scene, type Size, type State, usual, zoomed } from "./state";

/** The page alone is about 480 px wide then. */
const slim: Size = { name: "480px", widthPx: 532, heightPx: 800 };

const evals = { runs: 40, concurrency: 4, tasks: ["score-answer"] };
const faulty = {
  ...evals,
  prefailed: {
    11: { code: "PAYLOAD_TOO_LARGE", message: "The item has 4,194,304 bytes; 3,145,728 are the most" },
    25: { code: "UNKNOWN_TASK", message: 'No task is named "score-anwser"' },
  },
  uncreated: { 30: { code: "DISK", message: "ENOSPC: no space left on device, write" } },
  errorOf: (index: number, attempt: number): string | undefined => {
    if (index === 6 || index === 20 || index === 34) return `answer ${index + 1} differs from what was expected`;
    if (index === 17) return "connect ECONNREFUSED 127.0.0.1:5432";
    return index % 9 === 3 && attempt === 1 ? "Timed out after 30 s" : undefined;
  },
  retriedStream: true,
};

async function writeBatch(scene: Scene, records: readonly BatchRecord[], isRun = false): Promise<void> {
  const file = (name: string) => join(dirname(traceFile(scene, "any")), "batches", `${idOf(records)}.${name}`);
  await mkdir(dirname(file("owner")), { recursive: true });
  const owner = { ...ownIdentity(thisMachine(), "screenshots"), url: "http://127.0.0.1:9", token: "none" };
  if (isRun) await writeFile(file("owner"), JSON.stringify(owner));
  await writeFile(file("batch.ndjson"), encodeBatchLog(records));
}

function idOf([created]: readonly BatchRecord[]): string {
  return created?.type === "created" ? created.id : madeBatchId;
}

/** Opens the batch by its node, and waits for its runs. */
async function openBatch(scene: Scene, row: string | RegExp): Promise<void> {
  const { workbench } = scene;
  await workbench.openContainer("Tracekeeper");
  await workbench.row(row).first().click();
  await workbench.panel().getByRole("heading", { level: 1 }).waitFor();
  await workbench.panel().locator("main[aria-busy=false] .run-row").first().waitFor();
  await settle(scene);
}

/** Puts away what lies beside the page where there is little room, and the tip of what was clicked. */
async function settle(scene: Scene): Promise<void> {
  const { page } = scene.workbench;
  const { width, height } = page.viewportSize() ?? { width: 0, height: 0 };
  if (width < 800 && (await scene.workbench.sideBar.isVisible())) await hideSideBar(scene);
  await page.mouse.move(width / 2, height - 4);
  await page.locator(".monaco-hover:visible").waitFor({ state: "hidden" });
}

function running(runs: number, concurrency: number, sinceMs: number): readonly BatchRecord[] {
  const records = madeBatch({
    ...faulty,
    uncreated: {},
    runs,
    concurrency,
    name: "nightly evals",
    startMs: Date.now() - sinceMs,
  });
  return untilMs(records, sinceMs);
}

export const batchStates: readonly State[] = [
  {
    name: "batch-running",
    themes: mainThemes,
    sizes: [usual, phone, slim, zoomed],
    async steps(scene) {
      await writeBatch(scene, running(120, 6, 95_000), true);
      await openBatch(scene, /^nightly evals/);
    },
  },
  {
    name: "batch-partly-failed",
    themes: everyTheme,
    sizes: [usual, phone, slim, zoomed],
    async steps(scene) {
      await writeBatch(scene, madeBatch({ ...faulty, name: "nightly evals", startMs: Date.now() - 3_600_000 }));
      await openBatch(scene, /^nightly evals/);
    },
  },
  {
    name: "batch-run-selected",
    themes: mainThemes,
    sizes: [usual],
    async steps(scene) {
      await writeBatch(scene, madeBatch({ ...faulty, name: "nightly evals", startMs: Date.now() - 3_600_000 }));
      for (const attempt of [1, 2, 3]) await writeRun(scene, 6, attempt);
      await openBatch(scene, /^nightly evals/);
      const panel = scene.workbench.panel();
      await panel.getByRole("grid", { name: "Runs" }).focus();
      await scene.workbench.press("f", "ArrowDown");
      await panel.getByRole("heading", { name: "Run 7" }).waitFor();
      await panel.getByText(runIdOf(madeBatchId, 6), { exact: true }).waitFor();
    },
  },
  {
    name: "batch-aborted",
    themes: mainThemes,
    sizes: [usual, phone, zoomed],
    async steps(scene) {
      await writeBatch(scene, abortedBatch(Date.now() - 2 * 3_600_000));
      await openBatch(scene, /^import of invoices/);
    },
  },
  {
    name: "batch-10000",
    themes: mainThemes,
    sizes: [usual, slim],
    async steps(scene) {
      await writeBatch(scene, running(10_000, 40, 900_000), true);
      await openBatch(scene, /^nightly evals/);
    },
  },
  {
    name: "batch-trace",
    themes: everyTheme,
    sizes: [usual, phone, slim, zoomed],
    async steps(scene) {
      await writeBatch(scene, madeBatch({ ...faulty, name: "nightly evals", startMs: Date.now() - 3_600_000 }));
      await writeRun(scene, 6, 3);
      await openBatch(scene, /^nightly evals/);
      const { workbench } = scene;
      await workbench.panel().getByRole("grid", { name: "Runs" }).focus();
      await workbench.press("F8");
      await workbench.panel().getByRole("heading", { name: "Run 7" }).waitFor();
      await workbench.press("Enter");
      await workbench.panel().getByRole("treegrid").waitFor();
      await detailsShown(workbench);
      await settle(scene);
    },
  },
];

async function writeRun(scene: Scene, index: number, attempt: number): Promise<void> {
  const runId = runIdOf(madeBatchId, index);
  const session = attemptSessionId(runId, attempt);
  const batch = { id: madeBatchId, name: "nightly evals", index, runCount: evals.runs, runId, attempt };
  await writeTrace(traceFile(scene, session), batchRunTrace(session, batch, Date.now() - 3_500_000));
}
