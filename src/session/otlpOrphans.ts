// Spans whose parents have not come yet: a span is sent when it ends, so that a step comes after all that it did. Bounded:
// by the number of parents that are waited for and of spans that wait; those that waited longest for news are given up.

import type { SharedBytes } from "./sharedBytes";

export interface Orphans {
  /** Ids under which the children are recorded. */
  readonly spanIds: readonly string[];
  /** One of them, or one below, reports the usage of a model. */
  readonly reportUsage: boolean;
}

const mostParents = 4_096;
/** Each becomes one late record when its parent comes; a fold places 100,000 of them fast. */
const mostOrphans = 65_536;
/** So many a session may have whatever others have. */
const fewOrphans = 1_024;
/** About, with its part of the parent's entry. */
const bytesOfOrphan = 128;

export class OtlpOrphans {
  readonly #mostParents: number;
  readonly #mostOrphans: number;
  readonly #memory: SharedBytes;
  readonly #onGivenUp: (count: number) => void;
  /** By trace and span id of the parent, the one that was asked for longest ago first. */
  readonly #waiting = new Map<string, { spanIds: string[]; reportUsage: boolean }>();
  #count = 0;

  /** @param memory shared with other sessions */
  constructor(
    memory: SharedBytes,
    onGivenUp: (count: number) => void,
    limits = { parents: mostParents, orphans: mostOrphans },
  ) {
    this.#memory = memory;
    this.#onGivenUp = onGivenUp;
    this.#mostParents = limits.parents;
    this.#mostOrphans = limits.orphans;
  }

  add(traceId: string, parentSpanId: string, spanId: string, reportsUsage: boolean): void {
    const key = traceId + parentSpanId;
    const entry = this.#waiting.get(key) ?? { spanIds: [], reportUsage: false };
    this.#waiting.delete(key);
    this.#waiting.set(key, entry);
    entry.spanIds.push(spanId);
    entry.reportUsage ||= reportsUsage;
    this.#count++;
    this.#memory.take(bytesOfOrphan);
    while (this.#waiting.size > this.#mostParents || this.#count > this.#mostOrphans || this.#isMemoryShort) {
      this.#giveUpOldest();
    }
  }

  /** What waits for this span, without taking it. */
  peek(traceId: string, spanId: string): Orphans | undefined {
    return this.#waiting.get(traceId + spanId);
  }

  take(traceId: string, spanId: string): Orphans | undefined {
    const entry = this.#waiting.get(traceId + spanId);
    if (entry === undefined) return undefined;
    this.#waiting.delete(traceId + spanId);
    this.#left(entry.spanIds.length);
    return entry;
  }

  /** Gives all of its memory back. */
  dispose(): void {
    this.#waiting.clear();
    this.#left(this.#count);
  }

  /** Other sessions have the most of it. What a session can always have is little. */
  get #isMemoryShort(): boolean {
    return this.#memory.isShort && this.#count > fewOrphans;
  }

  #left(count: number): void {
    this.#count -= count;
    this.#memory.release(count * bytesOfOrphan);
  }

  #giveUpOldest(): void {
    for (const [key, { spanIds }] of this.#waiting) {
      this.#waiting.delete(key);
      this.#left(spanIds.length);
      this.#onGivenUp(spanIds.length);
      return;
    }
  }
}
