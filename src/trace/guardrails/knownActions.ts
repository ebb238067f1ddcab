// Remembers which actions were done, with which result, and when something new was last done. Forgets those that were done
// longest ago, so that a session of weeks holds no more than one of an hour.

/** Different actions, with different results. */
const mostKnown = 1_000;

/** An action with one result. */
export interface KnownAction {
  /** Place of the last time. */
  at: number;
  index: number;
  /** How often it came back with nothing new in between, the first time included. */
  visits: number;
  /** Numbers of these visits, the latest ones. */
  visited: number[];
  isTold: boolean;
}

export class KnownActions {
  readonly #known = new Map<string, KnownAction>();
  #newestAt = -1;

  /** Place of the latest action that had not been done before with its result. */
  get newestAt(): number {
    return this.#newestAt;
  }

  get(same: string): KnownAction | undefined {
    return this.#known.get(same);
  }

  /** @param same undefined for an action that is new, whatever it is */
  add(same: string | undefined, at: number, index: number): void {
    if (same === undefined || !this.#known.has(same)) this.#newestAt = at;
    if (same !== undefined) this.remember(same, at, index);
  }

  remember(same: string, at: number, index: number): void {
    const known = this.#known.get(same);
    // Taken out first, so that the order of the map is that of the last times.
    this.#known.delete(same);
    this.#known.set(same, Object.assign(known ?? { visits: 1, visited: [index], isTold: false }, { at, index }));
    if (this.#known.size <= mostKnown) return;
    const [oldest] = this.#known.keys();
    if (oldest !== undefined) this.#known.delete(oldest);
  }
}
