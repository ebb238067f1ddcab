// Texts of columns that grow, each once; the empty text is number 0, and a number never changes its meaning. Where number 0
// stands for a text that is not told, the empty text that is told has a number of its own.

export class LiveTexts {
  readonly list: string[];
  readonly #indexes = new Map<string, number>();
  #toldEmpty: number | undefined;

  /** @param first texts that are there already, the empty one first */
  constructor(first: readonly string[] = [""]) {
    this.list = first.slice();
    for (let index = this.list.length - 1; index >= 0; index--) this.#indexes.set(this.list[index] ?? "", index);
  }

  /** The number of an empty text that is told. */
  get toldEmpty(): number {
    this.#toldEmpty ??= this.list.push("") - 1;
    return this.#toldEmpty;
  }

  add(text: string): number {
    const known = this.#indexes.get(text);
    if (known !== undefined) return known;
    const index = this.list.length;
    const own = detached(text);
    this.list.push(own);
    this.#indexes.set(own, index);
    return index;
  }
}

/** A copy that does not hold the text of which it may be a part: engines cut texts by reference. */
export function detached(text: string): string {
  return JSON.parse(JSON.stringify(text)) as string;
}
