// A binary heap of small whole numbers by a key: which lane is free first, which lane is the topmost free one.

const noKeys = new Float64Array(0);
const noValues = new Int32Array(0);

export class NumberHeap {
  #keys = noKeys;
  #values = noValues;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The smallest key; +Infinity where there is none. */
  get leastKey(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : (this.#keys[0] ?? 0);
  }

  push(key: number, value: number): void {
    if (this.#size === this.#keys.length) this.#grow();
    let at = this.#size++;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const aboveKey = this.#keys[above] ?? 0;
      if (aboveKey <= key) break;
      this.#keys[at] = aboveKey;
      this.#values[at] = this.#values[above] ?? 0;
      at = above;
    }
    this.#keys[at] = key;
    this.#values[at] = value;
  }

  /** The value with the smallest key, which is taken out; -1 where there is none. */
  pop(): number {
    if (this.#size === 0) return -1;
    const least = this.#values[0] ?? -1;
    this.#size--;
    const key = this.#keys[this.#size] ?? 0;
    const value = this.#values[this.#size] ?? 0;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= this.#size) break;
      if (below + 1 < this.#size && (this.#keys[below + 1] ?? 0) < (this.#keys[below] ?? 0)) below++;
      const belowKey = this.#keys[below] ?? 0;
      if (belowKey >= key) break;
      this.#keys[at] = belowKey;
      this.#values[at] = this.#values[below] ?? 0;
      at = below;
    }
    this.#keys[at] = key;
    this.#values[at] = value;
    return least;
  }

  /** Takes all out, and keeps its memory. */
  clear(): void {
    this.#size = 0;
  }

  #grow(): void {
    const keys = new Float64Array(Math.max(4, 2 * this.#keys.length));
    const values = new Int32Array(keys.length);
    keys.set(this.#keys);
    values.set(this.#values);
    this.#keys = keys;
    this.#values = values;
  }
}
