// Brings the spans of a session to what its events say, whatever of them is recorded already.

import type { CrewEvent } from "../importers/crewaiEvent";
import { crewSpan } from "../importers/crewaiSpan";
import { type CrewTree, crewSteps } from "../importers/crewaiSteps";
import type { SessionRecorder, SpanTotals } from "../recorder/sessionRecorder";
import type { TokenUsage } from "../recorder/traceTypes";
import type { TraceSpan } from "../trace/schema";
import { type CrewBatch, rootSpan } from "./crewaiBatch";
import { placeSteps } from "./crewaiPlaces";

/** After so many spans others have their turn. */
const spansPerStep = 64;

/**
 * @param recorded the spans that are there, without the root
 * @returns in steps, between which nothing else of the session may be recorded
 */
export function* recordRun(
  recorder: SessionRecorder,
  batch: CrewBatch,
  rootId: string,
  events: readonly CrewEvent[],
  recorded: readonly TraceSpan[],
): Generator<undefined, CrewTree> {
  const tree = crewSteps(events, batch.startMs);
  const root = rootSpan(batch, tree.run, rootId);
  // A root that is begun again makes every later fold one that reads all spans, which knows what became of those that
  // change. Where none does, as in a run that comes at once, the recorder's own totals are right.
  if (recorded.length === 0) setRoot(recorder, root);
  else beginRoot(recorder, root);
  const places = placeSteps(tree, recorded, rootId);
  const before = new Map(recorded.map((span) => [span.spanId, span]));
  let count = 0;
  for (const step of tree.steps) {
    const spanId = places.get(step) ?? "";
    const parentId = (step.parent && places.get(step.parent)) ?? rootId;
    record(recorder, crewSpan(step, spanId, parentId), before.get(spanId));
    if (++count % spansPerStep === 0) yield;
  }
  return tree;
}

/** Begun again, it is open again, and whatever changed has its place. */
export function beginRoot(recorder: SessionRecorder, root: TraceSpan): void {
  const { status: _status, statusMessage: _message, output: _output, ...begin } = root;
  recorder.begin(root.spanId, JSON.stringify(begin), { kind: "session", name: root.name });
  setRoot(recorder, root);
}

function setRoot(recorder: SessionRecorder, root: TraceSpan): void {
  const { name, startTime, attributes, status, statusMessage = null, input = null, output = null } = root;
  recorder.set(root.spanId, JSON.stringify({ name, startTime, status, statusMessage, input, output, attributes }));
}

function record(recorder: SessionRecorder, span: TraceSpan, before: TraceSpan | undefined): void {
  const { spanId } = span;
  if (before === undefined) {
    if (span.endTime !== undefined) recorder.span(spanId, JSON.stringify(span), totalsOf(span));
    else {
      const { status: _status, statusMessage: _message, output: _output, ...begin } = span;
      recorder.begin(spanId, JSON.stringify(begin), span);
    }
    return;
  }
  const changes: Record<string, unknown> = {};
  for (const name of changeable) {
    const [old, now] = [JSON.stringify(before[name] ?? null), JSON.stringify(span[name] ?? null)];
    if (old !== now) changes[name] = span[name] ?? null;
  }
  if (Object.keys(changes).length === 0) return;
  if (before.endTime !== undefined || span.endTime === undefined) recorder.set(spanId, JSON.stringify(changes));
  else recorder.end(spanId, JSON.stringify({ ...changes, status: span.status }), totalsOf(span));
}

const changeable = [
  "parentSpanId",
  "name",
  "kind",
  "startTime",
  "endTime",
  "status",
  "statusMessage",
  "model",
  "finishReason",
  "tokens",
  "tool",
  "input",
  "output",
  "attributes",
] as const;

function totalsOf({ kind, name, status, startTime, endTime = startTime, tokens }: TraceSpan): SpanTotals {
  return {
    kind,
    name,
    isFailed: status === "error",
    durationMs: Math.round((endTime - startTime) * 1000) / 1000,
    ...(tokens === undefined ? {} : { tokens: tokens as unknown as TokenUsage }),
  };
}
