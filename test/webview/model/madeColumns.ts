// Columns of made-up rows that change like those of a live trace, as the messages that bring them, and what is right
// about them by plain definition: slow, short, and independent of what the panel keeps up to date.

import fc from "fast-check";
import type { ColumnChunk, HostMessage, PanelHeader } from "../../../src/protocol/panelMessages";
import { FLAG, kindCodes, type SpanColumns, type SpanTree } from "../../../src/trace/spanColumns";

export interface MadeRow {
  /** Another row, from which the row itself must not be reached; -1 at the top. */
  parent: number;
  startMs: number;
  endMs: number;
  kind: number;
  status: number;
  flags: number;
  name: string;
}

export const madeHeader: PanelHeader = {
  title: "t",
  sessionId: "s",
  status: "running",
  statusLabel: "Running",
  statusDetail: "",
  live: true,
  hasConversation: false,
  failureCount: 0,
  recoveredCount: 0,
  problems: [],
  problemCount: 0,
  elidedCount: 0,
  timeZone: "UTC",
};

const names = ["", "bash", "read", "edit"];

/** Row texts are few and known from the start. */
export function chunkOf(rows: readonly MadeRow[]): ColumnChunk {
  return {
    startMs: Float64Array.from(rows, ({ startMs }) => startMs),
    endMs: Float64Array.from(rows, ({ endMs }) => endMs),
    parent: Int32Array.from(rows, ({ parent }) => parent),
    kind: Uint8Array.from(rows, ({ kind }) => kind),
    status: Uint8Array.from(rows, ({ status }) => status),
    flags: Uint32Array.from(rows, ({ flags }) => flags),
    name: Uint32Array.from(rows, ({ name }) => names.indexOf(name)),
    label: new Uint32Array(rows.length),
    outcome: new Uint32Array(rows.length),
  };
}

export function columnsOf(rows: readonly MadeRow[]): SpanColumns {
  return { count: rows.length, ...chunkOf(rows), strings: names };
}

/** The messages that open a picture of the rows, in chunks. */
export function openMessages(rows: readonly MadeRow[], epoch = 1, revision = 1, chunkRows = 700): HostMessage[] {
  const messages: HostMessage[] = [
    { type: "open", epoch, revision, header: madeHeader, rowCount: rows.length, initialRow: -1 },
  ];
  for (let fromRow = 0; fromRow === 0 || fromRow < rows.length; fromRow += chunkRows) {
    const columns = chunkOf(rows.slice(fromRow, fromRow + chunkRows));
    const last = fromRow + chunkRows >= rows.length;
    messages.push({ type: "columns", epoch, revision, fromRow, columns, strings: fromRow === 0 ? names : [], last });
  }
  return messages;
}

export function deltaMessage(
  rows: readonly MadeRow[],
  changedRows: readonly number[],
  before: number,
  fromRevision: number,
  epoch = 1,
): Extract<HostMessage, { type: "delta" }> {
  return {
    type: "delta",
    epoch,
    fromRevision,
    revision: fromRevision + 1,
    header: madeHeader,
    changedRows: Uint32Array.from(changedRows),
    changed: chunkOf(changedRows.flatMap((row) => rows[row] ?? [])),
    appended: chunkOf(rows.slice(before)),
    strings: [],
  };
}

const time = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 200_000 }) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 40 }).map((n) => n * 100_000) },
  { weight: 1, arbitrary: fc.constant(Number.NaN) },
);

/** What a row is, beside its parent: a time, how long it takes, and marks. */
const rowFacts = fc.record({
  startMs: time,
  lastsMs: fc.oneof(fc.integer({ min: 0, max: 5_000 }), fc.integer({ min: 0, max: 300_000 }), fc.constant(Number.NaN)),
  kind: fc.nat({ max: kindCodes.length - 1 }),
  status: fc.nat({ max: 1 }),
  mark: fc.constantFrom(0, 0, 0, FLAG.failure, FLAG.recovered, FLAG.interrupted),
  name: fc.constantFrom("bash", "read", "edit"),
  /** Chooses the parent. */
  under: fc.double({ min: 0, max: 1, noNaN: true }),
});
export type RowFacts = typeof rowFacts extends fc.Arbitrary<infer Facts> ? Facts : never;

export const arbitraryFacts = rowFacts;

export function madeRow({ startMs, lastsMs, kind, status, mark, name }: RowFacts, parent: number): MadeRow {
  const endMs = startMs + lastsMs;
  const open = Number.isNaN(endMs) && mark !== FLAG.interrupted ? FLAG.open : 0;
  return { parent, startMs, endMs, kind, status, flags: mark | open, name };
}

/** A parent for a row by a number from 0 to 1; one in ten is later than the row, which is no child of it. */
export function parentFor(rows: readonly MadeRow[], row: number, under: number): number {
  const later = rows.length - 1 - row;
  if (under > 0.9 && later > 0) {
    const parent = row + 1 + Math.floor((under - 0.9) * 10 * later * 0.999);
    if (!isAbove(rows, row, parent)) return parent;
  }
  const earlier = Math.floor(under * (row + 1) * 0.999) - 1;
  return isAbove(rows, row, earlier) ? -1 : earlier;
}

export function isAbove(rows: readonly MadeRow[], above: number, row: number): boolean {
  for (let each = row; each >= 0; each = rows[each]?.parent ?? -1) if (each === above) return true;
  return false;
}

export function madeRows(facts: readonly RowFacts[]): MadeRow[] {
  const rows = facts.map((each) => madeRow(each, -1));
  for (const [row, { under }] of facts.entries()) {
    const made = rows[row];
    if (made !== undefined && row > 0) made.parent = parentFor(rows, row, under);
  }
  return rows;
}

/** For each row, by definition. */
export function failuresBelow(columns: SpanColumns, tree: SpanTree): number[] {
  const below = new Array<number>(columns.count).fill(0);
  for (const row of tree.preorder) {
    if (((columns.flags[row] ?? 0) & FLAG.failure) === 0) continue;
    for (let above = columns.parent[row] ?? -1; above >= 0; above = columns.parent[above] ?? -1)
      below[above] = (below[above] ?? 0) + 1;
  }
  return below;
}
