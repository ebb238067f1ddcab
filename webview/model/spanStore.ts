// The columns that the panel holds: typed arrays that grow by chunks and deltas, one text table. Rows never move within
// an epoch. No object per span is ever made.

import type { ColumnChunk } from "../../src/protocol/panelMessages";
import { grownLength } from "./growing";
import type { RowTexts } from "./rowTexts";
import type { PanelColumns } from "./traceModel";

type Arrays = { [Name in keyof ColumnChunk]: ColumnChunk[Name] };

export class SpanStore {
  #count = 0;
  #arrays: Arrays;
  readonly #strings: string[] = [];
  readonly #texts: RowTexts | undefined;
  #view: PanelColumns | undefined;

  /**
   * @param capacity rows that are expected; more may come.
   * @param texts of the rows whose columns lack them
   */
  constructor(capacity = 0, texts?: RowTexts) {
    this.#texts = texts;
    this.#arrays = makeArrays(Math.max(16, capacity));
  }

  get count(): number {
    return this.#count;
  }

  /** The columns as they are now; the same object until the next change. */
  get columns(): PanelColumns {
    if (this.#view !== undefined) return this.#view;
    const count = this.#count;
    const arrays = this.#arrays;
    this.#view = {
      count,
      startMs: arrays.startMs.subarray(0, count),
      endMs: arrays.endMs.subarray(0, count),
      parent: arrays.parent.subarray(0, count),
      kind: arrays.kind.subarray(0, count),
      status: arrays.status.subarray(0, count),
      flags: arrays.flags.subarray(0, count),
      name: arrays.name.subarray(0, count),
      label: arrays.label.subarray(0, count),
      outcome: arrays.outcome.subarray(0, count),
      strings: this.#strings,
      texts: this.#texts,
    };
    return this.#view;
  }

  /** False where the chunk does not continue what is there: the caller asks for everything again. */
  append(fromRow: number, chunk: ColumnChunk, strings: readonly string[]): boolean {
    if (fromRow !== this.#count) return false;
    this.#addStrings(strings);
    this.#appendRows(chunk);
    return true;
  }

  /** False where the delta names rows that are not there. */
  applyDelta(
    changedRows: Uint32Array,
    changed: ColumnChunk,
    appended: ColumnChunk,
    strings: readonly string[],
  ): boolean {
    if (changed.startMs.length !== changedRows.length) return false;
    if (changedRows.some((row) => row >= this.#count)) return false;
    this.#addStrings(strings);
    const arrays = this.#arrays;
    for (let index = 0; index < changedRows.length; index++) {
      const row = changedRows[index] ?? 0;
      arrays.startMs[row] = changed.startMs[index] ?? Number.NaN;
      arrays.endMs[row] = changed.endMs[index] ?? Number.NaN;
      arrays.parent[row] = changed.parent[index] ?? -1;
      arrays.kind[row] = changed.kind[index] ?? 0;
      arrays.status[row] = changed.status[index] ?? 0;
      arrays.flags[row] = changed.flags[index] ?? 0;
      arrays.name[row] = changed.name[index] ?? 0;
      arrays.label[row] = changed.label[index] ?? 0;
      arrays.outcome[row] = changed.outcome[index] ?? 0;
      this.#noteTexts(row);
    }
    const from = this.#count;
    this.#appendRows(appended);
    for (let row = from; row < this.#count; row++) this.#noteTexts(row);
    return true;
  }

  #noteTexts(row: number): void {
    const { label, outcome } = this.#arrays;
    if (label[row] === 0 && outcome[row] === 0) this.#texts?.cameWithout(row);
    else this.#texts?.cameWithColumns(row);
  }

  #addStrings(strings: readonly string[]): void {
    // Not by spread: a chunk may hold more texts than a call may have arguments.
    for (const text of strings) this.#strings.push(text);
    this.#view = undefined;
  }

  #appendRows(chunk: ColumnChunk): void {
    const count = this.#count + chunk.startMs.length;
    if (count > this.#arrays.startMs.length) {
      const larger = makeArrays(grownLength(this.#arrays.startMs.length, count));
      copyInto(larger, this.#arrays, 0);
      this.#arrays = larger;
    }
    copyInto(this.#arrays, chunk, this.#count);
    this.#count = count;
    this.#view = undefined;
  }
}

function makeArrays(capacity: number): Arrays {
  return {
    startMs: new Float64Array(capacity),
    endMs: new Float64Array(capacity),
    parent: new Int32Array(capacity),
    kind: new Uint8Array(capacity),
    status: new Uint8Array(capacity),
    flags: new Uint32Array(capacity),
    name: new Uint32Array(capacity),
    label: new Uint32Array(capacity),
    outcome: new Uint32Array(capacity),
  };
}

function copyInto(to: Arrays, from: Arrays, at: number): void {
  to.startMs.set(from.startMs, at);
  to.endMs.set(from.endMs, at);
  to.parent.set(from.parent, at);
  to.kind.set(from.kind, at);
  to.status.set(from.status, at);
  to.flags.set(from.flags, at);
  to.name.set(from.name, at);
  to.label.set(from.label, at);
  to.outcome.set(from.outcome, at);
}
