// The time by which batches live: pauses between attempts, delays, and how long one may stay unsealed. Tests turn it.

import { type Disposable, toDisposable } from "../base/disposable";

export interface BatchClock {
  /** In ms since 1970. */
  nowMs(): number;
  /** Calls back once, not before `delayMs` have passed; the process stays alive for it. */
  after(delayMs: number, callback: () => void): Disposable;
}

/** Node's timers take no longer pauses. */
const longestTimerMs = 2 ** 31 - 1;

export const systemClock: BatchClock = {
  nowMs: () => Date.now(),
  after(delayMs, callback) {
    const dueMs = performance.now() + delayMs;
    let timer: NodeJS.Timeout;
    const wait = () => {
      const leftMs = dueMs - performance.now();
      if (leftMs > longestTimerMs) timer = setTimeout(wait, longestTimerMs);
      else timer = setTimeout(callback, Math.max(0, leftMs));
    };
    wait();
    return toDisposable(() => clearTimeout(timer));
  },
};
