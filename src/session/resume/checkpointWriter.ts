// The handler of the bus that writes checkpoints: after each step what is new of the run's record goes into the journal,
// with the end of the step's span in one append, and the next step waits until it is there. When the run is over its
// record is dropped.

import { type Disposable, DisposableStore } from "../../base/disposable";
import { jsonOfAttributes, quoted } from "../../recorder/safeJson";
import type { SessionRecorder } from "../../recorder/sessionRecorder";
import { objectJson, roundMs } from "../../recorder/spanJson";
import { withLimit } from "../../recorder/withLimit";
import { checkpointEvent } from "../../trace/runAttributes";
import type { PlaybookScope, RunBus } from "../steps/runEvent";
import { checkpointAttributes, type RunState } from "./checkpoint";

/** So long a step waits for a disk that takes nothing at once; then the run goes on, and its trace says so. */
const mostWaitMs = 10_000;

export interface CheckpointTarget {
  readonly recorder: SessionRecorder;
  readonly rootSpanId: string;
}

/**
 * Arms nothing: as long as the run is not armed there is nothing to write. To be called after the recorder of spans has
 * subscribed, so that a checkpoint follows what it speaks of.
 */
export function writeCheckpoints(bus: RunBus, scope: PlaybookScope, target: CheckpointTarget): Disposable {
  const { recorder, rootSpanId } = target;
  let number = 0;
  let stored: Promise<void> = Promise.resolve();

  const write = (state: RunState): void | Promise<void> => {
    const checkpoint = { number: ++number, state };
    const json = objectJson({
      name: quoted(checkpointEvent),
      timeMs: roundMs(recorder.nowMs()),
      attributes: jsonOfAttributes(checkpointAttributes(checkpoint)),
    });
    recorder.event(rootSpanId, json);
    recorder.appendNow();
    if (recorder.health.state === "ok") return;
    return withLimit(mostWaitMs, () => recorder.sync());
  };

  const types = ["runStarted", "stepFinished", "runFinished"] as const;
  const isOurs = (runId: string, isReplayed: boolean) => runId === scope.ref.runId && !isReplayed;
  const store = new DisposableStore();
  store.add(
    bus.on("checkpoints", types, ({ event, scope: where, isReplayed }) => {
      if (!isOurs(where.runId, isReplayed)) return;
      stored = scope.storeCheckpoint(write, { isFinal: event.type === "runFinished" });
      // Whoever waits below is told.
      stored.catch(() => undefined);
    }),
  );
  store.add(
    bus.onAsync("checkpoints", types, async ({ scope: where, isReplayed }) => {
      if (isOurs(where.runId, isReplayed)) await stored;
    }),
  );
  return store;
}
