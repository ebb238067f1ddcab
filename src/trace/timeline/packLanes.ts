// Interval partitioning: each item goes into the topmost lane that is free when it begins, so that as many lanes are used
// as items happened at once, items of one lane never overlap, and a later item never moves an earlier one.

import { NumberHeap } from "./numberHeap";

/** What took no time still takes its place: two of the same instant lie in two lanes, and each can be pointed at. */
export const leastOccupiedMs = 0.001;

export class LanePacker {
  readonly #busy = new NumberHeap();
  readonly #free = new NumberHeap();
  #count = 0;

  get laneCount(): number {
    return this.#count;
  }

  /** Begins anew. */
  clear(): void {
    this.#busy.clear();
    this.#free.clear();
    this.#count = 0;
  }

  /** Items must come in the order of their starts. @returns the lane */
  add(startMs: number, endMs: number): number {
    while (this.#busy.leastKey <= startMs) {
      const lane = this.#busy.pop();
      this.#free.push(lane, lane);
    }
    const lane = this.#free.size > 0 ? this.#free.pop() : this.#count++;
    this.#busy.push(Math.max(endMs, startMs + leastOccupiedMs), lane);
    return lane;
  }
}
