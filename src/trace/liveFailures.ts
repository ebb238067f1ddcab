// The failures of a trace that grows: what `findFailures` would say of all rows, found again only when something of them has
// changed. Only in a session that was cut off all failures are gone through, and such a one does not grow.

import { finish, rowsPerStep, type Steps } from "../base/steps";
import { actionKey } from "./actionKey";
import { AncestorMarks } from "./ancestorMarks";
import { FailureLedger } from "./failureLedger";
import {
  type ActionKeys,
  compareRows,
  type FailingStepRule,
  type Failures,
  isOpen,
  latestEnd,
  sortOf,
  startOf,
  wasCutOff,
} from "./failures";
import type { LiveColumns } from "./liveColumns";
import type { LiveFailedRows } from "./liveFailedRows";
import type { TraceSpan } from "./schema";
import { FLAG } from "./spanColumns";
import type { SessionState } from "./state";

const failureFlags = FLAG.failure | FLAG.recovered | FLAG.failingStep;

const OPEN_BELOW = 1;

export class LiveFailures {
  readonly #columns: LiveColumns;
  readonly #byAction: FailureLedger;
  /** In a session that completed, another way to the same end makes a failure good; kept from when that is asked first. */
  #bySort: FailureLedger | undefined;
  readonly #open = new Set<number>();
  readonly #marks = new AncestorMarks();
  #result: Failures = { failures: new Int32Array(), recovered: new Int32Array() };
  #rules = "";
  #hasRowChanged = true;

  private constructor(columns: LiveColumns, byAction: FailureLedger) {
    this.#columns = columns;
    this.#byAction = byAction;
  }

  /** @param keys of all rows as they are */
  static *of(columns: LiveColumns, keys: ActionKeys): Steps<LiveFailures> {
    const keyOfSpan = (_row: number, span: TraceSpan) => actionKey(span);
    const same = { ...keys, keyOfSpan, isByPlace: () => false };
    const failures = new LiveFailures(columns, yield* FailureLedger.of(columns, same));
    for (let row = 0; row < columns.spans; row++) {
      if (row % rowsPerStep === 0) yield;
      if (isOpen(columns, row)) failures.#open.add(row);
    }
    return failures;
  }

  /** To be called with a finished span before it changes. */
  beforeChange(row: number, span: TraceSpan): void {
    this.#byAction.beforeChange(row, span);
    this.#bySort?.beforeChange(row, span);
  }

  /** To be called with each span that has come or changed, when its columns are up to date. */
  change(row: number, span: TraceSpan): void {
    this.#hasRowChanged = true;
    if (isOpen(this.#columns, row)) this.#open.add(row);
    else this.#open.delete(row);
    this.#byAction.change(row, span);
    this.#bySort?.change(row, span);
  }

  /** A row has got another parent. @param hasChildren it has rows below it that moved with it */
  moved(row: number, hasChildren: boolean, parentBefore: number): void {
    this.#byAction.moved(row, hasChildren, parentBefore);
    this.#bySort?.moved(row, hasChildren, parentBefore);
  }

  /** To be called when all rows of a change were told of. */
  settle(): void {
    this.#byAction.settle();
    this.#bySort?.settle();
  }

  /** Finds the failures under a state and brings their flags up to date. */
  update(state: SessionState): Failures {
    const isCutOff = wasCutOff(state);
    const rules = `${state.status} ${isCutOff}`;
    const isOther = rules !== this.#rules;
    const ledger = state.status === "completed" ? this.#ofCompleted() : this.#byAction;
    const hasChanged = finish(ledger.finding());
    if (!isOther && !hasChanged && !(isCutOff && this.#hasRowChanged)) return this.#result;
    const before = this.#result;
    const { failed } = ledger;
    const changed = failed.takeChanged();
    this.#result = isCutOff ? this.#whenCutOff(state, failed) : whileRunning(state, failed);
    // By the rules of before, only rows differ that came to a list or left one.
    if (isCutOff || isOther) this.#setFlags([...rowsOf(before), ...rowsOf(this.#result)], bitsIn(this.#result));
    else this.#setFlags([...changed, ...stepOf(before)], (row) => failed.flagOf(row));
    this.#rules = rules;
    this.#hasRowChanged = false;
    return this.#result;
  }

  #ofCompleted(): FailureLedger {
    const columns = this.#columns;
    const isByPlace = (row: number) => columns.hasFlag(row, FLAG.attempt);
    const placeOf = (row: number) => (columns.hasFlag(row, FLAG.orphan) ? "missing" : columns.parent[row]);
    const keyOf = (row: number) => (isByPlace(row) ? `at ${placeOf(row)}` : String(sortOf(columns, row)));
    this.#bySort ??= finish(FailureLedger.of(columns, { keyOf, keyOfSpan: keyOf, isByPlace }));
    return this.#bySort;
  }

  /** What it finds where open steps show where the session stopped: they bear the error of the end. */
  #whenCutOff(state: SessionState, failed: LiveFailedRows): Failures {
    const { leaves, recovered } = failed;
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
    const onPath = failures.filter((row) => this.#failedToTheTop(row, failed, hasOpenBelow));
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

  #failedToTheTop(row: number, failed: LiveFailedRows, hasOpenBelow: (row: number) => boolean): boolean {
    const { parent } = this.#columns;
    let above = parent[row] ?? -1;
    while (failed.has(above) && !hasOpenBelow(above)) above = parent[above] ?? -1;
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

/** What `findFailures` finds where nothing was cut off. */
function whileRunning(state: SessionState, { leaves, recovered, lastOnPath, lastLeaf }: LiveFailedRows): Failures {
  const failingStep =
    step(lastOnPath, "failed-path") ??
    step(lastLeaf, "last-unrecovered") ??
    (state.status === "failed" ? step(recovered.at(0), "first-failure") : undefined);
  return { failingStep, failures: leaves.toArray(), recovered: recovered.toArray() };
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
