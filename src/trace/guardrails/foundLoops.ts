// The loops that were found in a trace, put together of what the patterns say of one action after the other. Bounded: of more
// loops than anybody reads the first ones are kept, and of a very long one the first rows.

import { loopPatterns } from "./guardrail";

const mostLoops = 1_000;
const mostRows = 10_000;
/** What says most of why its calls came goes first. */
const ranks: Readonly<Record<FoundPattern, number>> = { cycle: 0, repeat: 1, revisit: 1, "consecutive-errors": 2 };

export const foundPatterns = [...loopPatterns, "consecutive-errors"] as const;
export type FoundPattern = (typeof foundPatterns)[number];

export interface LoopRows {
  readonly pattern: FoundPattern;
  /** Times; of a cycle and of what is revisited the rounds. */
  readonly count: number;
  /** How many actions make a round; 1 for a repeat and for failures. */
  readonly length: number;
  /** In the order in which they ended, at most 10,000. */
  readonly rows: readonly number[];
}

/** Part of one, as a pattern tells of it. */
export interface LoopPart {
  readonly pattern: FoundPattern;
  readonly episode: number;
  readonly count: number;
  readonly length: number;
  /** Those before the last one may have been told of before. */
  readonly actions: readonly number[];
}

interface Found {
  readonly pattern: FoundPattern;
  readonly length: number;
  readonly rows: Set<number>;
  rounds: number;
  /** Rows beyond those that are kept. */
  more: number;
}

export class FoundLoops {
  readonly #found = new Map<string, Found>();

  /** @param watch number of who tells of it: episodes of two have nothing in common */
  add(watch: number, { pattern, episode, count, length, actions }: LoopPart): void {
    const name = `${watch} ${pattern} ${episode}`;
    let found = this.#found.get(name);
    if (found === undefined) {
      if (this.#found.size >= mostLoops) return;
      found = { pattern, length, rows: new Set(), rounds: 0, more: 0 };
      this.#found.set(name, found);
    }
    if (count > found.rounds) found.rounds = count;
    for (const row of actions) {
      if (found.rows.size < mostRows) found.rows.add(row);
      else if (row === actions.at(-1)) found.more++;
    }
  }

  /** Without those of which all rows are part of a larger one. */
  get loops(): readonly LoopRows[] {
    const all = [...this.#found.values()];
    // What explains more comes first: a cycle tells all that the repeats of its actions would.
    all.sort((a, b) => ranks[a.pattern] - ranks[b.pattern] || b.rows.size - a.rows.size);
    const told = new Set<number>();
    const loops: LoopRows[] = [];
    for (const { pattern, length, rows, rounds, more } of all) {
      if (isPartOf(rows, told)) continue;
      for (const row of rows) told.add(row);
      const calls = rows.size + more;
      const counts =
        pattern === "cycle"
          ? { count: rounds, length }
          : pattern === "revisit"
            ? { count: rounds, length: Math.max(1, Math.round(calls / rounds)) }
            : { count: calls, length: 1 };
      loops.push({ pattern, ...counts, rows: [...rows] });
    }
    return loops;
  }
}

function isPartOf(rows: ReadonlySet<number>, others: ReadonlySet<number>): boolean {
  if (rows.size > others.size) return false;
  for (const row of rows) if (!others.has(row)) return false;
  return true;
}
