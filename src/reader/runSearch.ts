// Runs a search in turns with everything else, and tells what it finds in parts: the first at once, the others at a rate
// that a panel can draw.

import type { SearchPart } from "../protocol/searchMessages";
import { inTurns } from "./inTurns";
import type { TraceSearch } from "./searchTrace";

/** From one part to the next. */
const partMs = 100;

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
  await inTurns(search.run(), signal, () => {
    if (performance.now() - toldMs >= partMs || (!hasTold && search.hasNews)) tellAll();
  });
  tellAll();
}
