// Brings a session whose writer is gone to its end: crash marker first where it did not end, then everything that its
// journals hold into `S.json`, and only when that was read back the journals are removed. Nothing is touched while a
// writer may be alive, and it can be stopped at any call: the next recovery goes on from there. A process death loses
// nothing that was in the files; neither does a power cut, because each step is on the disk before the next one begins.

import type { Liveness, WriterIdentity } from "../trace/evidence";
import type { Problem } from "../trace/problem";
import { type CombinedSession, combineSession, readJournals } from "../trace/readSession";
import { parseTraceFileName, traceFileNames } from "../trace/safeId";
import { isRenameAwaited } from "./awaitedRenames";
import { type Machine, thisMachine } from "./liveness";
import { type Io, io, nodeFs, type RecorderFs, runAsync } from "./recorderFs";
import { foldRecovered, keepSnapshot } from "./recoveredSnapshot";
import { isRecovered } from "./recoveredTrace";
import { randomInstance, rememberingProbe } from "./recoveryIdentity";
import { makeCrashMarker } from "./recoveryMarker";
import { allAreGone, removeEmpty, removeRecovered } from "./removeRecovered";
import { filesOfSession, isUnchanged, noteOwnChange, readSessionOnDisk, type SessionOnDisk } from "./sessionOnDisk";
import { judgeSession, type Verdict } from "./sessionVerdict";

export type RecoveryAction =
  /** `S.json` holds everything now. */
  | "folded"
  /** `S.json` held everything already, and what was left beside it is removed. */
  | "cleaned"
  /** The crash is marked. `S.json` held everything already, or could not be written, as `error` tells. */
  | "marked"
  /** A writer had begun and left nothing; its files are removed. */
  | "removed-empty"
  | "live"
  /** Nobody here knows whether its writer is gone. */
  | "unknown"
  /** A newer version wrote it and has to recover it. */
  | "newer-version"
  /** Its files kept changing. */
  | "busy"
  | "nothing"
  | "failed";

export interface SessionRecovery {
  readonly safeId: string;
  readonly sessionId: string;
  readonly action: RecoveryAction;
  /** How the session ended, where that is known by now. */
  readonly state?: "completed" | "error" | "crashed" | undefined;
  /** Records that `S.json` lacked. */
  readonly recoveredRecords: number;
  /** Records that nobody holds any more. */
  readonly lostRecords: number;
  /** What is wrong with the files, by file and offset in bytes. */
  readonly problems: readonly Problem[];
  /** Names of files that keep bytes which could not be brought into the trace. */
  readonly keptFiles: readonly string[];
  readonly error?: Error | undefined;
}

export interface RecoveryOptions {
  readonly fs?: RecorderFs | undefined;
  readonly machine?: Machine | undefined;
  /** A person says that the writers of whom nothing is known are gone. Their journals stay all the same. */
  readonly foldUnknown?: boolean | undefined;
}

export interface RecoveryContext {
  readonly directory: string;
  /** Part of the names of temporary files. */
  readonly instance: string;
  readonly foldUnknown: boolean;
  probe(writer: WriterIdentity): Liveness;
}

const maxAttempts = 4;

/** Recovers one session. Never rejects: what went wrong is in the result. */
export async function recoverSession(
  directory: string,
  safeId: string,
  { fs = nodeFs, machine = thisMachine(), foldUnknown = false }: RecoveryOptions = {},
): Promise<SessionRecovery> {
  const context = { directory, instance: randomInstance(), foldUnknown, probe: rememberingProbe(machine) };
  return await runAsync(fs, recoverOne(context, safeId));
}

interface Progress {
  found: CombinedSession | undefined;
  verdict: Verdict | undefined;
  keptFiles: string[];
  isMarked: boolean;
  isFolded: boolean;
}

/** Throws nothing but what is thrown into it from outside its calls. */
export function* recoverOne(context: RecoveryContext, safeId: string): Io<SessionRecovery> {
  const progress: Progress = {
    found: undefined,
    verdict: undefined,
    keptFiles: [],
    isMarked: false,
    isFolded: false,
  };
  try {
    for (let attempt = 1; attempt <= maxAttempts; attempt++) {
      const action = yield* attemptRecovery(context, safeId, progress);
      if (action) return report(safeId, action, progress);
    }
    return report(safeId, "busy", progress);
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const action = progress.isFolded ? "folded" : progress.isMarked ? "marked" : "failed";
    return { ...report(safeId, action, progress), error };
  }
}

/** @returns undefined where somebody changed the files meanwhile */
function* attemptRecovery(
  context: RecoveryContext,
  safeId: string,
  progress: Progress,
): Io<RecoveryAction | undefined> {
  const names = filesOfSession(yield* io.list(context.directory), safeId);
  if (!names.some(mayNeedRecovery)) return progress.isFolded ? "folded" : "nothing";
  const disk = yield* readSessionOnDisk(context.directory, safeId);
  if (!disk) return undefined;
  const unread = disk.files.unreadable?.find(({ name }) => parseTraceFileName(name).type !== "crash");
  if (unread) throw new Error(`${unread.name} can't be read: ${unread.reason}`);
  const read = yield* readJournals(disk.files.journals);
  const found = yield* combineSession(disk.files, read, () => "unknown");
  progress.found = found;
  const isNewer = found.session.problems.some(({ code }) => code === "newer-version");
  if (isNewer) return "newer-version";

  const verdict = judgeSession(disk.files, read, found, context.probe);
  progress.verdict = verdict;
  if (verdict.liveness === "alive") return "live";
  if (verdict.liveness === "unknown" && !context.foldUnknown) return "unknown";
  if (verdict.isEmpty) {
    if (!allAreGone(verdict)) return "unknown";
    return (yield* removeEmpty(disk)) ? "removed-empty" : undefined;
  }
  return yield* foldAndRemove(context, disk, found, verdict, progress);
}

/** A session without a journal and without `S.live` has ended, or is another program's. */
export function mayNeedRecovery(name: string): boolean {
  const { type } = parseTraceFileName(name);
  return type === "journal" || type === "live";
}

function* foldAndRemove(
  context: RecoveryContext,
  disk: SessionOnDisk,
  found: CombinedSession,
  verdict: Verdict,
  progress: Progress,
): Io<RecoveryAction | undefined> {
  const mayGrow = new Set(
    verdict.journals.filter((one) => one.liveness !== "gone" && one !== verdict.journal).map(({ name }) => name),
  );
  if (!(yield* isUnchanged(disk, mayGrow))) return undefined;
  const isUnmarked = verdict.crash !== undefined && verdict.marker !== "holds";
  // What the marker of an older incarnation tells goes into `S.json` before this one takes its place.
  const isMarkedFirst = isUnmarked && verdict.marker !== "earlier";
  if (isMarkedFirst && !(yield* mark(context, disk, verdict, progress))) return undefined;
  if (!isRecovered(found, verdict)) {
    const kept = yield* keepSnapshot(context, disk, found);
    if (kept !== undefined) keep(progress, kept);
    if (!(yield* foldRecovered(context, disk, found, verdict, mayGrow))) return undefined;
    progress.isFolded = true;
  }
  if (isUnmarked && !isMarkedFirst) yield* mark(context, disk, verdict, progress);
  if (allAreGone(verdict) && !(yield* mayBecomeAnother(context, disk, verdict))) {
    const removed = yield* removeRecovered(disk, found, verdict, (name) => keep(progress, name));
    if (removed === undefined) return undefined;
    if (!progress.isFolded && removed > 0) return "cleaned";
  }
  return progress.isFolded ? "folded" : progress.isMarked ? "marked" : "nothing";
}

/** Somebody who is no writer of the session may be about to rename another file onto `S.json`. */
function* mayBecomeAnother(
  { directory, instance, probe }: RecoveryContext,
  { files }: SessionOnDisk,
  { identity = { instance }, journals }: Verdict,
): Io<boolean> {
  const settled = new Set([instance, identity.instance]);
  for (const journal of journals) if (journal.identity) settled.add(journal.identity.instance);
  const watch = { directory, safeId: files.safeId, neighbour: identity, settled, probe };
  return yield* isRenameAwaited(watch, yield* io.list(directory));
}

/** @returns false where a newer incarnation has begun */
function* mark({ instance }: RecoveryContext, disk: SessionOnDisk, verdict: Verdict, progress: Progress): Io<boolean> {
  if (!(yield* makeCrashMarker(disk, verdict, instance))) return false;
  progress.isMarked = true;
  yield* noteOwnChange(disk, traceFileNames.live(disk.files.safeId));
  yield* noteOwnChange(disk, traceFileNames.crash(disk.files.safeId));
  return true;
}

function keep({ keptFiles }: Progress, name: string): void {
  if (!keptFiles.includes(name)) keptFiles.push(name);
}

function report(safeId: string, action: RecoveryAction, { found, verdict, keptFiles }: Progress): SessionRecovery {
  const { session, combined } = found ?? {};
  const isOver = action === "folded" || action === "cleaned" || action === "marked" || action === "nothing";
  const torn = session?.evidence.journal?.hasTornTail === true ? 1 : 0;
  return {
    safeId,
    sessionId: session?.sessionId ?? safeId,
    action,
    state: isOver ? verdict?.outcome : undefined,
    recoveredRecords: combined?.isApplied ? combined.addedRecords : 0,
    lostRecords: (combined?.lostRecords ?? 0) + torn,
    problems: session?.problems ?? [],
    keptFiles,
  };
}
