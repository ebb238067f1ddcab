// Spans -> columns. Every span gets a row and every row a place in one forest: a parent that is missing is replaced by
// one synthetic row, and a cycle of parents is cut at its earliest member. Linear in the number of spans, no recursion.

import { isOutputSpan } from "./outputBurst";
import { isPossibleTime } from "./possibleTime";
import type { Problem } from "./problem";
import { groupDigits, ProblemList } from "./problemList";
import { cutMark, isOutputCut, readElidedMark } from "./producerMarks";
import type { TraceSpan } from "./schema";
import { FLAG, kindCodes, type SpanColumns } from "./spanColumns";

/** Name of the row under which spans hang whose parent is not in the trace. */
export const parentNotReceived = "parent not received";

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
  const problems = new ProblemList();
  const rowOfId = new Map<string, number>();
  const flags = new Uint16Array(spans.length);
  for (let row = 0; row < spans.length; row++) {
    const span = spans[row];
    if (span === undefined) continue;
    if (!rowOfId.has(span.spanId)) rowOfId.set(span.spanId, row);
    else {
      flags[row] = FLAG.duplicateId;
      problems.add(duplicateIdProblem(span, row), "duplicate");
    }
  }
  const { parent, orphans } = resolveParents(spans, rowOfId, flags, problems);
  const count = spans.length + (orphans > 0 ? 1 : 0);
  const columns = {
    count,
    startMs: new Float64Array(count),
    endMs: new Float64Array(count),
    parent: new Int32Array(count),
    kind: new Uint8Array(count),
    status: new Uint8Array(count),
    flags: new Uint16Array(count),
    name: new Uint32Array(count),
    label: new Uint32Array(count),
    outcome: new Uint32Array(count),
  };
  columns.flags.set(flags);
  columns.parent.set(parent);
  const texts = new TextTable();
  // Index loops here and below: an iterator over entries costs a third of the whole.
  for (let row = 0; row < spans.length; row++) {
    const span = spans[row];
    if (span === undefined) continue;
    columns.kind[row] = kindIndex.get(span.kind) ?? spanKind;
    columns.status[row] = span.status === "error" ? 1 : 0;
    columns.flags[row] = (flags[row] ?? 0) | flagsOf(span);
    columns.name[row] = texts.add(span.name);
    if (describe !== undefined) {
      const description = describe(span, row);
      columns.label[row] = texts.add(description.label);
      columns.outcome[row] = texts.add(description.outcome);
    }
  }
  fillTimes(spans, columns, problems);
  cutCycles(spans, columns, problems);
  if (orphans > 0) fillSyntheticRow(columns, count - 1, texts);
  return { columns: { ...columns, strings: texts.texts }, problems: problems.toArray() };
}

function flagsOf(span: TraceSpan): number {
  let bits = 0;
  if (span.endTime === undefined) bits |= FLAG.open;
  if (span.interrupted === true) bits |= FLAG.interrupted;
  if (isOutputCut(span) || cutMark(span, "output") !== undefined) bits |= FLAG.cutOutput;
  if (readElidedMark(span) !== undefined) bits |= FLAG.elided;
  if (isOutputSpan(span)) bits |= FLAG.output;
  return bits;
}

/** Orphans point at the row after the last span, which the caller adds when there are any. */
function resolveParents(
  spans: readonly TraceSpan[],
  rowOfId: ReadonlyMap<string, number>,
  flags: Uint16Array,
  problems: ProblemList,
): { parent: Int32Array; orphans: number } {
  const parent = new Int32Array(spans.length).fill(-1);
  let orphans = 0;
  for (let row = 0; row < spans.length; row++) {
    const span = spans[row];
    if (span === undefined) continue;
    if (span.parentSpanId === null) continue;
    const found = rowOfId.get(span.parentSpanId);
    if (found !== undefined) {
      parent[row] = found;
      continue;
    }
    parent[row] = spans.length;
    flags[row] = (flags[row] ?? 0) | FLAG.orphan;
    orphans++;
    problems.add(
      {
        code: "parent-not-received",
        severity: "warning",
        message: `The parent of the span "${span.name}" is not in the trace; it is shown under "${parentNotReceived}"`,
        spanIndex: row,
      },
      "orphan",
    );
  }
  return { parent, orphans };
}

function fillTimes(
  spans: readonly TraceSpan[],
  columns: Pick<SpanColumns, "startMs" | "endMs" | "flags">,
  problems: ProblemList,
): void {
  const { startMs, endMs, flags } = columns;
  for (let row = 0; row < spans.length; row++) {
    const span = spans[row];
    if (span === undefined) continue;
    const start = usableTime(span.startTime);
    let end = usableTime(span.endTime);
    if (Number.isNaN(start)) flags[row] = (flags[row] ?? 0) | FLAG.noStart;
    if (end < start) {
      flags[row] = (flags[row] ?? 0) | FLAG.negativeDuration;
      problems.add(
        {
          code: "impossible-time",
          severity: "warning",
          message: `The span "${span.name}" ends ${groupDigits(Math.ceil(start - end))} ms before it starts; its end is drawn at its start`,
          spanIndex: row,
        },
        "negative duration",
      );
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

/** Walks up from every row once; a walk that meets its own path has found a cycle. */
function cutCycles(
  spans: readonly TraceSpan[],
  columns: Pick<SpanColumns, "parent" | "startMs" | "flags">,
  problems: ProblemList,
): void {
  const { parent, flags } = columns;
  // For each row the walk that saw it first, from 1.
  const seenIn = new Int32Array(spans.length);
  for (let first = 0; first < spans.length; first++) {
    const walk = first + 1;
    let row = first;
    while (row >= 0 && row < spans.length && seenIn[row] === 0) {
      seenIn[row] = walk;
      row = parent[row] ?? -1;
    }
    if (row < 0 || row >= spans.length || seenIn[row] !== walk) continue;
    const cut = earliestOfCycle(row, columns);
    problems.add(cycleProblem(spans, cut.row, cut.length, parent), undefined);
    parent[cut.row] = -1;
    flags[cut.row] = (flags[cut.row] ?? 0) | FLAG.cycleCut;
  }
}

function earliestOfCycle(
  member: number,
  columns: Pick<SpanColumns, "parent" | "startMs">,
): { row: number; length: number } {
  let best = member;
  let bestStart = Number.POSITIVE_INFINITY;
  let length = 0;
  let row = member;
  do {
    const start = columns.startMs[row] ?? Number.NaN;
    if (start < bestStart || (!(start > bestStart) && !Number.isNaN(start) && row < best)) {
      best = row;
      bestStart = start;
    } else if (bestStart === Number.POSITIVE_INFINITY && row < best) best = row;
    length++;
    row = columns.parent[row] ?? -1;
  } while (row !== member);
  return { row: best, length };
}

function cycleProblem(spans: readonly TraceSpan[], cutRow: number, length: number, parent: Int32Array): Problem {
  const mostNamed = 4;
  const ids: string[] = [];
  for (let row = cutRow; ids.length < Math.min(length, mostNamed); row = parent[row] ?? -1) {
    ids.push(spans[row]?.spanId ?? "");
  }
  const rest = length > mostNamed ? ` and ${groupDigits(length - mostNamed)} more` : "";
  return {
    code: "parent-cycle",
    severity: "warning",
    message:
      length === 1
        ? `The span ${ids[0]} names itself as its parent; it is shown at the top`
        : `The spans ${ids.join(", ")}${rest} are each other's parents; ${ids[0]} is shown at the top`,
    spanIndex: cutRow,
  };
}

function duplicateIdProblem(span: TraceSpan, row: number): Problem {
  return {
    code: "duplicate-span-id",
    severity: "warning",
    message: `The span id ${span.spanId} occurs more than once; children hang under its first span`,
    spanIndex: row,
  };
}

type Times = Pick<SpanColumns, "startMs" | "endMs" | "parent" | "flags" | "kind" | "name">;

function fillSyntheticRow(columns: Times, synthetic: number, texts: TextTable): void {
  const { startMs, endMs, parent, flags, kind, name } = columns;
  let earliest = Number.POSITIVE_INFINITY;
  let latest = Number.NEGATIVE_INFINITY;
  for (let row = 0; row < synthetic; row++) {
    if (parent[row] !== synthetic) continue;
    const start = startMs[row] ?? Number.NaN;
    const end = endMs[row] ?? Number.NaN;
    if (start < earliest) earliest = start;
    if (start > latest) latest = start;
    if (end > latest) latest = end;
  }
  startMs[synthetic] = earliest === Number.POSITIVE_INFINITY ? Number.NaN : earliest;
  endMs[synthetic] = latest === Number.NEGATIVE_INFINITY ? Number.NaN : latest;
  parent[synthetic] = -1;
  flags[synthetic] = FLAG.synthetic | (earliest === Number.POSITIVE_INFINITY ? FLAG.noStart : 0);
  kind[synthetic] = spanKind;
  name[synthetic] = texts.add(parentNotReceived);
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
