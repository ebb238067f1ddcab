// Which batches of a directory have not ended, told from the ends of their logs: one that ended long ago costs one small
// read, however long its log is.

import { join } from "node:path";
import { closeQuietly, isMissing, readFully } from "../recorder/fileTasks";
import { type Io, io, type RecorderFs, runAsync } from "../recorder/recorderFs";
import { batchFileNames, parseBatchLogName } from "../trace/batch/batchIds";
import { BatchLogReader } from "../trace/batch/readBatchLog";

const tailBytes = 16 * 1024;

/** Safe ids of all batches, by name. */
export async function listBatches(fs: RecorderFs, folder: string): Promise<readonly string[]> {
  try {
    const names = await fs.async.list(folder);
    return names.flatMap((name) => parseBatchLogName(name) ?? []).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** True where its end does not show that nothing is left to do; also where it can't be read. */
export async function mayBeUnfinished(fs: RecorderFs, folder: string, id: string): Promise<boolean> {
  const path = join(folder, batchFileNames.log(id));
  const bytes = await runAsync(fs, readTail(path)).catch(() => undefined);
  if (bytes === undefined) return true;
  const reader = new BatchLogReader(batchFileNames.log(id));
  const records = [...reader.feed(bytes), ...reader.takeTail()];
  for (const record of records.reverse()) {
    if (record.type === "completed" || record.type === "aborted") return false;
    if (record.type === "completion") return record.status !== "ABORTED";
    // Answers to streams alone follow an end.
    if (record.type !== "stream") return true;
  }
  return true;
}

function* readTail(path: string): Io<Uint8Array> {
  const fd = yield* io.open(path, "read");
  try {
    const { sizeBytes } = yield* io.statFd(fd);
    const bytes = new Uint8Array(Math.min(tailBytes, sizeBytes));
    return bytes.subarray(0, yield* readFully(fd, bytes, sizeBytes - bytes.length));
  } finally {
    yield* closeQuietly(fd);
  }
}
