// The same action with the same result, several times within the window. A hint counts all of them; a warning and a stop
// count successes only as far back as nothing new was done, because to check the same after each change is healthy.

import { type GuardrailSettings, levelNumber } from "./guardrail";
import { type LoopSign, levelOf, type Occurrence } from "./loopSign";

interface Repeated {
  readonly places: { readonly at: number; readonly index: number }[];
  readonly episode: number;
  told: number;
}

export class Repeats {
  readonly #settings: GuardrailSettings;
  /** What was done at each place of the window. */
  readonly #window: (string | undefined)[];
  readonly #repeated = new Map<string, Repeated>();
  #episodes = 0;
  #lastAt = -1;
  /** The level that was told since something new was last done: a round of many actions is told once and not for each. */
  #told = 0;
  #toldSince = -1;

  constructor(settings: GuardrailSettings) {
    this.#settings = settings;
    this.#window = new Array<string | undefined>(settings.window).fill(undefined);
  }

  /** @param newestAt place of the latest action that was new */
  add({ at, index, same, isSameSuccess }: Occurrence, newestAt: number): LoopSign | undefined {
    this.#lastAt = at;
    const slot = at % this.#window.length;
    this.#leave(this.#window[slot]);
    this.#window[slot] = same;
    if (same === undefined) return undefined;
    let repeated = this.#repeated.get(same);
    if (repeated === undefined) {
      repeated = { places: [], episode: this.#episodes++, told: 0 };
      this.#repeated.set(same, repeated);
    }
    const { places, episode } = repeated;
    places.push({ at, index });
    const { repeats } = this.#settings;
    if (places.length < repeats.hint) return undefined;
    const stuck = isSameSuccess ? places.filter((place) => place.at >= newestAt) : places;
    const level = levelOf(stuck.length, repeats) ?? "hint";
    const isLoop = stuck.length >= repeats.hint;
    const number = levelNumber(level);
    if (newestAt > this.#toldSince) this.#told = 0;
    this.#toldSince = newestAt;
    const isNews = number > repeated.told && number > this.#told;
    if (isNews) this.#told = number;
    if (number > repeated.told) repeated.told = number;
    const actions = (isLoop ? stuck : places).map((place) => place.index);
    return { pattern: "repeat", episode, level, isNews, isLoop, count: actions.length, length: 1, others: 0, actions };
  }

  /** See `LoopPatterns.name`. */
  name(at: number, index: number, same: string): void {
    const slot = at % this.#window.length;
    if (at <= this.#lastAt - this.#window.length || this.#window[slot] !== undefined) return;
    this.#window[slot] = same;
    this.#repeated.set(same, { places: [{ at, index }], episode: this.#episodes++, told: 0 });
  }

  #leave(same: string | undefined): void {
    const repeated = same === undefined ? undefined : this.#repeated.get(same);
    if (same === undefined || repeated === undefined) return;
    repeated.places.shift();
    if (repeated.places.length === 0) this.#repeated.delete(same);
  }
}
