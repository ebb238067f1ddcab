// The batches of a trace directory as the command line reads them: each whole, from its log.

import { join } from "node:path";
import { readLog } from "../../batch/batchLog";
import { type BatchOwner, readOwner } from "../../batch/ownerFile";
import { listBatches } from "../../batch/unfinishedBatches";
import { makeProbeLiveness } from "../../recorder/liveness";
import { nodeFs } from "../../recorder/recorderFs";
import { batchFileNames, batchFolder, parseBatchLogName } from "../../trace/batch/batchIds";
import type { BatchState } from "../../trace/batch/batchState";
import type { Problem } from "../../trace/problem";
import { requireDirectory } from "../listSessions";

export interface FoundBatch {
  readonly id: string;
  /** Path of its log. */
  readonly file: string;
  readonly state: BatchState;
  readonly problems: readonly Problem[];
  /** Who works on it, as far as somebody does. */
  readonly owner: BatchOwner | undefined;
  readonly runner: "alive" | "gone" | "unknown";
}

const mostNamed = 5;

/** Ids of all batches. @throws an error in words where the directory can't be read */
export async function batchIdsIn(directory: string): Promise<readonly string[]> {
  await requireDirectory(directory);
  return await listBatches(nodeFs, join(directory, batchFolder));
}

/**
 * @param argument an id, the beginning of one with or without `batch_`, or the path of a log
 * @throws an error in words where there is no such batch, or more than one
 */
export async function findBatch(argument: string, directory: string): Promise<{ directory: string; id: string }> {
  const path = /^(.*[/\\])?batches[/\\]([^/\\]+\.batch\.ndjson)$/.exec(argument);
  const ofPath = path && parseBatchLogName(path[2] ?? "");
  if (path !== null && ofPath) return { directory: path[1] ?? ".", id: ofPath };
  const ids = await batchIdsIn(directory);
  const found = ids.filter((id) => id === argument);
  const begun = ids.filter((id) => id.startsWith(argument) || id.startsWith(`batch_${argument}`));
  const [only, ...others] = found.length > 0 ? found : begun;
  if (only === undefined) throw new Error(`There is no batch "${argument}" in ${directory}`);
  if (others.length === 0) return { directory, id: only };
  const named = [only, ...others].slice(0, mostNamed).join(", ");
  const more = others.length >= mostNamed ? ` and ${others.length + 1 - mostNamed} more` : "";
  throw new Error(`"${argument}" is the beginning of ${others.length + 1} batches: ${named}${more}`);
}

/** Undefined where its log is gone. */
export async function readBatch(directory: string, id: string): Promise<FoundBatch | undefined> {
  const folder = join(directory, batchFolder);
  const file = join(folder, batchFileNames.log(id));
  const reader = await readLog(nodeFs, file);
  if (reader === undefined) return undefined;
  const { state, problems } = reader.result();
  const owner = await readOwner(join(folder, batchFileNames.owner(id)));
  const runner = owner === undefined ? "gone" : makeProbeLiveness()(owner);
  return { id, file, state, problems, owner, runner };
}
