// How many marked rows the subtree of each row has, itself not included.

import { grownLength, resized } from "./growing";
import { type SpanForest, stepRows } from "./spanForest";

export class SubtreeCounts {
  #below: Int32Array<ArrayBuffer>;
  #isMarked: Uint8Array<ArrayBuffer>;

  constructor(capacity: number) {
    this.#below = new Int32Array(capacity);
    this.#isMarked = new Uint8Array(capacity);
  }

  /** By row. */
  get below(): Int32Array {
    return this.#below;
  }

  /** Counts all. @param preorder parents before their children */
  *build(preorder: Int32Array, forest: SpanForest, isMarked: (row: number) => boolean): Generator<void, void> {
    for (let index = preorder.length - 1; index >= 0; index--) {
      const row = preorder[index] ?? 0;
      const own = isMarked(row) ? 1 : 0;
      this.#isMarked[row] = own;
      const above = forest.parentOf(row);
      const sum = own + (this.#below[row] ?? 0);
      if (above >= 0 && sum > 0) this.#below[above] = (this.#below[above] ?? 0) + sum;
      if (index % stepRows === stepRows - 1) yield;
    }
  }

  setMarked(row: number, isMarked: boolean, forest: SpanForest): void {
    if (row >= this.#below.length) this.#reserve(row + 1);
    if ((this.#isMarked[row] === 1) === isMarked) return;
    this.#isMarked[row] = isMarked ? 1 : 0;
    this.#add(row, isMarked ? 1 : -1, forest);
  }

  /** After the row was linked (1), or before it is unlinked (-1). */
  relinked(row: number, by: 1 | -1, forest: SpanForest): void {
    const sum = (this.#isMarked[row] ?? 0) + (this.#below[row] ?? 0);
    if (sum > 0) this.#add(row, by * sum, forest);
  }

  #add(row: number, by: number, forest: SpanForest): void {
    for (let above = forest.parentOf(row); above >= 0; above = forest.parentOf(above)) {
      if (above >= this.#below.length) this.#reserve(above + 1);
      this.#below[above] = (this.#below[above] ?? 0) + by;
    }
  }

  #reserve(needed: number): void {
    const length = grownLength(this.#below.length, needed);
    this.#below = resized(this.#below, length);
    this.#isMarked = resized(this.#isMarked, length);
  }
}
