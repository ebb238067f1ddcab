// Recovers every session of a directory. Cheap where there is nothing to do: the names alone tell. Sessions are recovered
// one by one, and what goes wrong with one harms no other.

import { parseTraceFileName } from "../trace/safeId";
import { type Machine, thisMachine } from "./liveness";
import { type Io, io, nodeFs, type RecorderFs, runAsync } from "./recorderFs";
import { mayNeedRecovery, type RecoveryContext, recoverOne, type SessionRecovery } from "./recoverSession";
import { ownIdentity, randomInstance, rememberingProbe } from "./recoveryIdentity";
import { acquireLock, releaseLock, sweepLocks } from "./recoveryLock";
import { isOwnTemp, sweepTemps } from "./sweepTemps";

export interface DirectoryRecoveryOptions {
  readonly fs?: RecorderFs | undefined;
  readonly machine?: Machine | undefined;
  /** See `RecoveryOptions`. */
  readonly foldUnknown?: boolean | undefined;
  /** Asked between sessions; the rest is left for another time. */
  readonly signal?: AbortSignal | undefined;
  /** Told of each session as soon as it is done. */
  readonly onSession?: ((session: SessionRecovery) => void) | undefined;
}

export interface DirectoryRecovery {
  /** Sessions that had something to look at, by safe id. */
  readonly sessions: readonly SessionRecovery[];
  /** Abandoned temporary files that were removed. */
  readonly sweptTemps: readonly string[];
  /** Somebody else recovers the directory at this moment: nothing was done. */
  readonly isLockedByOther: boolean;
}

/** @throws the system's error where the directory can't be read or the lock can't be made */
export async function recoverDirectory(
  directory: string,
  options: DirectoryRecoveryOptions = {},
): Promise<DirectoryRecovery> {
  const { fs = nodeFs, machine = thisMachine() } = options;
  return await runAsync(fs, recoverAllIn(directory, machine, options));
}

function* recoverAllIn(
  directory: string,
  machine: Machine,
  { foldUnknown = false, signal, onSession }: DirectoryRecoveryOptions,
): Io<DirectoryRecovery> {
  const names = yield* io.list(directory);
  if (!names.some((name) => mayNeedRecovery(name) || isOwnTemp(name)))
    return { sessions: [], sweptTemps: [], isLockedByOther: false };
  const instance = randomInstance();
  const probe = rememberingProbe(machine);
  const lock = yield* acquireLock(directory, ownIdentity(machine, instance), Date.now(), probe);
  if (!lock) return { sessions: [], sweptTemps: [], isLockedByOther: true };
  try {
    const context: RecoveryContext = { directory, instance, foldUnknown, probe };
    const sessions: SessionRecovery[] = [];
    for (const safeId of sessionsAmong(yield* io.list(directory))) {
      if (signal?.aborted === true) break;
      const session = yield* recoverOne(context, safeId);
      sessions.push(session);
      onSession?.(session);
    }
    // Ages are told by the clock that stamps the files, which on a network is another machine's.
    const { mtimeMs: nowMs } = yield* io.stat(lock.path);
    const left = yield* io.list(directory);
    const goneInstances = new Set(lock.takenFrom);
    const sweptTemps = yield* sweepTemps({ directory, machine, nowMs, goneInstances, probe }, left);
    yield* sweepLocks(directory, left, probe);
    return { sessions, sweptTemps, isLockedByOther: false };
  } finally {
    yield* releaseLock(lock);
  }
}

function sessionsAmong(names: readonly string[]): readonly string[] {
  const safeIds = new Set<string>();
  for (const name of names) {
    const parsed = parseTraceFileName(name);
    if (parsed.type !== "other" && mayNeedRecovery(name)) safeIds.add(parsed.safeId);
  }
  return [...safeIds].sort();
}
