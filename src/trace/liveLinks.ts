// Lists of children that grow: in order of start time, then of row, as `buildTree` has them. Putting a row where it belongs
// costs as many steps as siblings come after it: none for those that come in order of time.

import type { SpanColumns, SpanTree } from "./spanColumns";

/** Whose children a list holds: a row's, or one of these. */
export const topList = -1;
/** Rows whose parents are missing. */
export const orphanList = -2;

/** The first slots of `first` and `last` are those of the lists above. */
const listSlots = 2;

export class LiveLinks {
  #first: Int32Array;
  #last: Int32Array;
  #next: Int32Array;
  #previous: Int32Array;
  #depth: Int32Array;
  readonly #columns: Pick<SpanColumns, "startMs" | "parent">;

  /**
   * @param columns may grow
   * @param tree the forest over the rows that are there, of which `orphans` is the row of missing parents or -1
   */
  constructor(columns: Pick<SpanColumns, "startMs" | "parent">, tree: SpanTree, orphans: number) {
    this.#columns = columns;
    const count = tree.depth.length;
    const room = Math.max(1024, Math.ceil(count * 1.25));
    this.#first = new Int32Array(room + listSlots).fill(-1);
    this.#last = new Int32Array(room + listSlots).fill(-1);
    this.#next = longer(tree.nextSibling, room);
    this.#previous = new Int32Array(room).fill(-1);
    this.#depth = longer(tree.depth, room, 0);
    this.#first.set(tree.firstChild, listSlots);
    this.#first[slotOf(topList)] = tree.firstRoot;
    for (let row = 0; row < count; row++) {
      const next = this.#next[row] ?? -1;
      if (next >= 0) this.#previous[next] = row;
      else this.#last[slotOf(columns.parent[row] ?? topList)] = row;
    }
    if (orphans < 0) return;
    this.#first[slotOf(orphanList)] = this.firstOf(orphans);
    this.#last[slotOf(orphanList)] = this.#last[slotOf(orphans)] ?? -1;
  }

  /** Makes room for rows up to this one. */
  reach(row: number): void {
    if (row < this.#next.length) return;
    const room = Math.max(this.#next.length * 2, row + 1);
    this.#first = longer(this.#first, room + listSlots);
    this.#last = longer(this.#last, room + listSlots);
    this.#next = longer(this.#next, room);
    this.#previous = longer(this.#previous, room);
    this.#depth = longer(this.#depth, room, 0);
  }

  firstOf(list: number): number {
    return this.#first[slotOf(list)] ?? -1;
  }

  next(row: number): number {
    return this.#next[row] ?? -1;
  }

  hasChildren(row: number): boolean {
    return this.firstOf(row) >= 0;
  }

  depthOf(row: number): number {
    return this.#depth[row] ?? 0;
  }

  /** The arrays over rows before `count`. */
  tree(count: number) {
    return {
      firstRoot: this.firstOf(topList),
      firstChild: this.#first.subarray(listSlots, listSlots + count),
      nextSibling: this.#next.subarray(0, count),
      depth: this.#depth.subarray(0, count),
    };
  }

  /** Puts a row that is in no list into one, with all that is below it. */
  insert(row: number, list: number): void {
    const slot = slotOf(list);
    let before = this.#last[slot] ?? -1;
    let after = -1;
    while (before >= 0 && this.#compare(before, row) > 0) {
      after = before;
      before = this.#previous[before] ?? -1;
    }
    this.#previous[row] = before;
    this.#next[row] = after;
    if (before < 0) this.#first[slot] = row;
    else this.#next[before] = row;
    if (after < 0) this.#last[slot] = row;
    else this.#previous[after] = row;
    this.#setDepth(row, list === topList ? 0 : list === orphanList ? 1 : this.depthOf(list) + 1);
  }

  /** Takes a row out of the list in which it is. */
  remove(row: number, list: number): void {
    const slot = slotOf(list);
    const before = this.#previous[row] ?? -1;
    const after = this.#next[row] ?? -1;
    if (before < 0) this.#first[slot] = after;
    else this.#next[before] = after;
    if (after < 0) this.#last[slot] = before;
    else this.#previous[after] = before;
    this.#previous[row] = this.#next[row] = -1;
  }

  /** Lets a row stand for a list: its children are the list's. */
  standFor(row: number, list: number): void {
    this.#first[slotOf(row)] = this.#first[slotOf(list)] ?? -1;
    this.#last[slotOf(row)] = this.#last[slotOf(list)] ?? -1;
  }

  forgetChildren(row: number): void {
    this.#first[slotOf(row)] = this.#last[slotOf(row)] = -1;
  }

  /** A row and those below it, parents first. */
  *subtree(root: number): Generator<number> {
    let row = root;
    for (;;) {
      yield row;
      let next = this.firstOf(row);
      while (next < 0) {
        if (row === root) return;
        next = this.next(row);
        if (next < 0) row = this.#columns.parent[row] ?? root;
      }
      row = next;
    }
  }

  #setDepth(root: number, depth: number): void {
    const by = depth - this.depthOf(root);
    if (by === 0) return;
    if (!this.hasChildren(root)) {
      this.#depth[root] = depth;
      return;
    }
    for (const row of this.subtree(root)) this.#depth[row] = this.depthOf(row) + by;
  }

  #compare(one: number, other: number): number {
    const a = this.#startOf(one);
    const b = this.#startOf(other);
    // Not a subtraction: two infinities would give NaN.
    return a < b ? -1 : a > b ? 1 : one - other;
  }

  #startOf(row: number): number {
    const start = this.#columns.startMs[row] ?? Number.NaN;
    return Number.isNaN(start) ? Number.NEGATIVE_INFINITY : start;
  }
}

function slotOf(list: number): number {
  return list === topList ? 0 : list === orphanList ? 1 : list + listSlots;
}

function longer(old: Int32Array, length: number, empty = -1): Int32Array {
  const larger = new Int32Array(length).fill(empty);
  larger.set(old);
  return larger;
}
