// How much happened when, in cells of time that are far finer than the columns of the strip, so that the strip is drawn
// from them alone however many rows there are. A row is two points, its start and its end: it is put in, taken out and
// prolonged at a cost that depends neither on its length nor on the number of rows. Idle stretches take no cells.

import { type TimeScale, wallAt } from "./timeScale";

export interface Activity {
  /** For each column the mean number of rows of this group that were active in it. */
  readonly generations: Float64Array;
  readonly others: Float64Array;
  /** For each column 0, 1 (a recovered failure) or 2 (a failure). */
  readonly failures: Uint8Array;
  /** The largest sum of both groups. */
  readonly peak: number;
}

/** 0: generations, 1: others. */
export type ActivityGroup = 0 | 1;

const cellCount = 8192;
/** The grid of a live trace begins with cells to spare. */
const usedShare = 0.75;
/** With fewer cells in use than this the strip would show them. */
const leastCells = 1600;
/** A row counts as a fifth of the column that it starts in, so that an instant can be seen. */
const leastCoverage = 0.2;

/** For each cell: rows that start in it, less those that end in it; and where in the cell, summed up. */
interface Points {
  readonly starts: Int32Array;
  readonly balance: Int32Array;
  readonly offsetMs: Float64Array;
}

export class ActivityGrid {
  readonly #firstMs: number;
  /** Wall time at the ends of the stretches that take cells, and busy time before each; alternating as in a scale. */
  readonly #wallMs: Float64Array;
  readonly #busyMs: Float64Array;
  #cellMs: number;
  #isWrong = false;
  readonly #points: readonly [Points, Points] = [makePoints(), makePoints()];
  readonly #failed = new Int32Array(cellCount);
  readonly #recovered = new Int32Array(cellCount);
  /** Failures of rows that are open: they are drawn at the end. */
  #openFailed = 0;
  /** That was found last. */
  #nearKnot = 0;

  /** @param scale whose idle stretches take no cells; rows may lie beyond its end */
  constructor(scale: TimeScale) {
    this.#firstMs = scale.startMs;
    this.#wallMs = scale.wallMs;
    this.#busyMs = new Float64Array(scale.wallMs.length);
    for (let knot = 1; knot < scale.wallMs.length; knot++) {
      const lengthMs = knot % 2 === 1 ? (scale.wallMs[knot] ?? 0) - (scale.wallMs[knot - 1] ?? 0) : 0;
      this.#busyMs[knot] = (this.#busyMs[knot - 1] ?? 0) + lengthMs;
    }
    this.#cellMs = Math.max(1e-6, (this.#busyMs.at(-1) ?? 0) / (cellCount * usedShare));
  }

  /** Whether another grid must be made: cells are too wide for this scale, or something happened where there are none. */
  isWrongFor(scale: TimeScale): boolean {
    if (this.#isWrong || scale.startMs < this.#firstMs) return true;
    const idleMs = scale.gaps.reduce((sum, gap) => sum + gap.endMs - gap.startMs, 0);
    return (scale.endMs - scale.startMs - idleMs) / this.#cellMs < leastCells;
  }

  /** Activity of one row; without an end it lasts. @param by -1 takes the same out again */
  add(group: ActivityGroup, startMs: number, endMs: number | undefined, by: 1 | -1): void {
    const points = this.#points[group];
    // Before anything is put in, because an end far out makes cells wider.
    const endAt = endMs === undefined ? 0 : this.#reach(endMs);
    const start = this.#point(points, this.#reach(startMs), by);
    points.starts[start] = (points.starts[start] ?? 0) + by;
    if (endMs !== undefined) this.#point(points, endAt, -by);
    if (by > 0 && this.#wallMs.length > 2 && this.#reachesIntoGap(startMs, endMs ?? Number.POSITIVE_INFINITY))
      this.#isWrong = true;
  }

  /** A failure at the end of a row, or of a row without an end. */
  addFailure(isRecovered: boolean, endMs: number | undefined, by: 1 | -1): void {
    if (endMs === undefined) {
      if (!isRecovered) this.#openFailed += by;
      return;
    }
    const cell = Math.floor(this.#reach(endMs));
    const counts = isRecovered ? this.#recovered : this.#failed;
    counts[cell] = (counts[cell] ?? 0) + by;
  }

  /** Density over the whole scale in equal parts of the drawn time. */
  density(scale: TimeScale, buckets: number): Activity {
    this.#reach(scale.endMs);
    // Cell, and part of it, at which each column begins.
    const at = Float64Array.from({ length: buckets + 1 }, (_, bucket) => {
      const wallMs = bucket === buckets ? scale.endMs : wallAt(scale, (bucket * scale.drawnLength) / buckets);
      return Math.min(cellCount, Math.max(0, this.#busyAt(wallMs) / this.#cellMs));
    });
    const columnMs = scale.drawnLength / buckets;
    const generations = this.#coverage(this.#points[0], at, columnMs);
    const others = this.#coverage(this.#points[1], at, columnMs);
    let peak = 0;
    for (let bucket = 0; bucket < buckets; bucket++) {
      peak = Math.max(peak, (generations[bucket] ?? 0) + (others[bucket] ?? 0));
    }
    return { generations, others, failures: this.#failures(at), peak };
  }

  #failures(at: Float64Array): Uint8Array {
    const buckets = at.length - 1;
    const failures = new Uint8Array(buckets);
    for (let bucket = 0; bucket < buckets; bucket++) {
      const to = bucket + 1 === buckets ? cellCount : Math.floor(at[bucket + 1] ?? 0);
      for (let cell = Math.floor(at[bucket] ?? 0); cell < to; cell++) {
        if ((this.#failed[cell] ?? 0) > 0) failures[bucket] = 2;
        else if ((this.#recovered[cell] ?? 0) > 0 && failures[bucket] === 0) failures[bucket] = 1;
      }
    }
    if (this.#openFailed > 0) failures[buckets - 1] = 2;
    return failures;
  }

  /** The mean number of rows that are active in each column. */
  #coverage(points: Points, at: Float64Array, columnMs: number): Float64Array {
    const covered = new Float64Array(at.length - 1);
    // Of all cells before the present one: covered time, rows started, rows not ended.
    let coveredMs = 0;
    let started = 0;
    let active = 0;
    // Of all columns before the present one.
    let beforeMs = 0;
    let startedBefore = 0;
    let column = 0;
    for (let cell = 0; column < covered.length; cell++) {
      const balance = points.balance[cell] ?? 0;
      const cellCoveredMs = (active + balance) * this.#cellMs - (points.offsetMs[cell] ?? 0);
      const starts = points.starts[cell] ?? 0;
      for (; column < covered.length; column++) {
        const end = at[column + 1] ?? 0;
        if (end > cell + 1 && cell < cellCount) break;
        const nowMs = coveredMs + cellCoveredMs * (end - cell);
        const now = started + starts * (end - cell);
        covered[column] = mean((nowMs - beforeMs) / columnMs, now - startedBefore);
        beforeMs = nowMs;
        startedBefore = now;
      }
      coveredMs += cellCoveredMs;
      started += starts;
      active += balance;
    }
    return covered;
  }

  /** Puts a point in; gives its cell. */
  #point(points: Points, at: number, by: number): number {
    const cell = Math.floor(at);
    points.balance[cell] = (points.balance[cell] ?? 0) + by;
    points.offsetMs[cell] = (points.offsetMs[cell] ?? 0) + by * (at - cell) * this.#cellMs;
    return cell;
  }

  /** Cells before a time; where they are too few they become twice as wide, as often as it takes. */
  #reach(wallMs: number): number {
    const busyMs = Math.max(0, this.#busyAt(wallMs));
    while (busyMs >= cellCount * this.#cellMs) this.#widen();
    return busyMs / this.#cellMs;
  }

  #widen(): void {
    const half = cellCount / 2;
    for (const { starts, balance, offsetMs } of this.#points) {
      for (let cell = 0; cell < half; cell++) {
        const second = balance[2 * cell + 1] ?? 0;
        offsetMs[cell] = (offsetMs[2 * cell] ?? 0) + (offsetMs[2 * cell + 1] ?? 0) + second * this.#cellMs;
        balance[cell] = (balance[2 * cell] ?? 0) + second;
        starts[cell] = (starts[2 * cell] ?? 0) + (starts[2 * cell + 1] ?? 0);
      }
      for (const array of [starts, balance, offsetMs]) array.fill(0, half);
    }
    for (const counts of [this.#failed, this.#recovered]) {
      for (let cell = 0; cell < half; cell++) counts[cell] = (counts[2 * cell] ?? 0) + (counts[2 * cell + 1] ?? 0);
      counts.fill(0, half);
    }
    this.#cellMs *= 2;
  }

  /** Time since the start without the idle stretches. */
  #busyAt(wallMs: number): number {
    if (this.#wallMs.length === 2) return wallMs - this.#firstMs;
    const knot = this.#knotBefore(wallMs);
    // Within an idle stretch no busy time passes.
    const isIdle = knot % 2 === 1 && knot + 1 < this.#wallMs.length;
    return (this.#busyMs[knot] ?? 0) + (isIdle ? 0 : wallMs - (this.#wallMs[knot] ?? 0));
  }

  #reachesIntoGap(startMs: number, endMs: number): boolean {
    const knot = this.#knotBefore(startMs);
    const gap = knot % 2 === 1 ? knot : knot + 1;
    const gapMs = this.#wallMs[gap] ?? 0;
    return gap + 1 < this.#wallMs.length && (startMs > gapMs || endMs > gapMs);
  }

  /** The last knot at or before a time, the first one where there is none. Rows that follow each other are mostly near. */
  #knotBefore(wallMs: number): number {
    const wall = this.#wallMs;
    const near = this.#nearKnot;
    if (wallMs >= (wall[near] ?? 0) && !(wallMs >= (wall[near + 1] ?? Number.POSITIVE_INFINITY))) return near;
    this.#nearKnot = this.#searchKnot(wallMs);
    return this.#nearKnot;
  }

  #searchKnot(wallMs: number): number {
    const wall = this.#wallMs;
    let low = 0;
    let high = wall.length - 1;
    if (wallMs >= (wall[high] ?? 0)) return high;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((wall[middle] ?? 0) <= wallMs) low = middle;
      else high = middle;
    }
    return low;
  }
}

/** @param started rows that started in the column; a part where the column has a part of their cell */
function mean(covered: number, started: number): number {
  // What was taken out again leaves a rounding error behind.
  return Math.max(covered < 1e-9 ? 0 : covered, started < 1e-9 ? 0 : leastCoverage * started);
}

function makePoints(): Points {
  return {
    starts: new Int32Array(cellCount),
    balance: new Int32Array(cellCount),
    offsetMs: new Float64Array(cellCount),
  };
}
