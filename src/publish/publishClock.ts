// The time of publishing, handed in so that tests need not wait for it.

import { type Disposable, toDisposable } from "../base/disposable";

export interface PublishClock {
  /** Since the epoch. */
  nowMs(): number;
  /** Calls once, unless it is disposed of before. */
  after(delayMs: number, callback: () => void): Disposable;
}

export const systemClock: PublishClock = {
  nowMs: () => Date.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return toDisposable(() => clearTimeout(timer));
  },
};

export function pause(clock: PublishClock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.after(ms, resolve));
}

/** What the work resolves with, or `late` where it takes longer; rejects as it does within the limit. The work goes on. */
export async function within<T, L>(clock: PublishClock, ms: number, work: Promise<T>, late: L): Promise<T | L> {
  let end: (value: L) => void = () => {};
  const limit = new Promise<L>((resolve) => {
    end = resolve;
  });
  const timer = clock.after(ms, () => end(late));
  try {
    return await Promise.race([work, limit]);
  } finally {
    timer.dispose();
  }
}
