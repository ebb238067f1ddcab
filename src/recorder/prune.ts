// Removes old sessions of ours with all that belongs to them. Only sessions that have ended go: one with a journal or
// `S.live`, one of another program, and one that something refers to stay, whatever their age and number.

import { join } from "node:path";
import { isOfResumeClaim, resumedFolder } from "../trace/resumeClaimNames";
import { parseTraceFileName, traceFileNames } from "../trace/safeId";
import { isMissing, mayExist } from "./fileTasks";
import { type FileFacts, type Io, io, nodeFs, type RecorderFs, runAsync } from "./recorderFs";
import { isSameFile } from "./sessionOnDisk";
import { sessionOfAside } from "./setAside";
import { readSnapshotWriter } from "./snapshotTail";

/** A crash that nobody has looked at is kept so long. */
const unseenCrashMs = 30 * 24 * 60 * 60 * 1000;

interface PruneRequest {
  readonly directory: string;
  readonly fs?: RecorderFs | undefined;
  readonly nowMs?: (() => number) | undefined;
  /** True for the safe id of a session that a batch, a checkpoint or an outbox refers to. */
  readonly isReferenced?: ((safeId: string) => boolean) | undefined;
}

export interface PruneToCountRequest extends PruneRequest {
  /** Sessions of ours that may stay; 0 for no limit. */
  readonly maxFiles: number;
}

export interface PruneByAgeAndSizeRequest extends PruneRequest {
  /** Since `S.json` was written last; no limit where it is left out. */
  readonly maxAgeMs?: number | undefined;
  /** Bytes of all files of our sessions; no limit where it is left out. */
  readonly maxBytes?: number | undefined;
}

export interface Pruned {
  /** Safe ids of the sessions that are removed, oldest first. */
  readonly removed: readonly string[];
  readonly failed: readonly { readonly safeId: string; readonly error: Error }[];
}

/** Removes the oldest sessions while there are more than `maxFiles`. Rejects where the directory can't be read. */
export async function pruneToCount(request: PruneToCountRequest): Promise<Pruned> {
  const { directory, maxFiles, fs = nodeFs } = request;
  if (!(maxFiles > 0)) return { removed: [], failed: [] };
  return await runAsync(fs, toCount(request, directory, maxFiles));
}

function* toCount(request: PruneRequest, directory: string, maxFiles: number): Io<Pruned> {
  const sessions = sessionsAmong(yield* io.list(directory));
  // The usual case costs one look at the names.
  if (sessions.length <= maxFiles) return { removed: [], failed: [] };
  const ours = yield* findOurs(directory, sessions);
  let excess = ours.length - maxFiles;
  return yield* removeWhile(request, ours, () => excess-- > 0);
}

/** Removes sessions that are too old, then the oldest while all together are too large. Rejects as `pruneToCount` does. */
export async function pruneByAgeAndSize(request: PruneByAgeAndSizeRequest): Promise<Pruned> {
  const { directory, maxAgeMs, maxBytes, fs = nodeFs } = request;
  if (maxAgeMs === undefined && maxBytes === undefined) return { removed: [], failed: [] };
  return await runAsync(fs, byAgeAndSize(request, directory, maxAgeMs, maxBytes));
}

function* byAgeAndSize(
  request: PruneRequest,
  directory: string,
  maxAgeMs = Number.POSITIVE_INFINITY,
  maxBytes = Number.POSITIVE_INFINITY,
): Io<Pruned> {
  const nowMs = (request.nowMs ?? Date.now)();
  const ours = yield* findOurs(directory, sessionsAmong(yield* io.list(directory)));
  let bytes = ours.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return yield* removeWhile(request, ours, ({ snapshot, sizeBytes }) => {
    if (nowMs - snapshot.mtimeMs <= maxAgeMs && bytes <= maxBytes) return false;
    bytes -= sizeBytes;
    return true;
  });
}

interface SessionNames {
  readonly safeId: string;
  /** All files of the session but temporary ones. */
  readonly names: readonly string[];
  readonly isOver: boolean;
  readonly isUnseenCrash: boolean;
}

/** The sessions that have an `S.json`. */
function sessionsAmong(names: readonly string[]): SessionNames[] {
  const bySafeId = new Map<string, string[]>();
  for (const name of names) {
    const parsed = parseTraceFileName(name);
    const safeId = parsed.type === "other" ? (sessionOfAside(name) ?? sessionOfStream(name)) : parsed.safeId;
    if (safeId === undefined || parsed.type === "temp") continue;
    const known = bySafeId.get(safeId);
    if (known) known.push(name);
    else bySafeId.set(safeId, [name]);
  }
  const sessions: SessionNames[] = [];
  for (const [safeId, own] of bySafeId) {
    const types = own.map((name) => parseTraceFileName(name).type);
    if (!types.includes("snapshot")) continue;
    const isOver = !types.includes("journal") && !types.includes("live");
    const isUnseenCrash = types.includes("crash") && !types.includes("seen");
    sessions.push({ safeId, names: own, isOver, isUnseenCrash });
  }
  return sessions;
}

function sessionOfStream(name: string): string | undefined {
  return /^([^.].*)\.stream$/s.exec(name)?.[1];
}

interface OwnSession extends SessionNames {
  readonly snapshot: FileFacts;
  /** Of the newest incarnation. */
  readonly incarnation: number;
  readonly sizeBytes: number;
}

/** The sessions that a recorder of ours wrote, oldest first. */
function* findOurs(directory: string, sessions: readonly SessionNames[]): Io<OwnSession[]> {
  const ours: OwnSession[] = [];
  for (const session of sessions) {
    const path = join(directory, traceFileNames.snapshot(session.safeId));
    try {
      const writer = yield* readSnapshotWriter(path);
      if (writer === undefined) continue;
      const snapshot = yield* io.stat(path);
      let sizeBytes = 0;
      for (const name of session.names) sizeBytes += yield* sizeOf(join(directory, name));
      ours.push({ ...session, snapshot, incarnation: writer.incarnation, sizeBytes });
    } catch {
      // What can't be read is not ours to remove.
    }
  }
  const byAge = (a: OwnSession, b: OwnSession) =>
    a.snapshot.mtimeMs - b.snapshot.mtimeMs || (a.safeId < b.safeId ? -1 : 1);
  return ours.sort(byAge);
}

/** Removes sessions from the oldest on. @param isExcess asked for each that may go; what it is true of goes */
function* removeWhile(
  { directory, nowMs = Date.now, isReferenced }: PruneRequest,
  ours: readonly OwnSession[],
  isExcess: (session: OwnSession) => boolean,
): Io<Pruned> {
  const removed: string[] = [];
  const failed: { safeId: string; error: Error }[] = [];
  for (const session of ours) {
    const { safeId, snapshot } = session;
    if (!session.isOver || isKept(safeId, isReferenced)) continue;
    if (session.isUnseenCrash && nowMs() - snapshot.mtimeMs <= unseenCrashMs) continue;
    if (!isExcess(session)) continue;
    try {
      if (yield* removeSession(directory, session)) removed.push(safeId);
    } catch (thrown) {
      failed.push({ safeId, error: thrown instanceof Error ? thrown : new Error(String(thrown)) });
    }
  }
  return { removed, failed };
}

/** Who can't say whether something refers to it says yes. */
function isKept(safeId: string, isReferenced: PruneRequest["isReferenced"]): boolean {
  try {
    return isReferenced?.(safeId) === true;
  } catch {
    return true;
  }
}

/** @returns false where the session has begun again or was written anew */
function* removeSession(directory: string, session: OwnSession): Io<boolean> {
  const { safeId, names, incarnation, snapshot } = session;
  const name = traceFileNames.snapshot(safeId);
  const at = (of: string) => join(directory, of);
  if (!(yield* isSameFile(at(name), snapshot))) return false;
  for (const sign of [traceFileNames.live(safeId), traceFileNames.journal(safeId, incarnation + 1)]) {
    if (yield* mayExist(at(sign))) return false;
  }
  // `S.seen` goes last: whoever is stopped before leaves a session that may be removed next time.
  const seen = traceFileNames.seen(safeId);
  const others = names.filter((other) => other !== name && other !== seen);
  for (const one of [...others, name, ...(yield* resumeClaims(directory, safeId)), seen]) {
    if (one === seen && !names.includes(seen)) continue;
    try {
      yield* io.unlink(at(one));
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
  return true;
}

/** Who went on with a session that is gone is of no use to anybody. */
function* resumeClaims(directory: string, safeId: string): Io<readonly string[]> {
  try {
    const names = yield* io.list(join(directory, resumedFolder));
    return names.filter((name) => isOfResumeClaim(name, safeId)).map((name) => join(resumedFolder, name));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function* sizeOf(path: string): Io<number> {
  try {
    return (yield* io.stat(path)).sizeBytes;
  } catch {
    return 0;
  }
}
