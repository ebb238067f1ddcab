// An item in the log as the runner gets it.

import type { BatchState } from "../trace/batch/batchState";
import type { BatchStore } from "./batchStore";
import { ItemRefused, type RunItem } from "./runner";

export function runItemOf(state: BatchState, index: number, store: BatchStore): RunItem {
  const run = state.run(index);
  const { id } = state;
  const place = run?.place;
  return {
    batchId: id,
    batchName: state.name,
    parentSession: state.created?.parentSession,
    index,
    runCount: state.runCount,
    runId: state.runIdAt(index),
    task: run?.task ?? "",
    payloadBytes: place?.length,
    payloadType: run?.payloadType,
    options: run?.options ?? {},
    payload: async () => {
      if (place === undefined) return undefined;
      const bytes = await store.payload(id, place);
      if (bytes !== undefined) return bytes;
      throw new ItemRefused("PAYLOAD_DAMAGED", `The payload of item ${index + 1} is no longer what came`);
    },
  };
}
