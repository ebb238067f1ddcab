// The failures of a trace that grows: what `findFailures` would say of all rows, found again only when something of them has
// changed. A step for each failure and its ancestors, at most once for each look; rows that did not fail and made nothing
// good cost nothing. In a session that was cut off all open rows count, and in one that completed all rows: neither grows.

import { actionKey, hashOfJson } from "./actionKey";
import { AncestorMarks } from "./ancestorMarks";
import {
  type ActionKeys,
  compareRows,
  endOf,
  type FailingStepRule,
  type Failures,
  findFailures,
  isOpen,
  latestEnd,
  markRecovered,
  RECOVERED,
  sortOf,
  startOf,
  wasCutOff,
} from "./failures";
import type { LiveColumns } from "./liveColumns";
import type { TraceSpan } from "./schema";
import { FLAG, type SpanTree, statusCodes } from "./spanColumns";
import type { SessionState } from "./state";

const errorCode = statusCodes.indexOf("error");
const failureFlags = FLAG.failure | FLAG.recovered | FLAG.failingStep;

const FAILED_BELOW = 1;
const UNRECOVERED_BELOW = 2;
const OPEN_BELOW = 4;

/** Starts of rows are looked through by so many at once. */
const blockRows = 256;
/** A longer key is kept as its hash. */
const longKey = 500;

interface FailedRow {
  readonly sort: number;
  /** Undefined for one that was recovered when it was found, because nobody asks for it. */
  readonly key: string | undefined;
  isRecovered: boolean;
}

export class LiveFailures {
  readonly #columns: LiveColumns;
  readonly #keys: ActionKeys;
  readonly #failed = new Map<number, FailedRow>();
  /** Failed rows by start time, then by row. */
  #sorted: number[] = [];
  /** How many failed, by kind and name. */
  readonly #sorts = new Map<number, number>();
  readonly #unrecovered = new Map<string, Set<number>>();
  /** The latest start of each block of rows; it may be higher than that is now. */
  readonly #blockStarts: number[] = [];
  /** For successes that are about to change and may have made a failure good: what they were. */
  readonly #successes = new Map<number, { readonly key: string; readonly startMs: number }>();
  readonly #marks = new AncestorMarks();
  #result: Failures = { failures: new Int32Array(), recovered: new Int32Array() };
  /** Rows with flags of failures, and these. */
  #flagged = new Map<number, number>();
  #rules = "";
  /** Something has changed since the result was found: a row, a failure, or what made one good. */
  #hasRowChanged = true;
  #hasFailureChanged = true;
  #hasSuccessChanged = false;

  /** @param keys of all rows as they are */
  constructor(columns: LiveColumns, keys: ActionKeys) {
    this.#columns = columns;
    this.#keys = keys;
    for (let row = 0; row < columns.spans; row++) this.#noteStart(row);
    if (columns.spans > 0) this.#findAll();
  }

  /** To be called with a finished span before a record changes it. */
  beforeChange(row: number, span: TraceSpan): void {
    if (!this.#isSuccess(row) || !this.#sorts.has(sortOf(this.#columns, row))) return;
    this.#successes.set(row, { key: keyOfSpan(span), startMs: this.#columns.startMs[row] ?? Number.NaN });
  }

  /** To be called with each span that has come or changed, when its columns are up to date. */
  change(row: number, span: TraceSpan): void {
    this.#hasRowChanged = true;
    this.#noteStart(row);
    const known = this.#failed.get(row);
    if (known !== undefined) this.#forget(row, known);
    if (span.status === "error" && span.interrupted !== true) this.#add(row, span);
    const sort = sortOf(this.#columns, row);
    const key = this.#isSuccess(row) && this.#sorts.has(sort) ? keyOfSpan(span) : undefined;
    const before = this.#successes.get(row);
    if (before !== undefined) {
      this.#successes.delete(row);
      // What it made good may be good no longer.
      if (before.key !== key || before.startMs !== this.#columns.startMs[row]) this.#hasSuccessChanged = true;
    }
    if (key !== undefined) this.#makeGood(row, key);
  }

  /** A row has got another parent. @param hasChildren it has rows below it that moved with it */
  moved(row: number, hasChildren: boolean): void {
    if (this.#failed.size > 0 && (hasChildren || this.#failed.has(row))) this.#hasFailureChanged = true;
  }

  /** Finds the failures under a state and brings their flags up to date. */
  update(state: SessionState, tree: () => SpanTree): Failures {
    const isCompleted = state.status === "completed";
    const rules = `${state.status} ${wasCutOff(state)}`;
    const isOther = rules !== this.#rules;
    this.#rules = rules;
    const isByAllRows = isCompleted || wasCutOff(state);
    if (!isCompleted && this.#hasSuccessChanged) this.#findAll();
    if (!isOther && !this.#hasFailureChanged && !(isByAllRows && this.#hasRowChanged)) return this.#result;
    const keys = this.#keys;
    this.#publish(isCompleted ? findFailures(this.#columns.columns, tree(), keys, state) : this.#find(state));
    this.#hasRowChanged = this.#hasFailureChanged = false;
    return this.#result;
  }

  #add(row: number, span: TraceSpan): void {
    const sort = sortOf(this.#columns, row);
    const key = keyOfSpan(span);
    const isRecovered = this.#hasLaterSuccess(row, sort, key);
    this.#insert(row, { sort, key: isRecovered ? undefined : key, isRecovered });
    const compare = compareRows(this.#columns, startOf);
    let at = this.#sorted.length;
    while (at > 0 && compare(this.#sorted[at - 1] ?? 0, row) > 0) at--;
    this.#sorted.splice(at, 0, row);
  }

  #insert(row: number, failed: FailedRow): void {
    this.#hasFailureChanged = true;
    this.#failed.set(row, failed);
    this.#sorts.set(failed.sort, (this.#sorts.get(failed.sort) ?? 0) + 1);
    if (failed.isRecovered || failed.key === undefined) return;
    const rows = this.#unrecovered.get(failed.key) ?? new Set();
    this.#unrecovered.set(failed.key, rows.add(row));
  }

  #forget(row: number, { sort, key }: FailedRow): void {
    this.#hasFailureChanged = true;
    this.#failed.delete(row);
    this.#sorted.splice(this.#sorted.lastIndexOf(row), 1);
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
      const failed = this.#failed.get(row);
      if (failed === undefined || !this.#isAfter(success, row)) continue;
      failed.isRecovered = true;
      this.#isGood(row, key);
      this.#hasFailureChanged = true;
    }
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
        if (!this.#isAfter(other, row) || sortOf(this.#columns, other) !== sort || !this.#isSuccess(other)) continue;
        if (shortKey(this.#keys.keyOf(other)) === key) return true;
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

  #isSuccess(row: number): boolean {
    const columns = this.#columns;
    if (columns.status[row] === errorCode || isOpen(columns, row)) return false;
    return !columns.hasFlag(row, FLAG.interrupted | FLAG.synthetic);
  }

  /** Finds what failed among all rows, and what was made good of it. */
  #findAll(): void {
    const columns = this.#columns.columns;
    this.#hasSuccessChanged = false;
    this.#hasFailureChanged = true;
    this.#failed.clear();
    this.#sorts.clear();
    this.#unrecovered.clear();
    const rows: number[] = [];
    for (let row = 0; row < this.#columns.spans; row++) {
      if (columns.status[row] === errorCode && !this.#columns.hasFlag(row, FLAG.interrupted)) rows.push(row);
    }
    const marks = new Uint8Array(columns.count);
    if (rows.length > 0) markRecovered(columns, rows, this.#keys, marks);
    for (const row of rows) {
      const isRecovered = ((marks[row] ?? 0) & RECOVERED) !== 0;
      const key = isRecovered ? undefined : shortKey(this.#keys.keyOf(row));
      this.#insert(row, { sort: sortOf(columns, row), key, isRecovered });
    }
    this.#sorted = rows.sort(compareRows(columns, startOf));
  }

  /** What `findFailures` finds of a session that did not complete, from the failed rows and the open ones alone. */
  #find(state: SessionState): Failures {
    const isCutOff = wasCutOff(state);
    const open = isCutOff ? this.#openRows() : [];
    const marks = this.#markAbove(open);
    const failures: number[] = [];
    const recovered: number[] = [];
    for (const row of this.#sorted) {
      const mark = marks.of(row);
      if (this.#failed.get(row)?.isRecovered === true) {
        if ((mark & FAILED_BELOW) === 0) recovered.push(row);
      } else if ((mark & (UNRECOVERED_BELOW | OPEN_BELOW)) === 0) failures.push(row);
    }
    const byStart = compareRows(this.#columns, startOf);
    const innermost = open.filter((row) => (marks.of(row) & OPEN_BELOW) === 0);
    const inProgress = innermost.reduce<number | undefined>(
      (latest, row) => (latest === undefined || byStart(row, latest) >= 0 ? row : latest),
      undefined,
    );
    const onPath = failures.filter((row) => this.#failedToTheTop(row, marks));
    const failingStep =
      step(latestEnd(this.#columns, onPath), "failed-path") ??
      step(inProgress, "in-progress") ??
      step(latestEnd(this.#columns, failures), "last-unrecovered") ??
      (state.status === "failed" || state.status === "crashed" ? step(recovered[0], "first-failure") : undefined);
    marks.clear();
    if (inProgress !== undefined && !failures.includes(inProgress)) failures.push(inProgress);
    if (inProgress !== undefined) failures.sort(byStart);
    return { failingStep, failures: Int32Array.from(failures), recovered: Int32Array.from(recovered) };
  }

  #openRows(): number[] {
    const rows: number[] = [];
    for (let row = 0; row < this.#columns.spans; row++) if (isOpen(this.#columns, row)) rows.push(row);
    return rows;
  }

  /** Spreads what is known of failed and open rows to their ancestors. */
  #markAbove(open: readonly number[]): AncestorMarks {
    const marks = this.#marks;
    marks.reach(this.#columns.count);
    for (const row of this.#sorted) {
      const isRecovered = this.#failed.get(row)?.isRecovered === true;
      marks.add(row, isRecovered ? FAILED_BELOW : FAILED_BELOW | UNRECOVERED_BELOW, this.#columns.parent);
    }
    for (const row of open) marks.add(row, OPEN_BELOW, this.#columns.parent);
    return marks;
  }

  #failedToTheTop(row: number, marks: AncestorMarks): boolean {
    const { parent } = this.#columns;
    let above = parent[row] ?? -1;
    // What had open steps below it bears the error of the end and not one of its own.
    while (this.#failed.has(above) && (marks.of(above) & OPEN_BELOW) === 0) above = parent[above] ?? -1;
    return above < 0;
  }

  #publish(result: Failures): void {
    const flagged = new Map<number, number>();
    for (const row of result.failures) flagged.set(row, FLAG.failure);
    // The step in progress of a session that was cut off may be a failure that was made good.
    for (const row of result.recovered) flagged.set(row, (flagged.get(row) ?? 0) | FLAG.recovered);
    const step = result.failingStep?.row;
    if (step !== undefined) flagged.set(step, (flagged.get(step) ?? 0) | FLAG.failingStep);
    for (const [row, bits] of this.#flagged) if (!flagged.has(row)) this.#setFlags(row, bits, 0);
    for (const [row, bits] of flagged) this.#setFlags(row, this.#flagged.get(row) ?? 0, bits);
    this.#flagged = flagged;
    this.#result = result;
  }

  #setFlags(row: number, before: number, after: number): void {
    const { flags } = this.#columns;
    flags[row] = ((flags[row] ?? 0) & ~failureFlags) | after;
    if (before !== after) this.#columns.changed(row);
  }
}

function step(row: number | undefined, rule: FailingStepRule): Failures["failingStep"] {
  return row === undefined ? undefined : { row, rule };
}

function keyOfSpan(span: TraceSpan): string {
  return shortKey(actionKey(span));
}

/** Arguments may be long, and a key is kept for as long as its failure is not made good. */
function shortKey(key: string): string {
  return key.length <= longKey ? key : `${key.length}\0${hashOfJson(key)}`;
}
