// Where the bar of a row lies and what it tells. No drawing here.

import { FLAG } from "../../src/trace/spanColumns";
import { type DrawnRange, drawnAt, type TimeScale } from "./timeScale";

export interface BarRect {
  /** CSS px from the left edge of the waterfall; may lie outside of it by at most `outsidePx`. */
  readonly x: number;
  readonly width: number;
}

export type BarState = "ok" | "failed" | "recovered" | "interrupted" | "open" | "notRun";

export const shortestBarPx = 2;
/** A canvas need not draw a bar of a million px. */
const outsidePx = 16;

/** Undefined for a row that lies wholly outside of the range. */
export function barRect(
  startMs: number,
  endMs: number,
  scale: TimeScale,
  range: DrawnRange,
  widthPx: number,
): BarRect | undefined {
  if (Number.isNaN(startMs)) return undefined;
  const perMs = widthPx / (range.to - range.from);
  const left = (drawnAt(scale, startMs) - range.from) * perMs;
  const right = (drawnAt(scale, endMs) - range.from) * perMs;
  if (right < -shortestBarPx || left > widthPx) return undefined;
  const x = Math.min(Math.max(left, -outsidePx), widthPx - shortestBarPx);
  const end = Math.min(right, widthPx + outsidePx);
  return { x, width: Math.max(shortestBarPx, end - x) };
}

/** How a row ended. A span that is open and failed counts as failed. */
export function barState(flags: number, isError: boolean): BarState {
  if ((flags & FLAG.interrupted) !== 0) return "interrupted";
  if ((flags & FLAG.recovered) !== 0) return "recovered";
  if ((flags & FLAG.failure) !== 0 || isError) return "failed";
  if ((flags & FLAG.open) !== 0) return "open";
  return (flags & FLAG.notRun) !== 0 ? "notRun" : "ok";
}

export type LabelPlace = { readonly align: "left" | "right"; readonly x: number } | undefined;

/** Beside the bar where there is room, right first; undefined where there is none. */
export function labelPlace(bar: BarRect, labelPx: number, widthPx: number): LabelPlace {
  const gap = 6;
  const end = bar.x + bar.width;
  if (end + gap + labelPx <= widthPx) return { align: "left", x: Math.max(0, end) + gap };
  if (bar.x - gap - labelPx >= 0) return { align: "right", x: bar.x - gap };
  return undefined;
}
