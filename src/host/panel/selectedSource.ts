// "Go to Source" for what is selected in a panel: the place that the selected line of the output names, else the step's.

import type { StepSource } from "../../reader/readerProtocol";
import type { PanelConnection } from "./panelConnection";

/** Undefined where nothing is selected. */
export async function selectedSource({
  model,
  selected,
}: Pick<PanelConnection, "model" | "selected">): Promise<StepSource | undefined> {
  return selected && model.call("source", selected);
}
