// Which errors the runs have, and how many have each. What differs from run to run alone (numbers, ids, paths) does not
// make another error; each text is looked at once, however many runs have it.

import { noText } from "../../../src/protocol/batchMessages";
import { errorPattern } from "../../../src/trace/batch/errorGroups";
import type { RunState } from "../../../src/trace/batch/runColumns";
import { type RunTable, stateCode } from "./runTable";

export interface ErrorGroup {
  /** Names the group. */
  readonly pattern: string;
  /** What the runs say, with "…" where they differ. */
  readonly message: string;
  /** What the first of them says. */
  readonly example: string;
  readonly count: number;
}

const failedStates: readonly RunState[] = ["failed", "prefailed", "uncreated"];
const isFailed = new Uint8Array(Object.keys(stateCode).length);
for (const state of failedStates) isFailed[stateCode[state]] = 1;

export class ErrorList {
  readonly #patterns: string[] = [];
  readonly #numbers = new Map<string, number>();
  /** Number of the pattern of each text. */
  #ofText: number[] = [];
  /** Number of the pattern of each run, -1 for none. */
  #ofRun: Int32Array = new Int32Array();
  #groups: ErrorGroup[] = [];
  #table: RunTable | undefined;
  #version = -1;

  /** Another table is another batch. */
  setTable(table: RunTable): void {
    if (table === this.#table) return;
    this.#table = table;
    this.#version = -1;
    this.#ofText = [];
  }

  /** Those with most runs first. */
  get groups(): readonly ErrorGroup[] {
    this.#keep();
    return this.#groups;
  }

  /** Whether a run is of the group. */
  isIn(pattern: string): (index: number) => boolean {
    this.#keep();
    const number = this.#numbers.get(pattern);
    return (index) => number !== undefined && this.#ofRun[index] === number;
  }

  #keep(): void {
    const table = this.#table;
    if (table === undefined || this.#version === table.version) return;
    this.#version = table.version;
    if (this.#ofRun.length !== table.count) this.#ofRun = new Int32Array(table.count);
    const counts = new Map<number, { count: number; first: number; isSame: boolean }>();
    for (let index = 0; index < table.count; index++) {
      this.#ofRun[index] = -1;
      if (isFailed[table.states[index] ?? 0] !== 1) continue;
      const number = this.#patternOf(table, table.errors[index] ?? noText);
      this.#ofRun[index] = number;
      const known = counts.get(number);
      if (known === undefined) {
        counts.set(number, { count: 1, first: index, isSame: true });
        continue;
      }
      known.count++;
      known.isSame &&= table.errors[index] === table.errors[known.first];
    }
    this.#groups = [...counts]
      .map(([number, { count, first, isSame }]) => {
        const pattern = this.#patterns[number] ?? "";
        const example = table.error(first) ?? pattern;
        return { pattern, message: isSame ? example : pattern, example, count };
      })
      .sort((one, other) => other.count - one.count);
  }

  #patternOf(table: RunTable, text: number): number {
    const known = text === noText ? undefined : this.#ofText[text];
    if (known !== undefined) return known;
    const pattern = errorPattern(table.texts[text] ?? "");
    let number = this.#numbers.get(pattern);
    if (number === undefined) {
      number = this.#patterns.length;
      this.#patterns.push(pattern);
      this.#numbers.set(pattern, number);
    }
    if (text !== noText) this.#ofText[text] = number;
    return number;
  }
}
