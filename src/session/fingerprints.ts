// A set of pairs of texts of which nothing but 64 bits each are kept: among a million of them another pair is taken for
// one of them once in 10^13 times. Open addressing in one array, at most two thirds full.

export interface Fingerprint {
  /** Never 0, which marks a slot that holds none. */
  readonly high: number;
  readonly low: number;
}

export function fingerprintOf(first: string, second: string): Fingerprint {
  let high = 0x9747b28c;
  let low = 0x3c6ef372;
  for (let index = 0; index < first.length; index++) {
    const code = first.charCodeAt(index);
    high = Math.imul(high ^ code, 0x01000193);
    low = Math.imul(low ^ code, 0x5bd1e995) + (high >>> 15);
  }
  // Where the one text ends and the other begins counts too.
  high = Math.imul(high ^ 0x10000, 0x01000193);
  low = Math.imul(low ^ first.length, 0x5bd1e995);
  for (let index = 0; index < second.length; index++) {
    const code = second.charCodeAt(index);
    high = Math.imul(high ^ code, 0x01000193);
    low = Math.imul(low ^ code, 0x5bd1e995) + (high >>> 15);
  }
  high = mixed(high ^ mixed(low));
  low = mixed(low + high);
  return { high: high >>> 0 || 1, low: low >>> 0 };
}

/** Every bit of the result depends on every bit of the value. */
function mixed(value: number): number {
  let bits = Math.imul(value ^ (value >>> 16), 0x7feb352d);
  bits = Math.imul(bits ^ (bits >>> 15), 0x846ca68b);
  return bits ^ (bits >>> 16);
}

const bytesOfSlot = 8;
/** `low` of a slot whose fingerprint was deleted: what lies behind it is still to be found. */
const deleted = 1;

export class Fingerprints {
  /** `high` and `low` of each slot. */
  #slots: Uint32Array;
  #count = 0;
  #usedSlots = 0;

  /** @param capacity in slots, a power of two */
  constructor(capacity: number) {
    this.#slots = new Uint32Array(capacity * 2);
  }

  static bytesOf(capacity: number): number {
    return capacity * bytesOfSlot;
  }

  get count(): number {
    return this.#count;
  }

  get capacity(): number {
    return this.#slots.length / 2;
  }

  /** There is to be a larger one before the next is added. */
  get isFull(): boolean {
    return (this.#usedSlots + 1) * 3 > this.capacity * 2;
  }

  has(fingerprint: Fingerprint): boolean {
    return this.#slotOf(fingerprint) !== undefined;
  }

  /** Must not be full. */
  add(fingerprint: Fingerprint): void {
    if (this.has(fingerprint)) return;
    const { high, low } = fingerprint;
    let at = this.#firstSlotOf(low);
    while (this.#slots[at] !== 0) at = this.#next(at);
    if (this.#slots[at + 1] !== deleted) this.#usedSlots++;
    this.#slots[at] = high;
    this.#slots[at + 1] = low;
    this.#count++;
  }

  delete(fingerprint: Fingerprint): void {
    const at = this.#slotOf(fingerprint);
    if (at === undefined) return;
    this.#slots[at] = 0;
    this.#slots[at + 1] = deleted;
    this.#count--;
  }

  /** @param capacity in slots, a power of two that has room for all */
  resize(capacity: number): void {
    const slots = this.#slots;
    this.#slots = new Uint32Array(capacity * 2);
    this.#count = 0;
    this.#usedSlots = 0;
    for (let at = 0; at < slots.length; at += 2) {
      const high = slots[at] ?? 0;
      if (high !== 0) this.add({ high, low: slots[at + 1] ?? 0 });
    }
  }

  #slotOf({ high, low }: Fingerprint): number | undefined {
    for (let at = this.#firstSlotOf(low); ; at = this.#next(at)) {
      const found = this.#slots[at];
      if (found === high && this.#slots[at + 1] === low) return at;
      if (found === 0 && this.#slots[at + 1] !== deleted) return undefined;
    }
  }

  #firstSlotOf(low: number): number {
    return (low & (this.capacity - 1)) * 2;
  }

  #next(at: number): number {
    return (at + 2) & (this.#slots.length - 1);
  }
}
