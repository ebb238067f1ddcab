// Sequence numbers, one bit each: a journal's run from 0 without many gaps. Those far beyond what was seen, which only a
// damaged or foreign journal has, are kept one by one.

const firstBytes = 128;
/** A number is far beyond when room for all below it would be mostly empty. */
const nearBytes = 64 * 1024;

export class SeqSet {
  #bits = new Uint8Array(firstBytes);
  #count = 0;
  #far: Set<number> | undefined;

  get count(): number {
    return this.#count;
  }

  add(seq: number): void {
    if (this.has(seq)) return;
    this.#count++;
    const at = Math.floor(seq / 8);
    if (at >= this.#bits.length && !this.#growTo(at)) {
      this.#far ??= new Set();
      this.#far.add(seq);
      return;
    }
    this.#bits[at] = (this.#bits[at] ?? 0) | (1 << (seq & 7));
  }

  has(seq: number): boolean {
    const at = Math.floor(seq / 8);
    if (at >= this.#bits.length) return this.#far?.has(seq) ?? false;
    return ((this.#bits[at] ?? 0) & (1 << (seq & 7))) !== 0 || (this.#far?.has(seq) ?? false);
  }

  /** How many of the numbers are above this one. */
  countAbove(seq: number): number {
    let count = 0;
    for (const far of this.#far ?? []) if (far > seq) count++;
    const first = Math.max(0, seq + 1);
    for (let at = Math.floor(first / 8); at < this.#bits.length; at++) {
      let bits = this.#bits[at] ?? 0;
      if (at === Math.floor(first / 8)) bits &= 0xff << (first & 7);
      for (; bits !== 0; bits &= bits - 1) count++;
    }
    return count;
  }

  #growTo(at: number): boolean {
    if (at > 2 * this.#bits.length + nearBytes) return false;
    const grown = new Uint8Array(Math.max(2 * this.#bits.length, at + 1));
    grown.set(this.#bits);
    this.#bits = grown;
    return true;
  }
}
