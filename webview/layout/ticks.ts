// Marks of the time axis: round offsets from the start of the trace, far enough apart to be labelled, none within a
// stretch that is drawn short.

import { type DrawnRange, drawnAt, type TimeScale, wallAt } from "./timeScale";

export interface Tick {
  /** CSS px from the left edge. */
  readonly x: number;
  readonly wallMs: number;
}

export interface TickList {
  readonly ticks: readonly Tick[];
  /** Distance between two ticks in ms: how exactly they are to be labelled. */
  readonly stepMs: number;
}

const secondMs = 1_000;
const minuteMs = 60_000;
const hourMs = 3_600_000;
const dayMs = 86_400_000;
const coarseStepsMs = [
  ...[1, 2, 5, 10, 20, 30].map((n) => n * secondMs),
  ...[1, 2, 5, 10, 20, 30].map((n) => n * minuteMs),
  ...[1, 2, 3, 6, 12].map((n) => n * hourMs),
];

/** The smallest round step of at least `leastMs`. */
export function roundStep(leastMs: number): number {
  if (leastMs > 12 * hourMs) return dayMs * roundDecimal(leastMs / dayMs);
  if (leastMs <= secondMs) return roundDecimal(leastMs);
  return coarseStepsMs.find((step) => step >= leastMs) ?? dayMs;
}

function roundDecimal(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((n) => n * power).find((step) => step >= least * (1 - 1e-9)) ?? 10 * power;
}

/** @param apartPx the least distance of two ticks. */
export function ticks(scale: TimeScale, range: DrawnRange, widthPx: number, apartPx: number): TickList {
  const width = range.to - range.from;
  if (widthPx < apartPx || width <= 0) return { ticks: [], stepMs: 0 };
  const pxPerMs = widthPx / width;
  const stepMs = roundStep(apartPx / pxPerMs);
  const found: Tick[] = [];
  let lastX = Number.NEGATIVE_INFINITY;
  // Ordinary stretches lie between the knots 0-1, 2-3, ...
  for (let knot = 0; knot + 1 < scale.wallMs.length; knot += 2) {
    const from = Math.max(wallAt(scale, range.from), scale.wallMs[knot] ?? 0);
    const to = Math.min(wallAt(scale, range.to), scale.wallMs[knot + 1] ?? 0);
    if (from > to) continue;
    const firstIndex = Math.ceil((from - scale.startMs) / stepMs - 1e-9);
    for (let index = firstIndex; found.length < 200; index++) {
      const wallMs = scale.startMs + index * stepMs;
      if (wallMs > to) break;
      const x = (drawnAt(scale, wallMs) - range.from) * pxPerMs;
      if (x - lastX < apartPx * 0.9) continue;
      found.push({ x, wallMs });
      lastX = x;
    }
  }
  return { ticks: found, stepMs };
}
