// Begins an incarnation of a session, in the calling thread: when it returns, the journal with its header and `S.live` are
// there. The exclusive creation of the journal is the lock: whoever loses it takes the next number.

import { createHash, randomBytes } from "node:crypto";
import { dirname, join, resolve } from "node:path";
import { errorCode } from "../base/errorCode";
import type { WriterIdentity } from "../trace/evidence";
import { traceFileNames } from "../trace/safeId";
import { clear } from "./crashGuard";
import { type ExistingSession, readExisting, resolveSafeId } from "./existingSession";
import { unlinkQuietly } from "./fileTasks";
import { Incarnation } from "./incarnation";
import { JournalFile } from "./journalFile";
import { headerBody } from "./journalHeader";
import { listOrMake } from "./listOrMake";
import { placeLiveMarker } from "./liveMarker";
import { type Machine, makeProbeLiveness, thisMachine } from "./liveness";
import { type RecorderFs, runSync } from "./recorderFs";
import { journalPathOf } from "./removeAfterEnd";
import { tempPathFor } from "./replaceSnapshot";
import type { SessionRecorder } from "./sessionRecorder";
import type { SessionRequest } from "./sessionRequest";

/** See `OpenSession`. */
export function openSessionRecorder(request: SessionRequest): SessionRecorder | undefined {
  try {
    return open(request);
  } catch (error) {
    const problem = error instanceof Error ? error : new Error(String(error));
    request.onProblem({
      message: `The session can't be recorded: ${problem.message}`,
      error: problem,
      sessionId: request.sessionId,
    });
    return undefined;
  }
}

function open(request: SessionRequest): Incarnation {
  const { fs, sessionId } = request;
  // The program may go to another directory while it records.
  const directory = resolve(request.directory);
  const machine = request.machine ?? knownMachine();
  const identity = identityOf(machine, sessionId);
  const { safeId, existing, path, journal, incarnation } = takeIncarnation(fs, directory, sessionId);
  const clock = { wallMs: Date.now(), monoMs: performance.now() };
  const continues = continuationOf(existing);
  const traceId = existing.traceId ?? request.traceId;
  clear(directory, safeId);
  const session = new Incarnation({
    fs,
    fsync: request.fsync,
    path,
    safeId,
    rawId: sessionId,
    incarnation,
    identity,
    traceId,
    metadata: request.metadata,
    journal,
    clock,
    hasBase: existing.hasSnapshot || existing.journals.length > 0,
    baseBytes: existing.sizeBytes,
    probe: makeProbeLiveness(machine),
    onProblem: (message, error) => request.onProblem({ message, error, sessionId }),
  });
  session.start(
    headerBody({
      incarnation,
      identity,
      traceId,
      rawId: sessionId,
      metadata: request.metadata,
      fsync: request.fsync,
      continues,
    }),
    request.hasFirstRecords,
  );
  // After a sync that failed it goes on in a newer journal already.
  markBeginning(fs, path, safeId, { ...identity, incarnation: session.incarnation }, existing, request);
  return session;
}

/** `S.live` names the new incarnation, and a crash marker of an older one can't be taken for this one's. */
function markBeginning(
  fs: RecorderFs,
  path: string,
  safeId: string,
  identity: WriterIdentity & { readonly incarnation: number },
  existing: ExistingSession,
  request: SessionRequest,
): void {
  const markers = {
    live: join(dirname(path), traceFileNames.live(safeId)),
    crash: join(dirname(path), traceFileNames.crash(safeId)),
  };
  try {
    runSync(fs, placeLiveMarker(markers, identity, tempPathFor(path, safeId, identity.instance)));
    // A marker that names its incarnation stays as evidence of that one's end; a torn one would count against this one.
    if (existing.crash && existing.crash.incarnation === undefined) runSync(fs, unlinkQuietly(markers.crash));
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    request.onProblem({ message: "S.live could not be written", error, sessionId: request.sessionId });
  }
}

const freshLooks = 3;
const mostLooks = 100;

interface TakenIncarnation {
  readonly safeId: string;
  /** What was there before. */
  readonly existing: ExistingSession;
  /** Of `S.json`. */
  readonly path: string;
  readonly journal: JournalFile;
  readonly incarnation: number;
}

/** Who was faster may have another session of the same safe id, or one that this one goes on with: all is looked at again. */
function takeIncarnation(fs: RecorderFs, directory: string, sessionId: string): TakenIncarnation {
  for (let attempt = 0; ; attempt++) {
    const names = runSync(fs, listOrMake(directory));
    const safeId = runSync(fs, resolveSafeId(directory, names, sessionId, sha256Hex));
    const existing = runSync(fs, readExisting(directory, names, safeId));
    const path = join(directory, traceFileNames.snapshot(safeId));
    // A network folder's listing may lack a new name for a while.
    const incarnation = existing.newestIncarnation + 1 + Math.max(0, attempt - freshLooks);
    try {
      const journal = JournalFile.create(fs, journalPathOf(path, safeId, incarnation));
      return { safeId, existing, path, journal, incarnation };
    } catch (error) {
      if (errorCode(error) !== "EEXIST" || attempt === mostLooks) throw error;
    }
  }
}

/** What a reader combines the new journal with. */
function continuationOf(existing: ExistingSession): Parameters<typeof headerBody>[0]["continues"] {
  const { writer, hasSnapshot, traceId, journals } = existing;
  if (writer) return { instance: writer.instance, incarnation: writer.incarnation };
  if (hasSnapshot) return traceId === undefined ? undefined : { traceId };
  const newest = journals.at(-1);
  const instance = newest?.header?.header.writer.instance;
  return newest && instance !== undefined ? { instance, incarnation: newest.incarnation } : undefined;
}

let machineOfProcess: Machine | undefined;

function knownMachine(): Machine {
  machineOfProcess ??= thisMachine();
  return machineOfProcess;
}

function identityOf(machine: Machine, rawSessionId: string): WriterIdentity {
  const facts = machine.process(process.pid);
  return {
    instance: randomBytes(8).toString("hex"),
    host: machine.host,
    bootId: machine.bootId,
    pidNamespace: machine.pidNamespace,
    pid: process.pid,
    processStart: facts.type === "present" ? facts.start : undefined,
    rawSessionId,
  };
}

function sha256Hex(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
