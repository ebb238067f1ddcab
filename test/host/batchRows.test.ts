import { describe, expect, it } from "vitest";
import { hindranceOf } from "../../src/host/batch/batchHeader";
import {
  batchContext,
  batchDescription,
  batchKey,
  batchTooltip,
  filterBatches,
  runLabel,
  runsOfBatch,
  sortBatches,
  splitRuns,
} from "../../src/host/sessions/batchRows";
import { batchActions } from "../../src/protocol/batchMessages";
import type { BatchEntry } from "../../src/store/batches/batchCatalog";
import type { SessionEntry } from "../../src/store/sessionEntry";
import type { BatchRecord } from "../../src/trace/batch/batchRecord";
import { BatchState } from "../../src/trace/batch/batchState";
import { summarizeBatch } from "../../src/trace/batch/batchSummary";
import { abortedBatch, madeBatch, untilMs } from "../support/batchLogs";

const startMs = Date.UTC(2026, 10, 20, 14, 1, 50);
const records = madeBatch({ runs: 40 });
const endMs = records.at(-1)?.at ?? 0;

function batch(of: readonly BatchRecord[], more: Partial<BatchEntry> = {}): BatchEntry {
  const state = new BatchState("x");
  for (const record of of) state.apply(record);
  const directory = "/home/ann/shop/.tracekeeper/traces";
  const id = state.id;
  const key = `${directory}/batches/${id}.batch.ndjson`;
  return { key, directory, safeId: id, summary: summarizeBatch(state), isDamaged: false, ...more };
}

function session(index: number, status: SessionEntry["state"]["status"], attempt = 1): SessionEntry {
  const safeId = `run_${index}_${attempt}`;
  const { directory, safeId: id } = batch(records);
  return {
    directory,
    safeId,
    key: `${directory}/${safeId}.json`,
    sessionId: safeId,
    modifiedMs: startMs,
    sizeBytes: 1,
    state: { status, reasons: [] },
    files: [],
    batch: { id, index, runCount: 40, attempt },
  };
}

const whole = batch(records);
const running = batch(untilMs(records, 20_000));

describe("the row of a batch", () => {
  it("tells how far it is, how it stands, and since when", () => {
    const nowMs = startMs + 20_000;
    expect(batchDescription(running, "alive", nowMs)).toMatch(/^\d+ of 40 · Running · just now$/);
    expect(batchDescription(running, "gone", nowMs)).toMatch(/· Interrupted ·/);
    expect(batchDescription(whole, "gone", endMs + 300_000)).toBe("40 of 40, 3 failed · 5 min ago");
    expect(batchDescription(batch(abortedBatch(startMs)), "gone", startMs + 31 * 60_000)).toBe(
      "0 of 40 · Aborted · 1 min ago",
    );
    expect(batchDescription({ ...whole, isDamaged: true }, "gone", endMs)).toContain("damaged log");
  });

  it("lets no text of the log act in a tooltip", () => {
    const hostile = batch(madeBatch({ runs: 2, name: "[x](command:evil) $(alert)" }));
    expect(batchTooltip(hostile, "gone")).not.toMatch(/\]\(command:|\$\(alert\)/);
  });

  it("is found by its name and its state", () => {
    expect(filterBatches([whole, running], "nightly completed")).toEqual([whole]);
    expect(filterBatches([whole, running], "")).toHaveLength(2);
  });

  it("stands first while it is not over", () => {
    expect(sortBatches([whole, running])).toEqual([running, whole]);
  });
});

describe("the runs of a batch", () => {
  it("are listed below it and not among the sessions, what needs a look first", () => {
    const sessions = [session(3, "completed"), session(9, "failed"), session(1, "running"), session(2, "failed")];
    const { batch: _, ...alone } = { ...session(5, "completed"), safeId: "alone" };
    const { others, runs } = splitRuns([...sessions, alone], new Set([batchKey(whole)]));
    expect(others.map(({ safeId }) => safeId)).toEqual(["alone"]);
    expect(runsOfBatch(runs.get(batchKey(whole)) ?? []).map(runLabel)).toEqual(["Run 2", "Run 3", "Run 10", "Run 4"]);
  });

  it("stay among the sessions where their batch is not there", () => {
    expect(splitRuns([session(3, "failed")], new Set()).others).toHaveLength(1);
  });

  it("are told apart by their attempts", () => {
    expect(runLabel(session(6, "failed", 2))).toBe("Run 7, attempt 2");
  });
});

describe("what can be done with a batch", () => {
  const alive = { type: "alive", pid: 1, host: "a", isReachable: true } as const;
  const gone = { type: "gone", isReachable: false } as const;
  const paused = batch([...untilMs(records, 20_000), { type: "paused", at: startMs + 20_001 }]);
  const cancelled = batch([...untilMs(records, 20_000), { type: "cancelled", at: startMs + 20_001 }]);
  const waiting = batch(records.slice(0, 5));
  const failing = batch(untilMs(records, 60_000));

  const onTrigger = (entry: BatchEntry) => ({ ...entry, summary: { ...entry.summary, engine: "trigger.dev" } });

  it.each([
    ["runs", running, alive, "batch canCancel canPause"],
    ["runs, with failures", failing, alive, "batch canCancel canPause canRetry"],
    ["is paused", paused, alive, "batch canCancel canUnpause"],
    ["is being cancelled", cancelled, alive, "batch"],
    ["waits for its items", waiting, alive, "batch canCancel canPause"],
    ["is over", whole, gone, "batch canRetry"],
    ["is over while its process is still there", whole, alive, "batch canRetry"],
    ["was left by its process", failing, gone, "batch canCancel canRetry canGoOn"],
    ["trigger.dev runs", onTrigger(running), alive, "batch canCancel"],
    ["trigger.dev has run", onTrigger(whole), gone, "batch"],
    ["was left that trigger.dev runs", onTrigger(failing), gone, "batch canCancel canGoOn"],
    ["was aborted", batch(abortedBatch()), gone, "batch"],
    ["runs where it can't be asked", running, { ...alive, isReachable: false }, "batch"],
    ["runs on another machine", running, { type: "unknown", isReachable: false } as const, "batch"],
  ])("that %s", (_, { summary }, runner, words) => {
    const can = (action: (typeof batchActions)[number]) =>
      hindranceOf(action, summary, { runner, isTrusted: true, underWay: undefined }) === undefined;
    expect(batchContext(can)).toBe(words);
  });

  it("is nothing in Restricted Mode, and nothing while something is under way", () => {
    for (const action of batchActions) {
      expect(hindranceOf(action, running.summary, { runner: alive, isTrusted: false })).toBe("restricted");
      const underWay = hindranceOf(action, running.summary, { runner: alive, isTrusted: true, underWay: "cancel" });
      expect(underWay).toBe("underWay");
    }
  });
});
