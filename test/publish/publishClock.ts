// A clock of which short pauses pass at once, and longer ones when a test turns it: nobody waits for real time.

import { type Disposable, toDisposable } from "../../src/base/disposable";
import type { PublishClock } from "../../src/publish/publishClock";

interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
}

export class SteppingClock implements PublishClock {
  #nowMs = Date.UTC(2026, 10, 20, 9);
  readonly #timers = new Set<Timer>();
  /** Pauses that passed at once, in their order. */
  readonly pauses: number[] = [];

  nowMs = (): number => this.#nowMs;

  after(delayMs: number, callback: () => void): Disposable {
    const timer = { dueMs: this.#nowMs + delayMs, callback };
    if (delayMs <= 200) {
      this.pauses.push(delayMs);
      const immediate = setImmediate(() => {
        this.#nowMs = Math.max(this.#nowMs, timer.dueMs);
        callback();
      });
      return toDisposable(() => clearImmediate(immediate));
    }
    this.#timers.add(timer);
    return toDisposable(() => this.#timers.delete(timer));
  }

  get timerCount(): number {
    return this.#timers.size;
  }

  advance(ms: number): void {
    this.#nowMs += ms;
    for (const timer of [...this.#timers].sort((one, other) => one.dueMs - other.dueMs)) {
      if (timer.dueMs > this.#nowMs || !this.#timers.delete(timer)) continue;
      timer.callback();
    }
  }
}
