// A few actions in the same order with the same results, round after round. For each length it is counted how long every
// action has been the same as the one that many places before; that takes the same work however long a cycle lasts.

import { type GuardrailSettings, levelNumber } from "./guardrail";
import type { LoopSign, Occurrence } from "./loopSign";

export class Cycles {
  readonly #settings: GuardrailSettings;
  /** The latest actions, by place modulo its length: enough for all rounds that are told of. */
  readonly #recent: { readonly at: number; readonly same: string | undefined; readonly index: number }[] = [];
  readonly #recentLength: number;
  /** By length of the cycle less one: so many actions were the same as the one before in the cycle. */
  readonly #matches: number[];
  #length = 0;
  #told = 0;
  #episode = -1;

  constructor(settings: GuardrailSettings) {
    this.#settings = settings;
    const { maxLength, times } = settings.cycle;
    this.#recentLength = maxLength * Math.max(times, settings.repeats.stop);
    this.#matches = new Array<number>(maxLength).fill(0);
  }

  add({ at, index, same }: Occurrence): LoopSign | undefined {
    for (let length = 1; length <= this.#matches.length; length++) {
      const isMatch = same !== undefined && at >= length && this.#at(at - length)?.same === same;
      this.#matches[length - 1] = isMatch ? (this.#matches[length - 1] ?? 0) + 1 : 0;
    }
    this.#recent[at % this.#recentLength] = { at, same, index };
    const { times } = this.#settings.cycle;
    for (let length = 2; length <= this.#matches.length; length++) {
      const rounds = Math.floor((this.#matches[length - 1] ?? 0) / length) + 1;
      if (rounds >= times && !this.#isOneAction(at, length)) return this.#sign(at, index, length, rounds);
    }
    this.#length = 0;
    return undefined;
  }

  /** See `LoopPatterns.name`. What came behind it was like it in nothing. */
  name(at: number, same: string): void {
    const slot = at % this.#recentLength;
    const known = this.#recent[slot];
    if (known?.at === at) this.#recent[slot] = { ...known, same };
  }

  #sign(at: number, index: number, length: number, rounds: number): LoopSign {
    if (length !== this.#length) {
      this.#length = length;
      this.#told = 0;
      this.#episode++;
    }
    const { cycle, repeats } = this.#settings;
    const level = rounds >= Math.max(repeats.stop, cycle.times) ? "stop" : "warn";
    const isNews = levelNumber(level) > this.#told;
    if (isNews) this.#told = levelNumber(level);
    const actions = isNews ? this.#latest(at, length * rounds) : [index];
    return {
      pattern: "cycle",
      episode: this.#episode,
      level,
      isNews,
      isLoop: true,
      count: rounds,
      length,
      others: 0,
      actions,
    };
  }

  #latest(at: number, count: number): number[] {
    const actions: number[] = [];
    for (let place = at - count + 1; place <= at; place++) actions.push(this.#at(place)?.index ?? -1);
    return actions;
  }

  /** That is a repeat, and no cycle. */
  #isOneAction(at: number, length: number): boolean {
    const same = this.#at(at)?.same;
    for (let back = 1; back < length; back++) if (this.#at(at - back)?.same !== same) return false;
    return true;
  }

  #at(place: number) {
    return this.#recent[place % this.#recentLength];
  }
}
