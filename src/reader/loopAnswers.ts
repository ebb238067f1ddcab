// The loops of an opened trace, worked out in slices when a panel asks, and of a trace that grows from what came since it
// asked last. One at a time for a trace, because what is found is put together in one place.

import { readsPerStep, type Steps } from "../base/steps";
import type { LoopsResult } from "../protocol/loopMessages";
import { defaultGuardrails, type GuardrailSettings } from "../trace/guardrails/guardrail";
import { LoopScan } from "../trace/guardrails/loopScan";
import { loopViews } from "../trace/guardrails/loopViews";
import { mayTellOfFindings, type RecordedFinding, recordedFindings } from "../trace/guardrails/recordedFindings";
import type { SpanColumns } from "../trace/spanColumns";
import type { SpanSource } from "../trace/spanSource";
import { inTurns, sliceMs } from "./inTurns";
import type { OpenedTrace } from "./openedTrace";
import type { TracePicture } from "./picture";

/** What is known of a trace beside its picture. */
export type ChangingTrace = Pick<OpenedTrace, "changes">;

/** A panel asks again after so many times what it took to answer. */
const restFactor = 5;
const leastRestMs = 1_000;
const mostRestMs = 30_000;

interface Found {
  readonly epoch: number;
  readonly settings: string;
  readonly scan: LoopScan;
  readonly recorded: Map<number, RecordedFinding[]>;
  /** Up to which everything is in it. */
  revision: number;
  /** Rows below were asked for what was recorded of them. */
  count: number;
}

const found = new WeakMap<ChangingTrace, Found>();
const running = new WeakMap<ChangingTrace, Promise<unknown>>();

/** @param current the picture of now */
export async function loopsOf(
  trace: ChangingTrace,
  current: () => TracePicture,
  signal: AbortSignal,
  settings: GuardrailSettings = defaultGuardrails,
): Promise<LoopsResult> {
  const before = running.get(trace) ?? Promise.resolve();
  const work = before
    .catch(() => undefined)
    .then(() => {
      signal.throwIfAborted();
      return findLoops(trace, current, signal, settings);
    });
  running.set(trace, work);
  return work;
}

async function findLoops(
  trace: ChangingTrace,
  current: () => TracePicture,
  signal: AbortSignal,
  settings: GuardrailSettings,
): Promise<LoopsResult> {
  const picture = current();
  // What others did in the pauses is not counted.
  let pauses = 0;
  const state = await inTurns(takeNew(trace, picture, settings), signal, () => {
    pauses++;
  });
  const tookMs = pauses * sliceMs;
  const now = current();
  return {
    revision: state.revision,
    loops: loopViews(state.scan.loops, state.recorded, now.spans, now.columns).map((view) => ({
      ...view,
      rows: Int32Array.from(view.rows),
    })),
    restMs: Math.round(Math.min(mostRestMs, Math.max(leastRestMs, tookMs * restFactor))),
  };
}

function* takeNew(trace: ChangingTrace, picture: TracePicture, settings: GuardrailSettings): Steps<Found> {
  const { epoch, revision, spans, columns } = picture;
  const key = JSON.stringify(settings);
  const known = found.get(trace);
  found.delete(trace);
  if (known !== undefined && known.epoch === epoch && known.settings === key) {
    const changed = known.revision === revision ? [] : trace.changes(known.revision, revision)?.changedRows;
    if (changed !== undefined && (yield* known.scan.take(spans, columns, changed))) {
      yield* takeRecorded(known, spans, columns, changed);
      known.revision = revision;
      found.set(trace, known);
      return known;
    }
  }
  const scan = new LoopScan(spans, columns, settings);
  const state: Found = { epoch, settings: key, scan, recorded: new Map(), revision, count: 0 };
  yield* scan.take(spans, columns, []);
  yield* takeRecorded(state, spans, columns, []);
  found.set(trace, state);
  return state;
}

function* takeRecorded(
  state: Found,
  spans: SpanSource,
  columns: SpanColumns,
  changedRows: Iterable<number>,
): Steps<void> {
  const mayTell = mayTellOfFindings(spans, columns);
  let asked = 0;
  const ask = (row: number) => {
    const findings = mayTell(row) ? recordedFindings(spans, row) : [];
    if (findings.length > 0) state.recorded.set(row, findings);
    else state.recorded.delete(row);
  };
  for (const row of changedRows) {
    if (row >= state.count) continue;
    if (++asked % readsPerStep === 0) yield;
    ask(row);
  }
  const end = Math.min(spans.count, columns.count);
  for (; state.count < end; state.count++) {
    if (state.count % readsPerStep === 0) yield;
    ask(state.count);
  }
}
