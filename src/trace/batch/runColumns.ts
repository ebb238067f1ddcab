// The runs of a batch and their attempts as columns, a few bytes for each: 10,000 runs with five attempts take about
// three megabytes. Rows of attempts hang together as a list for each run, in the order in which they began.

import type { AttemptOutcomeWord, ItemOptions, PayloadPlace, RunFault } from "./batchRecord";

export const runStates = [
  /** No item has come for this index. */
  "absent",
  /** The item is there, a run is not yet. */
  "waiting",
  "queued",
  "running",
  "backing-off",
  "succeeded",
  "failed",
  "cancelled",
  /** The run could not be created as it came: it failed before its first attempt. */
  "prefailed",
  /** Not even that could be created. */
  "uncreated",
] as const;
export type RunState = (typeof runStates)[number];

const codes = Object.fromEntries(runStates.map((state, code) => [state, code])) as Record<RunState, number>;

export interface BatchAttempt {
  /** From 1 on. */
  readonly attempt: number;
  /** Safe id of the session. */
  readonly session: string;
  readonly startMs: number;
  readonly endMs: number | undefined;
  readonly outcome: AttemptOutcomeWord | undefined;
  readonly error: string | undefined;
  readonly exitCode: number | undefined;
  readonly retryAtMs: number | undefined;
}

/** Facts that few items have. */
interface RareFacts {
  idempotencyKey?: string | undefined;
  options?: ItemOptions | undefined;
  /** With which the item came. */
  problem?: RunFault | undefined;
  /** Why a run could not be created of it. */
  fault?: RunFault | undefined;
  runId?: string | undefined;
  cachedFrom?: string | undefined;
  /** Of `runEnded`. */
  error?: string | undefined;
  /** Attempts that it had had when it was retried by hand. */
  retriedAfter?: number | undefined;
}

const none = -1;
const noFacts: RareFacts = {};
const firstRows = 64;

export class RunColumns {
  readonly length: number;
  #states = new Uint8Array(firstRows);
  #tasks = new Uint32Array(firstRows);
  #payloadTypes = new Int32Array(firstRows).fill(none);
  #payloadOffsets = new Float64Array(firstRows);
  #payloadLengths = new Float64Array(firstRows).fill(none);
  #payloadCrcs = new Uint32Array(firstRows);
  #createdMs = new Float64Array(firstRows).fill(Number.NaN);
  #endedMs = new Float64Array(firstRows).fill(Number.NaN);
  #first = new Int32Array(firstRows).fill(none);
  #last = new Int32Array(firstRows).fill(none);
  #attemptCounts = new Uint16Array(firstRows);
  readonly #rare = new Map<number, RareFacts>();
  readonly #counts = new Float64Array(runStates.length);
  readonly #texts: string[] = [];
  readonly #textIndexes = new Map<string, number>();
  /** Of each attempt. */
  #next = new Int32Array(firstRows);
  #numbers = new Uint16Array(firstRows);
  #starts = new Float64Array(firstRows);
  #ends = new Float64Array(firstRows);
  #outcomes = new Int32Array(firstRows);
  #errors = new Int32Array(firstRows);
  #exitCodes = new Float64Array(firstRows);
  #retries = new Float64Array(firstRows);
  #attempts = 0;
  readonly #sessions = new Map<number, string>();

  /** @param runCount memory is taken for those alone of which something is known */
  constructor(runCount: number) {
    this.length = runCount;
    this.#counts[0] = runCount;
  }

  /** States as indexes into `runStates`, at least of all runs of which something is known; a view of what changes. */
  get stateCodes(): Readonly<Uint8Array> {
    return this.#states;
  }

  /** Ends in ms since 1970, NaN for runs that have not ended; a view of what changes. */
  get endTimes(): Readonly<Float64Array> {
    return this.#endedMs;
  }

  get attemptCount(): number {
    return this.#attempts;
  }

  count(state: RunState): number {
    return this.#counts[codes[state]] ?? 0;
  }

  state(index: number): RunState {
    return runStates[this.#states[index] ?? 0] ?? "absent";
  }

  setState(index: number, state: RunState): void {
    this.#reserveRun(index);
    const before = this.#states[index] ?? 0;
    this.#counts[before] = (this.#counts[before] ?? 0) - 1;
    this.#states[index] = codes[state];
    this.#counts[codes[state]] = (this.#counts[codes[state]] ?? 0) + 1;
  }

  setItem(
    index: number,
    task: string,
    payloadType: string | undefined,
    place: PayloadPlace | undefined,
    rare: Pick<RareFacts, "idempotencyKey" | "options" | "problem">,
  ): void {
    this.#reserveRun(index);
    this.#tasks[index] = this.#textIndex(task);
    if (payloadType !== undefined) this.#payloadTypes[index] = this.#textIndex(payloadType);
    if (place !== undefined) {
      this.#payloadOffsets[index] = place.offset;
      this.#payloadLengths[index] = place.length;
      this.#payloadCrcs[index] = place.crc32;
    }
    this.setRare(index, rare);
  }

  setRare(index: number, facts: RareFacts): void {
    let known: RareFacts | undefined;
    for (const name in facts) {
      const key = name as keyof RareFacts;
      if (facts[key] !== undefined) known = { ...known, [key]: facts[key] };
    }
    if (known !== undefined) this.#rare.set(index, { ...this.#rare.get(index), ...known });
  }

  /** What was wrong before no longer holds. */
  setRetried(index: number): void {
    const { fault: _, error: __, ...kept } = this.rare(index);
    this.#rare.set(index, { ...kept, retriedAfter: this.attemptsOf(index) });
  }

  rare(index: number): Readonly<RareFacts> {
    return this.#rare.get(index) ?? noFacts;
  }

  task(index: number): string {
    return this.state(index) === "absent" ? "" : (this.#texts[this.#tasks[index] ?? none] ?? "");
  }

  payloadType(index: number): string | undefined {
    return this.#texts[this.#payloadTypes[index] ?? none];
  }

  place(index: number): PayloadPlace | undefined {
    const length = this.#payloadLengths[index] ?? none;
    if (length < 0) return undefined;
    return { offset: this.#payloadOffsets[index] ?? 0, length, crc32: this.#payloadCrcs[index] ?? 0 };
  }

  createdMs(index: number): number | undefined {
    return timeOf(this.#createdMs[index]);
  }

  setCreated(index: number, atMs: number): void {
    this.#reserveRun(index);
    this.#createdMs[index] = atMs;
  }

  endedMs(index: number): number | undefined {
    return timeOf(this.#endedMs[index]);
  }

  setEnded(index: number, atMs: number | undefined): void {
    this.#reserveRun(index);
    this.#endedMs[index] = atMs ?? Number.NaN;
  }

  /** How many attempts the run has had, the one under way counted. */
  attemptsOf(index: number): number {
    return this.#attemptCounts[index] ?? 0;
  }

  /** 0 where there was none. */
  lastAttemptNumber(index: number): number {
    return this.#numbers[this.#last[index] ?? none] ?? 0;
  }

  /** The last attempt has not ended. */
  isLastOpen(index: number): boolean {
    return this.#outcomes[this.#last[index] ?? none] === none;
  }

  addAttempt(index: number, attempt: number, startMs: number, session: string, isUsualSession: boolean): void {
    this.#reserveRun(index);
    const row = this.#attempts++;
    this.#reserveAttempt(row);
    this.#next[row] = none;
    this.#numbers[row] = attempt;
    this.#starts[row] = startMs;
    this.#ends[row] = Number.NaN;
    this.#outcomes[row] = none;
    this.#errors[row] = none;
    this.#exitCodes[row] = Number.NaN;
    this.#retries[row] = Number.NaN;
    if (!isUsualSession) this.#sessions.set(row, session);
    const last = this.#last[index] ?? none;
    if (last === none) this.#first[index] = row;
    else this.#next[last] = row;
    this.#last[index] = row;
    this.#attemptCounts[index] = this.attemptsOf(index) + 1;
  }

  endAttempt(
    index: number,
    endMs: number,
    outcomeCode: number,
    facts: {
      readonly error?: string | undefined;
      readonly exitCode?: number | undefined;
      readonly retryAt?: number | undefined;
    },
  ): void {
    const row = this.#last[index] ?? none;
    if (row === none) return;
    this.#ends[row] = endMs;
    this.#outcomes[row] = outcomeCode;
    if (facts.error !== undefined) this.#errors[row] = this.#textIndex(facts.error);
    if (facts.exitCode !== undefined) this.#exitCodes[row] = facts.exitCode;
    if (facts.retryAt !== undefined) this.#retries[row] = facts.retryAt;
  }

  /** @param usualSession of an attempt by its number */
  attempts(
    index: number,
    outcomes: readonly AttemptOutcomeWord[],
    usualSession: (attempt: number) => string,
  ): BatchAttempt[] {
    const found: BatchAttempt[] = [];
    for (let row = this.#first[index] ?? none; row !== none; row = this.#next[row] ?? none) {
      found.push(this.#attempt(row, outcomes, usualSession));
    }
    return found;
  }

  lastAttempt(
    index: number,
    outcomes: readonly AttemptOutcomeWord[],
    usualSession: (attempt: number) => string,
  ): BatchAttempt | undefined {
    const row = this.#last[index] ?? none;
    return row === none ? undefined : this.#attempt(row, outcomes, usualSession);
  }

  #attempt(
    row: number,
    outcomes: readonly AttemptOutcomeWord[],
    usualSession: (attempt: number) => string,
  ): BatchAttempt {
    const attempt = this.#numbers[row] ?? 0;
    return {
      attempt,
      session: this.#sessions.get(row) ?? usualSession(attempt),
      startMs: this.#starts[row] ?? 0,
      endMs: timeOf(this.#ends[row]),
      outcome: outcomes[this.#outcomes[row] ?? none],
      error: this.#texts[this.#errors[row] ?? none],
      exitCode: timeOf(this.#exitCodes[row]),
      retryAtMs: timeOf(this.#retries[row]),
    };
  }

  #textIndex(text: string): number {
    const known = this.#textIndexes.get(text);
    if (known !== undefined) return known;
    this.#texts.push(text);
    this.#textIndexes.set(text, this.#texts.length - 1);
    return this.#texts.length - 1;
  }

  #reserveRun(index: number): void {
    const before = this.#states.length;
    if (index < before) return;
    const length = Math.max(2 * before, index + 1);
    this.#states = grown(this.#states, new Uint8Array(length));
    this.#tasks = grown(this.#tasks, new Uint32Array(length));
    this.#payloadTypes = grown(this.#payloadTypes, new Int32Array(length).fill(none));
    this.#payloadOffsets = grown(this.#payloadOffsets, new Float64Array(length));
    this.#payloadLengths = grown(this.#payloadLengths, new Float64Array(length).fill(none));
    this.#payloadCrcs = grown(this.#payloadCrcs, new Uint32Array(length));
    this.#createdMs = grown(this.#createdMs, new Float64Array(length).fill(Number.NaN));
    this.#endedMs = grown(this.#endedMs, new Float64Array(length).fill(Number.NaN));
    this.#first = grown(this.#first, new Int32Array(length).fill(none));
    this.#last = grown(this.#last, new Int32Array(length).fill(none));
    this.#attemptCounts = grown(this.#attemptCounts, new Uint16Array(length));
  }

  #reserveAttempt(row: number): void {
    if (row < this.#next.length) return;
    const length = this.#next.length * 2;
    this.#next = grown(this.#next, new Int32Array(length));
    this.#numbers = grown(this.#numbers, new Uint16Array(length));
    this.#starts = grown(this.#starts, new Float64Array(length));
    this.#ends = grown(this.#ends, new Float64Array(length));
    this.#outcomes = grown(this.#outcomes, new Int32Array(length));
    this.#errors = grown(this.#errors, new Int32Array(length));
    this.#exitCodes = grown(this.#exitCodes, new Float64Array(length));
    this.#retries = grown(this.#retries, new Float64Array(length));
  }
}

function timeOf(value: number | undefined): number | undefined {
  return value === undefined || Number.isNaN(value) ? undefined : value;
}

function grown<T extends { set(from: T): void }>(from: T, to: T): T {
  to.set(from);
  return to;
}
