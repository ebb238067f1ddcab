// Every row has a place in one forest, whatever the parents that spans name: a parent that is missing is replaced by one
// synthetic row, and a cycle of parents is cut at its earliest member. Linear, no recursion.

import type { Problem } from "./problem";
import { groupDigits, type ProblemList } from "./problemList";
import { FLAG, kindCodes, type SpanColumns } from "./spanColumns";

/** Name of the row under which spans hang whose parent is not in the trace. */
export const parentNotReceived = "parent not received";

/** In `parent`, before `hangOrphans`: the span names a parent that is not in the trace. */
export const missingParent = -2;

type Links = Pick<SpanColumns, "parent" | "flags">;

export function duplicateIdProblem(spanId: string, row: number): Problem {
  return {
    code: "duplicate-span-id",
    severity: "warning",
    message: `The span id ${spanId} occurs more than once; children hang under its first span`,
    spanIndex: row,
  };
}

/** Adds the problem of a span that ends so many milliseconds before it starts. */
export function addReversed(problems: ProblemList, name: string, byMs: number, row: number): void {
  problems.add(reversedProblem(name, byMs, row), "negative duration");
}

export function reversedProblem(name: string, byMs: number, row: number): Problem {
  return {
    code: "impossible-time",
    severity: "warning",
    message: `The span "${name}" ends ${groupDigits(Math.ceil(byMs))} ms before it starts; its end is drawn at its start`,
    spanIndex: row,
  };
}

/**
 * Hangs rows whose parent is `missingParent` under the row behind the last span, which the caller adds where there are any.
 * Returns how many there are.
 */
export function hangOrphans(
  { parent, flags }: Links,
  spans: number,
  nameOf: (row: number) => string,
  problems: ProblemList,
): number {
  let orphans = 0;
  let first = 0;
  for (let row = 0; row < spans; row++) {
    if (parent[row] !== missingParent) continue;
    parent[row] = spans;
    flags[row] = (flags[row] ?? 0) | FLAG.orphan;
    if (orphans++ === 0) first = row;
  }
  if (orphans > 0) {
    problems.add(orphanProblem(nameOf(first), first, orphans));
  }
  return orphans;
}

/** @param first the first row of so many whose parents are missing */
export function orphanProblem(name: string, first: number, count: number): Problem {
  return {
    code: "parent-not-received",
    severity: "warning",
    message: `The parent of the span "${name}" is not in the trace; it is shown under "${parentNotReceived}"`,
    spanIndex: first,
    ...(count > 1 ? { count } : {}),
  };
}

/** Walks up from every row once; a walk that meets its own path has found a cycle. */
export function cutCycles(
  columns: Links & Pick<SpanColumns, "startMs">,
  spans: number,
  idOf: (row: number) => string,
  problems: ProblemList,
): void {
  const { parent, flags } = columns;
  // For each row the walk that saw it first, from 1.
  const seenIn = new Int32Array(spans);
  for (let first = 0; first < spans; first++) {
    let row = first;
    while (row >= 0 && row < spans && seenIn[row] === 0) {
      seenIn[row] = first + 1;
      row = parent[row] ?? -1;
    }
    if (row < 0 || row >= spans || seenIn[row] !== first + 1) continue;
    const cut = earliestOfCycle(row, columns);
    problems.add(cycleProblem(cut.row, cut.length, parent, idOf));
    parent[cut.row] = -1;
    flags[cut.row] = (flags[cut.row] ?? 0) | FLAG.cycleCut;
  }
}

/** The member of a cycle of parents at which it is cut, and how many members there are. */
export function earliestOfCycle(
  member: number,
  { parent, startMs }: Pick<SpanColumns, "parent" | "startMs">,
): { row: number; length: number } {
  // A start that is unknown is later than any; of equal ones the first row is cut.
  const startOf = (row: number) => {
    const start = startMs[row] ?? Number.NaN;
    return Number.isNaN(start) ? Number.POSITIVE_INFINITY : start;
  };
  let best = member;
  let length = 0;
  let row = member;
  do {
    if (startOf(row) < startOf(best) || (startOf(row) === startOf(best) && row < best)) best = row;
    length++;
    row = parent[row] ?? -1;
  } while (row !== member);
  return { row: best, length };
}

/** @param parent rows of parents while the cycle is whole */
export function cycleProblem(
  cutRow: number,
  length: number,
  parent: Int32Array,
  idOf: (row: number) => string,
): Problem {
  const mostNamed = 4;
  const ids: string[] = [];
  for (let row = cutRow; ids.length < Math.min(length, mostNamed); row = parent[row] ?? -1) ids.push(idOf(row));
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

/** @param name index of `parentNotReceived` */
export function fillSyntheticRow(columns: SpanColumns, synthetic: number, name: number): void {
  const { startMs, endMs, parent, flags } = columns;
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
  columns.kind[synthetic] = kindCodes.indexOf("span");
  columns.status[synthetic] = 0;
  columns.name[synthetic] = name;
}
