// How the steps of playbooks bound what can make a failure good. Within a step that failed only what came within that step
// counts: that the same command did well in another step mends nothing. And a step or an attempt that was made good takes
// all failures below it with it, for it was done again as a whole.

import { FLAG, type SpanColumns } from "./spanColumns";

/** Of steps within steps so many are looked at: playbooks are not nested as deeply, and a damaged trace may be. */
export const mostScopes = 64;

/** For rows the nearest one above them of a set; each row is passed once, however often it is asked for. */
export class NearestAbove {
  readonly #parent: Int32Array;
  readonly #rows: ReadonlySet<number>;
  /** The nearest one plus two, 1 where there is none; 0 where it was not looked for. */
  readonly #known: Int32Array;

  constructor({ parent, count }: Pick<SpanColumns, "parent" | "count">, rows: ReadonlySet<number>) {
    this.#parent = parent;
    this.#rows = rows;
    this.#known = new Int32Array(count);
  }

  /** -1 where there is none. */
  of(row: number): number {
    const passed: number[] = [];
    let nearest = -1;
    for (let at = row; at >= 0; ) {
      const known = this.#known[at] ?? 0;
      if (known !== 0) {
        nearest = known - 2;
        break;
      }
      passed.push(at);
      at = this.#parent[at] ?? -1;
      if (!this.#rows.has(at)) continue;
      nearest = at;
      break;
    }
    for (const between of passed) this.#known[between] = nearest + 2;
    return nearest;
  }
}

/** The failed steps around a row, from the inside. */
export function* scopesAround(row: number, above: NearestAbove): Generator<number, void> {
  let scope = above.of(row);
  for (let depth = 0; scope >= 0 && depth < mostScopes; depth++) {
    yield scope;
    scope = above.of(scope);
  }
}

export function isStep({ flags }: Pick<SpanColumns, "flags">, row: number): boolean {
  return ((flags[row] ?? 0) & FLAG.step) !== 0;
}

/** What is done again as a whole where it failed. */
export function isStepOrAttempt({ flags }: Pick<SpanColumns, "flags">, row: number): boolean {
  return ((flags[row] ?? 0) & (FLAG.step | FLAG.attempt)) !== 0;
}
