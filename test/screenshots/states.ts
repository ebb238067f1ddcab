// All states of which screenshots are taken: `npm run screenshots` draws each in each of its themes and sizes, from the real
// VS Code with the packaged extension on the sample workspace.
import { batchStates } from "./batchStates";
import { collectorStates } from "./collectorStates";
import { detailsStates } from "./detailsStates";
import { outputStates } from "./outputStates";
import { panelStates } from "./panelStates";
import { playbookStates } from "./playbookStates";
import { searchStates } from "./searchStates";
import type { State } from "./state";
import { timelineStates } from "./timelineStates";

export const states: readonly State[] = [
  ...panelStates,
  ...outputStates,
  ...timelineStates,
  ...searchStates,
  ...detailsStates,
  ...playbookStates,
  ...collectorStates,
  ...batchStates,
];
