import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { batchActivity, batchTimeScale } from "../../../webview/batch/layout/batchTimes";
import { cellLooks, lookOf } from "../../../webview/batch/layout/cellLook";
import type { RunTable } from "../../../webview/batch/model/runTable";
import { abortedBatch, madeBatch, untilMs } from "../../support/batchLogs";
import { tableOf } from "./madeTable";

const records = madeBatch({ runs: 40 });
const table = tableOf(records);
const startMs = records[0]?.at ?? 0;
const endMs = records.at(-1)?.at ?? 0;

function scaleOf(of: RunTable) {
  return batchTimeScale(of, { createdMs: startMs, endMs, isLive: false, instants: [startMs, endMs] });
}

describe("the time of a batch", () => {
  it("has in its columns, whatever their width, all the time that attempts took and all that failed", () => {
    let workMs = 0;
    let failures = 0;
    let last = 0;
    table.eachAttempt((_, from, to, __, isLast) => {
      workMs += to - from;
      if (isLast) last++;
    });
    for (let index = 0; index < 40; index++) {
      for (let place = 0; place < (table.attemptCounts[index] ?? 0); place++) {
        if (table.attempt(index, place)?.outcome === "failed") failures++;
      }
    }
    expect(last).toBe(40);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 900 }), (columns) => {
        const scale = scaleOf(table);
        const { underWay, failed, failedLast, peak } = batchActivity(table, scale, columns);
        const columnMs = scale.drawnLength / columns;
        expect(underWay.reduce((sum, value) => sum + value * columnMs, 0)).toBeCloseTo(workMs, 0);
        expect(Math.max(...underWay)).toBe(peak);
        expect(peak).toBeLessThanOrEqual(4.001);
        expect(failed.reduce((sum, count) => sum + count, 0)).toBe(failures);
        // Three runs failed for good.
        expect(failedLast.reduce((sum, count) => sum + count, 0)).toBe(3);
      }),
      { numRuns: 60 },
    );
  });

  it("draws the half hour short in which nothing came", () => {
    const aborted = abortedBatch(startMs);
    const scale = batchTimeScale(tableOf(aborted), {
      createdMs: startMs,
      endMs: startMs + 30 * 60_000,
      isLive: false,
      instants: aborted.map(({ at }) => at),
    });
    expect(scale.gaps).toHaveLength(1);
    expect((scale.gaps[0]?.endMs ?? 0) - (scale.gaps[0]?.startMs ?? 0)).toBeGreaterThan(29 * 60_000);
  });
});

describe("how a cell looks", () => {
  const look = (of: RunTable, index: number, place: number) => cellLooks[lookOf(of, index, place)];

  it("tells what was made up for from what failed for good", () => {
    expect([0, 1, 2].map((place) => look(table, 7, place))).toEqual(["retried", "retried", "failed"]);
    expect([0, 1].map((place) => look(table, 3, place))).toEqual(["retried", "succeeded"]);
  });

  it("tells at any moment which attempts run, wait for another one, or are still to come", () => {
    const seen = new Set<string>();
    for (let ms = 0; ms < 20_000; ms += 500) {
      const early = tableOf(untilMs(records, ms));
      for (let index = 0; index < early.count; index++) {
        const attempts = early.attemptCounts[index] ?? 0;
        const cell = look(early, index, Math.max(0, attempts - 1)) ?? "";
        seen.add(cell);
        if (early.state(index) === "running" || early.state(index) === "backing-off")
          expect(cell).toBe(early.state(index));
        if (attempts === 0) expect(["absent", "waiting", "queued"]).toContain(cell);
      }
    }
    expect([...seen].sort()).toEqual(["absent", "backing-off", "queued", "running", "succeeded", "waiting"]);
  });
});
