// The end of a scan: ids of parents become rows, by the same rules as in `buildColumns`. A parent that is missing is
// replaced by one synthetic row, and a cycle of parents is cut at its earliest member. Linear, no recursion.

import { parentNotReceived } from "./buildColumns";
import type { Problem } from "./problem";
import { groupDigits, ProblemList } from "./problemList";
import type { ScanRows } from "./scanRows";
import type { ScanTexts } from "./scanTexts";
import { FLAG, kindCodes, type SpanColumns } from "./spanColumns";

const spanKind = kindCodes.indexOf("span");

export interface LinkedRows {
  readonly columns: SpanColumns;
  /** What `buildColumns` reports of the same spans. */
  readonly problems: Problem[];
}

/** Takes the rows over: they are not to be scanned into any more. */
export function linkRows(rows: ScanRows, ids: ScanTexts, names: ScanTexts, timeProblems: ProblemList): LinkedRows {
  const problems = new ProblemList();
  giveMissingIds(rows, ids);
  const spans = rows.count;
  const count = spans + resolveParents(rows, ids, names, problems);
  problems.addAll(timeProblems.toArray());
  const strings: string[] = [];
  for (let index = 0; index < names.count; index++) strings.push(names.text(index));
  const columns = {
    count,
    startMs: rows.startMs.slice(0, count),
    endMs: rows.endMs.slice(0, count),
    parent: rows.parent.slice(0, count),
    kind: rows.kind.slice(0, count),
    status: rows.status.slice(0, count),
    flags: rows.flags.slice(0, count),
    name: rows.name.slice(0, count),
    label: new Uint32Array(count),
    outcome: new Uint32Array(count),
    strings,
  };
  rows.releaseColumns();
  cutCycles(columns, spans, (row) => ids.text(rows.id[row] ?? 0), problems);
  if (count > spans) fillSyntheticRow(columns, spans, strings);
  return { columns, problems: problems.toArray() };
}

/** A span without an id gets one that no span of the trace has, as `readSnapshot` gives it. */
function giveMissingIds(rows: ScanRows, ids: ScanTexts): void {
  for (let row = 0; row < rows.count; row++) {
    if ((rows.id[row] ?? 0) >= 0) continue;
    let text = `missing-${row}`;
    while (rows.rowOf(ids.find(text)) >= 0) text += "-";
    const id = ids.addText(text);
    rows.id[row] = id;
    rows.setRowOf(id, row);
  }
}

/** Returns 1 when there are orphans, which point at a row after the last span, else 0. */
function resolveParents(rows: ScanRows, ids: ScanTexts, names: ScanTexts, problems: ProblemList): number {
  const { count, parent, flags } = rows;
  for (let row = 0; row < count; row++) {
    if (((flags[row] ?? 0) & FLAG.duplicateId) === 0) continue;
    problems.add(
      {
        code: "duplicate-span-id",
        severity: "warning",
        message: `The span id ${ids.text(rows.id[row] ?? 0)} occurs more than once; children hang under its first span`,
        spanIndex: row,
      },
      "duplicate",
    );
  }
  let orphans = 0;
  let firstOrphan = 0;
  for (let row = 0; row < count; row++) {
    const id = parent[row] ?? -1;
    if (id < 0) continue;
    const found = rows.rowOf(id);
    parent[row] = found < 0 ? count : found;
    if (found >= 0) continue;
    flags[row] = (flags[row] ?? 0) | FLAG.orphan;
    orphans++;
    if (orphans === 1) firstOrphan = row;
  }
  if (orphans > 0) {
    problems.add({
      code: "parent-not-received",
      severity: "warning",
      message: `The parent of the span "${names.text(rows.name[firstOrphan] ?? 0)}" is not in the trace; it is shown under "${parentNotReceived}"`,
      spanIndex: firstOrphan,
      ...(orphans > 1 ? { count: orphans } : {}),
    });
  }
  return orphans > 0 ? 1 : 0;
}

/** Walks up from every row once; a walk that meets its own path has found a cycle. */
function cutCycles(
  columns: Pick<SpanColumns, "parent" | "startMs" | "flags">,
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
    problems.add(cycleProblem(cut.row, cut.length, parent, idOf), undefined);
    parent[cut.row] = -1;
    flags[cut.row] = (flags[cut.row] ?? 0) | FLAG.cycleCut;
  }
}

function earliestOfCycle(
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

function cycleProblem(cutRow: number, length: number, parent: Int32Array, idOf: (row: number) => string): Problem {
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

function fillSyntheticRow(columns: SpanColumns, synthetic: number, strings: string[]): void {
  const { startMs, endMs, parent, flags, kind, name, status } = columns;
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
  status[synthetic] = 0;
  const known = strings.indexOf(parentNotReceived);
  name[synthetic] = known < 0 ? strings.push(parentNotReceived) - 1 : known;
}
