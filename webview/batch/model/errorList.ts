// Which errors the runs have, and how many have each: runs of one group fail for what looks like one reason.

import { noText } from "../../../src/protocol/batchMessages";
import type { RunTable } from "./runTable";

export interface ErrorGroup {
  readonly message: string;
  readonly count: number;
}

export class ErrorList {
  #groups: ErrorGroup[] = [];
  #ofRun: Int32Array = new Int32Array();
  #table: RunTable | undefined;
  #isStale = true;
  #messages: string[] = [];

  /** Those with most runs first. */
  get groups(): readonly ErrorGroup[] {
    this.#keep();
    return this.#groups;
  }

  update(table: RunTable, _indexes: Uint32Array, _isFirst: boolean): void {
    this.#table = table;
    this.#isStale = true;
  }

  isIn(message: string): (index: number) => boolean {
    this.#keep();
    const group = this.#messages.indexOf(message);
    return (index) => this.#ofRun[index] === group && group >= 0;
  }

  #keep(): void {
    const table = this.#table;
    if (table === undefined || !this.#isStale) return;
    this.#isStale = false;
    const counts = new Map<number, number>();
    this.#ofRun = new Int32Array(table.count).fill(-1);
    for (let index = 0; index < table.count; index++) {
      const error = table.errors[index] ?? noText;
      if (error === noText) continue;
      const state = table.state(index);
      if (state !== "failed" && state !== "prefailed" && state !== "uncreated") continue;
      counts.set(error, (counts.get(error) ?? 0) + 1);
      this.#ofRun[index] = error;
    }
    this.#messages = [...table.texts];
    this.#groups = [...counts]
      .map(([error, count]) => ({ message: table.texts[error] ?? "", count }))
      .sort((one, other) => other.count - one.count);
  }
}
