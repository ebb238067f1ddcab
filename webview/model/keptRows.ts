// What a filter keeps: the rows that match and all their ancestors. Each row counts its kept children, so that a row that
// comes to match, or no longer does, is told to the few ancestors for which that makes a difference.

import { grownLength, resized } from "./growing";
import type { SpanForest } from "./spanForest";

export class KeptRows {
  #matches: Uint8Array<ArrayBuffer>;
  /** By row + 1, with the top at 0. */
  #keptChildren: Int32Array<ArrayBuffer>;
  /** Of kept rows, from 1, among their kept siblings. */
  #ordinal: Int32Array<ArrayBuffer>;
  #matchCount = 0;

  constructor(capacity: number) {
    this.#matches = new Uint8Array(capacity);
    this.#keptChildren = new Int32Array(capacity + 1);
    this.#ordinal = new Int32Array(capacity);
  }

  get matchCount(): number {
    return this.#matchCount;
  }

  isKept(row: number): boolean {
    return this.#matches[row] === 1 || (this.#keptChildren[row + 1] ?? 0) > 0;
  }

  ordinalOf(row: number): number {
    return this.#ordinal[row] ?? 1;
  }

  /** Of a row, or of the top by -1. */
  keptChildrenOf(row: number): number {
    return this.#keptChildren[row + 1] ?? 0;
  }

  /**
   * Whether a row matches; its ancestors follow, as far as they are linked.
   * @param changed called for each row that is kept now and was not, or the other way round
   */
  setMatch(row: number, isMatch: boolean, forest: SpanForest, changed?: (row: number) => void): void {
    if (row >= this.#matches.length) this.#reserve(row + 1);
    if ((this.#matches[row] === 1) === isMatch) return;
    const wasKept = this.isKept(row);
    this.#matches[row] = isMatch ? 1 : 0;
    this.#matchCount += isMatch ? 1 : -1;
    if (this.isKept(row) === wasKept) return;
    changed?.(row);
    this.#tell(row, forest, isMatch ? 1 : -1, changed);
  }

  /** After the row was linked (1), or before it is unlinked (-1). */
  relinked(row: number, by: 1 | -1, forest: SpanForest, changed: (row: number) => void): void {
    if (this.isKept(row)) this.#tell(row, forest, by, changed);
  }

  /** Gives a kept row its place among its siblings. */
  number(row: number, ordinal: number): void {
    this.#ordinal[row] = ordinal;
  }

  /** Numbers the kept rows from a row on to the last of its siblings. */
  numberFrom(row: number, forest: SpanForest): void {
    if (forest.capacity > this.#matches.length) this.#reserve(forest.capacity);
    let previous = forest.previousSibling[row] ?? -1;
    while (previous >= 0 && !this.isKept(previous)) previous = forest.previousSibling[previous] ?? -1;
    let ordinal = previous < 0 ? 0 : this.ordinalOf(previous);
    for (let each = row; each >= 0; each = forest.nextSibling[each] ?? -1) {
      if (this.isKept(each)) this.#ordinal[each] = ++ordinal;
    }
  }

  #tell(row: number, forest: SpanForest, by: 1 | -1, changed?: (row: number) => void): void {
    // A row that is not linked has a parent below -1.
    for (let above = forest.parentOf(row); above >= -1; above = forest.parentOf(above)) {
      if (above >= this.#matches.length) this.#reserve(above + 1);
      const wasKept = above >= 0 && this.isKept(above);
      this.#keptChildren[above + 1] = (this.#keptChildren[above + 1] ?? 0) + by;
      if (above < 0 || this.isKept(above) === wasKept) return;
      changed?.(above);
    }
  }

  #reserve(needed: number): void {
    const length = grownLength(this.#matches.length, needed);
    this.#matches = resized(this.#matches, length);
    this.#keptChildren = resized(this.#keptChildren, length + 1);
    this.#ordinal = resized(this.#ordinal, length);
  }
}
