// What is worked out over the columns of one epoch, built once in steps and then kept up to date row by row: the forest,
// the order of its rows, failures within each, and times.

import { FLAG, type SpanColumns } from "../../src/trace/spanColumns";
import { type ForestFollower, moveRows } from "./moveRows";
import type { RowList } from "./rowList";
import { RowOrder } from "./rowOrder";
import { RowSet } from "./rowSet";
import { SpanForest, stepRows } from "./spanForest";
import { SubtreeCounts } from "./subtreeCounts";
import { TimeTable } from "./timeTable";
import { type PanelColumns, type TraceModel, type TraceTimes, traceModel } from "./traceModel";

/** Of a session that runs: room for so many rows more, so that the first of them costs no more than any other. */
const spareRows = 4_096;
/** With more rows that came or moved than this, building anew costs less, and it is done in steps. */
const mostSingly = 2_000;

export class LiveTrace {
  readonly #forest: SpanForest;
  readonly #order: RowOrder;
  readonly #failuresBelow: SubtreeCounts;
  /** Recovered ones among them. */
  readonly #failures: RowSet;
  #times: TimeTable;
  /** Rows that are in the forest. */
  #count: number;

  private constructor(
    forest: SpanForest,
    order: RowOrder,
    failuresBelow: SubtreeCounts,
    failures: RowSet,
    times: TimeTable,
    count: number,
  ) {
    this.#forest = forest;
    this.#order = order;
    this.#failuresBelow = failuresBelow;
    this.#failures = failures;
    this.#times = times;
    this.#count = count;
  }

  /** What has to be known first. @param forest in which all rows are linked, unsorted */
  static *order(forest: SpanForest): Generator<void, RowOrder> {
    yield* forest.sort();
    return yield* RowOrder.build(forest);
  }

  /**
   * @param order of the forest
   * @param openEndMs where the bars of open rows end: now, for a session that still runs.
   */
  static *build(
    columns: SpanColumns,
    forest: SpanForest,
    order: RowOrder,
    openEndMs: number | undefined,
  ): Generator<void, LiveTrace> {
    const below = new SubtreeCounts(forest.capacity);
    yield* below.build(order.toArray(), forest, (row) => isFailure(columns, row));
    const failures = new RowSet();
    for (let row = 0; row < columns.count; row++) if (hasFailed(columns, row)) failures.add(row);
    if (columns.count > stepRows) yield;
    const times = yield* TimeTable.build(columns, forest, openEndMs);
    return new LiveTrace(forest, order, below, failures, times, columns.count);
  }

  /** The same of columns that nothing is linked of yet. */
  static *rebuild(columns: SpanColumns, openEndMs: number | undefined): Generator<void, LiveTrace> {
    const forest = new SpanForest(columns, LiveTrace.capacity(columns.count, true));
    for (let row = 0; row < columns.count; row += stepRows) {
      if (row > 0) yield;
      forest.linkRange(row, Math.min(columns.count, row + stepRows));
    }
    return yield* LiveTrace.build(columns, forest, yield* LiveTrace.order(forest), openEndMs);
  }

  model(columns: PanelColumns): TraceModel {
    return traceModel(
      columns,
      this.#forest,
      this.#order,
      this.#failuresBelow.below,
      this.#failures,
      this.#times.openCount,
    );
  }

  times(openEndMs: number | undefined, isLive: boolean, isTrueScale = false): TraceTimes {
    return this.#times.times(openEndMs, isLive, isTrueScale);
  }

  forEachOpen(visit: (row: number) => void): void {
    this.#times.forEachOpen(visit);
  }

  /** Whether the times should be built anew, see `buildTimes`. */
  get hasStaleTimes(): boolean {
    return this.#times.isStale;
  }

  /** Builds the times anew and takes them over at the end. */
  *buildTimes(columns: SpanColumns, openEndMs: number | undefined): Generator<void, void> {
    this.#times = yield* TimeTable.build(columns, this.#forest, openEndMs);
  }

  /**
   * Follows columns in which rows changed and more came.
   * @param publish called once forest and times are up to date, before the list judges the rows
   * @returns false where nothing was done: so much changed that it should be built anew.
   */
  change(columns: SpanColumns, changedRows: Uint32Array, rows: RowList, publish: () => void): boolean {
    const forest = this.#forest;
    forest.update(columns);
    const moved = forest.misplaced(changedRows, mostSingly);
    if (moved.size + columns.count - this.#count > mostSingly) return false;
    const appended: number[] = [];
    for (let row = this.#count; row < columns.count; row++) appended.push(row);
    this.#count = columns.count;
    const parents = new Set<number>();
    const follower: ForestFollower = {
      relinked: (row, by) => {
        parents.add(forest.parentOf(row));
        this.#failuresBelow.relinked(row, by, forest);
        rows.relinked(row, by);
      },
      siblingsMoved: (row) => rows.siblingsMoved(row),
      reasonsOf: (row, parentReasons) => rows.reasonsOf(row, parentReasons),
    };
    moveRows(forest, this.#order, [...moved], appended, follower);
    this.#times.update(columns);
    const touched = [...changedRows, ...appended];
    for (const row of touched) {
      this.#failuresBelow.setMarked(row, isFailure(columns, row), forest);
      if (hasFailed(columns, row)) this.#failures.add(row);
      else this.#failures.delete(row);
      this.#times.change(row);
    }
    // A row with its first child becomes a place for others to happen in.
    for (const row of parents) if (row >= 0) this.#times.change(row);
    publish();
    for (const row of touched) rows.judge(row);
    return true;
  }

  /** Room for rows that are expected. */
  static capacity(rowCount: number, isLive: boolean): number {
    return isLive ? rowCount + (rowCount >> 3) + spareRows : rowCount;
  }
}

function isFailure(columns: SpanColumns, row: number): boolean {
  return ((columns.flags[row] ?? 0) & FLAG.failure) !== 0;
}

function hasFailed(columns: SpanColumns, row: number): boolean {
  return ((columns.flags[row] ?? 0) & (FLAG.failure | FLAG.recovered)) !== 0;
}
