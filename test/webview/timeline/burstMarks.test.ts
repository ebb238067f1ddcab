import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { BurstColumns } from "../../../src/protocol/timelineMessages";
import { buildTimeScale } from "../../../webview/layout/timeScale";
import { burstLines, burstMarks } from "../../../webview/timeline/burstMarks";

function burstsOf(parts: readonly { fromMs: number; lastsMs: number; calls: number }[]): BurstColumns {
  const whole = new Uint32Array(parts.length);
  return {
    parent: new Int32Array(parts.length),
    row: Int32Array.from(parts, (_, index) => index),
    fromMs: Float64Array.from(parts, ({ fromMs }) => fromMs),
    toMs: Float64Array.from(parts, ({ fromMs, lastsMs }) => fromMs + lastsMs),
    endMs: Float64Array.from(parts, ({ fromMs, lastsMs }) => fromMs + lastsMs),
    calls: Uint32Array.from(parts, ({ calls }) => calls),
    peak: whole,
    failed: whole,
    gapMs: 20,
    overallGapMs: 20,
  };
}

const scale = buildTimeScale(0, 1_000, []);
const window = { scale, range: { from: 0, to: 1_000 }, widthPx: 1_000 };

describe("the names of bursts", () => {
  it("take the room up to the next one, larger bursts first, others on the line below", () => {
    const marks = burstMarks(
      burstsOf([
        { fromMs: 100, lastsMs: 10, calls: 5 },
        { fromMs: 150, lastsMs: 10, calls: 50 },
        { fromMs: 700, lastsMs: 100, calls: 9 },
      ]),
      window,
      () => 200,
    );
    expect(marks.map(({ index, line, textPx }) => [index, line, Math.round(textPx)])).toEqual([
      [1, 0, 200],
      [2, 0, 200],
      [0, 1, 200],
    ]);
  });

  it("never lie over each other and are in view, for any bursts", () => {
    const part = fc.record({ fromMs: fc.nat(1_000), lastsMs: fc.nat(300), calls: fc.integer({ min: 4, max: 99 }) });
    const zooms = fc.record({ from: fc.nat(900), width: fc.integer({ min: 1, max: 1_000 }) });
    fc.assert(
      fc.property(fc.array(part, { maxLength: 60 }), zooms, (parts, { from, width }) => {
        const shown = { scale, range: { from, to: from + width }, widthPx: 800 };
        const marks = burstMarks(burstsOf(parts), shown, () => 180);
        for (const [at, mark] of marks.entries()) {
          expect(mark.line).toBeLessThan(burstLines);
          expect(mark.x + mark.width).toBeGreaterThanOrEqual(0);
          expect(mark.x).toBeLessThanOrEqual(800);
          const left = Math.max(0, mark.x);
          const right = Math.max(mark.x + mark.width, left + mark.textPx);
          for (const other of marks.slice(0, at)) {
            if (other.line !== mark.line) continue;
            const otherLeft = Math.max(0, other.x);
            const otherTextRight = otherLeft + Math.min(other.textPx, 180);
            const otherRight = Math.max(other.x + other.width, otherTextRight);
            const isApart = right <= otherLeft + 1e-6 || left >= otherRight - 1e-6;
            expect(isApart, `${left}-${right} and ${otherLeft}-${otherRight}`).toBe(true);
          }
        }
      }),
    );
  });
});
