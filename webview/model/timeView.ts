// The part of the time that the waterfall shows. Kept in wall time, because the scale changes while a session runs.

import {
  clampRange,
  type DrawnRange,
  drawnAt,
  fullRange,
  isFullRange,
  type TimeScale,
  wallAt,
} from "../layout/timeScale";

export class TimeView {
  #rangeMs: readonly [number, number] | undefined;

  /** Undefined while everything is shown. */
  get rangeMs(): readonly [number, number] | undefined {
    return this.#rangeMs;
  }

  restore(rangeMs: readonly [number, number] | undefined): void {
    this.#rangeMs = rangeMs !== undefined && rangeMs[1] > rangeMs[0] ? rangeMs : undefined;
  }

  range(scale: TimeScale): DrawnRange {
    if (this.#rangeMs === undefined) return fullRange(scale);
    return clampRange(scale, { from: drawnAt(scale, this.#rangeMs[0]), to: drawnAt(scale, this.#rangeMs[1]) });
  }

  set(scale: TimeScale, range: DrawnRange): void {
    const clamped = clampRange(scale, range);
    this.#rangeMs = isFullRange(scale, clamped) ? undefined : [wallAt(scale, clamped.from), wallAt(scale, clamped.to)];
  }

  reset(): void {
    this.#rangeMs = undefined;
  }
}
