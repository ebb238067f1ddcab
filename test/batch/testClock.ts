// A clock that stands still until a test turns it.

import { type Disposable, toDisposable } from "../../src/base/disposable";
import type { BatchClock } from "../../src/batch/batchClock";

interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
}

export class TestClock implements BatchClock {
  #nowMs = Date.UTC(2026, 0, 1);
  readonly #timers = new Set<Timer>();

  nowMs = (): number => this.#nowMs;

  after(delayMs: number, callback: () => void): Disposable {
    const timer = { dueMs: this.#nowMs + delayMs, callback };
    this.#timers.add(timer);
    return toDisposable(() => this.#timers.delete(timer));
  }

  get timerCount(): number {
    return this.#timers.size;
  }

  /** Due in ms from now, undefined where nobody waits. */
  get nextInMs(): number | undefined {
    const due = [...this.#timers].map(({ dueMs }) => dueMs - this.#nowMs);
    return due.length === 0 ? undefined : Math.max(0, Math.min(...due));
  }

  /** Calls what is due on the way, in order. */
  advance(ms: number): void {
    const end = this.#nowMs + ms;
    for (;;) {
      const next = [...this.#timers].sort((a, b) => a.dueMs - b.dueMs)[0];
      if (next === undefined || next.dueMs > end) break;
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      this.#timers.delete(next);
      next.callback();
    }
    this.#nowMs = end;
  }
}
