// The texts of one epoch. A panel keeps them by index for as long as the epoch lasts, so an index never changes its
// meaning: where a trace is read anew within an epoch, its columns are moved to the indexes that the panel has.

import type { Steps } from "../base/steps";
import type { RowTexts } from "../trace/fillTexts";
import type { SpanColumns } from "../trace/spanColumns";
import { changedRows as rowsThatDiffer } from "./columnsDelta";
import { MovedTexts } from "./movedTexts";
import { StringTable } from "./stringTable";

const textColumns = ["name", "label", "outcome"] as const;
type TextColumns = Record<(typeof textColumns)[number], Uint32Array>;

/** Rows that are read for their texts because a trace was read anew; a panel would wait for more. */
const mostDescribed = 20_000;
/** Each may have to be read. */
const rowsPerStep = 16;

export class SharedTexts {
  readonly #first: readonly string[];
  #table: StringTable | undefined;
  #moved: MovedTexts | undefined;
  #columns: TextColumns | undefined;

  /** @param columns of the epoch's first picture, which are taken as they are */
  constructor(columns: SpanColumns) {
    this.#first = columns.strings;
  }

  /** Columns that were read anew, with texts of their own. */
  *again(columns: SpanColumns): Steps<SpanColumns> {
    this.#table ??= new StringTable(this.#first);
    const moved = new MovedTexts(columns.strings, this.#table);
    this.#moved = moved;
    yield;
    const name = moved.all(columns.name, columns.count);
    yield;
    const label = moved.all(columns.label, columns.count);
    yield;
    this.#columns = { name, label, outcome: moved.all(columns.outcome, columns.count) };
    return { ...columns, ...this.#columns, strings: this.#table.list };
  }

  /**
   * The same for columns without labels and outcomes, of a trace of which a panel has some: what it has stays, and rows that
   * changed or came get theirs. Where these are too many they get none, and a panel asks for those that it shows.
   * @param before as they were given last
   * @param mayAsk panels ask for texts that columns lack; otherwise it is undefined that is given for too many rows
   */
  *againWith(
    before: SpanColumns,
    columns: SpanColumns,
    textsOf: (row: number) => RowTexts,
    mayAsk: boolean,
  ): Steps<SpanColumns | undefined> {
    const moved = yield* this.again(columns);
    yield;
    const kept = Math.min(before.count, columns.count);
    moved.label.set(before.label.subarray(0, kept));
    moved.outcome.set(before.outcome.subarray(0, kept));
    const changed = rowsThatDiffer(before, moved);
    if (changed.length + columns.count - kept > mostDescribed) {
      if (!mayAsk) return undefined;
      for (const row of changed) {
        moved.label[row] = 0;
        moved.outcome[row] = 0;
      }
      return moved;
    }
    const describe = (row: number) => {
      const { label, outcome } = textsOf(row);
      const isEmpty = label === "" && outcome === "";
      moved.label[row] = (isEmpty ? this.#table?.toldEmpty : this.#table?.add(label)) ?? 0;
      moved.outcome[row] = this.#table?.add(outcome) ?? 0;
    };
    for (const row of changed) {
      describe(row);
      if (row % rowsPerStep === 0) yield;
    }
    for (let row = kept; row < columns.count; row++) {
      describe(row);
      if (row % rowsPerStep === 0) yield;
    }
    return moved;
  }

  /** The columns that were given last, changed in these rows and longer by those from `from` on. */
  grown(columns: SpanColumns, changedRows: Uint32Array, from: number): SpanColumns {
    const [moved, own, table] = [this.#moved, this.#columns, this.#table];
    if (moved === undefined || own === undefined || table === undefined) return columns;
    for (const column of textColumns) {
      if (own[column].length < columns.count) own[column] = longer(own[column], Math.ceil(columns.count * 1.5));
      for (const row of changedRows) own[column][row] = moved.index(columns[column][row] ?? 0);
      for (let row = from; row < columns.count; row++) own[column][row] = moved.index(columns[column][row] ?? 0);
    }
    return { ...columns, ...own, strings: table.list };
  }
}

function longer(array: Uint32Array, length: number): Uint32Array {
  const grown = new Uint32Array(length);
  grown.set(array);
  return grown;
}
