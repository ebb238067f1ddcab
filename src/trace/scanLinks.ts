// The end of a scan: ids of parents become rows, by the rules of `spanForest`, and what was scanned becomes columns.

import type { Problem } from "./problem";
import { ProblemList } from "./problemList";
import type { ScanFindings } from "./scanFindings";
import type { ScanRows } from "./scanRows";
import type { ScanTexts } from "./scanTexts";
import { FLAG, type SpanColumns } from "./spanColumns";
import {
  cutCycles,
  duplicateIdProblem,
  fillSyntheticRow,
  hangOrphans,
  missingParent,
  parentNotReceived,
} from "./spanForest";

export interface LinkedRows {
  readonly columns: SpanColumns;
  /** What `buildColumns` reports of the same spans. */
  readonly problems: Problem[];
}

/** Takes the findings over: they are not to be added to any more. */
export function linkRows({ rows, ids, names, usage, timeProblems }: ScanFindings): LinkedRows {
  const problems = new ProblemList();
  giveMissingIds(rows, ids);
  const spans = rows.count;
  const idOf = (row: number) => ids.text(rows.id[row] ?? 0);
  reportDuplicates(rows, idOf, problems);
  findParents(rows);
  const orphans = hangOrphans(rows, spans, (row) => names.text(rows.name[row] ?? 0), problems);
  problems.addAll(timeProblems.toArray());
  const strings: string[] = [];
  for (let index = 0; index < names.count; index++) strings.push(names.text(index));
  const count = spans + (orphans > 0 ? 1 : 0);
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
  usage.trim();
  cutCycles(columns, spans, idOf, problems);
  if (count > spans) {
    const known = strings.indexOf(parentNotReceived);
    fillSyntheticRow(columns, spans, known < 0 ? strings.push(parentNotReceived) - 1 : known);
  }
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

function reportDuplicates({ count, flags }: ScanRows, idOf: (row: number) => string, problems: ProblemList): void {
  for (let row = 0; row < count; row++) {
    if (((flags[row] ?? 0) & FLAG.duplicateId) !== 0) problems.add(duplicateIdProblem(idOf(row), row), "duplicate");
  }
}

function findParents(rows: ScanRows): void {
  const { count, parent } = rows;
  for (let row = 0; row < count; row++) {
    const id = parent[row] ?? -1;
    if (id < 0) continue;
    const found = rows.rowOf(id);
    parent[row] = found < 0 ? missingParent : found;
  }
}
