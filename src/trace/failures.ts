// Where a session failed: the failures that count, those that were made good, and the failing step. One function for the
// panel, the view, the commands, Problems and the command line, so that all of them name the same step.

import { finish, rowsPerStep, type Steps } from "../base/steps";
import { sortInSteps } from "./sortInSteps";
import { FLAG, kindCodes, type SpanColumns, type SpanTree, statusCodes } from "./spanColumns";
import type { SessionState } from "./state";
import { isStep, isStepOrAttempt, NearestAbove, scopesAround } from "./stepScopes";

/**
 * Why a row is the failing step, in the order in which the rules are tried:
 * `failed-path`: the latest-ending failed leaf all of whose ancestors failed too;
 * `in-progress`: in a crashed, killed or stalled session the innermost open span with the latest start;
 * `last-unrecovered`: the latest-ending failed leaf that no success of the same action followed;
 * `first-failure`: the first failed leaf, in a failed or crashed session whose failures were all recovered.
 */
export type FailingStepRule = "failed-path" | "in-progress" | "last-unrecovered" | "first-failure";

export interface Failures {
  /**
   * The row is in `failures`, except under `first-failure`, where it is in `recovered`. A session that completed and
   * made all its failures good has no failing step; its failures are still reached through `recovered`.
   */
  readonly failingStep?: { readonly row: number; readonly rule: FailingStepRule } | undefined;
  /** Rows that count, by start time: failed leaves, and the step in progress when a crashed or stalled session stopped. */
  readonly failures: Int32Array;
  /** Failed rows that a later success of the same action, step or attempt made good, by start time. */
  readonly recovered: Int32Array;
}

/** What rows do, for those that failed and the successes that might make one good. `Wait`: what is yielded to read them. */
export interface ActionKeys<Wait = undefined> {
  /** See `actionKey`. */
  keyOf(row: number): string;
  /** Called before keys are asked for, with their rows; those of earlier calls are not asked for any more. */
  fetch?(rows: readonly number[]): Generator<Wait | undefined, void>;
  /** A number that rows with the same key have in common; undefined where it is not known. Costs nothing. */
  aimOf?(row: number): number | undefined;
  /** The same where the row may be read for it. */
  readAimOf?(row: number): number | undefined;
}

const generationCode = kindCodes.indexOf("generation");
const errorCode = statusCodes.indexOf("error");

const FAILED = 1;
export const RECOVERED = 2;
const FAILED_BELOW = 4;
const UNRECOVERED_BELOW = 8;
const OPEN_BELOW = 16;
/** All ancestors failed. */
const FAILED_ABOVE = 32;

/**
 * Finds the failures and sets `FLAG.failure`, `FLAG.recovered` and `FLAG.failingStep` in `columns.flags`, which it clears
 * first. A failed span is one of status error that is neither interrupted nor synthetic. It is a leaf when no span below
 * it failed without recovery and, in a session that was cut off, none below it is open: so a root that only carries the
 * error of its steps or of a signal is no leaf, and one that failed by itself is.
 *
 * @param actionKeys asked only for failed rows that were followed by a success of the same kind, name and aim, and for such
 *   successes, the last one first and only until all failures of their aim are made good
 */
export function findFailures(
  columns: SpanColumns,
  tree: SpanTree,
  actionKeys: ActionKeys | ((row: number) => string),
  state: SessionState,
): Failures {
  return finish(failuresInSteps(columns, tree, actionKeys, state));
}

/** The same, with pauses in which others can be served. Flags change after the last of them, all at once. */
export function* failuresInSteps<Wait = undefined>(
  columns: SpanColumns,
  tree: SpanTree,
  actionKeys: ActionKeys<Wait> | ((row: number) => string),
  state: SessionState,
): Generator<Wait | undefined, Failures> {
  const { flags, count } = columns;
  const cutOff = wasCutOff(state);
  const marks = new Uint8Array(count);
  const failedRows: number[] = [];
  for (let row = 0; row < count; row++) {
    if (columns.status[row] !== errorCode || ((flags[row] ?? 0) & (FLAG.interrupted | FLAG.synthetic)) !== 0) continue;
    marks[row] = FAILED;
    failedRows.push(row);
  }
  if (failedRows.length === 0 && !cutOff) {
    clearFlags(columns);
    return { failures: new Int32Array(), recovered: new Int32Array() };
  }
  // A session that completed got over its failures as a whole: there another way to the same end, by the same tool with
  // other arguments, makes a failure good. Elsewhere only the very same action does.
  const keys: ActionKeys<Wait> = typeof actionKeys === "function" ? { keyOf: actionKeys } : actionKeys;
  const ofSort: ActionKeys = {
    keyOf: (row: number) => (isAttempt(columns, row) ? `at ${columns.parent[row]}` : String(sortOf(columns, row))),
  };
  if (state.status === "completed") yield* recoveredInSteps(columns, failedRows, ofSort, marks);
  else yield* recoveredInSteps(columns, failedRows, keys, marks);
  markRelatives(columns, tree.preorder, marks, cutOff);
  yield;

  const leaves: number[] = [];
  const recovered: number[] = [];
  for (const row of failedRows) {
    const mark = marks[row] ?? 0;
    if ((mark & RECOVERED) !== 0) {
      if ((mark & FAILED_BELOW) === 0) recovered.push(row);
    } else if ((mark & UNRECOVERED_BELOW) === 0 && !(cutOff && (mark & OPEN_BELOW) !== 0)) {
      leaves.push(row);
    }
  }
  const inProgress = cutOff ? innermostOpen(columns, marks) : -1;
  const byStart = compareRows(columns, startOf);
  recovered.sort(byStart);
  const failures = inProgress >= 0 && !leaves.includes(inProgress) ? [...leaves, inProgress] : leaves.slice();
  failures.sort(byStart);

  const failingStep = chooseStep(columns, marks, leaves, inProgress, recovered, state);
  clearFlags(columns);
  for (const row of failures) flags[row] = (flags[row] ?? 0) | FLAG.failure;
  for (const row of recovered) flags[row] = (flags[row] ?? 0) | FLAG.recovered;
  if (failingStep) flags[failingStep.row] = (flags[failingStep.row] ?? 0) | FLAG.failingStep;
  return { failingStep, failures: Int32Array.from(failures), recovered: Int32Array.from(recovered) };
}

function clearFlags({ flags, count }: SpanColumns): void {
  for (let row = 0; row < count; row++) {
    flags[row] = (flags[row] ?? 0) & ~(FLAG.failure | FLAG.recovered | FLAG.failingStep);
  }
}

/** Spreads what is known of a row to its ancestors and descendants; parents come before children in `preorder`. */
function markRelatives(columns: SpanColumns, preorder: Int32Array, marks: Uint8Array, cutOff: boolean): void {
  for (let index = preorder.length - 1; index >= 0; index--) {
    const row = preorder[index] ?? 0;
    const above = columns.parent[row] ?? -1;
    if (above < 0) continue;
    const mark = marks[row] ?? 0;
    let spread = mark & (FAILED_BELOW | UNRECOVERED_BELOW | OPEN_BELOW);
    if ((mark & FAILED) !== 0) spread |= (mark & RECOVERED) !== 0 ? FAILED_BELOW : FAILED_BELOW | UNRECOVERED_BELOW;
    if (isOpen(columns, row)) spread |= OPEN_BELOW;
    marks[above] = (marks[above] ?? 0) | spread;
  }
  for (const row of preorder) {
    const above = columns.parent[row] ?? -1;
    const failedToTheTop = FAILED | FAILED_ABOVE;
    const markAbove = above < 0 ? 0 : (marks[above] ?? 0);
    // In a session that was cut off, what had open steps below it bears the error of the end and not one of its own:
    // an old failure next to the step in progress does not lead to the top.
    const bearsTheEnd = cutOff && (markAbove & OPEN_BELOW) !== 0;
    if (above < 0 || (!bearsTheEnd && (markAbove & failedToTheTop) === failedToTheTop)) {
      marks[row] = (marks[row] ?? 0) | FAILED_ABOVE;
    }
  }
}

/** True for a session that stopped without an end: what was open then is where it stopped. */
export function wasCutOff(state: SessionState): boolean {
  return state.status === "crashed" || state.reasons.some(({ type }) => type === "stalled" || type === "killed");
}

function chooseStep(
  columns: SpanColumns,
  marks: Uint8Array,
  leaves: readonly number[],
  inProgress: number,
  recovered: readonly number[],
  state: SessionState,
): Failures["failingStep"] {
  const onFailedPath = latestEnd(
    columns,
    leaves.filter((row) => ((marks[row] ?? 0) & FAILED_ABOVE) !== 0),
  );
  if (onFailedPath !== undefined) return { row: onFailedPath, rule: "failed-path" };
  if (inProgress >= 0) return { row: inProgress, rule: "in-progress" };
  const last = latestEnd(columns, leaves);
  if (last !== undefined) return { row: last, rule: "last-unrecovered" };
  const first = recovered[0];
  if (first === undefined || (state.status !== "failed" && state.status !== "crashed")) return undefined;
  return { row: first, rule: "first-failure" };
}

/** Failed rows of one kind and name. */
interface FailedSort {
  readonly rows: number[];
  /** No success that starts before it makes one of them good. */
  firstEndMs: number;
  /** By row, `anyAim` where it is not known. */
  readonly aims: number[];
  readonly failedAims: Set<number>;
  /** Those of the successes that may make one of them good. */
  readonly goodAims: Set<number>;
  /** These successes, in the order of rows; and whether that is the order of their starts. */
  readonly successes: number[];
  isSorted: boolean;
  lastStartMs: number;
}

/** Failed rows with the same key, within the same step that failed. */
interface SameAction {
  readonly rows: number[];
  readonly aims: Set<number>;
}

/** A key may have to be read from the file. */
const keysPerStep = 64;

/** No number that `aimOf` gives. */
const anyAim = Number.POSITIVE_INFINITY;

/**
 * Marks the failed rows that a success of the same action followed: one that starts after the failure's end, or at the
 * same millisecond and further down in the file. The last success of an action decides; see `stepScopes` for what steps of
 * playbooks change in that.
 */
export function* recoveredInSteps<Wait = undefined>(
  columns: SpanColumns,
  failedRows: readonly number[],
  actionKeys: ActionKeys<Wait>,
  marks: Uint8Array,
): Generator<Wait | undefined, void> {
  const aimOf = (row: number) => actionKeys.aimOf?.(row) ?? anyAim;
  const sorts = yield* failedSorts(columns, failedRows, (row) => actionKeys.readAimOf?.(row) ?? anyAim);
  yield* findSuccesses(columns, sorts, aimOf);
  const failedSteps = new Set(failedRows.filter((row) => isStep(columns, row)));
  const scopes = failedSteps.size === 0 ? undefined : new NearestAbove(columns, failedSteps);
  const byStart = compareRows(columns, startOf);
  for (const sort of sorts.values()) {
    if (sort.successes.length === 0) continue;
    const { pending, left } = yield* pendingOf(sort, actionKeys, scopes);
    const successes = Int32Array.from(sort.successes);
    if (!sort.isSorted) yield* sortInSteps(successes, byStart);
    const { length } = successes;
    for (let index = length - 1; index >= 0 && pending.size > 0; index--) {
      const success = successes[index] ?? 0;
      if ((length - 1 - index) % keysPerStep === 0) {
        yield;
        const next = successes.subarray(Math.max(0, index + 1 - keysPerStep), index + 1);
        yield* fetched(actionKeys, [...next].filter((row) => mayHave(left, aimOf(row))).reverse());
      }
      // Of most actions the last success was met before.
      if (!mayHave(left, aimOf(success))) continue;
      const key = actionKeys.keyOf(success);
      for (const name of scopes === undefined ? [key] : namesOf(key, success, scopes)) {
        const same = pending.get(name);
        if (same === undefined) continue;
        for (const row of same.rows) {
          const gapMs = startOf(columns, success) - endOf(columns, row);
          if (gapMs > 0 || (gapMs === 0 && success > row)) marks[row] = FAILED | RECOVERED;
        }
        pending.delete(name);
        for (const aim of same.aims) {
          const others = (left.get(aim) ?? 0) - 1;
          if (others > 0) left.set(aim, others);
          else left.delete(aim);
        }
      }
    }
  }
  const isRecovered = (row: number) => ((marks[row] ?? 0) & RECOVERED) !== 0;
  const covers = new Set(failedRows.filter((row) => isRecovered(row) && isStepOrAttempt(columns, row)));
  if (covers.size === 0) return;
  const covering = new NearestAbove(columns, covers);
  for (const [index, row] of failedRows.entries()) {
    if (index % rowsPerStep === 0) yield;
    if (covering.of(row) >= 0) marks[row] = FAILED | RECOVERED;
  }
}

/** Of an action within a failed step: no key of an action begins with a number. */
function nameWithin(scope: number, key: string): string {
  return scope < 0 ? key : `${scope}\0${key}`;
}

/** Under which names failures wait that the success can make good. */
function* namesOf(key: string, success: number, scopes: NearestAbove): Generator<string, void> {
  yield key;
  for (const scope of scopesAround(success, scopes)) yield nameWithin(scope, key);
}

function* fetched<Wait>({ fetch }: ActionKeys<Wait>, rows: readonly number[]): Generator<Wait | undefined, void> {
  if (fetch !== undefined && rows.length > 0) yield* fetch(rows);
}

/** Those failed rows of which a success may tell, by key and failed step, and how many of these there are of each aim. */
function* pendingOf<Wait>(
  { rows, aims, goodAims }: FailedSort,
  actionKeys: ActionKeys<Wait>,
  scopes: NearestAbove | undefined,
): Generator<Wait | undefined, { readonly pending: Map<string, SameAction>; readonly left: Map<number, number> }> {
  const pending = new Map<string, SameAction>();
  const left = new Map<number, number>();
  const isAsked = (index: number) => mayHave(goodAims, aims[index] ?? anyAim);
  for (const [index, row] of rows.entries()) {
    if (index % keysPerStep === 0) {
      yield;
      yield* fetched(
        actionKeys,
        rows.slice(index, index + keysPerStep).filter((_row, next) => isAsked(index + next)),
      );
    }
    if (!isAsked(index)) continue;
    const aim = aims[index] ?? anyAim;
    const name = nameWithin(scopes?.of(row) ?? -1, actionKeys.keyOf(row));
    let same = pending.get(name);
    if (same === undefined) {
      same = { rows: [], aims: new Set() };
      pending.set(name, same);
    }
    same.rows.push(row);
    if (same.aims.has(aim)) continue;
    same.aims.add(aim);
    left.set(aim, (left.get(aim) ?? 0) + 1);
  }
  return { pending, left };
}

function mayHave(aims: { readonly size: number; has(aim: number): boolean }, aim: number): boolean {
  return aims.has(aim) || aims.has(anyAim) || (aim === anyAim && aims.size > 0);
}

function* failedSorts(
  columns: SpanColumns,
  failedRows: readonly number[],
  aimOf: (row: number) => number,
): Steps<Map<number, FailedSort>> {
  let asked = 0;
  const sorts = new Map<number, FailedSort>();
  for (const row of failedRows) {
    const key = sortOf(columns, row);
    let sort = sorts.get(key);
    if (sort === undefined) {
      sort = {
        rows: [],
        aims: [],
        firstEndMs: Number.POSITIVE_INFINITY,
        failedAims: new Set(),
        goodAims: new Set(),
        successes: [],
        isSorted: true,
        lastStartMs: Number.NEGATIVE_INFINITY,
      };
      sorts.set(key, sort);
    }
    const endMs = endOf(columns, row);
    if (endMs < sort.firstEndMs) sort.firstEndMs = endMs;
    if (++asked % keysPerStep === 0) yield;
    const aim = aimOf(row);
    sort.rows.push(row);
    sort.aims.push(aim);
    sort.failedAims.add(aim);
  }
  return sorts;
}

/** Finds the rows that may make a failure good. */
function* findSuccesses(
  columns: SpanColumns,
  sorts: ReadonlyMap<number, FailedSort>,
  aimOf: (row: number) => number,
): Steps<void> {
  if (sorts.size === 0) return;
  for (let row = 0; row < columns.count; row++) {
    if (row % rowsPerStep === 0) yield;
    if (!isSuccess(columns, row)) continue;
    const sort = sorts.get(sortOf(columns, row));
    const startMs = startOf(columns, row);
    if (sort === undefined || !(startMs >= sort.firstEndMs)) continue;
    const aim = aimOf(row);
    if (!mayHave(sort.failedAims, aim)) continue;
    sort.goodAims.add(aim);
    sort.successes.push(row);
    if (startMs < sort.lastStartMs) sort.isSorted = false;
    sort.lastStartMs = startMs;
  }
}

/**
 * A number that is equal for spans of the same kind and name; generations and attempts are named after their number, so
 * all of each are one.
 */
export function sortOf(columns: Pick<SpanColumns, "kind" | "name" | "flags">, row: number): number {
  const kind = columns.kind[row] ?? 0;
  if (kind === generationCode || isAttempt(columns, row)) return kind;
  return kind + (1 + (columns.name[row] ?? 0)) * kindCodes.length;
}

function isAttempt({ flags }: Pick<SpanColumns, "flags">, row: number): boolean {
  return ((flags[row] ?? 0) & FLAG.attempt) !== 0;
}

/** The open span with nothing open below it that started last; -1 when none is open. */
function innermostOpen(columns: SpanColumns, marks: Uint8Array): number {
  const byStart = compareRows(columns, startOf);
  let latest = -1;
  for (let row = 0; row < columns.count; row++) {
    if (!isOpen(columns, row) || ((marks[row] ?? 0) & OPEN_BELOW) !== 0) continue;
    if (latest < 0 || byStart(row, latest) >= 0) latest = row;
  }
  return latest;
}

/** A step that has ended, and not failed. */
export function isSuccess(columns: SpanColumns, row: number): boolean {
  const flags = columns.flags[row] ?? 0;
  return columns.status[row] !== errorCode && (flags & (FLAG.open | FLAG.interrupted | FLAG.synthetic)) === 0;
}

/** Open output is no step in progress: the command that writes it is. */
export function isOpen(columns: SpanColumns, row: number): boolean {
  const flags = columns.flags[row] ?? 0;
  return (flags & FLAG.open) !== 0 && (flags & (FLAG.synthetic | FLAG.interrupted | FLAG.output)) === 0;
}

export function latestEnd(columns: SpanColumns, rows: readonly number[]): number | undefined {
  const byStart = compareRows(columns, startOf);
  let latest: number | undefined;
  for (const row of rows) {
    const order = latest === undefined ? 1 : compareTimes(endOf(columns, row), endOf(columns, latest));
    if (latest === undefined || order > 0 || (order === 0 && byStart(row, latest) > 0)) latest = row;
  }
  return latest;
}

/** An unknown time sorts before all known ones, so that it is never "the latest". */
export function compareTimes(a: number, b: number): number {
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : -1;
  return Number.isNaN(b) ? 1 : a - b;
}

export function compareRows(columns: SpanColumns, time: (columns: SpanColumns, row: number) => number) {
  return (a: number, b: number): number => compareTimes(time(columns, a), time(columns, b)) || a - b;
}

export function startOf(columns: SpanColumns, row: number): number {
  return columns.startMs[row] ?? Number.NaN;
}

/** End in ms; a failed span without an end counts as ended where it started. */
export function endOf(columns: SpanColumns, row: number): number {
  const endMs = columns.endMs[row] ?? Number.NaN;
  return Number.isNaN(endMs) ? startOf(columns, row) : endMs;
}
