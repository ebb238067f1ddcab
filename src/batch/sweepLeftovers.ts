// Removes what processes that were killed have left beside the batches: logs of which nothing was ever written, and files that
// were to become those of an owner. Nothing that anybody may still need is touched: what is young, or of a process that lives.

import { readdir, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { isMissing } from "../recorder/fileTasks";
import type { RecorderFs } from "../recorder/recorderFs";
import { batchFileNames, parseBatchLogName } from "../trace/batch/batchIds";
import { readLog } from "./batchLog";
import { giveBackOwnership, type OwnIdentity, readOwner, takeOwnership } from "./ownerFile";

/** Whoever makes a batch is done with it long before. */
const youngMs = 60_000;
/** A log of one record is longer than that of none with a torn line may be. */
const mostBytes = 4_096;

export interface SweepContext {
  readonly fs: RecorderFs;
  /** Absolute path of `D/batches`. */
  readonly folder: string;
  own(): OwnIdentity;
}

/** Names of what was removed. Rejects with the system's error where the folder can't be listed. */
export async function sweepLeftovers(context: SweepContext): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const name of await namesIn(context.folder)) {
    try {
      const id = parseBatchLogName(name);
      const isRemoved = id === undefined ? await removeOwner(name, context) : await removeEmptyLog(id, context);
      if (isRemoved) removed.push(name);
    } catch {
      // Another process has it, or it can't be removed: it stays for the next time.
    }
  }
  return removed;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** `B.owner.<instance>`, which is there for an instant while its process takes a batch. */
async function removeOwner(name: string, { folder, own }: SweepContext): Promise<boolean> {
  if (!/\.owner\.[^.]+$/.test(name)) return false;
  const path = join(folder, name);
  if (!(await isOld(path))) return false;
  const owner = await readOwner(path);
  if (owner !== undefined && own().probe(owner) !== "gone") return false;
  await unlink(path);
  return true;
}

async function removeEmptyLog(id: string, { fs, folder, own }: SweepContext): Promise<boolean> {
  const path = join(folder, batchFileNames.log(id));
  const isEmpty = async () => {
    const { sizeBytes } = await fs.async.stat(path);
    return sizeBytes <= mostBytes && (await readLog(fs, path))?.lastSeq === -1;
  };
  if (!(await isOld(path)) || !(await isEmpty())) return false;
  const owner = join(folder, batchFileNames.owner(id));
  await takeOwnership(owner, own());
  try {
    // Whoever had it a moment ago may have made the batch.
    if (!(await isEmpty())) return false;
    await fs.async.unlink(path);
    return true;
  } finally {
    await giveBackOwnership(owner, own().identity);
  }
}

async function isOld(path: string): Promise<boolean> {
  return Date.now() - (await stat(path)).mtimeMs > youngMs;
}
