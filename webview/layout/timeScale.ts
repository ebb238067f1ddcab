// Piecewise linear time: stretches in which nothing happened are drawn short, so that two bursts seven hours apart fit
// one picture. "Drawn time" counts ms of ordinary stretches and far fewer for idle ones. The mapping is strictly
// monotone and invertible; the strip and the waterfall share one scale.

export interface TimeSpan {
  readonly startMs: number;
  readonly endMs: number;
}

export interface TimeScale extends TimeSpan {
  /** Idle stretches drawn short, in order; they do not touch. */
  readonly gaps: readonly TimeSpan[];
  /** Length of the whole in drawn ms. */
  readonly drawnLength: number;
  /** Knots of the mapping: wall time in ms and drawn time in ms since `startMs`, both ascending. */
  readonly wallMs: Float64Array;
  readonly drawnMs: Float64Array;
}

/** A part of the drawn time that is shown. */
export interface DrawnRange {
  readonly from: number;
  readonly to: number;
}

/** Idle stretches shorter than this are never drawn short: a distorted axis must buy something. */
export const shortestGapMs = 60_000;
/** An idle stretch is drawn short when it is longer than this part of what is left without it. */
const gapShare = 0.3;
const mostGaps = 100;
/** All drawn-short stretches together take at most this part of the width of the rest. */
const gapsWidthShare = 0.3;
const oneGapWidthShare = 0.06;
/** The whole of a trace whose spans all happen at one instant. */
const shortestScaleMs = 1;
/** The closest zoom, in drawn ms. */
export const shortestRange = 0.01;

/** @param idle stretches without activity, ascending and apart from each other. */
export function buildTimeScale(startMs: number, endMs: number, idle: readonly TimeSpan[]): TimeScale {
  const end = Math.max(endMs, startMs + shortestScaleMs);
  const gaps = gapsToCompress(startMs, end, idle);
  const gapMs = gaps.reduce((sum, gap) => sum + (gap.endMs - gap.startMs), 0);
  const activeMs = end - startMs - gapMs;
  const gapWidth = gaps.length === 0 ? 0 : activeMs * Math.min(oneGapWidthShare, gapsWidthShare / gaps.length);
  const wallMs = new Float64Array(2 + 2 * gaps.length);
  const drawnMs = new Float64Array(2 + 2 * gaps.length);
  wallMs[0] = startMs;
  let knot = 1;
  for (const gap of gaps) {
    wallMs[knot] = gap.startMs;
    drawnMs[knot] = (drawnMs[knot - 1] ?? 0) + gap.startMs - (wallMs[knot - 1] ?? 0);
    wallMs[knot + 1] = gap.endMs;
    drawnMs[knot + 1] = (drawnMs[knot] ?? 0) + gapWidth;
    knot += 2;
  }
  wallMs[knot] = end;
  drawnMs[knot] = (drawnMs[knot - 1] ?? 0) + end - (wallMs[knot - 1] ?? 0);
  return { startMs, endMs: end, gaps, drawnLength: drawnMs[knot] ?? 0, wallMs, drawnMs };
}

/** Drawn time of a wall time; outside of the scale it goes on at ordinary speed. */
export function drawnAt(scale: TimeScale, wallMs: number): number {
  return interpolate(scale.wallMs, scale.drawnMs, wallMs);
}

/** Wall time of a drawn time: the inverse of `drawnAt`. */
export function wallAt(scale: TimeScale, drawnMs: number): number {
  return interpolate(scale.drawnMs, scale.wallMs, drawnMs);
}

export function fullRange(scale: TimeScale): DrawnRange {
  return { from: 0, to: scale.drawnLength };
}

/** Cuts to the scale and keeps a smallest width. */
export function clampRange(scale: TimeScale, range: DrawnRange): DrawnRange {
  const width = Math.min(scale.drawnLength, Math.max(shortestRange, range.to - range.from));
  const from = Math.min(Math.max(0, range.from), scale.drawnLength - width);
  return { from, to: from + width };
}

/**
 * Scales the range about a drawn time, which keeps its place in the picture unless the range would leave the scale.
 * @param factor below 1 zooms in.
 */
export function zoomAbout(scale: TimeScale, range: DrawnRange, point: number, factor: number): DrawnRange {
  const width = range.to - range.from;
  const bounded = Math.max(factor, Math.min(1, shortestRange / width));
  const from = Math.max(0, point - (point - range.from) * bounded);
  const to = Math.min(scale.drawnLength, point + (range.to - point) * bounded);
  return clampRange(scale, { from, to });
}

export function moveRange(scale: TimeScale, range: DrawnRange, by: number): DrawnRange {
  return clampRange(scale, { from: range.from + by, to: range.to + by });
}

export function isFullRange(scale: TimeScale, range: DrawnRange): boolean {
  return range.from <= 0 && range.to >= scale.drawnLength;
}

function gapsToCompress(startMs: number, endMs: number, idle: readonly TimeSpan[]): TimeSpan[] {
  const byLength = idle
    .filter((gap) => gap.endMs - gap.startMs >= shortestGapMs)
    .sort((a, b) => b.endMs - b.startMs - (a.endMs - a.startMs))
    .slice(0, mostGaps);
  const chosen: TimeSpan[] = [];
  let restMs = endMs - startMs;
  for (const gap of byLength) {
    const without = restMs - (gap.endMs - gap.startMs);
    if (without <= 0 || gap.endMs - gap.startMs < without * gapShare) break;
    restMs = without;
    chosen.push(gap);
  }
  return chosen.sort((a, b) => a.startMs - b.startMs);
}

function interpolate(from: Float64Array, to: Float64Array, value: number): number {
  const last = from.length - 1;
  if (value <= (from[0] ?? 0)) return (to[0] ?? 0) + (value - (from[0] ?? 0));
  if (value >= (from[last] ?? 0)) return (to[last] ?? 0) + (value - (from[last] ?? 0));
  let low = 0;
  let high = last;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((from[middle] ?? 0) <= value) low = middle;
    else high = middle;
  }
  const fromLow = from[low] ?? 0;
  const fromHigh = from[high] ?? 0;
  const toLow = to[low] ?? 0;
  const toHigh = to[high] ?? 0;
  return toLow + ((value - fromLow) * (toHigh - toLow)) / (fromHigh - fromLow);
}
