// What the end of a batch has to know of its events, so that they need not be read again for it.

import type { CrewTree } from "../importers/crewaiSteps";

export interface CrewFacts {
  /** Without its steps. */
  readonly tree: CrewTree;
  readonly received: number;
}

export function factsOf({ run, lastMs }: CrewTree, received: number): CrewFacts {
  return { tree: { run: run && { ...run, parent: undefined }, lastMs, steps: [] }, received };
}
