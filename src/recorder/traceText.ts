// The text of `S.json` as we write it: one span a line, so that a fold can copy finished spans byte by byte and a reader
// finds them by line; `summary` and `writer` stand at the end, where a list finds them without reading the spans.

import type { TraceFile as AnyTraceFile, TraceMetadata, TraceSummary, Writer } from "../trace/schema";

/** All of a trace but its spans. Unknown fields of a trace that was read go with `rest`. */
export interface TraceFrame {
  readonly traceId: string;
  /** The safe id, as altimate-code writes it; the raw one is in `writer.rawSessionId`. */
  readonly sessionId: string;
  readonly startedAt: string;
  readonly endedAt?: string | undefined;
  readonly metadata: TraceMetadata;
  readonly summary: TraceSummary;
  readonly writer: Writer;
  readonly durability?: unknown;
  readonly rest?: Readonly<Record<string, unknown>> | undefined;
}

export const spanSeparator = ",\n";

/** Everything up to the first span. */
export function textBeforeSpans(frame: TraceFrame): string {
  const { traceId, sessionId, startedAt, endedAt, metadata, rest } = frame;
  const head = JSON.stringify({ version: 2, traceId, sessionId, startedAt, endedAt, metadata, ...rest });
  return `${head.slice(0, -1)},"spans":[\n`;
}

/** Everything after the last span. */
export function textAfterSpans(frame: Pick<TraceFrame, "summary" | "writer" | "durability">): string {
  const { summary, writer, durability } = frame;
  // Before the summary, so that a list which reads the end of the file finds summary and writer there as it always did.
  const marks = durability === undefined ? "" : `"durability":${JSON.stringify(durability)},`;
  return `\n],${marks}"summary":${JSON.stringify(summary)},"writer":${JSON.stringify(writer)}}\n`;
}

/** A whole trace in pieces of at least 64 KiB but the last, for folds that hold the trace in memory. */
export function* encodeTrace(trace: AnyTraceFile, writer: Writer): Generator<Uint8Array> {
  const { version: _version, spans, traceId, sessionId, startedAt, endedAt, metadata, summary, ...others } = trace;
  const { writer: _writer, durability, ...rest } = others;
  const frame = { traceId, sessionId, startedAt, endedAt, metadata, summary, writer, durability, rest };
  let text = textBeforeSpans(frame);
  for (const [index, span] of spans.entries()) {
    if (index > 0) text += spanSeparator;
    text += JSON.stringify(span);
    if (text.length >= 65_536) {
      yield Buffer.from(text);
      text = "";
    }
  }
  yield Buffer.from(text + textAfterSpans(frame));
}
