// Which bursts are named at this zoom, and on which line: a bracket over the time in which they began, with as much room for
// words as there is before the next one. Bursts with more calls take their room first.

import type { BurstColumns } from "../../src/protocol/timelineMessages";
import { drawnAt } from "../layout/timeScale";
import type { TimeWindow } from "./laneBars";

export interface BurstMark {
  /** Of the burst. */
  readonly index: number;
  readonly x: number;
  readonly width: number;
  readonly line: number;
  /** Room for words, from `x` on; 0 for none. */
  readonly textPx: number;
}

export const burstLines = 2;
const leastTextPx = 56;
const apartPx = 8;
const mostMarks = 150;

/** @param textPxOf about how wide the words of a burst are */
export function burstMarks(bursts: BurstColumns, window: TimeWindow, textPxOf: (index: number) => number): BurstMark[] {
  const { scale, range, widthPx } = window;
  const perMs = widthPx / (range.to - range.from);
  const xOf = (ms: number) => (drawnAt(scale, ms) - range.from) * perMs;
  const found: { index: number; x: number; right: number }[] = [];
  for (let index = 0; index < bursts.row.length; index++) {
    const x = xOf(bursts.fromMs[index] ?? 0);
    const right = Math.max(x + 3, xOf(bursts.toMs[index] ?? 0));
    if (right >= 0 && x <= widthPx) found.push({ index, x, right });
  }
  found.sort((a, b) => (bursts.calls[b.index] ?? 0) - (bursts.calls[a.index] ?? 0) || a.index - b.index);
  const lines: { from: number; to: number }[][] = Array.from({ length: burstLines }, () => []);
  const marks: BurstMark[] = [];
  for (const { index, x, right } of found.slice(0, mostMarks)) {
    const from = Math.max(0, x);
    // With words where there is room for them on any line, else the bracket alone.
    const wordsPx = Math.max(leastTextPx, textPxOf(index));
    const wish = [Math.max(right, from + wordsPx), Math.max(right, from + leastTextPx), right];
    const placed = wish.flatMap((to) => {
      const line = lines.findIndex((taken) =>
        taken.every((other) => to + apartPx < other.from || from > other.to + apartPx),
      );
      return line < 0 ? [] : [{ line, hasText: to >= from + leastTextPx }];
    })[0];
    if (placed === undefined) continue;
    const taken = lines[placed.line] ?? [];
    const next = Math.min(widthPx, ...taken.filter((other) => other.from > from).map((other) => other.from - apartPx));
    const textPx = placed.hasText ? Math.min(next - from, Math.max(wordsPx, right - from)) : 0;
    const hasText = textPx >= leastTextPx;
    taken.push({ from, to: hasText ? Math.max(right, from + Math.min(textPx, wordsPx)) : right });
    marks.push({ index, x, width: right - x, line: placed.line, textPx: hasText ? textPx : 0 });
  }
  return marks;
}
