// What the spans of a trace tell of its session's state: one rule for spans that are objects and for columns, of which only
// the root and the last answer have to be read.

import { finish, rowsPerStep, type Steps } from "../base/steps";
import type { Evidence } from "./evidence";
import type { TraceSpan } from "./schema";
import { FLAG, kindCodes, type SpanColumns } from "./spanColumns";
import type { SpanSource } from "./spanSource";

export type SpanEvidence = Pick<
  Evidence,
  | "openSpans"
  | "rootOpen"
  | "rootStatus"
  | "rootError"
  | "rootEndMs"
  | "openGenerations"
  | "finalFinishReason"
  | "lastActivityMs"
>;

const sessionKind = kindCodes.indexOf("session");
const generationKind = kindCodes.indexOf("generation");

/** Times in milliseconds, NaN where there is none. */
interface Rows {
  readonly count: number;
  /** A session without a parent. */
  isRoot(row: number): boolean;
  isGeneration(row: number): boolean;
  isOpen(row: number): boolean;
  startMs(row: number): number;
  endMs(row: number): number;
  span(row: number): TraceSpan | undefined;
  finishReason(row: number): string | undefined;
  /** The latest time of an event. */
  readonly latestEventMs: number;
}

export function evidenceOfSpans(spans: readonly TraceSpan[]): SpanEvidence {
  return finish(evidenceInSteps(spans));
}

/** The same, with pauses in which others can be served. */
export function* evidenceInSteps(spans: readonly TraceSpan[]): Steps<SpanEvidence> {
  let latestEventMs = Number.NEGATIVE_INFINITY;
  for (const [index, { events }] of spans.entries()) {
    if (index % rowsPerStep === rowsPerStep - 1) yield;
    for (const { timeMs } of events ?? []) if (timeMs > latestEventMs) latestEventMs = timeMs;
  }
  return yield* evidenceOf({
    count: spans.length,
    isRoot: (row) => spans[row]?.kind === "session" && spans[row]?.parentSpanId === null,
    isGeneration: (row) => spans[row]?.kind === "generation",
    isOpen: (row) => spans[row]?.endTime === undefined,
    startMs: (row) => spans[row]?.startTime ?? Number.NaN,
    endMs: (row) => spans[row]?.endTime ?? Number.NaN,
    span: (row) => spans[row],
    finishReason: (row) => spans[row]?.finishReason,
    latestEventMs,
  });
}

/**
 * @param latestEventMs the latest time of an event, -Infinity for none
 * @param reversedEndMs the end as it is written of a span that ends before it starts
 */
export function evidenceOfColumns(
  columns: SpanColumns,
  spans: SpanSource,
  latestEventMs: number,
  reversedEndMs: (row: number) => number | undefined,
): SpanEvidence {
  const { kind, parent, flags, startMs, endMs } = columns;
  const hasFlag = (row: number, flag: number) => ((flags[row] ?? 0) & flag) !== 0;
  return finish(
    evidenceOf({
      count: spans.count,
      isRoot: (row) => kind[row] === sessionKind && (parent[row] ?? 0) < 0 && !hasFlag(row, FLAG.cycleCut),
      isGeneration: (row) => kind[row] === generationKind,
      isOpen: (row) => hasFlag(row, FLAG.open),
      startMs: (row) => startMs[row] ?? Number.NaN,
      endMs: (row) =>
        (hasFlag(row, FLAG.negativeDuration) ? reversedEndMs(row) : undefined) ?? endMs[row] ?? Number.NaN,
      span: (row) => spans.spanAt(row),
      finishReason: (row) => spans.shortSpanAt(row)?.finishReason,
      latestEventMs,
    }),
  );
}

function* evidenceOf(rows: Rows): Steps<SpanEvidence> {
  let root = -1;
  let isRootOpen = false;
  let finalGeneration = -1;
  let openSpans = 0;
  let openGenerations = 0;
  let lastActivityMs = rows.latestEventMs;
  let lastStartMs = Number.NEGATIVE_INFINITY;
  for (let row = 0; row < rows.count; row++) {
    if (row % rowsPerStep === rowsPerStep - 1) yield;
    const startMs = rows.startMs(row);
    const endMs = rows.endMs(row);
    const isOpen = rows.isOpen(row);
    if (rows.isRoot(row)) {
      // Several roots are runs one after another: the session is open while one is, and ended as the last one did.
      if (isOpen) isRootOpen = true;
      else if (root < 0 || !(endMs < rows.endMs(root))) root = row;
      if (root < 0) root = row;
    }
    if (isOpen) openSpans++;
    if (rows.isGeneration(row)) {
      if (isOpen) openGenerations++;
      else if (finalGeneration < 0 || endMs >= rows.endMs(finalGeneration)) finalGeneration = row;
    }
    if (startMs > lastStartMs) lastStartMs = startMs;
    if (startMs > lastActivityMs) lastActivityMs = startMs;
    if (endMs > lastActivityMs) lastActivityMs = endMs;
  }
  // Whatever begins after an answer, such as a message, is work on the next one.
  const isLastWord = finalGeneration >= 0 && lastStartMs <= rows.endMs(finalGeneration);
  const rootSpan = root < 0 ? undefined : rows.span(root);
  return {
    openSpans,
    openGenerations,
    rootOpen: rootSpan && isRootOpen,
    rootStatus: rootSpan?.status,
    rootError: rootSpan?.statusMessage,
    rootEndMs: rootSpan?.endTime,
    finalFinishReason: isLastWord ? rows.finishReason(finalGeneration) : undefined,
    lastActivityMs: lastActivityMs === Number.NEGATIVE_INFINITY ? undefined : lastActivityMs,
  };
}
