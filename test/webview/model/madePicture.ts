// A picture of columns, without the messages that bring them.

import type { SpanColumns } from "../../../src/trace/spanColumns";
import { LiveTrace } from "../../../webview/model/liveTrace";
import { SpanForest } from "../../../webview/model/spanForest";
import type { TraceModel, TraceTimes } from "../../../webview/model/traceModel";

export interface MadePicture {
  readonly live: LiveTrace;
  readonly model: TraceModel;
  readonly times: TraceTimes;
}

/** @param openEndMs where open rows end: now, where the session runs */
export function madePicture(columns: SpanColumns, openEndMs?: number, isLive = false): MadePicture {
  const forest = new SpanForest(columns, columns.count);
  forest.linkRange(0, columns.count);
  const live = finished(LiveTrace.build(columns, forest, finished(LiveTrace.order(forest)), openEndMs));
  return { live, model: live.model(columns), times: live.times(openEndMs, isLive) };
}

/** Runs work to its end. */
export function finished<Result>(steps: Generator<void, Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
