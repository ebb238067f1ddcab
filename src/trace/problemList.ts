// Collects problems while something is read: equal ones are counted together, so that a file with 100,000 bad spans
// makes a list of a few lines. The list is bounded; what no longer fits is counted by code.

import type { Problem, ProblemCode } from "./problem";

const mostEntries = 200;

/** Each problem with how often it was met and what makes it equal to others. */
export type ProblemPart = readonly {
  readonly problem: Problem;
  readonly count: number;
  readonly key: string | undefined;
}[];

export class ProblemList {
  readonly #entries: { problem: Problem; count: number }[] = [];
  readonly #byKey = new Map<string, { problem: Problem; count: number }>();

  /**
   * Adds one problem. Problems of the same `key` become one entry that keeps the place of the first;
   * without a key every problem is an entry of its own until the list is full.
   */
  add(problem: Problem, key?: string): void {
    this.#addTimes(problem, problem.count ?? 1, key);
  }

  #addTimes(problem: Problem, times: number, key: string | undefined): void {
    const known = key === undefined ? undefined : this.#byKey.get(key);
    if (known !== undefined) {
      known.count += times;
      return;
    }
    if (this.#entries.length >= mostEntries) {
      this.#addToOverflow(problem.code, problem.severity, times);
      return;
    }
    this.#insert(problem, times, key);
  }

  addAll(problems: readonly Problem[]): void {
    for (const problem of problems) this.add(problem);
  }

  /** What another list takes over with `append`; undefined for a full one, of which not everything is known. */
  toPart(): ProblemPart | undefined {
    if (this.#entries.length >= mostEntries) return undefined;
    const keys = new Map([...this.#byKey].map(([key, entry]) => [entry, key]));
    return this.#entries.map((entry) => ({ ...entry, key: keys.get(entry) }));
  }

  /** Adds what was found in later spans, of which the first has this row. */
  append(part: ProblemPart, firstRow: number): void {
    for (const { problem, count, key } of part) {
      const { spanIndex } = problem;
      const moved = spanIndex === undefined ? problem : { ...problem, spanIndex: spanIndex + firstRow };
      this.#addTimes(moved, count, key);
    }
  }

  toArray(): Problem[] {
    return this.#entries.map(({ problem, count }) => (count > 1 ? { ...problem, count } : problem));
  }

  #addToOverflow(code: ProblemCode, severity: Problem["severity"], times: number): void {
    const key = `overflow ${code}`;
    const known = this.#byKey.get(key);
    if (known !== undefined) known.count += times;
    else
      this.#insert({ code, severity, message: "Further problems of this sort are not listed one by one" }, times, key);
  }

  #insert(problem: Problem, count: number, key: string | undefined): void {
    const entry = { problem, count };
    this.#entries.push(entry);
    if (key !== undefined) this.#byKey.set(key, entry);
  }
}

/** A whole number with thousands separated by commas, as messages write byte offsets and counts. */
export function groupDigits(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/** "1 byte", "4,096 bytes". */
export function quantity(value: number, one: string, many = `${one}s`): string {
  return `${groupDigits(value)} ${value === 1 ? one : many}`;
}
