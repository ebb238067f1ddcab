// The failures of a trace that grows: what `findFailures` would say of all rows, found again only when something of them has
// changed. A failure costs a step for each of its ancestors; rows that did not fail and made nothing good cost nothing. In a
// session that was cut off all failures are gone through, and in one that completed all rows: neither grows.

import { finish, readsPerStep, rowsPerStep, type Steps } from "../base/steps";
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
  isSuccess,
  latestEnd,
  RECOVERED,
  recoveredInSteps,
  sortOf,
  startOf,
  wasCutOff,
} from "./failures";
import type { LiveColumns } from "./liveColumns";
import { LiveFailedRows } from "./liveFailedRows";
import { LiveStepScopes } from "./liveStepScopes";
import type { TraceSpan } from "./schema";
import { FLAG, type SpanTree, statusCodes } from "./spanColumns";
import type { SessionState } from "./state";

const errorCode = statusCodes.indexOf("error");
const failureFlags = FLAG.failure | FLAG.recovered | FLAG.failingStep;

const OPEN_BELOW = 1;

/** Starts of rows are looked through by so many at once. */
const blockRows = 256;
/** A longer key is kept as its hash. */
const longKey = 500;

interface FailedAction {
  readonly sort: number;
  /** Undefined for one that was recovered when it was found, because nobody asks for it. */
  readonly key: string | undefined;
}

export class LiveFailures {
  readonly #columns: LiveColumns;
  readonly #keys: ActionKeys;
  readonly #failed: LiveFailedRows;
  readonly #actions = new Map<number, FailedAction>();
  /** How many failed, by kind and name. */
  readonly #sorts = new Map<number, number>();
  readonly #unrecovered = new Map<string, Set<number>>();
  readonly #open = new Set<number>();
  /** The latest start of each block of rows; it may be higher than that is now. */
  readonly #blockStarts: number[] = [];
  /** For successes that are about to change and may have made a failure good: what they were. */
  readonly #successes = new Map<number, { readonly key: string; readonly startMs: number }>();
  readonly #marks = new AncestorMarks();
  readonly #scopes: LiveStepScopes;
  #result: Failures = { failures: new Int32Array(), recovered: new Int32Array() };
  #rules = "";
  /** Something has changed since the result was found: a row, a failure, a failure's ancestors, or what made one good. */
  #hasRowChanged = true;
  #hasFailureChanged = true;
  #haveRowsMoved = false;
  /** What was made good has to be found anew among all rows. */
  #isStale = false;

  private constructor(columns: LiveColumns, keys: ActionKeys) {
    this.#columns = columns;
    this.#keys = keys;
    this.#failed = new LiveFailedRows(columns);
    this.#scopes = new LiveStepScopes(columns, this.#failed);
  }

  /** @param keys of all rows as they are */
  static *of(columns: LiveColumns, keys: ActionKeys): Steps<LiveFailures> {
    const failures = new LiveFailures(columns, keys);
    yield* failures.#begin();
    return failures;
  }

  *#begin(): Steps<void> {
    const columns = this.#columns;
    for (let row = 0; row < columns.spans; row++) {
      if (row % rowsPerStep === 0) yield;
      this.#noteStart(row);
      if (isOpen(columns, row)) this.#open.add(row);
    }
    if (columns.spans > 0) yield* this.#findAll();
  }

  /** To be called with a finished span before a record changes it. */
  beforeChange(row: number, span: TraceSpan): void {
    if (!isSuccess(this.#columns, row) || !this.#sorts.has(sortOf(this.#columns, row))) return;
    this.#successes.set(row, { key: keyOfSpan(span), startMs: this.#columns.startMs[row] ?? Number.NaN });
  }

  /** To be called with each span that has come or changed, when its columns are up to date. */
  change(row: number, span: TraceSpan): void {
    this.#hasRowChanged = true;
    this.#noteStart(row);
    if (isOpen(this.#columns, row)) this.#open.add(row);
    else this.#open.delete(row);
    const known = this.#actions.get(row);
    if (known !== undefined) this.#forget(row, known);
    if (span.status === "error" && span.interrupted !== true) this.#add(row, span);
    const sort = sortOf(this.#columns, row);
    const key = isSuccess(this.#columns, row) && this.#sorts.has(sort) ? keyOfSpan(span) : undefined;
    const before = this.#successes.get(row);
    if (before !== undefined) {
      this.#successes.delete(row);
      // What it made good may be good no longer.
      if (before.key !== key || before.startMs !== this.#columns.startMs[row]) this.#isStale = true;
    }
    if (key !== undefined) this.#makeGood(row, key);
    this.#scopes.told(row);
  }

  /** A row has got another parent. @param hasChildren it has rows below it that moved with it */
  moved(row: number, hasChildren: boolean, parentBefore: number): void {
    if (this.#failed.count > 0 && (hasChildren || this.#failed.has(row))) this.#haveRowsMoved = true;
    this.#scopes.moved(row, parentBefore);
  }

  /** To be called when all rows of a change were told of. */
  settle(): void {
    const covers = this.#scopes.settle((row) => {
      if (this.#haveRowsMoved) this.#countAnew();
      return this.#failed.hasRecoveredBelow(row);
    });
    if (covers === undefined) this.#isStale = true;
    else if (covers.size > 0) this.#coverBelow(covers);
  }

  #coverBelow(covers: ReadonlySet<number>): void {
    for (const row of this.#failed.unrecovered()) {
      if (!this.#scopes.isBelow(row, covers)) continue;
      this.#recover(row, this.#actions.get(row)?.key);
      this.#scopes.keep(row);
    }
  }

  /** Finds the failures under a state and brings their flags up to date. */
  update(state: SessionState, tree: () => SpanTree): Failures {
    const isByAllRows = state.status === "completed" || wasCutOff(state);
    const rules = `${state.status} ${wasCutOff(state)}`;
    const isOther = rules !== this.#rules;
    if (this.#isStale && state.status !== "completed") finish(this.#findAll());
    if (this.#haveRowsMoved) this.#countAnew();
    if (!isOther && !this.#hasFailureChanged && !(isByAllRows && this.#hasRowChanged)) return this.#result;
    const before = this.#result;
    const changed = this.#failed.takeChanged();
    if (isByAllRows) {
      this.#result = state.status === "completed" ? this.#afterAll(state, tree()) : this.#whenCutOff(state);
    } else this.#result = this.#whileRunning(state);
    // By the rules of before, only rows differ that came to a list or left one.
    if (isByAllRows || isOther) this.#setFlags([...rowsOf(before), ...rowsOf(this.#result)], bitsIn(this.#result));
    else this.#setFlags([...changed, ...stepOf(before)], (row) => this.#failed.flagOf(row));
    this.#rules = rules;
    this.#hasRowChanged = this.#hasFailureChanged = false;
    return this.#result;
  }

  #add(row: number, span: TraceSpan): void {
    const sort = sortOf(this.#columns, row);
    const key = keyOfSpan(span);
    const isRecovered = this.#scopes.isCovered(row) || this.#hasLaterSuccess(row, sort, key);
    this.#insert(row, { sort, key: isRecovered ? undefined : key }, isRecovered);
  }

  #insert(row: number, action: FailedAction, isRecovered: boolean): void {
    this.#hasFailureChanged = true;
    this.#failed.add(row, isRecovered);
    this.#scopes.note(row);
    this.#actions.set(row, action);
    this.#sorts.set(action.sort, (this.#sorts.get(action.sort) ?? 0) + 1);
    if (action.key === undefined) return;
    const rows = this.#unrecovered.get(action.key) ?? new Set();
    this.#unrecovered.set(action.key, rows.add(row));
  }

  #forget(row: number, { sort, key }: FailedAction): void {
    this.#hasFailureChanged = true;
    this.#failed.delete(row);
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
    this.#failed.recover(row);
    this.#scopes.note(row);
    if (key !== undefined) this.#isGood(row, key);
    this.#hasFailureChanged = true;
  }

  #countAnew(): void {
    this.#haveRowsMoved = false;
    this.#hasFailureChanged = true;
    this.#failed.countAnew();
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
        if (shortKey(this.#keys.keyOf(other)) === key && this.#scopes.isInScopeOf(row, other)) return true;
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
    this.#hasFailureChanged = true;
    this.#failed.clear();
    this.#actions.clear();
    this.#sorts.clear();
    this.#unrecovered.clear();
    const rows: number[] = [];
    for (let row = 0; row < this.#columns.spans; row++) {
      if (row % rowsPerStep === 0) yield;
      if (columns.status[row] === errorCode && !this.#columns.hasFlag(row, FLAG.interrupted)) rows.push(row);
    }
    const marks = new Uint8Array(columns.count);
    if (rows.length > 0) yield* recoveredInSteps(columns, rows, this.#keys, marks);
    for (const [index, row] of rows.entries()) {
      if (index % readsPerStep === 0) yield;
      const isRecovered = ((marks[row] ?? 0) & RECOVERED) !== 0;
      const key = isRecovered ? undefined : shortKey(this.#keys.keyOf(row));
      this.#insert(row, { sort: sortOf(columns, row), key }, isRecovered);
    }
    this.#scopes.reset(rows);
  }

  /** What `findFailures` finds where nothing was cut off. */
  #whileRunning(state: SessionState): Failures {
    const { leaves, recovered, lastOnPath, lastLeaf } = this.#failed;
    const failingStep =
      step(lastOnPath, "failed-path") ??
      step(lastLeaf, "last-unrecovered") ??
      (state.status === "failed" ? step(recovered.at(0), "first-failure") : undefined);
    return { failingStep, failures: leaves.toArray(), recovered: recovered.toArray() };
  }

  /** What it finds of a session that completed, by all rows. */
  #afterAll(state: SessionState, tree: SpanTree): Failures {
    const { columns } = this.#columns;
    return findFailures({ ...columns, flags: columns.flags.slice() }, tree, this.#keys, state);
  }

  /** What it finds where open steps show where the session stopped: they bear the error of the end. */
  #whenCutOff(state: SessionState): Failures {
    const { leaves, recovered } = this.#failed;
    const columns = this.#columns;
    const open = [...this.#open].sort((a, b) => a - b);
    const marks = this.#marks;
    marks.reach(columns.count);
    for (const row of open) marks.add(row, OPEN_BELOW, columns.parent);
    const hasOpenBelow = (row: number) => marks.of(row) !== 0;
    const failures = [...leaves.toArray()].filter((row) => !hasOpenBelow(row));
    const byStart = compareRows(columns, startOf);
    const inProgress = open
      .filter((row) => !hasOpenBelow(row))
      .reduce<number | undefined>(
        (latest, row) => (latest === undefined || byStart(row, latest) >= 0 ? row : latest),
        undefined,
      );
    const onPath = failures.filter((row) => this.#failedToTheTop(row, hasOpenBelow));
    const failingStep =
      step(latestEnd(columns, onPath), "failed-path") ??
      step(inProgress, "in-progress") ??
      step(latestEnd(columns, failures), "last-unrecovered") ??
      (state.status === "failed" || state.status === "crashed" ? step(recovered.at(0), "first-failure") : undefined);
    marks.clear();
    if (inProgress !== undefined && !failures.includes(inProgress)) {
      failures.push(inProgress);
      failures.sort(byStart);
    }
    return { failingStep, failures: Int32Array.from(failures), recovered: recovered.toArray() };
  }

  #failedToTheTop(row: number, hasOpenBelow: (row: number) => boolean): boolean {
    const { parent } = this.#columns;
    let above = parent[row] ?? -1;
    while (this.#failed.has(above) && !hasOpenBelow(above)) above = parent[above] ?? -1;
    return above < 0;
  }

  /** @param rows of which the flags may be other than before; @param flagOf without that of the failing step */
  #setFlags(rows: readonly number[], flagOf: (row: number) => number): void {
    const { flags } = this.#columns;
    const step = this.#result.failingStep?.row;
    for (const row of new Set([...rows, ...stepOf(this.#result)])) {
      const before = flags[row] ?? 0;
      const after = (before & ~failureFlags) | flagOf(row) | (row === step ? FLAG.failingStep : 0);
      if (after === before) continue;
      flags[row] = after;
      this.#columns.changed(row);
    }
  }
}

function stepOf({ failingStep }: Failures): number[] {
  return failingStep === undefined ? [] : [failingStep.row];
}

function rowsOf(result: Failures): number[] {
  return [...result.failures, ...result.recovered, ...stepOf(result)];
}

function bitsIn({ failures, recovered }: Failures): (row: number) => number {
  const bits = new Map<number, number>();
  for (const row of failures) bits.set(row, FLAG.failure);
  // The step in progress of a session that was cut off may be a failure that was made good.
  for (const row of recovered) bits.set(row, (bits.get(row) ?? 0) | FLAG.recovered);
  return (row) => bits.get(row) ?? 0;
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
