// The texts of one epoch of a panel, each once. Indexes never change while the epoch lasts, so that only new texts travel.

export class StringTable {
  readonly #indexes = new Map<string, number>();
  readonly #list: string[];

  /** @param known texts that have their indexes already, the empty one first; of equal ones the first is used again */
  constructor(known: readonly string[] = [""]) {
    this.#list = [...known];
    for (const [index, text] of this.#list.entries()) if (!this.#indexes.has(text)) this.#indexes.set(text, index);
  }

  get list(): readonly string[] {
    return this.#list;
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
