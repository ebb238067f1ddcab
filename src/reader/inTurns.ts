// Does work in slices, between which the thread serves everybody else.

import { setImmediate } from "node:timers/promises";
import type { Steps } from "../base/steps";

/** Short enough that nobody who clicks meanwhile notices. */
export const sliceMs = 10;

/**
 * Rejects with the signal's reason when aborted.
 * @param onPause called at the end of every slice
 */
export async function inTurns<Result>(
  steps: Steps<Result>,
  signal: AbortSignal,
  onPause: () => void = () => {},
): Promise<Result> {
  for (;;) {
    signal.throwIfAborted();
    const untilMs = performance.now() + sliceMs;
    do {
      const step = steps.next();
      if (step.done === true) return step.value;
    } while (performance.now() < untilMs);
    onPause();
    await setImmediate();
  }
}
