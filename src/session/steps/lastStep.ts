// The root says which step was begun last and whether that is over: so a list, which reads no further than the root, knows
// at which step a run was killed.

import type { Disposable } from "../../base/disposable";
import { jsonOfAttributes } from "../../recorder/safeJson";
import type { SessionRecorder } from "../../recorder/sessionRecorder";
import { lastStepAttribute } from "../../trace/runAttributes";
import type { RunBus } from "./runEvent";

/** To be called after the recorder of spans has subscribed, and before checkpoints are written: these append what there is. */
export function recordLastStep(
  bus: RunBus,
  recorder: Pick<SessionRecorder, "attributes">,
  rootSpanId: string,
): Disposable {
  return bus.on("last step", ["stepStarted", "stepFinished"], ({ event, isReplayed }) => {
    const isOver = event.type === "stepFinished";
    const { path, id, index } = isOver ? event.result.step : event.step;
    // Steps of a playbook within it belong to one of these.
    if (isReplayed || path !== id) return;
    const json = jsonOfAttributes({ [lastStepAttribute]: { id, index, isOver } });
    if (json !== undefined) recorder.attributes(rootSpanId, json);
  });
}
