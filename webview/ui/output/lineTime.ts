// When a line came, as its gutter says it.

import { formatClock, formatPoint } from "../../format";

export interface LineTimes {
  readonly firstMs: number;
  readonly lastMs: number;
  /** Where times of day are wanted. */
  readonly zone: string | undefined;
  /** Whole seconds. */
  readonly isShort: boolean;
}

export function lineTime(timeMs: number, { firstMs, zone, isShort }: LineTimes): string {
  if (!isShort) return formatPoint(timeMs, firstMs, zone);
  if (zone !== undefined) return formatClock(timeMs, zone, false);
  // "+0:06.450" without its sign and fraction; rounded down, so that no line is in the future.
  return formatPoint(Math.floor((timeMs - firstMs) / 1_000) * 1_000, 0, undefined).replace(/^\+|\.\d+$/g, "");
}

/** As many as the longest time has: "+0:00.000", "+1:02:03.456", "16:26:47.123", "0:06". */
export function timeLetters({ firstMs, lastMs, zone, isShort }: LineTimes): number {
  const lengthMs = lastMs - firstMs;
  if (zone !== undefined) return isShort ? 8 : 12;
  const whole = lengthMs >= 36_000_000 ? 9 : lengthMs >= 3_600_000 ? 8 : lengthMs >= 600_000 ? 6 : 5;
  return isShort ? whole - 1 : whole + 4;
}
