// Runs a search in short slices, between which the thread serves everybody else and the search can be given up. What is
// found is told in parts: the first at once, the others at a rate that a panel can draw.

import { setImmediate } from "node:timers/promises";
import type { SearchPart } from "../protocol/searchMessages";
import type { TraceSearch } from "./searchTrace";

const sliceMs = 10;
/** From one part to the next. */
const partMs = 100;

/** Rejects with the signal's reason when aborted. */
export async function runSearch(
  search: TraceSearch,
  tell: (part: SearchPart) => void,
  signal: AbortSignal,
  now: () => number = () => performance.now(),
): Promise<void> {
  const steps = search.run();
  let toldMs = Number.NEGATIVE_INFINITY;
  let hasTold = false;
  for (;;) {
    signal.throwIfAborted();
    const untilMs = now() + sliceMs;
    let isDone = false;
    while (!isDone && now() < untilMs) isDone = steps.next().done === true;
    const isDue = now() - toldMs >= partMs || (!hasTold && search.hasNews);
    if (isDone || isDue) {
      hasTold ||= search.hasNews;
      toldMs = now();
      do tell(search.takePart());
      while (search.hasNews);
    }
    if (isDone) return;
    await setImmediate();
  }
}
