// Spans -> columns. Every span gets a row, and every row a place in one forest: see `spanForest`. Linear in the number of
// spans, no recursion.

import { finish, rowsPerStep, type Steps } from "../base/steps";
import { isOutputSpan } from "./outputBurst";
import { isPossibleTime } from "./possibleTime";
import type { Problem } from "./problem";
import { ProblemList } from "./problemList";
import { cutMark, isOutputCut, readElidedMark } from "./producerMarks";
import { attemptAttribute, isNotRun, stepAttribute } from "./runAttributes";
import type { TraceSpan } from "./schema";
import { FLAG, kindCodes, type SpanColumns } from "./spanColumns";
import {
  addReversed,
  cutCycles,
  duplicateIdProblem,
  fillSyntheticRow,
  hangOrphans,
  missingParent,
  parentNotReceived,
} from "./spanForest";

export interface SpanDescription {
  readonly label: string;
  readonly outcome: string;
}

export interface BuiltColumns {
  readonly columns: SpanColumns;
  readonly problems: Problem[];
}

const kindIndex: ReadonlyMap<string, number> = new Map(kindCodes.map((kind, index) => [kind, index]));
const spanKind = kindCodes.indexOf("span");

/**
 * @param describe gives a span's label and outcome texts; without it both columns hold the empty text.
 * `flags` of the result lack the three bits that `findFailures` sets.
 */
export function buildColumns(
  spans: readonly TraceSpan[],
  describe?: (span: TraceSpan, index: number) => SpanDescription,
): BuiltColumns {
  return finish(columnsInSteps(spans, describe));
}

/** The same, with pauses in which others can be served. */
export function* columnsInSteps(
  spans: readonly TraceSpan[],
  describe?: (span: TraceSpan, index: number) => SpanDescription,
): Steps<BuiltColumns> {
  const problems = new ProblemList();
  const rowOfId = new Map<string, number>();
  // One row more, for orphans, which most traces do not need.
  const flags = new Uint32Array(spans.length + 1);
  for (let row = 0; row < spans.length; row++) {
    if (row % rowsPerStep === 0) yield;
    const span = spans[row];
    if (span === undefined) continue;
    if (!rowOfId.has(span.spanId)) rowOfId.set(span.spanId, row);
    else {
      flags[row] = FLAG.duplicateId;
      problems.add(duplicateIdProblem(span.spanId, row), "duplicate");
    }
  }
  const parent = yield* parentRows(spans, rowOfId, spans.length + 1);
  const orphans = hangOrphans({ parent, flags }, spans.length, (row) => spans[row]?.name ?? "", problems);
  const count = spans.length + (orphans > 0 ? 1 : 0);
  const columns = {
    count,
    startMs: new Float64Array(count),
    endMs: new Float64Array(count),
    parent: parent.slice(0, count),
    kind: new Uint8Array(count),
    status: new Uint8Array(count),
    flags: flags.slice(0, count),
    name: new Uint32Array(count),
    label: new Uint32Array(count),
    outcome: new Uint32Array(count),
  };
  const texts = new TextTable();
  // Index loops here and below: an iterator over entries costs a third of the whole.
  for (let row = 0; row < spans.length; row++) {
    if (row % rowsPerStep === 0) yield;
    const span = spans[row];
    if (span === undefined) continue;
    columns.kind[row] = kindIndex.get(span.kind) ?? spanKind;
    columns.status[row] = span.status === "error" ? 1 : 0;
    columns.flags[row] = (columns.flags[row] ?? 0) | flagsOf(span);
    columns.name[row] = texts.add(span.name);
    if (describe !== undefined) {
      const description = describe(span, row);
      columns.label[row] = texts.add(description.label);
      columns.outcome[row] = texts.add(description.outcome);
    }
  }
  yield* fillTimes(spans, columns, problems);
  yield;
  cutCycles(columns, spans.length, (row) => spans[row]?.spanId ?? "", problems);
  const filled = { ...columns, strings: texts.texts };
  if (orphans > 0) fillSyntheticRow(filled, count - 1, texts.add(parentNotReceived));
  return { columns: filled, problems: problems.toArray() };
}

/** Bits of `FLAG` that tell of the span alone, its times aside. */
export function flagsOf(span: TraceSpan): number {
  let bits = 0;
  if (span.endTime === undefined) bits |= FLAG.open;
  if (span.interrupted === true) bits |= FLAG.interrupted;
  if (isOutputCut(span) || cutMark(span, "output") !== undefined) bits |= FLAG.cutOutput;
  if (readElidedMark(span) !== undefined) bits |= FLAG.elided;
  if (isOutputSpan(span)) bits |= FLAG.output;
  if (span.attributes?.[stepAttribute] !== undefined) bits |= FLAG.step;
  if (span.attributes?.[attemptAttribute] !== undefined) bits |= FLAG.attempt;
  if (isNotRun(span)) bits |= FLAG.notRun;
  return bits;
}

/** Rows of parents: -1 at the top, `missingParent` for one that is not in the trace. */
function* parentRows(
  spans: readonly TraceSpan[],
  rowOfId: ReadonlyMap<string, number>,
  count: number,
): Steps<Int32Array> {
  const parent = new Int32Array(count).fill(-1);
  for (let row = 0; row < spans.length; row++) {
    if (row % rowsPerStep === 0) yield;
    const id = spans[row]?.parentSpanId ?? null;
    if (id !== null) parent[row] = rowOfId.get(id) ?? missingParent;
  }
  return parent;
}

function* fillTimes(
  spans: readonly TraceSpan[],
  columns: Pick<SpanColumns, "startMs" | "endMs" | "flags">,
  problems: ProblemList,
): Steps<void> {
  const { startMs, endMs, flags } = columns;
  for (let row = 0; row < spans.length; row++) {
    if (row % rowsPerStep === 0) yield;
    const span = spans[row];
    if (span === undefined) continue;
    const start = usableTime(span.startTime);
    let end = usableTime(span.endTime);
    if (Number.isNaN(start)) flags[row] = (flags[row] ?? 0) | FLAG.noStart;
    if (end < start) {
      flags[row] = (flags[row] ?? 0) | FLAG.negativeDuration;
      addReversed(problems, span.name, start - end, row);
      end = start;
    }
    startMs[row] = start;
    endMs[row] = end;
  }
}

/** NaN for a time that is missing or impossible. */
function usableTime(timeMs: number | undefined): number {
  return timeMs !== undefined && isPossibleTime(timeMs) ? timeMs : Number.NaN;
}

/** Texts, each once; the empty text is number 0. */
class TextTable {
  readonly texts: string[] = [""];
  readonly #indexOf = new Map<string, number>([["", 0]]);

  add(text: string): number {
    const known = this.#indexOf.get(text);
    if (known !== undefined) return known;
    const index = this.texts.length;
    this.texts.push(text);
    this.#indexOf.set(text, index);
    return index;
  }
}
