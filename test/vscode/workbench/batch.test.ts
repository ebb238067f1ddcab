// Batches in the real window: a log that grows record by record, its node in the view, its editor, the way to a run's
// failing step and back, and what is asked of the process that runs it.
import { appendFile, mkdir, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { thisMachine } from "../../../src/recorder/liveness";
import { ownIdentity } from "../../../src/recorder/recoveryIdentity";
import { runIdOf } from "../../../src/trace/batch/batchIds";
import type { BatchRecord } from "../../../src/trace/batch/batchRecord";
import { madeUpTrace } from "../../browser/panelHarness";
import { encodeBatchLog, madeBatch, madeBatchId, untilMs } from "../../support/batchLogs";
import { type Browser, launchChromium } from "../../support/chromium";
import { type RunningVscode, startVscode } from "../../support/vscodeServer";
import { afterReload, openWorkbench, type Workbench } from "../../support/workbench";

let browser: Browser;
let vscode: RunningVscode;
let workbench: Workbench;
let owner: Server;
const asked: { readonly path: string; readonly authorization: string | undefined; readonly body: unknown }[] = [];

const startMs = Date.now() - 30_000;
const records = madeBatch({ runs: 40, startMs, name: "nightly" });
const early = untilMs(records, 25_000);

function traces(): string {
  return path.join(vscode.workspaceFolder, ".tracekeeper", "traces");
}

function batchFile(extension: string): string {
  return path.join(traces(), "batches", `${madeBatchId}.${extension}`);
}

/** The trace of run 8, whose first attempt failed in its second step. */
async function writeRun(index: number, attempt: number): Promise<void> {
  const session = attempt === 1 ? runIdOf(madeBatchId, index) : `${runIdOf(madeBatchId, index)}_a${attempt}`;
  const batch = { id: madeBatchId, name: "nightly", index, runCount: 40, runId: runIdOf(madeBatchId, index), attempt };
  const trace = madeUpTrace(
    [
      { kind: "session", name: "score-answer", status: "error", attributes: { "tracekeeper.batch": batch } },
      { name: "fetch" },
      { name: "compare", status: "error", statusMessage: `answer ${attempt} is wrong` },
    ],
    { sessionId: session, metadata: { title: "score-answer" }, summary: { status: "error" } },
  );
  await writeFile(path.join(traces(), `${session}.json`), JSON.stringify(trace));
}

async function append(more: readonly BatchRecord[], fromSeq: number): Promise<void> {
  await appendFile(batchFile("batch.ndjson"), encodeBatchLog(more, fromSeq));
}

beforeAll(async () => {
  browser = await launchChromium();
  vscode = await startVscode({ extensionsFolder: inject("packagedExtensionsFolder") });
  await mkdir(path.join(traces(), "batches"));
  for (const attempt of [1, 2, 3]) await writeRun(7, attempt);
  owner = createServer((request, response) => {
    let text = "";
    request.on("data", (data: Buffer) => {
      text += data.toString();
    });
    request.on("end", () => {
      const { authorization } = request.headers;
      asked.push({ path: request.url ?? "", authorization, body: JSON.parse(text) });
      response.setHeader("Content-Type", "application/json");
      response.end(JSON.stringify({ isChanged: true, message: "The batch is paused" }));
    });
  });
  await new Promise<void>((resolve) => owner.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(owner.address() as AddressInfo).port}`;
  // This very process runs the batch.
  await writeFile(batchFile("owner"), JSON.stringify({ ...ownIdentity(thisMachine(), "test"), url, token: "secret" }));
  await writeFile(batchFile("batch.ndjson"), encodeBatchLog(early));
  workbench = await openWorkbench(browser, vscode.url());
  await workbench.openContainer("Tracekeeper");
});

afterAll(async () => {
  await browser?.close();
  await vscode?.stop();
  owner?.close();
});

const batchRow = () => workbench.row(/^nightly/);
const header = () => workbench.panel().locator(".header");

describe("a batch", () => {
  it("is a node of the view, with its runs below it and not among the sessions", async () => {
    await batchRow().waitFor();
    await expect.poll(() => batchRow().innerText()).toMatch(/\d+ of 40.*Running/s);
    expect((await workbench.rows()).filter((row) => row.includes("score-answer"))).toEqual([]);
    await batchRow().locator(".monaco-tl-twistie").click();
    await workbench.row(/^Run 8, attempt 2/).waitFor();
    await batchRow().locator(".monaco-tl-twistie").click();
  });

  it("opens in its editor, which follows the log record by record", async () => {
    await batchRow().click();
    await workbench.tab(`${madeBatchId}.batch.ndjson`).waitFor();
    await workbench.panel().getByRole("heading", { name: "nightly" }).waitFor();
    const done = async () => Number(/(\d+) of 40/.exec(await header().innerText())?.[1]);
    await expect.poll(done).toBeGreaterThan(0);
    let now = await done();
    let sent = early.length;
    // Each end of a run is seen before the next one is written.
    for (const [at, record] of records.entries()) {
      if (at < early.length || now >= 20) continue;
      await append([record], sent++);
      if (record.type !== "runEnded") continue;
      now++;
      await expect.poll(done).toBe(now);
    }
    await append(records.slice(sent), sent);
    await expect.poll(() => header().innerText()).toMatch(/Partly failed.*40 of 40/s);
    await expect.poll(() => batchRow().innerText()).toMatch(/40 of 40, 3 failed/);
  });

  it("leads from a run to its failing step, and from there back to the run", async () => {
    const grid = workbench.panel().getByRole("grid", { name: "Runs" });
    await grid.focus();
    await workbench.press("F8");
    await expect.poll(() => workbench.panel().getByRole("row", { selected: true }).innerText()).toMatch(/^8\s+failed/);
    await workbench.press("Enter");
    await workbench.panel().getByRole("treegrid").waitFor();
    const step = workbench.panel().locator("[role=row][aria-selected=true]");
    await expect.poll(() => step.innerText()).toContain("compare");
    await workbench
      .panel()
      .getByRole("button", { name: /^run 8 of 40 · nightly/ })
      .click();
    await workbench.panel().getByRole("heading", { name: "Run 8" }).waitFor();
  });

  it("keeps what was chosen over a reload of the window", async () => {
    await workbench
      .panel()
      .getByRole("button", { name: /3\s+failed/ })
      .click();
    await expect.poll(() => workbench.panel().locator(".status-counts").innerText()).toBe("3 of 40 runs");
    // A moment later it is written down, and the window knows of it.
    await workbench.panel().getByRole("button", { name: "Duration" }).click();
    await expect
      .poll(() => workbench.panel().getByRole("columnheader", { name: "Duration" }).getAttribute("aria-sort"))
      .toBe("descending");
    await workbench.reload();
    await workbench.panel().locator(".status-counts").waitFor(afterReload);
    await expect.poll(() => workbench.panel().locator(".status-counts").innerText()).toBe("3 of 40 runs");
    await workbench.panel().getByRole("heading", { name: "Run 8" }).waitFor();
  });

  it("asks the process that runs it, with its token, to retry what failed", async () => {
    await workbench.panel().getByRole("button", { name: "Retry Failed (3)" }).click();
    await expect
      .poll(() => asked)
      .toEqual([
        {
          path: `/api/v1/batches/${madeBatchId}/retry`,
          authorization: "Bearer secret",
          body: { by: "VS Code" },
        },
      ]);
    asked.length = 0;
    await workbench.openContainer("Tracekeeper");
    await workbench.chooseFromMenu(batchRow(), "Retry Failed Runs");
    await expect.poll(() => asked.length).toBe(1);
  });

  it("is interrupted when its process has gone", async () => {
    const tried: BatchRecord = { type: "retried", at: Date.now(), indexes: [7], by: "VS Code" };
    await append([tried], records.length);
    await expect.poll(() => header().innerText()).toContain("Running");
    await rm(batchFile("owner"));
    await expect.poll(() => header().innerText()).toContain("Interrupted");
    await workbench.panel().getByRole("button", { name: "Continue" }).waitFor();
    await expect.poll(() => batchRow().innerText()).toContain("Interrupted");
  });
});
