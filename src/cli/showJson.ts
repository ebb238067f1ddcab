// `show --json`: one line for the session, one for each step in the order of the tree, one for each problem of its files.
// docs/command-line.md names every field.

import { describeState } from "../trace/describeState";
import { findPlaces } from "../trace/places";
import { FLAG, kindCodes } from "../trace/spanColumns";
import { spanError } from "../trace/spanError";
import { isoTime, roundMs } from "./jsonTime";
import { type SessionPicture, spanAt } from "./sessionPicture";
import { type StepStatus, stepStatus } from "./stepWords";
import { jsonLine } from "./visibleText";

export interface JsonOptions {
  readonly onlyFailures: boolean;
  /** With inputs, outputs and attributes. */
  readonly isFull: boolean;
  readonly depth: number | undefined;
}

export function* jsonLines(picture: SessionPicture, options: JsonOptions): Iterable<string> {
  yield jsonLine(sessionObject(picture));
  const { columns, tree } = picture;
  for (const row of tree.preorder) {
    const depth = tree.depth[row] ?? 0;
    if (options.depth !== undefined && depth > options.depth) continue;
    const flags = columns.flags[row] ?? 0;
    const counts = (flags & (FLAG.failure | FLAG.failingStep)) !== 0;
    if (options.onlyFailures && !counts && (flags & FLAG.recovered) === 0) continue;
    yield jsonLine(stepObject(picture, row, depth, options.isFull));
  }
  for (const { spanIndex, ...problem } of picture.problems) {
    const spanId = spanIndex === undefined ? undefined : spanAt(picture, spanIndex)?.spanId;
    yield jsonLine({ type: "problem", ...problem, spanId });
  }
}

function sessionObject(picture: SessionPicture): object {
  const { key, session, state, summary, failures, problems, nowMs } = picture;
  const { metadata } = session.trace;
  const { counts } = summary;
  const failing = failures.failingStep;
  return {
    type: "session",
    id: session.safeId,
    sessionId: session.sessionId,
    file: key,
    state: state.status,
    detail: describeState(state, nowMs).detail || undefined,
    error: state.error,
    title: metadata.title,
    prompt: metadata.prompt,
    agent: metadata.agent,
    model: metadata.model,
    command: metadata["command"],
    startedAt: isoTime(summary.startMs),
    endedAt: isoTime(state.endMs),
    // Of a session that has ended; never guessed for one that may still run.
    durationMs: difference(summary.startMs, state.endMs),
    tokens: summary.tokens,
    cost: summary.cost,
    steps: counts.spans,
    modelCalls: counts.kinds.generation,
    toolCalls: counts.kinds.tool,
    failures: failures.failures.length,
    recovered: failures.recovered.length,
    interrupted: counts.interrupted,
    open: counts.open,
    elided: counts.elided,
    failingStep: failing && { spanId: spanAt(picture, failing.row)?.spanId, rule: failing.rule },
    problems: problems.length,
  };
}

function difference(fromMs: number | undefined, toMs: number | undefined): number | undefined {
  return fromMs === undefined || toMs === undefined || toMs < fromMs ? undefined : roundMs(toMs - fromMs);
}

const statusWords: Readonly<Record<StepStatus, string>> = {
  ok: "ok",
  failed: "failed",
  recovered: "failed",
  interrupted: "interrupted",
  open: "open",
  notRun: "ok",
  synthetic: "missing",
};

function stepObject(picture: SessionPicture, row: number, depth: number, isFull: boolean): object {
  const { columns, summary, failures } = picture;
  const flags = columns.flags[row] ?? 0;
  const span = spanAt(picture, row);
  const text = (index: number | undefined) => columns.strings[index ?? 0] || undefined;
  const startMs = finite(columns.startMs[row]);
  const endMs = finite(columns.endMs[row]);
  const status = stepStatus(picture, row);
  const isFailed = status === "failed" || status === "recovered" || failures.failingStep?.row === row;
  return {
    type: "step",
    spanId: span?.spanId,
    parentSpanId: span?.parentSpanId,
    depth,
    kind: kindCodes[columns.kind[row] ?? 0],
    name: text(columns.name[row]),
    label: text(columns.label[row]),
    status: statusWords[status],
    outcome: text(columns.outcome[row]),
    failure: (flags & FLAG.recovered) !== 0 ? "recovered" : (flags & FLAG.failure) !== 0 ? "counts" : undefined,
    failingStep: (flags & FLAG.failingStep) !== 0 || undefined,
    startedAt: isoTime(startMs),
    offsetMs: difference(summary.startMs, startMs),
    durationMs: difference(startMs, endMs),
    error: span && spanError(span),
    places: isFailed && span ? findPlaces(span).map(({ find: _, ...place }) => place) : undefined,
    model: span?.model?.modelId,
    tokens: span?.tokens,
    cost: span?.cost,
    ...(isFull ? { input: span?.input, output: span?.output, attributes: span?.attributes } : {}),
  };
}

function finite(value: number | undefined): number | undefined {
  return value !== undefined && Number.isFinite(value) ? value : undefined;
}
