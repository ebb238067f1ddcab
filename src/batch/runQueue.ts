// Runs that wait for their next attempt, by the time from which it may begin and then by index: a heap, so that 100,000
// of them cost little.

interface Waiting {
  readonly readyAtMs: number;
  readonly index: number;
}

export class RunQueue {
  readonly #heap: Waiting[] = [];

  get length(): number {
    return this.#heap.length;
  }

  /** When the next one may begin; undefined for an empty queue. */
  get nextReadyAtMs(): number | undefined {
    return this.#heap[0]?.readyAtMs;
  }

  add(index: number, readyAtMs: number): void {
    const heap = this.#heap;
    const added = { readyAtMs, index };
    let at = heap.length;
    heap.push(added);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || !isBefore(added, parent)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = added;
  }

  /** Index of the next one, which is taken out. */
  take(): number | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined) return undefined;
    if (heap.length > 0) this.#sink(last);
    return first.index;
  }

  clear(): void {
    this.#heap.length = 0;
  }

  #sink(moved: Waiting): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      const right = heap[below + 1];
      let child = heap[below];
      if (child !== undefined && right !== undefined && isBefore(right, child)) {
        child = right;
        below++;
      }
      if (child === undefined || !isBefore(child, moved)) break;
      heap[at] = child;
      at = below;
    }
    heap[at] = moved;
  }
}

function isBefore(one: Waiting, other: Waiting): boolean {
  return one.readyAtMs < other.readyAtMs || (one.readyAtMs === other.readyAtMs && one.index < other.index);
}
