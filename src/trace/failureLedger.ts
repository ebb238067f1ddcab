// What failed in a trace that grows, and what later successes made good, by one rule for which actions are the same. Rows
// that did not fail and made nothing good cost nothing; a failure costs a step for each of its ancestors.

import { readsPerStep, rowsPerStep, type Steps } from "../base/steps";
import { hashOfJson } from "./actionKey";
import { type ActionKeys, endOf, isSuccess, RECOVERED, recoveredInSteps, sortOf, startOf } from "./failures";
import type { LiveColumns } from "./liveColumns";
import { LiveFailedRows } from "./liveFailedRows";
import { LiveStepScopes } from "./liveStepScopes";
import type { TraceSpan } from "./schema";
import { FLAG, statusCodes } from "./spanColumns";

const errorCode = statusCodes.indexOf("error");

/** Starts of rows are looked through by so many at once. */
const blockRows = 256;
/** A longer key is kept as its hash. */
const longKey = 500;

/** Which actions are the same: those with one key. Rows with the same key are of the same sort. */
export interface SameActions extends ActionKeys {
  /** The key of a row whose span is at hand. */
  keyOfSpan(row: number, span: TraceSpan): string;
  /** The key of the row follows from its place. */
  isByPlace(row: number): boolean;
}

interface FailedAction {
  readonly sort: number;
  /** Undefined for one that was recovered when it was found, because nobody asks for it. */
  readonly key: string | undefined;
}

export class FailureLedger {
  readonly failed: LiveFailedRows;
  readonly #columns: LiveColumns;
  readonly #same: SameActions;
  readonly #actions = new Map<number, FailedAction>();
  /** How many failed, by kind and name. */
  readonly #sorts = new Map<number, number>();
  readonly #unrecovered = new Map<string, Set<number>>();
  /** The latest start of each block of rows; it may be higher than that is now. */
  readonly #blockStarts: number[] = [];
  /** For successes that are about to change and may have made a failure good: what they were. */
  readonly #successes = new Map<number, { readonly key: string; readonly startMs: number }>();
  readonly #scopes: LiveStepScopes;
  /** Rows below have come and have their first places. */
  #known: number;
  #hasChanged = true;
  #haveRowsMoved = false;
  /** What was made good has to be found anew among all rows. */
  #isStale = false;

  private constructor(columns: LiveColumns, same: SameActions) {
    this.#columns = columns;
    this.#same = same;
    this.failed = new LiveFailedRows(columns);
    this.#scopes = new LiveStepScopes(columns, this.failed);
    this.#known = columns.spans;
  }

  /** Of all rows as they are. */
  static *of(columns: LiveColumns, same: SameActions): Steps<FailureLedger> {
    const ledger = new FailureLedger(columns, same);
    for (let row = 0; row < columns.spans; row++) {
      if (row % rowsPerStep === 0) yield;
      ledger.#noteStart(row);
    }
    if (columns.spans > 0) yield* ledger.#findAll();
    return ledger;
  }

  /** To be called with a finished span before it changes. */
  beforeChange(row: number, span: TraceSpan): void {
    if (!isSuccess(this.#columns, row) || !this.#sorts.has(sortOf(this.#columns, row))) return;
    const key = shortKey(this.#same.keyOfSpan(row, span));
    this.#successes.set(row, { key, startMs: this.#columns.startMs[row] ?? Number.NaN });
  }

  /** To be called with each span that has come or changed, when its columns are up to date. */
  change(row: number, span: TraceSpan): void {
    this.#noteStart(row);
    const known = this.#actions.get(row);
    if (known !== undefined) this.#forget(row, known);
    if (span.status === "error" && span.interrupted !== true) this.#add(row, span);
    const sort = sortOf(this.#columns, row);
    const isSome = isSuccess(this.#columns, row) && this.#sorts.has(sort);
    const key = isSome ? shortKey(this.#same.keyOfSpan(row, span)) : undefined;
    const before = this.#successes.get(row);
    if (before !== undefined) {
      this.#successes.delete(row);
      // What it made good may be good no longer.
      if (before.key !== key || before.startMs !== this.#columns.startMs[row]) this.#isStale = true;
    }
    if (key !== undefined) this.#makeGood(row, key);
    this.#scopes.told(row);
    if (row >= this.#known) this.#known = row + 1;
  }

  /** A row has got another parent. @param hasChildren it has rows below it that moved with it */
  moved(row: number, hasChildren: boolean, parentBefore: number): void {
    if (this.failed.count > 0 && (hasChildren || this.failed.has(row))) this.#haveRowsMoved = true;
    if (row < this.#known && this.#same.isByPlace(row)) this.#isStale = true;
    this.#scopes.moved(row, parentBefore);
  }

  /** To be called when all rows of a change were told of. */
  settle(): void {
    const covers = this.#scopes.settle((row) => {
      if (this.#haveRowsMoved) this.#countAnew();
      return this.failed.hasRecoveredBelow(row);
    });
    if (covers === undefined) this.#isStale = true;
    else if (covers.size > 0) this.#coverBelow(covers);
  }

  #coverBelow(covers: ReadonlySet<number>): void {
    for (const row of this.failed.unrecovered()) {
      if (!this.#scopes.isBelow(row, covers)) continue;
      this.#recover(row, this.#actions.get(row)?.key);
      this.#scopes.keep(row);
    }
  }

  /** Finds out what has to be found anew; true where what failed is other than at the last call. */
  *finding(): Steps<boolean> {
    if (this.#isStale) yield* this.#findAll();
    if (this.#haveRowsMoved) this.#countAnew();
    const hasChanged = this.#hasChanged;
    this.#hasChanged = false;
    return hasChanged;
  }

  #add(row: number, span: TraceSpan): void {
    const sort = sortOf(this.#columns, row);
    const key = shortKey(this.#same.keyOfSpan(row, span));
    const isRecovered = this.#scopes.isCovered(row) || this.#hasLaterSuccess(row, sort, key);
    this.#insert(row, { sort, key: isRecovered ? undefined : key }, isRecovered);
  }

  #insert(row: number, action: FailedAction, isRecovered: boolean): void {
    this.#hasChanged = true;
    this.failed.add(row, isRecovered);
    this.#scopes.note(row);
    this.#actions.set(row, action);
    this.#sorts.set(action.sort, (this.#sorts.get(action.sort) ?? 0) + 1);
    if (action.key === undefined) return;
    const rows = this.#unrecovered.get(action.key) ?? new Set();
    this.#unrecovered.set(action.key, rows.add(row));
  }

  #forget(row: number, { sort, key }: FailedAction): void {
    this.#hasChanged = true;
    this.failed.delete(row);
    this.#scopes.note(row);
    this.#actions.delete(row);
    const left = (this.#sorts.get(sort) ?? 1) - 1;
    if (left > 0) this.#sorts.set(sort, left);
    else this.#sorts.delete(sort);
    if (key !== undefined) this.#isGood(row, key);
  }

  #isGood(row: number, key: string): void {
    const rows = this.#unrecovered.get(key);
    rows?.delete(row);
    if (rows?.size === 0) this.#unrecovered.delete(key);
  }

  #makeGood(success: number, key: string): void {
    for (const row of [...(this.#unrecovered.get(key) ?? [])]) {
      if (this.#isAfter(success, row) && this.#scopes.isInScopeOf(row, success)) this.#recover(row, key);
    }
  }

  #recover(row: number, key: string | undefined): void {
    this.failed.recover(row);
    this.#scopes.note(row);
    if (key !== undefined) this.#isGood(row, key);
    this.#hasChanged = true;
  }

  #countAnew(): void {
    this.#haveRowsMoved = false;
    this.#hasChanged = true;
    this.failed.countAnew();
  }

  /** Whether the success starts after the failure, or at the same millisecond and further down. */
  #isAfter(success: number, failure: number): boolean {
    const gapMs = startOf(this.#columns, success) - endOf(this.#columns, failure);
    return gapMs > 0 || (gapMs === 0 && success > failure);
  }

  /** Of a failure that was told late. Only blocks with a row that starts after it are looked through. */
  #hasLaterSuccess(row: number, sort: number, key: string): boolean {
    const endMs = endOf(this.#columns, row);
    for (let block = this.#blockStarts.length - 1; block >= 0; block--) {
      if (!((this.#blockStarts[block] ?? endMs) >= endMs)) continue;
      const end = Math.min((block + 1) * blockRows, this.#columns.spans);
      for (let other = block * blockRows; other < end; other++) {
        if (!this.#isAfter(other, row) || sortOf(this.#columns, other) !== sort || !isSuccess(this.#columns, other))
          continue;
        if (shortKey(this.#same.keyOf(other)) === key && this.#scopes.isInScopeOf(row, other)) return true;
      }
    }
    return false;
  }

  #noteStart(row: number): void {
    const block = Math.floor(row / blockRows);
    const start = startOf(this.#columns, row);
    if (!(start <= (this.#blockStarts[block] ?? Number.NEGATIVE_INFINITY))) {
      this.#blockStarts[block] = Number.isNaN(start) ? (this.#blockStarts[block] ?? Number.NEGATIVE_INFINITY) : start;
    }
  }

  /** Finds what failed among all rows, and what was made good of it. */
  *#findAll(): Steps<void> {
    const columns = this.#columns.columns;
    this.#isStale = this.#haveRowsMoved = false;
    this.#hasChanged = true;
    this.failed.clear();
    this.#actions.clear();
    this.#sorts.clear();
    this.#unrecovered.clear();
    const rows: number[] = [];
    for (let row = 0; row < this.#columns.spans; row++) {
      if (row % rowsPerStep === 0) yield;
      if (columns.status[row] === errorCode && !this.#columns.hasFlag(row, FLAG.interrupted)) rows.push(row);
    }
    const marks = new Uint8Array(columns.count);
    if (rows.length > 0) yield* recoveredInSteps(columns, rows, this.#same, marks);
    for (const [index, row] of rows.entries()) {
      if (index % readsPerStep === 0) yield;
      const isRecovered = ((marks[row] ?? 0) & RECOVERED) !== 0;
      const key = isRecovered ? undefined : shortKey(this.#same.keyOf(row));
      this.#insert(row, { sort: sortOf(columns, row), key }, isRecovered);
    }
    this.#scopes.reset(rows);
  }
}

/** Arguments may be long, and a key is kept for as long as its failure is not made good. */
function shortKey(key: string): string {
  return key.length <= longKey ? key : `${key.length}\0${hashOfJson(key)}`;
}
