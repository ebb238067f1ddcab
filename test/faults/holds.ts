// Calls that wait until a test lets them go on: this is how a test chooses an order of events, without any timer.

import { type CallMatch, type LoggedCall, matches } from "./callLog";

export interface HoldOptions {
  /** Whether the call is held before it takes effect, or between that and its answer. Before where it is left out. */
  readonly when?: "before" | "after" | undefined;
  /** How many calls are held; all that match where it is left out. */
  readonly count?: number | undefined;
}

export class Hold {
  readonly when: "before" | "after";
  /** Resolves when the first call waits. */
  readonly reached: Promise<LoggedCall>;
  readonly #match: CallMatch;
  readonly #held: { readonly call: LoggedCall; readonly goOn: () => void }[] = [];
  readonly #waits: { readonly count: number; readonly resolve: () => void }[] = [];
  #vacancies: number;
  #isReleased = false;

  constructor(match: CallMatch, { when = "before", count = Number.POSITIVE_INFINITY }: HoldOptions = {}) {
    this.#match = match;
    this.when = when;
    this.#vacancies = count;
    let first: LoggedCall | undefined;
    this.reached = new Promise((resolve) => {
      const tell = () => {
        first ??= this.#held[0]?.call;
        if (first) resolve(first);
      };
      this.#waits.push({ count: 1, resolve: tell });
    });
  }

  /** The calls that wait, oldest first. */
  get waiting(): readonly LoggedCall[] {
    return this.#held.map(({ call }) => call);
  }

  /** Resolves when so many calls wait. */
  reach(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waits.push({ count, resolve });
      this.#tell();
    });
  }

  /** Lets the oldest call go on, and holds the others. What waits to take effect does so within this call. */
  releaseNext(): void {
    this.#held.shift()?.goOn();
  }

  /** Lets all calls go on, oldest first, and holds no more. What waits to take effect does so within this call. */
  release(): void {
    this.#isReleased = true;
    for (const { goOn } of this.#held.splice(0)) goOn();
  }

  /** True where this call is to be held; it takes a place. */
  claims(call: LoggedCall): boolean {
    if (this.#isReleased || this.#vacancies <= 0 || !matches(call, this.#match)) return false;
    this.#vacancies--;
    return true;
  }

  get isReleased(): boolean {
    return this.#isReleased;
  }

  keep(call: LoggedCall, goOn: () => void): void {
    this.#held.push({ call, goOn });
    this.#tell();
  }

  #tell(): void {
    for (const { count, resolve } of this.#waits) if (this.#held.length >= count) resolve();
  }
}
