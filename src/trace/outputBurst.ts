// How a program's output stands in a trace: under the span of its command one open span `output` of kind `text`, and under
// that one finished span of kind `text` for each burst, whose `output` is the text as it came (ANSI codes kept, broken
// UTF-8 as U+FFFD). So output of any length is recorded in pieces that nobody has to hold together.

import type { TraceSpan } from "./schema";

/** `terminal`: stdout and stderr are one, as a pty has them. */
export const outputStreams = ["stdout", "stderr", "terminal"] as const;
export type OutputStream = (typeof outputStreams)[number];

/** Attribute of the spans of bursts, and of the span `output` above them, where its value is true. */
export const outputAttribute = "tracekeeper.output";

/** No burst holds more bytes, and none waits longer for its end. */
export const mostBurstBytes = 64 * 1024;
export const mostBurstMs = 100;

export interface OutputBurst {
  readonly stream: OutputStream;
  /** As they came, before decoding. */
  readonly bytes: number;
  /** The first line began in an earlier burst of the same stream. */
  readonly continues?: boolean | undefined;
  /** When each line of the burst began, that of a continued one aside: whole ms after `startTime` of the burst's span. */
  readonly times: readonly number[];
}

/** What the span says of the output that it holds; undefined where it holds none. */
export function outputBurstOf(span: Pick<TraceSpan, "attributes">): OutputBurst | undefined {
  const value = span.attributes?.[outputAttribute];
  if (typeof value !== "object" || value === null) return undefined;
  // By hand: a trace may have millions of lines, and a schema asks much of each of their times.
  const { stream, bytes, continues, times } = value as Partial<Record<keyof OutputBurst, unknown>>;
  const isSound =
    isStream(stream) &&
    Number.isFinite(bytes) &&
    (continues === undefined || typeof continues === "boolean") &&
    Array.isArray(times) &&
    times.every(Number.isFinite);
  return isSound ? (value as OutputBurst) : undefined;
}

function isStream(value: unknown): value is OutputStream {
  return (outputStreams as readonly unknown[]).includes(value);
}

/** True for the spans of a program's output: bursts, and the one above them. */
export function isOutputSpan(span: Pick<TraceSpan, "attributes">): boolean {
  return span.attributes?.[outputAttribute] !== undefined;
}

/** True for the span that holds all bursts of a command. */
export function isOutputRoot(span: Pick<TraceSpan, "attributes">): boolean {
  return span.attributes?.[outputAttribute] === true;
}
