// Times and amounts in words, as the whole panel writes them.

import { formatAge, formatDuration, formatOffset } from "../src/trace/formatValue";
import type { RowDuration } from "./model/rowDuration";
import { text } from "./text";

export { formatAge, formatBytes, formatCost, formatCount, formatDuration } from "../src/trace/formatValue";

const clocks = new Map<string, Intl.DateTimeFormat>();

/** Time of day in the zone of the trace's reader; milliseconds where `withMs`. */
export function formatClock(wallMs: number, timeZone: string, withMs: boolean): string {
  if (!isDate(wallMs)) return "";
  return clock(timeZone, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }, withMs).format(
    wallMs,
  );
}

/** Whether a date can hold the time; formatting throws for what it cannot. */
function isDate(wallMs: number): boolean {
  return Math.abs(wallMs) <= 8.64e15;
}

/** Day and time, for tooltips and tables. */
export function formatDateTime(wallMs: number, timeZone: string): string {
  if (!isDate(wallMs)) return "";
  const parts: Intl.DateTimeFormatOptions = {
    year: "numeric",
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  };
  return clock(timeZone, parts, true).format(wallMs);
}

/** A point in time as the person wants it: the offset from the start of the trace, or the time of day. */
export function formatPoint(wallMs: number, startMs: number, absoluteZone: string | undefined, stepMs = 1): string {
  if (absoluteZone !== undefined) return formatClock(wallMs, absoluteZone, stepMs < 1_000);
  return formatOffset(wallMs - startMs);
}

export function formatIdle(gapMs: number): string {
  return text("idleGap", formatRound(gapMs));
}

/** How long a row took; "so far" while it runs, in words where it has no end. */
export function durationText(duration: RowDuration): string {
  switch (duration.type) {
    case "known":
      return formatDuration(duration.ms);
    case "elapsed":
      return text("elapsedSoFar", formatDuration(duration.ms));
    case "noEnd":
      return text("noEnd");
    case "notRun":
      return text("notRun");
    case "unknown":
      return text("durationUnknown");
  }
}

/** The same where there is room for a few letters; empty where nothing is known. */
export function shortDurationText(duration: RowDuration): string {
  switch (duration.type) {
    case "elapsed":
      return text("elapsedShort", formatDuration(duration.ms));
    case "unknown":
    case "notRun":
      return "";
    default:
      return durationText(duration);
  }
}

/** A duration of which zeros at the end say nothing: "7 h", "10 s". */
export function formatRound(ms: number): string {
  return formatDuration(ms)
    .replace(/\.0 /, " ")
    .replace(/ 0 [hms]$/, "");
}

function clock(timeZone: string, options: Intl.DateTimeFormatOptions, withMs: boolean): Intl.DateTimeFormat {
  const key = `${timeZone} ${withMs} ${Object.keys(options).length}`;
  let format = clocks.get(key);
  if (format === undefined) {
    const full: Intl.DateTimeFormatOptions = withMs ? { ...options, fractionalSecondDigits: 3 } : options;
    format = makeClock(timeZone, full);
    clocks.set(key, format);
  }
  return format;
}

function makeClock(timeZone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat(undefined, { ...options, timeZone });
  } catch {
    // A zone that this browser does not know: the local one is right in nearly all such cases.
    return new Intl.DateTimeFormat(undefined, options);
  }
}

/** A mark of the time axis: as short as the distance between two marks allows. */
export function formatAxis(offsetMs: number, stepMs: number): string {
  if (stepMs < 1_000) {
    const decimals = stepMs >= 1 ? 0 : Math.min(6, Math.ceil(-Math.log10(stepMs)));
    if (Math.abs(offsetMs) < 1_000) return text("axisMs", offsetMs.toFixed(decimals));
    const secondDecimals = Math.max(1, Math.ceil(-Math.log10(stepMs / 1_000) - 1e-9));
    return text("axisS", (offsetMs / 1_000).toFixed(Math.min(6, secondDecimals)));
  }
  const seconds = Math.round(offsetMs / 1_000);
  if (seconds < 60) return text("axisS", seconds);
  const pad = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3_600);
  const minutes = Math.floor((seconds % 3_600) / 60);
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(seconds % 60)}` : `${minutes}:${pad(seconds % 60)}`;
}

/** How long ago, to the millisecond while it is fresh. */
export function formatFreshAge(ageMs: number): string {
  return ageMs < 60_000 ? text("ago", formatDuration(Math.max(0, ageMs))) : formatAge(ageMs);
}
