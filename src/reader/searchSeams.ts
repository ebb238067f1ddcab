// Texts that were written to an output piece by piece, where one ends and the next begins: a match may be in none of the
// records and yet in their span. Pieces are to be given in the order in which they were written.

import type { Probe } from "./searchProbe";

/** Ends of the texts of so many rows are kept. */
const mostRows = 1_000;

export class TextSeams {
  readonly #probe: Probe;
  readonly #mostUnits: number;
  /** By row, the last units of its texts so far. */
  readonly #ends = new Map<number, string>();
  #firstRecord = 0;

  /** @param mostUnits of a text that is looked for */
  constructor(probe: Probe, mostUnits: number) {
    this.#probe = probe;
    this.#mostUnits = mostUnits;
  }

  /** Nothing is known of texts in records before this one. */
  get firstRecord(): number {
    return this.#firstRecord;
  }

  beginAt(record: number): void {
    this.#ends.clear();
    this.#firstRecord = record;
  }

  /** Whether a match may begin in the texts before and end in this one. */
  mayHold(record: number, row: number, text: string): boolean {
    const before = this.#ends.get(row) ?? "";
    const seam = before + text.slice(0, this.#mostUnits);
    if (before === "" && this.#ends.size >= mostRows) this.beginAt(record);
    this.#ends.set(row, text.length < this.#mostUnits ? seam.slice(-this.#mostUnits) : text.slice(-this.#mostUnits));
    if (before === "") return false;
    const run = this.#probe.in(Buffer.from(JSON.stringify(seam)));
    return run.hit(0) >= 0 || run.maybe(0) >= 0;
  }
}
