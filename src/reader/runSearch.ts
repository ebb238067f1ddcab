// Runs searches in short slices, between which the thread serves everybody else and a search can be given up. What is
// found in a trace is told in parts: the first at once, the others at a rate that a panel can draw.

import { setImmediate } from "node:timers/promises";
import type { SearchPart } from "../protocol/searchMessages";
import type { TraceSearch } from "./searchTrace";

const sliceMs = 10;
/** From one part to the next. */
const partMs = 100;

/**
 * Rejects with the signal's reason when aborted.
 * @param onPause called at the end of every slice
 */
export async function runInSlices<Result>(
  steps: Generator<undefined, Result>,
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

/** Rejects with the signal's reason when aborted. */
export async function runSearch(
  search: TraceSearch,
  tell: (part: SearchPart) => void,
  signal: AbortSignal,
): Promise<void> {
  let toldMs = Number.NEGATIVE_INFINITY;
  let hasTold = false;
  const tellAll = () => {
    hasTold ||= search.hasNews;
    toldMs = performance.now();
    do tell(search.takePart());
    while (search.hasNews);
  };
  await runInSlices(search.run(), signal, () => {
    if (performance.now() - toldMs >= partMs || (!hasTold && search.hasNews)) tellAll();
  });
  tellAll();
}
