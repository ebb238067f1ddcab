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
}

/** @returns undefined where somebody else holds it, or may hold it */
export function* acquireLock(
  directory: string,
  identity: WriterIdentity,
  nowMs: number,
  probe: (holder: WriterIdentity) => Liveness,
): Io<RecoveryLock | undefined> {
  const path = join(directory, lockName);
  const lock = { path, instance: identity.instance };
  for (let attempt = 1; attempt <= 2; attempt++) {
    try {
      yield* writeNew(path, encodeLiveMarker(identity), false);
      return lock;
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error;
    }
    if (!(yield* removeStale(lock, nowMs, probe))) return undefined;
  }
  return undefined;
}

export function* releaseLock({ path, instance }: RecoveryLock): Io<void> {
  const bytes = yield* readWhole(path);
  if (bytes && parseLiveMarker(bytes).instance === instance) yield* unlinkQuietly(path);
}

/** @returns true where the way is free for another attempt */
function* removeStale(
  { path, instance }: RecoveryLock,
  nowMs: number,
  probe: (holder: WriterIdentity) => Liveness,
): Io<boolean> {
  const before = yield* readWhole(path);
  if (!before) return true;
  const holder = parseLiveMarker(before);
  if (holder.instance === "") {
    const { mtimeMs } = yield* io.stat(path);
    if (nowMs - mtimeMs < tornAfterMs) return false;
  } else if (probe(holder) !== "gone") {
    return false;
  }
  // Taken away under another name first: what somebody else has just put there is not removed unseen.
  const aside = `${path}.${instance}`;
  try {
    yield* io.rename(path, aside);
  } catch (error) {
    if (isMissing(error)) return true;
    throw error;
  }
  const taken = yield* readWhole(aside);
  if (taken && parseLiveMarker(taken).instance !== holder.instance) {
    yield* io.rename(aside, path);
    return false;
  }
  yield* unlinkQuietly(aside);
  return true;
}
