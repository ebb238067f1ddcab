// When every row began and ended, with what is missing filled in, and what follows from all of them: the scale, and the
// activity that the strip draws. A row that comes or changes costs the same in a trace of any size.

import { FLAG, kindCodes, type SpanColumns } from "../../src/trace/spanColumns";
import { ActivityGrid } from "../layout/activityGrid";
import { BusyTime } from "../layout/busyTime";
import { buildTimeScale, shortestGapMs, type TimeScale } from "../layout/timeScale";
import { grownLength, resized } from "./growing";
import { RowSet } from "./rowSet";
import { type SpanForest, stepRows } from "./spanForest";
import type { TraceTimes } from "./traceModel";

const generation = kindCodes.indexOf("generation");

/** What a row is counted as, in bits. */
const COUNTED = 1;
/** Only its two ends are activity: a place for others to happen in. */
const CONTAINER = 2;
const GENERATION = 4;
const OPEN = 8;
const FAILED = 16;
const RECOVERED = 32;
/** The row is in the list of open rows, from which it is taken later where it is not open any more. */
const LISTED = 64;

export class TimeTable {
  #columns: SpanColumns;
  readonly #forest: SpanForest;
  #startMs: Float64Array<ArrayBuffer>;
  #endMs: Float64Array<ArrayBuffer>;
  #counted: Uint8Array<ArrayBuffer>;
  /** The first start and the last time that any row names; infinite where none does. */
  #firstMs = Number.POSITIVE_INFINITY;
  #lastMs = Number.NEGATIVE_INFINITY;
  /** Where open rows are drawn to. */
  #openEndMs = Number.NaN;
  #open = new Int32Array(64);
  #openLength = 0;
  #openCount = 0;
  /** From here on something is active that is open. */
  #busyFromMs = Number.POSITIVE_INFINITY;
  /** Rows that name no start. */
  readonly #startless = new RowSet();
  #busy = new BusyTime(shortestGapMs);
  #grid: ActivityGrid | undefined;
  #scale: TimeScale | undefined;
  /** The first start when rows without one were last filled in; and whether a parent's start has moved since. */
  #filledFromMs = Number.NaN;
  #hasMovedStarts = false;
  #isStale = false;
  #isExtentLost = false;

  private constructor(columns: SpanColumns, forest: SpanForest) {
    this.#columns = columns;
    this.#forest = forest;
    this.#startMs = new Float64Array(forest.capacity);
    this.#endMs = new Float64Array(forest.capacity);
    this.#counted = new Uint8Array(forest.capacity);
  }

  /** @param openEndMs see `times` */
  static *build(columns: SpanColumns, forest: SpanForest, openEndMs: number | undefined): Generator<void, TimeTable> {
    const table = new TimeTable(columns, forest);
    table.#findExtent();
    table.#setOpenEnd(openEndMs);
    for (let row = 0; row < columns.count; row++) {
      table.#put(row);
      if (row % stepRows === stepRows - 1) yield;
    }
    table.#followOpen();
    const grid = new ActivityGrid(table.#scaleNow());
    for (let row = 0; row < columns.count; row++) {
      table.#addTo(grid, row, 1);
      if (row % stepRows === stepRows - 1) yield;
    }
    table.#grid = grid;
    return table;
  }

  /** Rows without an end. */
  get openCount(): number {
    return this.#openCount;
  }

  forEachOpen(visit: (row: number) => void): void {
    let kept = 0;
    for (let index = 0; index < this.#openLength; index++) {
      const row = this.#open[index] ?? 0;
      const counted = this.#counted[row] ?? 0;
      if ((counted & OPEN) === 0) {
        this.#counted[row] = counted & ~LISTED;
        continue;
      }
      this.#open[kept++] = row;
      visit(row);
    }
    this.#openLength = kept;
  }

  /** Whether something changed that only another table can show: the strip is coarse, or too much counts as busy. */
  get isStale(): boolean {
    return this.#isStale || (this.#scale !== undefined && this.#grid?.isWrongFor(this.#scale) === true);
  }

  /** The columns as they are now. */
  update(columns: SpanColumns): void {
    this.#columns = columns;
    if (columns.count <= this.#startMs.length) return;
    const length = grownLength(this.#startMs.length, columns.count);
    this.#startMs = resized(this.#startMs, length);
    this.#endMs = resized(this.#endMs, length);
    this.#counted = resized(this.#counted, length);
  }

  /** A row that came or changed, or got its first child or lost its last. */
  change(row: number): void {
    const before = this.#counted[row] ?? 0;
    const startMs = this.#startMs[row] ?? Number.NaN;
    const endMs = this.#endMs[row] ?? Number.NaN;
    const isKnown = (before & COUNTED) !== 0;
    const hadStart = !this.#startless.has(row);
    if (isKnown && this.#grid !== undefined) this.#addTo(this.#grid, row, -1);
    if ((before & OPEN) !== 0) this.#openCount--;
    this.#startless.delete(row);
    this.#widen(row);
    this.#put(row);
    if (this.#grid !== undefined) this.#addTo(this.#grid, row, 1);
    if (!isKnown) return;
    const movedMs = Math.max(
      Math.abs((this.#startMs[row] ?? 0) - startMs),
      (before & OPEN) !== 0 ? 0 : Math.abs((this.#endMs[row] ?? 0) - endMs),
    );
    // What was busy cannot be told apart from what else was; it matters only where a whole stretch is idle now.
    const isIdleNow = (before & (CONTAINER | OPEN)) === 0 && ((this.#counted[row] ?? 0) & CONTAINER) !== 0;
    if (!Object.is(this.#startMs[row], startMs) && this.#forest.firstChildOf(row) >= 0) this.#hasMovedStarts = true;
    if (movedMs >= shortestGapMs || (isIdleNow && endMs - startMs >= shortestGapMs)) this.#isStale = true;
    const ownStart = this.#columns.startMs[row] ?? Number.NaN;
    const ownEnd = this.#columns.endMs[row] ?? Number.NaN;
    if (hadStart && startMs <= this.#firstMs && !(ownStart <= startMs)) this.#isExtentLost = true;
    const hadEnd = (before & OPEN) === 0 || startMs >= this.#lastMs;
    if (hadEnd && endMs >= this.#lastMs && !(ownEnd >= endMs) && !(ownStart >= endMs)) this.#isExtentLost = true;
  }

  /**
   * @param openEndMs where the bars of open rows end: now, for a session that still runs
   * @param isTrueScale idle stretches are drawn as long as they were
   */
  times(openEndMs: number | undefined, isLive: boolean, isTrueScale = false): TraceTimes {
    if (this.#isExtentLost) this.#findExtent();
    this.#setOpenEnd(openEndMs);
    this.#fillStarts();
    this.#followOpen();
    const { count } = this.#columns;
    const short = this.#scaleNow();
    const scale = isTrueScale ? buildTimeScale(short.startMs, short.endMs, []) : short;
    const grid = this.#grid;
    return {
      startMs: this.#startMs.subarray(0, count),
      endMs: this.#endMs.subarray(0, count),
      ...this.#extent(),
      scale,
      isLive,
      density: (buckets) => (grid ?? new ActivityGrid(short)).density(scale, buckets),
    };
  }

  #scaleNow(): TimeScale {
    const { firstMs, lastMs } = this.#extent();
    const first = Number.isNaN(firstMs) ? 0 : firstMs;
    const last = Number.isNaN(lastMs) ? first : lastMs;
    this.#scale = buildTimeScale(first, last, this.#busy.idle(last, this.#busyFromMs));
    return this.#scale;
  }

  /** NaN where no row names a time. */
  #extent(): { readonly firstMs: number; readonly lastMs: number } {
    if (this.#firstMs !== Number.POSITIVE_INFINITY) return { firstMs: this.#firstMs, lastMs: this.#openEndMs };
    const onlyMs = Number.isFinite(this.#lastMs) ? this.#lastMs : Number.NaN;
    return { firstMs: onlyMs, lastMs: onlyMs };
  }

  #findExtent(): void {
    this.#firstMs = Number.POSITIVE_INFINITY;
    this.#lastMs = Number.NEGATIVE_INFINITY;
    for (let row = 0; row < this.#columns.count; row++) this.#widen(row);
    this.#isExtentLost = false;
  }

  #widen(row: number): void {
    const start = this.#columns.startMs[row] ?? Number.NaN;
    const end = this.#columns.endMs[row] ?? Number.NaN;
    if (start < this.#firstMs) this.#firstMs = start;
    if (start > this.#lastMs) this.#lastMs = start;
    if (end > this.#lastMs) this.#lastMs = end;
  }

  #setOpenEnd(openEndMs: number | undefined): void {
    const lastMs = this.#firstMs === Number.POSITIVE_INFINITY ? this.#extent().lastMs : this.#lastMs;
    this.#openEndMs = openEndMs !== undefined && openEndMs > lastMs ? openEndMs : lastMs;
  }

  /** Open rows end where they are drawn to; activity goes on from the first of those that are active. */
  #followOpen(): void {
    this.#busyFromMs = Number.POSITIVE_INFINITY;
    this.forEachOpen((row) => {
      const startMs = this.#startMs[row] ?? Number.NaN;
      this.#endMs[row] = this.#openEndMs;
      if (((this.#counted[row] ?? 0) & CONTAINER) === 0 && startMs < this.#busyFromMs) this.#busyFromMs = startMs;
    });
  }

  /** Rows without a start follow their parents, and the first of all rows. */
  #fillStarts(): void {
    const { firstMs } = this.#extent();
    if (Object.is(firstMs, this.#filledFromMs) && !this.#hasMovedStarts) return;
    this.#filledFromMs = firstMs;
    // Once more for each parent that comes after its children.
    do {
      this.#hasMovedStarts = false;
      for (const row of this.#startless.toArray()) {
        if (!Object.is(this.#startOf(row), this.#startMs[row])) this.change(row);
      }
    } while (this.#hasMovedStarts);
  }

  #startOf(row: number): number {
    for (let each = row; each >= 0; each = this.#forest.parentOf(each)) {
      const own = this.#columns.startMs[each] ?? Number.NaN;
      if (!Number.isNaN(own)) return own;
      // What is known of an ancestor was found in the same way.
      if (each !== row && (this.#counted[each] ?? 0) !== 0) return this.#startMs[each] ?? Number.NaN;
    }
    return this.#extent().firstMs;
  }

  #put(row: number): void {
    const columns = this.#columns;
    const flags = columns.flags[row] ?? 0;
    const ownStart = columns.startMs[row] ?? Number.NaN;
    const ownEnd = columns.endMs[row] ?? Number.NaN;
    const startMs = Number.isNaN(ownStart) ? this.#startOf(row) : ownStart;
    const isOpen = Number.isNaN(ownEnd) && (flags & FLAG.open) !== 0;
    const endMs = isOpen ? this.#openEndMs : Number.isNaN(ownEnd) ? startMs : ownEnd;
    const isGeneration = columns.kind[row] === generation;
    const isContainer = !isGeneration && this.#forest.firstChildOf(row) >= 0;
    this.#startMs[row] = startMs;
    this.#endMs[row] = endMs;
    const listed = (this.#counted[row] ?? 0) & LISTED;
    this.#counted[row] =
      COUNTED |
      listed |
      (isContainer ? CONTAINER : 0) |
      (isGeneration ? GENERATION : 0) |
      (isOpen ? OPEN : 0) |
      ((flags & FLAG.failure) !== 0 ? FAILED : (flags & FLAG.recovered) !== 0 ? RECOVERED : 0);
    if (isOpen) this.#addOpen(row);
    if (Number.isNaN(ownStart)) this.#startless.add(row);
    if (Number.isNaN(startMs)) return;
    if (isOpen) this.#busy.add(startMs, startMs);
    else if (!isContainer) this.#busy.add(startMs, Math.max(startMs, endMs));
    else {
      this.#busy.add(startMs, startMs);
      this.#busy.add(endMs, endMs);
    }
  }

  #addOpen(row: number): void {
    this.#openCount++;
    if (((this.#counted[row] ?? 0) & LISTED) !== 0) return;
    this.#counted[row] = (this.#counted[row] ?? 0) | LISTED;
    if (this.#openLength === this.#open.length) this.#open = resized(this.#open, 2 * this.#open.length);
    this.#open[this.#openLength++] = row;
  }

  #addTo(grid: ActivityGrid, row: number, by: 1 | -1): void {
    const counted = this.#counted[row] ?? 0;
    const startMs = this.#startMs[row] ?? Number.NaN;
    if (Number.isNaN(startMs)) return;
    const endMs = (counted & OPEN) !== 0 ? undefined : Math.max(startMs, this.#endMs[row] ?? startMs);
    if ((counted & CONTAINER) === 0) grid.add((counted & GENERATION) !== 0 ? 0 : 1, startMs, endMs, by);
    if ((counted & (FAILED | RECOVERED)) !== 0) grid.addFailure((counted & RECOVERED) !== 0, endMs, by);
  }
}
