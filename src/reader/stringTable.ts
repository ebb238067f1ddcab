// The texts of one epoch of a panel, each once. Indexes never change while the epoch lasts, so that only new texts travel.
// A label of index 0 is one that a panel is not told; an empty one that it is told has another index.

export class StringTable {
  readonly #indexes = new Map<string, number>();
  readonly #list: string[];
  #toldEmpty: number | undefined;

  /** @param known texts that have their indexes already, the empty one first; of equal ones the first is used again */
  constructor(known: readonly string[] = [""]) {
    this.#list = [...known];
    for (const [index, text] of this.#list.entries()) if (!this.#indexes.has(text)) this.#indexes.set(text, index);
  }

  get list(): readonly string[] {
    return this.#list;
  }

  /** The index of an empty text that is told. */
  get toldEmpty(): number {
    this.#toldEmpty ??= this.#list.push("") - 1;
    return this.#toldEmpty;
  }

  add(text: string): number {
    const known = this.#indexes.get(text);
    if (known !== undefined) return known;
    const index = this.#list.length;
    this.#list.push(text);
    this.#indexes.set(text, index);
    return index;
  }
}
