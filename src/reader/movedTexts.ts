// Indexes of texts, from one list to another.

import type { StringTable } from "./stringTable";

export class MovedTexts {
  readonly #strings: readonly string[];
  readonly #table: StringTable;
  /** By index in `strings`, as far as it was needed. */
  readonly #to: number[] = [];

  /** @param strings may grow; @param table takes in what it lacks */
  constructor(strings: readonly string[], table: StringTable) {
    this.#strings = strings;
    this.#table = table;
  }

  index(index: number): number {
    const known = this.#to[index];
    if (known !== undefined) return known;
    const text = this.#strings[index] ?? "";
    const moved = index > 0 && text === "" ? this.#table.toldEmpty : this.#table.add(text);
    this.#to[index] = moved;
    return moved;
  }

  all(indexes: Uint32Array, count: number): Uint32Array {
    const moved = new Uint32Array(count);
    for (let row = 0; row < count; row++) moved[row] = this.index(indexes[row] ?? 0);
    return moved;
  }
}
