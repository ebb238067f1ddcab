// The runs of a batch as the page holds them: columns that are filled and changed by what the host sends. Attempts stand in
// one pool; those of a run follow one another, in a place that is given up when it gets too small.

import { noText, openOutcome, type RunRows } from "../../../src/protocol/batchMessages";
import { type AttemptOutcomeWord, attemptOutcomes } from "../../../src/trace/batch/batchRecord";
import { type RunState, runStates } from "../../../src/trace/batch/runColumns";

export const stateCode = Object.fromEntries(runStates.map((state, code) => [state, code])) as Record<RunState, number>;

export interface TableAttempt {
  readonly number: number;
  readonly startMs: number;
  /** NaN while it is under way. */
  readonly endMs: number;
  readonly outcome: AttemptOutcomeWord | undefined;
  readonly error: string | undefined;
  /** NaN where none follows. */
  readonly retryMs: number;
}

export class RunTable {
  readonly count: number;
  readonly states: Uint8Array;
  readonly createdMs: Float64Array;
  readonly endedMs: Float64Array;
  readonly attemptCounts: Uint16Array;
  /** Numbers of texts. */
  readonly tasks: Uint32Array;
  readonly names: Uint32Array;
  readonly errors: Uint32Array;
  readonly #firstAttempt: Int32Array;
  readonly #room: Uint16Array;
  readonly texts: string[] = [];
  #numbers = new Uint16Array(256);
  #starts = new Float64Array(256);
  #ends = new Float64Array(256);
  #outcomes = new Uint8Array(256);
  #errors = new Uint32Array(256);
  #retries = new Float64Array(256);
  #used = 0;
  #mostAttempts = 0;
  #version = 0;
  readonly #labels = new Set<number>();

  constructor(count: number) {
    this.count = count;
    this.states = new Uint8Array(count);
    this.createdMs = new Float64Array(count).fill(Number.NaN);
    this.endedMs = new Float64Array(count).fill(Number.NaN);
    this.attemptCounts = new Uint16Array(count);
    this.tasks = new Uint32Array(count).fill(noText);
    this.names = new Uint32Array(count).fill(noText);
    this.errors = new Uint32Array(count).fill(noText);
    this.#firstAttempt = new Int32Array(count).fill(-1);
    this.#room = new Uint16Array(count);
  }

  /** Counts up with every change. */
  get version(): number {
    return this.#version;
  }

  /** Of the run that had most. */
  get mostAttempts(): number {
    return this.#mostAttempts;
  }

  /** Runs differ in their tasks, or have names of their own. */
  get hasLabels(): boolean {
    return this.#labels.size > 1;
  }

  state(index: number): RunState {
    return runStates[this.states[index] ?? 0] ?? "absent";
  }

  task(index: number): string {
    return this.texts[this.tasks[index] ?? noText] ?? "";
  }

  /** Its own name, where it has one. */
  name(index: number): string | undefined {
    return this.texts[this.names[index] ?? noText];
  }

  error(index: number): string | undefined {
    return this.texts[this.errors[index] ?? noText];
  }

  /** @param place from 0 on, in the order in which they began */
  attempt(index: number, place: number): TableAttempt | undefined {
    if (place < 0 || place >= (this.attemptCounts[index] ?? 0)) return undefined;
    const row = (this.#firstAttempt[index] ?? 0) + place;
    return {
      number: this.#numbers[row] ?? 0,
      startMs: this.#starts[row] ?? Number.NaN,
      endMs: this.#ends[row] ?? Number.NaN,
      outcome: attemptOutcomes[this.#outcomes[row] ?? openOutcome],
      error: this.texts[this.#errors[row] ?? noText],
      retryMs: this.#retries[row] ?? Number.NaN,
    };
  }

  /** Place in `attemptOutcomes`, or `openOutcome`. */
  outcomeCode(index: number, place: number): number {
    return this.#outcomes[(this.#firstAttempt[index] ?? 0) + place] ?? openOutcome;
  }

  /** Calls back for every attempt of every run; the end is NaN while it is under way. */
  eachAttempt(
    run: (index: number, startMs: number, endMs: number, outcomeCode: number, isLast: boolean) => void,
  ): void {
    for (let index = 0; index < this.count; index++) {
      const first = this.#firstAttempt[index] ?? 0;
      const end = first + (this.attemptCounts[index] ?? 0);
      for (let row = first; row < end; row++) {
        const isLast = row === end - 1;
        run(index, this.#starts[row] ?? 0, this.#ends[row] ?? Number.NaN, this.#outcomes[row] ?? openOutcome, isLast);
      }
    }
  }

  /** How long the run has taken from its first attempt to its end, or to now; NaN where nothing began. */
  durationMs(index: number, nowMs: number): number {
    if ((this.attemptCounts[index] ?? 0) === 0) return Number.NaN;
    const start = this.#starts[this.#firstAttempt[index] ?? 0] ?? Number.NaN;
    const end = this.endedMs[index] ?? Number.NaN;
    return Math.max(0, (Number.isNaN(end) ? nowMs : end) - start);
  }

  /** Texts must come in their order: undefined, or why the rows can't be taken. */
  apply(rows: RunRows): string | undefined {
    if (rows.firstText !== this.texts.length) return `text ${rows.firstText} after ${this.texts.length}`;
    for (const index of rows.indexes) if (index >= this.count) return `run ${index} of ${this.count}`;
    for (const text of rows.texts) this.texts.push(text);
    let attemptsBefore = 0;
    for (let at = 0; at < rows.indexes.length; at++) {
      const index = rows.indexes[at] ?? 0;
      const attempts = rows.attemptCounts[at] ?? 0;
      this.states[index] = rows.states[at] ?? 0;
      this.tasks[index] = rows.tasks[at] ?? noText;
      this.names[index] = rows.names[at] ?? noText;
      const label = this.names[index] === noText ? this.tasks[index] : this.names[index];
      if (label !== noText) this.#labels.add(label);
      this.errors[index] = rows.errors[at] ?? noText;
      this.createdMs[index] = rows.createdMs[at] ?? Number.NaN;
      this.endedMs[index] = rows.endedMs[at] ?? Number.NaN;
      this.#setAttempts(index, attempts, rows.attempts, attemptsBefore);
      attemptsBefore += attempts;
    }
    this.#version++;
    return undefined;
  }

  #setAttempts(index: number, count: number, from: RunRows["attempts"], offset: number): void {
    if (count > (this.#room[index] ?? 0)) {
      this.#reserve(this.#used + count);
      this.#firstAttempt[index] = this.#used;
      this.#room[index] = count;
      this.#used += count;
    }
    this.attemptCounts[index] = count;
    this.#mostAttempts = Math.max(this.#mostAttempts, count);
    const first = this.#firstAttempt[index] ?? 0;
    for (let place = 0; place < count; place++) {
      const row = first + place;
      this.#numbers[row] = from.numbers[offset + place] ?? 0;
      this.#starts[row] = from.startMs[offset + place] ?? Number.NaN;
      this.#ends[row] = from.endMs[offset + place] ?? Number.NaN;
      this.#outcomes[row] = from.outcomes[offset + place] ?? openOutcome;
      this.#errors[row] = from.errors[offset + place] ?? noText;
      this.#retries[row] = from.retryMs[offset + place] ?? Number.NaN;
    }
  }

  #reserve(count: number): void {
    if (count <= this.#numbers.length) return;
    const length = Math.max(count, this.#numbers.length * 2);
    this.#numbers = grown(this.#numbers, new Uint16Array(length));
    this.#starts = grown(this.#starts, new Float64Array(length));
    this.#ends = grown(this.#ends, new Float64Array(length));
    this.#outcomes = grown(this.#outcomes, new Uint8Array(length));
    this.#errors = grown(this.#errors, new Uint32Array(length));
    this.#retries = grown(this.#retries, new Float64Array(length));
  }
}

function grown<T extends { set(from: T): void }>(from: T, to: T): T {
  to.set(from);
  return to;
}
