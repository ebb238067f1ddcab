// One recovery a directory: `.recover.lock` is created exclusively and names its holder. Recovering is safe without it;
// the lock only spares the work of doing it twice. That of a holder who is gone is taken over.

import { join } from "node:path";
import { errorCode } from "../base/errorCode";
import type { Liveness, WriterIdentity } from "../trace/evidence";
import { encodeLiveMarker, parseLiveMarker } from "../trace/marker";
import { isMissing, readWhole, unlinkQuietly, writeNew } from "./fileTasks";
import { type Io, io } from "./recorderFs";

export const lockName = ".recover.lock";

/** A lock without content is that of somebody who died while making it, once it is so old. */
const tornAfterMs = 60_000;

export interface RecoveryLock {
  readonly path: string;
  readonly instance: string;
  /** Holders who were gone and whose lock this one took over. */
  readonly takenFrom: readonly string[];
}

/** @returns undefined where somebody else holds it, or may hold it */
export function* acquireLock(
  directory: string,
  identity: WriterIdentity,
  nowMs: number,
  probe: (holder: WriterIdentity) => Liveness,
): Io<RecoveryLock | undefined> {
  const path = join(directory, lockName);
  const takenFrom: string[] = [];
  const lock = { path, instance: identity.instance, takenFrom };
  for (let attempt = 1; attempt <= 2; attempt++) {
    try {
      yield* writeNew(path, encodeLiveMarker(identity), false);
      return lock;
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error;
    }
    const removed = yield* removeStale(lock, nowMs, probe);
    if (removed === undefined) return undefined;
    if (removed !== "") takenFrom.push(removed);
  }
  return undefined;
}

export function* releaseLock({ path, instance }: RecoveryLock): Io<void> {
  const bytes = yield* readWhole(path);
  if (bytes && parseLiveMarker(bytes).instance === instance) yield* unlinkQuietly(path);
}

/** Removes what a recovery left that was stopped while it took a lock over. */
export function* sweepLocks(
  directory: string,
  names: readonly string[],
  probe: (holder: WriterIdentity) => Liveness,
): Io<void> {
  for (const name of names) {
    if (!name.startsWith(`${lockName}.`)) continue;
    const bytes = yield* readWhole(join(directory, name));
    const holder = bytes && parseLiveMarker(bytes);
    if (holder?.instance && probe(holder) === "gone") yield* unlinkQuietly(join(directory, name));
  }
}

/** @returns the instance of the holder whose lock is removed, "" where nobody knows it; undefined where it stays */
function* removeStale(
  { path, instance }: RecoveryLock,
  nowMs: number,
  probe: (holder: WriterIdentity) => Liveness,
): Io<string | undefined> {
  const before = yield* readWhole(path);
  if (!before) return "";
  const holder = parseLiveMarker(before);
  if (holder.instance === "") {
    const { mtimeMs } = yield* io.stat(path);
    if (nowMs - mtimeMs < tornAfterMs) return undefined;
  } else if (probe(holder) !== "gone") {
    return undefined;
  }
  // Taken away under another name first: what somebody else has just put there is not removed unseen.
  const aside = `${path}.${instance}`;
  try {
    yield* io.rename(path, aside);
  } catch (error) {
    if (isMissing(error)) return "";
    throw error;
  }
  const taken = yield* readWhole(aside);
  if (taken && parseLiveMarker(taken).instance !== holder.instance) {
    yield* io.rename(aside, path);
    return undefined;
  }
  yield* unlinkQuietly(aside);
  return holder.instance;
}
