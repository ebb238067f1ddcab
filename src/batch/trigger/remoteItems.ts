// The items of a batch as they are handed on, and how the runs that come of them are known again: by a tag, or, where an
// earlier run was used in the place of a new one, by their task and order.

import type { BatchState } from "../../trace/batch/batchState";
import type { BatchStore } from "../batchStore";
import { storedType } from "../itemPayloads";
import { runItemOf } from "../runItem";
import type { RemoteRun } from "./triggerAnswers";
import type { TriggerApi } from "./triggerApi";

/** As its SDK does. */
const uploadFromBytes = 128 * 1024;
/** Of a run. */
const mostTags = 10;
const tagPrefix = "tracekeeper-item-";

/** Indexes of the items that can be handed on, in order: their place in it is their index there. */
export function handedIndexes(state: BatchState): number[] {
  const indexes: number[] = [];
  for (let index = 0; index < state.runCount; index++) {
    const run = state.run(index);
    if (run !== undefined && run.state !== "absent" && run.problem === undefined) indexes.push(index);
  }
  return indexes;
}

/** Lines of the second phase. */
export async function* remoteLines(
  state: BatchState,
  indexes: readonly number[],
  parts: { readonly store: BatchStore; readonly api: TriggerApi; readonly nowMs: () => number },
  signal: AbortSignal,
): AsyncGenerator<string> {
  for (const [remoteIndex, index] of indexes.entries()) {
    const item = runItemOf(state, index, parts.store);
    const bytes = await item.payload();
    const type = item.payloadType ?? "application/json";
    const isLarge = bytes !== undefined && bytes.length >= uploadFromBytes;
    const payload = isLarge
      ? await parts.api.upload(`tracekeeper/${item.runId}/payload`, type, bytes, signal)
      : bytes && new TextDecoder().decode(bytes);
    const { maxAttempts, tags = [], delayMs } = item.options;
    const attempts = maxAttempts ?? state.created?.settings.maxAttempts;
    const idempotencyKey = state.run(index)?.idempotencyKey;
    yield JSON.stringify({
      index: remoteIndex,
      task: item.task,
      payload,
      options: {
        payloadType: isLarge ? storedType : type,
        payloadSize: bytes?.length,
        idempotencyKey,
        maxAttempts: attempts,
        delay: delayMs === undefined ? undefined : new Date(parts.nowMs() + delayMs).toISOString(),
        tags: [...tags.slice(0, mostTags - 1), `${tagPrefix}${index}`],
      },
    });
  }
}

/** By the id of a run the index of our item. */
export function knownRuns(
  state: BatchState,
  indexes: readonly number[],
  runs: readonly RemoteRun[],
): Map<string, number> {
  const known = new Map<string, number>();
  const open = new Set(indexes);
  const take = (run: RemoteRun, index: number) => {
    known.set(run.id, index);
    open.delete(index);
  };
  const byId = new Map(runs.map((run) => [run.id, run]));
  for (const index of indexes) {
    // What the log says of a run that it has is what counts.
    const run = byId.get(state.run(index)?.runId ?? "");
    if (run !== undefined) take(run, index);
  }
  const rest: RemoteRun[] = [];
  for (const run of runs) {
    if (known.has(run.id)) continue;
    const index = indexOfTags(run.tags);
    if (index !== undefined && open.has(index)) take(run, index);
    else rest.push(run);
  }
  rest.sort((one, other) => (one.createdAt < other.createdAt ? -1 : 1));
  for (const run of rest) {
    const index = [...open].find((each) => state.run(each)?.task === run.taskIdentifier);
    if (index !== undefined) take(run, index);
  }
  return known;
}

function indexOfTags(tags: readonly string[]): number | undefined {
  const tag = tags.find((each) => each.startsWith(tagPrefix));
  const index = Number(tag?.slice(tagPrefix.length) || Number.NaN);
  return Number.isSafeInteger(index) ? index : undefined;
}
