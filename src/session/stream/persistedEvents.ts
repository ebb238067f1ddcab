// The trace on the disk as the events that its session told, or would have told: in the order of their times, the output of
// a span as it stands, and at last how the session ended, where it has.

import { makeProbeLiveness } from "../../recorder/liveness";
import { loadSession } from "../../store/loadSession";
import { isOutputRoot } from "../../trace/outputBurst";
import type { TraceSpan } from "../../trace/schema";
import { deriveState } from "../../trace/state";
import type { StreamEvent, StreamRecord } from "./streamEvent";

interface Moment {
  readonly timeMs: number;
  /** Begins come before ends of the same time, parents before children. */
  readonly order: number;
  readonly span: TraceSpan;
  readonly op: "begin" | "end" | "span";
}

/** Fields that only the end of a span has. */
const endFields: ReadonlySet<string> = new Set([
  "endTime",
  "status",
  "statusMessage",
  "interrupted",
  "output",
  "finishReason",
]);

/** @throws the system's error where the directory can't be read; the signal's reason */
export async function* persistedEvents(key: string, signal?: AbortSignal): AsyncGenerator<StreamEvent> {
  const { trace, evidence } = await loadSession(key, makeProbeLiveness(), signal);
  const { sessionId, traceId, metadata, spans, summary } = trace;
  const title = typeof metadata?.title === "string" ? metadata.title : sessionId;
  yield { type: "hello", version: 1, sessionId, traceId, title };
  for (const { op, span, timeMs } of momentsOf(spans)) {
    yield { type: "record", record: recordOf(op, span, timeMs) };
    const { spanId, output, endTime } = span;
    if (endTime !== undefined || typeof output !== "string" || output === "") continue;
    yield { type: "record", record: { op: "text", spanId, timeMs, text: output } };
  }
  const { status } = deriveState(evidence, Date.now());
  const error = typeof summary?.error === "string" ? { error: summary.error } : {};
  switch (status) {
    case "completed":
      yield { type: "end", status: "completed" };
      return;
    case "failed":
      yield { type: "end", status: "error", ...error };
      return;
    case "crashed":
      yield { type: "end", status: "crashed", ...error };
      return;
    case "running":
    case "waiting":
    case "unknown":
      // Nobody knows of an end.
      return;
  }
}

function momentsOf(spans: readonly TraceSpan[]): Moment[] {
  const moments: Moment[] = [];
  spans.forEach((span, index) => {
    const { startTime, endTime } = span;
    if (span.kind === "text" && !isOutputRoot(span) && endTime !== undefined) {
      moments.push({ timeMs: startTime, order: index, span, op: "span" });
      return;
    }
    moments.push({ timeMs: startTime, order: index, span, op: "begin" });
    // Children, which stand behind their parents, end before them.
    if (endTime !== undefined) moments.push({ timeMs: endTime, order: 2 * spans.length - index, span, op: "end" });
  });
  return moments.sort((one, other) => one.timeMs - other.timeMs || one.order - other.order);
}

function recordOf(op: Moment["op"], span: TraceSpan, timeMs: number): StreamRecord {
  const { spanId } = span;
  if (op === "span") return { op, spanId, timeMs, span: { ...span } };
  const isOfEnd = op === "end";
  const fields = Object.entries(span).filter(([name]) => endFields.has(name) === isOfEnd);
  return { op, spanId, timeMs, span: Object.fromEntries(fields) };
}
