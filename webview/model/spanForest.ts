// The forest over the parents of the rows, as links that rows can be put into and taken out of one by one. Siblings stand
// in order of their start, then of their row; a row without a start comes before all others. `buildTree` finds the same
// order in one pass and is what the tests hold this against.

import type { SpanColumns } from "../../src/trace/spanColumns";
import { grownLength, resized } from "./growing";
import { sortSiblings } from "./sortSiblings";

/** Rows between two pauses of long work. */
export const stepRows = 8_192;

const notLinked = -2;

export class SpanForest {
  #columns: SpanColumns;
  /** By parent + 1, with the top at 0; -1: none. */
  #first = new Int32Array(0);
  #last = new Int32Array(0);
  #childCount = new Int32Array(0);
  /** That the row is linked under; `notLinked` before and after. */
  #parent = new Int32Array(0);
  /** By row; -1: none. */
  nextSibling = new Int32Array(0);
  previousSibling = new Int32Array(0);
  /** 0 at the top. Written by who walks the forest. */
  depth = new Int32Array(0);
  /** From 1, among its siblings. */
  ordinal = new Int32Array(0);

  constructor(columns: SpanColumns, capacity: number) {
    this.#columns = columns;
    this.#reserve(Math.max(capacity, columns.count));
  }

  /** Rows that there is room for. */
  get capacity(): number {
    return this.nextSibling.length;
  }

  get firstRoot(): number {
    return this.firstChildOf(-1);
  }

  /** First children by row, in an array that is right until the capacity changes. */
  get firstChild(): Int32Array {
    return this.#first.subarray(1);
  }

  /** Of a row, or of the top by -1; -1: none. */
  firstChildOf(row: number): number {
    return this.#first[row + 1] ?? -1;
  }

  lastChildOf(row: number): number {
    return this.#last[row + 1] ?? -1;
  }

  childCountOf(row: number): number {
    return this.#childCount[row + 1] ?? 0;
  }

  /** The last row of the row's subtree in the order of the tree: itself where it has no children. */
  lastOf(row: number): number {
    let last = row;
    for (let child = this.lastChildOf(last); child >= 0; child = this.lastChildOf(last)) last = child;
    return last;
  }

  /** That the row is linked under; -1 at the top, less where the row is not linked. */
  parentOf(row: number): number {
    return this.#parent[row] ?? notLinked;
  }

  isLinked(row: number): boolean {
    return (this.#parent[row] ?? notLinked) !== notLinked;
  }

  /** The columns as they are now; rows that came are linked by `link`. */
  update(columns: SpanColumns): void {
    this.#columns = columns;
    if (columns.count > this.capacity) this.#reserve(grownLength(this.capacity, columns.count));
  }

  /** Links rows in bulk: at the end of their siblings, to be sorted afterwards by `sort`. */
  linkRange(from: number, to: number): void {
    const { parent } = this.#columns;
    for (let row = from; row < to; row++) {
      const above = parent[row] ?? -1;
      const last = this.#last[above + 1] ?? -1;
      this.#parent[row] = above;
      this.previousSibling[row] = last;
      if (last < 0) this.#first[above + 1] = row;
      else this.nextSibling[last] = row;
      this.#last[above + 1] = row;
      const count = (this.#childCount[above + 1] ?? 0) + 1;
      this.#childCount[above + 1] = count;
      this.ordinal[row] = count;
    }
  }

  /** After `linkRange` of all rows: brings siblings into order. */
  *sort(): Generator<void, void> {
    const { count } = this.#columns;
    for (let above = -1; above < count; above++) {
      if (above % stepRows === stepRows - 1) yield;
      const first = this.#first[above + 1] ?? -1;
      if (first < 0 || first === this.#last[above + 1] || this.#isSorted(first)) continue;
      this.#first[above + 1] = yield* sortSiblings(first, this.nextSibling, (a, b) => this.#isBefore(a, b));
      this.#renumber(above);
    }
  }

  /** Puts a row among its siblings, which are in order; its parent may be linked or not. */
  link(row: number): void {
    const above = this.#columns.parent[row] ?? -1;
    let previous = this.lastChildOf(above);
    while (previous >= 0 && this.#isBefore(row, previous)) previous = this.previousSibling[previous] ?? -1;
    const next = previous < 0 ? this.firstChildOf(above) : (this.nextSibling[previous] ?? -1);
    this.#parent[row] = above;
    this.#join(above, previous, row);
    this.#join(above, row, next);
    this.#childCount[above + 1] = this.childCountOf(above) + 1;
    this.#numberFrom(row);
  }

  /** Takes a row out, with what hangs below it. */
  unlink(row: number): void {
    const above = this.parentOf(row);
    const next = this.nextSibling[row] ?? -1;
    this.#join(above, this.previousSibling[row] ?? -1, next);
    this.#childCount[above + 1] = this.childCountOf(above) - 1;
    this.#parent[row] = notLinked;
    if (next >= 0) this.#numberFrom(next);
  }

  /**
   * Which of these linked rows stand elsewhere than their parent and their start, as they are now, ask for: without them the
   * siblings are in order. All other rows have the parent and start that they were linked with.
   * @param most stops there, with one more
   */
  misplaced(changedRows: Iterable<number>, most: number): Set<number> {
    const moved = new Set<number>();
    for (const row of changedRows) {
      if (this.#isMisplaced(row, moved)) moved.add(row);
      if (moved.size > most) return moved;
    }
    if (moved.size === 0) return moved;
    // Where a row is taken out, others become neighbours that were not held against each other.
    const changed = new Set(changedRows);
    const open = [...moved];
    for (let row = open.pop(); row !== undefined && moved.size <= most; row = open.pop()) {
      for (const links of [this.previousSibling, this.nextSibling]) {
        const near = this.#neighbour(row, links, moved);
        if (!changed.has(near) || !this.#isMisplaced(near, moved)) continue;
        moved.add(near);
        open.push(near);
      }
    }
    return moved;
  }

  #isMisplaced(row: number, moved: ReadonlySet<number>): boolean {
    if ((this.#columns.parent[row] ?? -1) !== this.#parent[row]) return true;
    const previous = this.#neighbour(row, this.previousSibling, moved);
    const next = this.#neighbour(row, this.nextSibling, moved);
    return (previous >= 0 && this.#isBefore(row, previous)) || (next >= 0 && this.#isBefore(next, row));
  }

  /** The nearest sibling that does not move; -1: none. */
  #neighbour(row: number, links: Int32Array, moved: ReadonlySet<number>): number {
    let near = links[row] ?? -1;
    while (near >= 0 && moved.has(near)) near = links[near] ?? -1;
    return near;
  }

  #isBefore(left: number, right: number): boolean {
    const { startMs } = this.#columns;
    const a = startMs[left] ?? Number.NaN;
    const b = startMs[right] ?? Number.NaN;
    if (a < b) return true;
    if (a > b) return false;
    const isUnknown = Number.isNaN(a);
    return isUnknown === Number.isNaN(b) ? left < right : isUnknown;
  }

  #isSorted(first: number): boolean {
    let row = first;
    for (let next = this.nextSibling[row] ?? -1; next >= 0; next = this.nextSibling[row] ?? -1) {
      if (this.#isBefore(next, row)) return false;
      row = next;
    }
    return true;
  }

  /** Writes all that follows from `nextSibling`. */
  #renumber(above: number): void {
    let previous = -1;
    let ordinal = 0;
    for (let row = this.firstChildOf(above); row >= 0; row = this.nextSibling[row] ?? -1) {
      this.previousSibling[row] = previous;
      this.ordinal[row] = ++ordinal;
      previous = row;
    }
    this.#last[above + 1] = previous;
  }

  #numberFrom(from: number): void {
    const previous = this.previousSibling[from] ?? -1;
    let ordinal = previous < 0 ? 0 : (this.ordinal[previous] ?? 0);
    for (let row = from; row >= 0; row = this.nextSibling[row] ?? -1) this.ordinal[row] = ++ordinal;
  }

  #join(above: number, previous: number, next: number): void {
    if (previous < 0) this.#first[above + 1] = next;
    else this.nextSibling[previous] = next;
    if (next < 0) this.#last[above + 1] = previous;
    else this.previousSibling[next] = previous;
  }

  #reserve(capacity: number): void {
    this.#first = resized(this.#first, capacity + 1, -1);
    this.#last = resized(this.#last, capacity + 1, -1);
    this.#childCount = resized(this.#childCount, capacity + 1);
    this.#parent = resized(this.#parent, capacity, notLinked);
    this.nextSibling = resized(this.nextSibling, capacity, -1);
    this.previousSibling = resized(this.previousSibling, capacity, -1);
    this.depth = resized(this.depth, capacity);
    this.ordinal = resized(this.ordinal, capacity);
  }
}
