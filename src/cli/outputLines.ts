// The recorded output of a program as lines, put together from the pieces in which it stands in the trace.

import { type OutputStream, outputBurstOf } from "../trace/outputBurst";
import type { TraceSpan } from "../trace/schema";

export interface OutputLine {
  readonly stream: OutputStream;
  /** When the line began, in milliseconds since the epoch. */
  readonly timeMs: number;
  /** As it came, without its end. */
  readonly text: string;
}

interface Begun {
  text: string;
  timeMs: number;
}

/** @param bursts in the order in which they came */
export function* outputLines(bursts: Iterable<TraceSpan>): Iterable<OutputLine> {
  const begun = new Map<OutputStream, Begun>();
  for (const span of bursts) {
    const burst = outputBurstOf(span);
    if (burst === undefined || typeof span.output !== "string") continue;
    const { stream, times } = burst;
    // A line of an earlier piece that this one does not go on with was given up there.
    const open = begun.get(stream);
    if (open !== undefined && burst.continues !== true) {
      begun.delete(stream);
      yield { stream, ...open };
    }
    if (open === undefined && burst.continues === true) begun.set(stream, { text: "", timeMs: span.startTime });
    const parts = span.output.split("\n");
    const last = parts.pop() ?? "";
    let line = 0;
    const begin = (): Begun =>
      begun.get(stream) ?? { text: "", timeMs: span.startTime + (times[line++] ?? times.at(-1) ?? 0) };
    for (const part of parts) {
      const { text, timeMs } = begin();
      begun.delete(stream);
      yield { stream, timeMs, text: withoutReturn(text + part) };
    }
    if (last === "") continue;
    const { text, timeMs } = begin();
    begun.set(stream, { text: text + last, timeMs });
  }
  for (const [stream, open] of begun) yield { stream, ...open };
}

export interface OutputTotals {
  readonly lines: number;
  /** As they came from the program. */
  readonly bytes: number;
}

/** Counts without putting lines together. */
export function outputTotals(bursts: Iterable<TraceSpan>): OutputTotals {
  let lines = 0;
  let bytes = 0;
  for (const span of bursts) {
    const burst = outputBurstOf(span);
    if (burst === undefined) continue;
    lines += burst.times.length;
    bytes += burst.bytes;
  }
  return { lines, bytes };
}

/** Of a progress bar only what it showed last; the mark tells that there was more. */
function withoutReturn(text: string): string {
  const line = text.replace(/\r+$/, "");
  const last = line.lastIndexOf("\r");
  return last < 0 ? line : line.slice(last);
}
