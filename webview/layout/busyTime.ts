// When anything happened at all, as blocks in order that are apart by an idle stretch long enough to matter. Intervals come
// one by one, in any order; nearly all of them only lengthen the last block.

import type { TimeSpan } from "./timeScale";

/** With more idle stretches than this the shortest can never be drawn short, see `buildTimeScale`. */
const mostBlocks = 4096;

export class BusyTime {
  #startMs = new Float64Array(64);
  #endMs = new Float64Array(64);
  #count = 0;
  #apartMs: number;

  /** @param apartMs shorter idle stretches are not told apart from activity. */
  constructor(apartMs: number) {
    this.#apartMs = apartMs;
  }

  /** Both in ms, and in order. */
  add(startMs: number, endMs: number): void {
    const last = this.#count - 1;
    if (last >= 0 && startMs >= (this.#startMs[last] ?? 0)) {
      const until = this.#endMs[last] ?? 0;
      if (startMs - until >= this.#apartMs) this.#insert(this.#count, startMs, endMs);
      else if (endMs > until) this.#endMs[last] = endMs;
      return;
    }
    // The blocks from `from` to before `to` are touched by the interval and become one with it.
    const from = this.#firstBlock((block) => startMs - (this.#endMs[block] ?? 0) < this.#apartMs);
    const to = this.#firstBlock((block) => (this.#startMs[block] ?? 0) - endMs >= this.#apartMs);
    if (from >= to) return this.#insert(from, startMs, endMs);
    this.#startMs[from] = Math.min(startMs, this.#startMs[from] ?? startMs);
    this.#endMs[from] = Math.max(endMs, this.#endMs[to - 1] ?? endMs);
    this.#startMs.copyWithin(from + 1, to, this.#count);
    this.#endMs.copyWithin(from + 1, to, this.#count);
    this.#count -= to - from - 1;
  }

  /** Idle stretches in order: between the blocks, and after the last one. Something is busy from `busyFromMs` on. */
  idle(lastMs: number, busyFromMs = Number.POSITIVE_INFINITY): TimeSpan[] {
    const stretches: TimeSpan[] = [];
    for (let block = 0; block < this.#count; block++) {
      const startMs = this.#endMs[block] ?? 0;
      const endMs = Math.min(busyFromMs, block + 1 < this.#count ? (this.#startMs[block + 1] ?? 0) : lastMs);
      if (endMs - startMs >= this.#apartMs) stretches.push({ startMs, endMs });
    }
    return stretches;
  }

  /** The first block of which it is true, as it is of all blocks after that. */
  #firstBlock(isTrue: (block: number) => boolean): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isTrue(middle)) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #insert(at: number, startMs: number, endMs: number): void {
    if (this.#count === this.#startMs.length) {
      if (this.#count < mostBlocks) this.#grow();
      else this.#joinNearest();
      // Blocks may stand elsewhere now, and the interval may be near one.
      return this.add(startMs, endMs);
    }
    this.#startMs.copyWithin(at + 1, at, this.#count);
    this.#endMs.copyWithin(at + 1, at, this.#count);
    this.#startMs[at] = startMs;
    this.#endMs[at] = endMs;
    this.#count++;
  }

  /** Stretches twice as long as those so far count as activity from now on, and so on until half of the blocks are left. */
  #joinNearest(): void {
    while (this.#count > mostBlocks / 2) {
      this.#apartMs *= 2;
      let kept = 0;
      for (let block = 1; block < this.#count; block++) {
        const startMs = this.#startMs[block] ?? 0;
        const endMs = this.#endMs[block] ?? 0;
        if (startMs - (this.#endMs[kept] ?? 0) < this.#apartMs) {
          this.#endMs[kept] = endMs;
          continue;
        }
        kept++;
        this.#startMs[kept] = startMs;
        this.#endMs[kept] = endMs;
      }
      this.#count = kept + 1;
    }
  }

  #grow(): void {
    const startMs = new Float64Array(2 * this.#startMs.length);
    const endMs = new Float64Array(2 * this.#endMs.length);
    startMs.set(this.#startMs);
    endMs.set(this.#endMs);
    this.#startMs = startMs;
    this.#endMs = endMs;
  }
}
