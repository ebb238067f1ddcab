// Replaces `S.json` as a whole or not at all: a temporary file in the same directory, synced, renamed onto it, and the
// directory synced. Whoever reads sees the old trace or the new one; on failure the temporary file is removed.

import { dirname, join } from "node:path";
import { errorCode } from "../base/errorCode";
import { traceFileNames } from "../trace/safeId";
import { closeQuietly, mayExist, syncDirectoryOf, unlinkQuietly, writeAll } from "./fileTasks";
import { type Io, io } from "./recorderFs";
import { readSnapshotWriter } from "./snapshotTail";

/** Writes the trace's text piece by piece; false where it has nothing to write. */
export type SnapshotBody = (sink: (bytes: Uint8Array) => Io<void>) => Io<boolean>;

export interface SnapshotTarget {
  readonly path: string;
  readonly safeId: string;
  readonly instance: string;
  readonly incarnation: number;
  readonly isSynced: boolean;
  /** Asked just before the rename; false keeps the file as it is. */
  mayReplace(): boolean;
}

let lastTempMs = 0;

/** A name that no other temporary file of this process has. */
export function tempPathFor(path: string, safeId: string, instance: string): string {
  lastTempMs = Math.max(Date.now(), lastTempMs + 1);
  return join(dirname(path), traceFileNames.temp(safeId, lastTempMs, process.pid, instance));
}

/**
 * @returns false where the body had nothing to write or a newer incarnation owns the file; throws the system's error
 */
export function* replaceSnapshot(target: SnapshotTarget, body: SnapshotBody): Io<boolean> {
  const { path, safeId, instance } = target;
  for (let attempt = 1; ; attempt++) {
    const tempPath = tempPathFor(path, safeId, instance);
    if (!(yield* writeTemp(tempPath, body, target.isSynced))) return false;
    try {
      if (!target.mayReplace() || (yield* isSuperseded(target))) {
        yield* unlinkQuietly(tempPath);
        return false;
      }
      yield* io.rename(tempPath, path);
    } catch (error) {
      yield* unlinkQuietly(tempPath);
      // Somebody who took the temporary file for an abandoned one has removed it.
      if (errorCode(error) === "ENOENT" && attempt < 3) continue;
      throw error;
    }
    if (target.isSynced) yield* syncDirectoryOf(path);
    return true;
  }
}

/** Leaves no file behind where it returns false or throws. */
export function* writeTemp(tempPath: string, body: SnapshotBody, isSynced: boolean): Io<boolean> {
  const fd = yield* io.open(tempPath, "create");
  let isWritten = false;
  try {
    isWritten = yield* body((bytes) => writeAll(fd, bytes));
    if (isWritten && isSynced) yield* io.syncAll(fd);
  } catch (error) {
    yield* closeQuietly(fd);
    yield* unlinkQuietly(tempPath);
    throw error;
  }
  yield* closeQuietly(fd);
  if (!isWritten) yield* unlinkQuietly(tempPath);
  return isWritten;
}

/** True where a newer incarnation has begun, or has ended and left `S.json` as its own. */
export function* isSuperseded({ path, safeId, incarnation }: SnapshotTarget): Io<boolean> {
  if (yield* mayExist(join(dirname(path), traceFileNames.journal(safeId, incarnation + 1)))) return true;
  const writer = yield* readSnapshotWriter(path);
  return writer !== undefined && writer.incarnation > incarnation;
}

/** The same, and false where it can't be found out. */
export function* isSurelySuperseded(target: SnapshotTarget): Io<boolean> {
  const { path, safeId, incarnation } = target;
  try {
    yield* io.stat(join(dirname(path), traceFileNames.journal(safeId, incarnation + 1)));
    return true;
  } catch {
    // As a rule there is none.
  }
  try {
    return ((yield* readSnapshotWriter(path))?.incarnation ?? 0) > incarnation;
  } catch {
    return false;
  }
}
