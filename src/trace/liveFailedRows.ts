// The failed rows of a trace that grows, and which of them count: those with no failure below them that was not made good,
// and those that were made good with no failure below them at all. A failure costs a step for each of its ancestors.

import { compareTimes, endOf, startOf } from "./failures";
import type { LiveColumns } from "./liveColumns";
import { SortedRows } from "./sortedRows";
import { FLAG } from "./spanColumns";

interface FailedRow {
  /** As they were when the row came: the order of rows rests on them. */
  readonly startMs: number;
  readonly endMs: number;
  isRecovered: boolean;
}

/** How many rows below one failed, and how many of these were not made good. */
interface Below {
  failed: number;
  unrecovered: number;
}

export class LiveFailedRows {
  readonly #columns: LiveColumns;
  readonly #failed = new Map<number, FailedRow>();
  readonly #below = new Map<number, Below>();
  /** Failed leaves that were not made good, by start time. */
  readonly leaves = new SortedRows((a, b) => this.#byTime(a, b, "startMs"));
  /** Rows that were made good, by start time. */
  readonly recovered = new SortedRows((a, b) => this.#byTime(a, b, "startMs"));
  readonly #leavesByEnd = new SortedRows((a, b) => this.#byTime(a, b, "endMs") || this.#byTime(a, b, "startMs"));
  /** Leaves all of whose ancestors failed; undefined while that has to be found anew. */
  #onPath: Set<number> | undefined = new Set();
  readonly #listOf = new Map<number, SortedRows>();
  readonly #changed = new Set<number>();

  constructor(columns: LiveColumns) {
    this.#columns = columns;
  }

  get count(): number {
    return this.#failed.size;
  }

  has(row: number): boolean {
    return this.#failed.has(row);
  }

  isRecovered(row: number): boolean {
    return this.#failed.get(row)?.isRecovered === true;
  }

  hasRecoveredBelow(row: number): boolean {
    const { failed, unrecovered } = this.#below.get(row) ?? { failed: 0, unrecovered: 0 };
    return failed > unrecovered;
  }

  /** Those that were not made good. */
  unrecovered(): readonly number[] {
    return [...this.#failed].filter(([, { isRecovered }]) => !isRecovered).map(([row]) => row);
  }

  /** The bit of `FLAG` that the row has as one of those that count. */
  flagOf(row: number): number {
    const list = this.#listOf.get(row);
    return list === this.leaves ? FLAG.failure : list === this.recovered ? FLAG.recovered : 0;
  }

  add(row: number, isRecovered: boolean): void {
    this.#failed.set(row, { startMs: startOf(this.#columns, row), endMs: endOf(this.#columns, row), isRecovered });
    this.#countAbove(row, 1, isRecovered ? 0 : 1);
    this.#classify(row);
    this.#noteOtherPaths(row);
  }

  delete(row: number): void {
    const failed = this.#failed.get(row);
    if (failed === undefined) return;
    this.#leaveList(row);
    this.#failed.delete(row);
    this.#countAbove(row, -1, failed.isRecovered ? 0 : -1);
    this.#noteOtherPaths(row);
  }

  recover(row: number): void {
    const failed = this.#failed.get(row);
    if (failed === undefined || failed.isRecovered) return;
    failed.isRecovered = true;
    this.#countAbove(row, 0, -1);
    this.#classify(row);
  }

  /** Rows have got other ancestors. */
  countAnew(): void {
    this.#below.clear();
    for (const [row, { isRecovered }] of this.#failed) this.#countAbove(row, 1, isRecovered ? 0 : 1);
    for (const row of this.#failed.keys()) this.#classify(row);
    this.#onPath = undefined;
  }

  clear(): void {
    for (const row of this.#listOf.keys()) this.#changed.add(row);
    for (const list of [this.leaves, this.recovered, this.#leavesByEnd]) list.clear();
    this.#listOf.clear();
    this.#failed.clear();
    this.#below.clear();
    this.#onPath = new Set();
  }

  /** The leaf that ended last. */
  get lastLeaf(): number | undefined {
    return this.#leavesByEnd.at(this.#leavesByEnd.count - 1);
  }

  /** The same among those all of whose ancestors failed. */
  get lastOnPath(): number | undefined {
    let last: number | undefined;
    for (const row of this.#pathLeaves()) {
      if (last === undefined || (this.#byTime(row, last, "endMs") || this.#byTime(row, last, "startMs")) > 0)
        last = row;
    }
    return last;
  }

  /** Rows that came to a list or left one since the last call. */
  takeChanged(): ReadonlySet<number> {
    const rows = new Set(this.#changed);
    this.#changed.clear();
    return rows;
  }

  #countAbove(row: number, failed: number, unrecovered: number): void {
    const { parent, spans } = this.#columns;
    // The row of missing parents never fails, and its number is another one's soon.
    for (let above = parent[row] ?? -1; above >= 0 && above < spans; above = parent[above] ?? -1) {
      const below = this.#below.get(above) ?? { failed: 0, unrecovered: 0 };
      below.failed += failed;
      below.unrecovered += unrecovered;
      if (below.failed > 0) this.#below.set(above, below);
      else this.#below.delete(above);
      if (this.#failed.has(above)) this.#classify(above);
    }
  }

  #classify(row: number): void {
    const failed = this.#failed.get(row);
    const below = this.#below.get(row);
    const hides = failed?.isRecovered === true ? below?.failed : below?.unrecovered;
    const isShown = failed !== undefined && (hides ?? 0) === 0;
    const list = !isShown ? undefined : failed.isRecovered ? this.recovered : this.leaves;
    if (list === this.#listOf.get(row)) return;
    this.#leaveList(row);
    if (list === undefined) return;
    list.add(row);
    this.#listOf.set(row, list);
    this.#changed.add(row);
    if (list !== this.leaves) return;
    this.#leavesByEnd.add(row);
    if (this.#failedToTheTop(row)) this.#onPath?.add(row);
  }

  #leaveList(row: number): void {
    const list = this.#listOf.get(row);
    if (list === undefined) return;
    list.delete(row);
    this.#listOf.delete(row);
    this.#changed.add(row);
    if (list !== this.leaves) return;
    this.#leavesByEnd.delete(row);
    this.#onPath?.delete(row);
  }

  /** That a row failed, or did not after all, is part of the paths of what is below it. */
  #noteOtherPaths(row: number): void {
    if ((this.#below.get(row)?.failed ?? 0) > 0) this.#onPath = undefined;
  }

  #pathLeaves(): ReadonlySet<number> {
    if (this.#onPath === undefined) {
      this.#onPath = new Set([...this.leaves.toArray()].filter((row) => this.#failedToTheTop(row)));
    }
    return this.#onPath;
  }

  #failedToTheTop(row: number): boolean {
    const { parent } = this.#columns;
    let above = parent[row] ?? -1;
    while (above >= 0 && this.#failed.has(above)) above = parent[above] ?? -1;
    return above < 0;
  }

  #byTime(one: number, other: number, time: "startMs" | "endMs"): number {
    const a = this.#failed.get(one)?.[time] ?? Number.NaN;
    const b = this.#failed.get(other)?.[time] ?? Number.NaN;
    return compareTimes(a, b) || (time === "startMs" ? one - other : 0);
  }
}
