// All files of a session -> one trace, its problems and the evidence for its state. Never throws: where nothing can be
// read, the result is a trace without spans. A snapshot that somebody renamed onto `S.json` after a crash changes neither
// the state nor what the journal holds.

import { type Combined, combineJournals, type EarlierCrash } from "./combineJournals";
import type { CrashMarker, Evidence, JournalFacts, LiveMarker, Liveness, WriterIdentity } from "./evidence";
import { type JournalOptions, type ReadJournal, readJournal } from "./journal";
import { parseCrashMarker, parseLiveMarker } from "./marker";
import type { Problem } from "./problem";
import { readSnapshot, type Snapshot } from "./readSnapshot";
import { parseTraceFileName } from "./safeId";
import type { TraceFile } from "./schema";
import type { FileBytes, LoadedSession, ProbeLiveness, SessionFiles } from "./sessionFiles";
import { combinedTrace, emptyTrace } from "./sessionTrace";
import { evidenceOfSpans } from "./spanEvidence";
import { crashMarkerHolds } from "./state";

/** A session and how it was put together. */
export interface CombinedSession {
  readonly session: LoadedSession;
  readonly combined: Combined;
  readonly snapshot: Snapshot | undefined;
  /** `S.json` is there and nothing of it is lost. */
  readonly isSnapshotWhole: boolean;
}

/** @param probe asked at most once, and only where no file tells how the session ended */
export function readSession(files: SessionFiles, probe: ProbeLiveness, options?: JournalOptions): LoadedSession {
  const read = files.journals.map(({ bytes, name }) => readJournal(bytes, name, options));
  return combineSession(files, read, probe).session;
}

/** @param read the journals of `files`, in the same order */
export function combineSession(
  files: SessionFiles,
  read: readonly ReadJournal[],
  probe: ProbeLiveness,
): CombinedSession {
  const snapshot = files.snapshot && readSnapshot(files.snapshot.bytes, files.snapshot.name);
  const { writer } = snapshot?.trace ?? {};
  const liveMarker = files.liveMarker && parseLiveMarker(files.liveMarker.bytes);
  // Of a newer format nothing was read, so nothing can be concluded from it.
  const journals = read
    .filter((journal) => !journal.isNewerVersion)
    .sort((a, b) => a.facts.incarnation - b.facts.incarnation);
  const newest = newestJournal(journals, writer?.incarnation, liveMarker);
  const marker = weighMarker(crashMarkerOf(files), { journal: newest?.facts, writer, liveMarker });
  const combined = combineJournals(snapshot?.trace, isWhole(snapshot), journals, marker?.earlier);

  const facts = newest && { ...newest.facts, ...outcomeOfRun(newest, journals), lostCount: combined.lostOfNewest };
  const trace = combined.isApplied
    ? combinedTrace(files.safeId, combined, journals, { journal: facts, crashMarker: marker?.holding })
    : { ...(snapshot?.trace ?? emptyTrace(files.safeId)), spans: combined.spans };
  const evidence = {
    ...evidenceOfSpans(trace.spans),
    ...claimsOf(snapshot),
    lastWriteMs: newestWriteMs(files),
    crashMarker: marker?.holding,
    liveMarker,
    journal: facts,
    hasUnreadJournal: hasUnreadJournal(files, read, newest?.facts.incarnation ?? writer?.incarnation ?? 0),
    writer,
    recovered: combined.isApplied ? { records: combined.addedRecords, lost: combined.lostRecords } : undefined,
  };
  const identity = identityOf(newest, liveMarker, snapshot?.trace);
  const isEnded = facts?.ended ?? facts?.crashed ?? evidence.crashMarker;
  const session: LoadedSession = {
    safeId: files.safeId,
    sessionId: sessionIdOf(journals, liveMarker, snapshot?.trace) ?? files.safeId,
    trace,
    problems: [
      ...unreadableProblems(files),
      ...(snapshot?.problems ?? []),
      ...read.flatMap((journal) => journal.problems),
      ...combined.problems,
      ...(marker?.problem ? [marker.problem] : []),
    ],
    evidence: { ...evidence, liveness: identity && !isEnded ? ask(probe, identity) : "unknown" },
  };
  return { session, combined, snapshot, isSnapshotWhole: isWhole(snapshot) };
}

/** The journal of the session's newest incarnation; undefined where that one has none, or none yet. */
function newestJournal(
  journals: readonly ReadJournal[],
  ofSnapshot = 0,
  liveMarker?: LiveMarker,
): ReadJournal | undefined {
  const last = journals.at(-1);
  // A writer whose newer journal is lost is the same run all the same.
  const isSameRun = liveMarker !== undefined && liveMarker.instance === last?.facts.instance;
  const ofLiveMarker = isSameRun ? 0 : (liveMarker?.incarnation ?? 0);
  return last && last.facts.incarnation >= Math.max(ofSnapshot, ofLiveMarker) ? last : undefined;
}

/** A writer that goes on in a new journal is the same run: how that ended may stand in an older journal of its own. */
function outcomeOfRun(newest: ReadJournal, journals: readonly ReadJournal[]): Pick<JournalFacts, "ended" | "crashed"> {
  const { instance } = newest.facts;
  const first = journals.find(
    ({ facts }) => instance !== undefined && facts.instance === instance && (facts.ended ?? facts.crashed),
  );
  return first ? { ended: first.facts.ended, crashed: first.facts.crashed } : {};
}

/** That the marker exists is what counts, so one that can't be read is one without content. */
function crashMarkerOf({ crashMarker, unreadable }: SessionFiles): FileBytes | undefined {
  if (crashMarker) return crashMarker;
  const found = unreadable?.find(({ name }) => parseTraceFileName(name).type === "crash");
  return found && { name: found.name, bytes: new Uint8Array(), mtimeMs: Number.NaN };
}

function hasUnreadJournal(files: SessionFiles, read: readonly ReadJournal[], known: number): boolean {
  const newer = files.journals.filter((_, index) => read[index]?.isNewerVersion);
  return [...newer, ...(files.unreadable ?? [])].some(({ name }) => {
    const parsed = parseTraceFileName(name);
    return parsed.type === "journal" && parsed.incarnation >= known;
  });
}

interface WeighedMarker {
  /** The marker, where it speaks of the newest incarnation. */
  readonly holding?: CrashMarker;
  readonly earlier?: EarlierCrash;
  readonly problem?: Problem;
}

function weighMarker(
  file: FileBytes | undefined,
  against: Pick<Evidence, "journal" | "writer" | "liveMarker">,
): WeighedMarker | undefined {
  if (!file) return undefined;
  const marker = parseCrashMarker(file.bytes);
  if (crashMarkerHolds(marker, against)) return { holding: marker };
  const note = (message: string): Problem => ({ code: "crash-marker", severity: "info", message, file: file.name });
  const { incarnation, timeMs, reason } = marker;
  const isFollowed = [against.journal, against.writer, against.liveMarker].some(
    (one) => (one?.incarnation ?? 0) > (incarnation ?? Number.POSITIVE_INFINITY),
  );
  if (incarnation === undefined || !isFollowed) {
    return { problem: note("The crash marker is void: the journal has grown since recovery made it") };
  }
  return {
    earlier: { incarnation, timeMs: timeMs ?? file.mtimeMs, reason },
    problem: note(`The crash marker is of incarnation ${incarnation}, which a newer one followed`),
  };
}

/** False where spans or fields of the snapshot are lost. */
function isWhole(snapshot: Snapshot | undefined): boolean {
  return (
    snapshot !== undefined && !snapshot.truncated && snapshot.problems.every(({ severity }) => severity !== "error")
  );
}

function claimsOf(snapshot: Snapshot | undefined) {
  const trace = snapshot?.trace;
  const endMs = Date.parse(trace?.endedAt ?? "");
  return {
    hasSnapshot: trace !== undefined,
    truncated: snapshot?.truncated ?? false,
    claimedStatus: trace?.summary.status,
    claimedError: trace?.summary.error,
    claimedEndMs: Number.isNaN(endMs) ? undefined : endMs,
  };
}

function newestWriteMs(files: SessionFiles): number | undefined {
  const all = [files.snapshot, files.liveMarker, files.crashMarker, ...files.journals];
  let newest: number | undefined;
  for (const file of all) if (file && file.mtimeMs > (newest ?? Number.NEGATIVE_INFINITY)) newest = file.mtimeMs;
  return newest;
}

/** The process that the newest file of the session names. */
function identityOf(
  newest: ReadJournal | undefined,
  liveMarker: LiveMarker | undefined,
  snapshot: TraceFile | undefined,
): WriterIdentity | undefined {
  const header = newest?.header?.header;
  if (header && header.incarnation >= (liveMarker?.incarnation ?? 0)) return header.writer;
  if (liveMarker) return liveMarker;
  return newest === undefined ? snapshot?.writer : undefined;
}

/** A probe that fails knows nothing. */
function ask(probe: ProbeLiveness, identity: WriterIdentity): Liveness {
  try {
    return probe(identity);
  } catch {
    return "unknown";
  }
}

function sessionIdOf(
  journals: readonly ReadJournal[],
  liveMarker: LiveMarker | undefined,
  snapshot: TraceFile | undefined,
): string | undefined {
  const header = journals.findLast((journal) => journal.header !== undefined)?.header?.header;
  return (
    header?.writer.rawSessionId ??
    header?.trace.sessionId ??
    snapshot?.writer?.rawSessionId ??
    snapshot?.sessionId ??
    liveMarker?.rawSessionId
  );
}

function unreadableProblems(files: SessionFiles): Problem[] {
  return (files.unreadable ?? []).map(({ name, reason }) => ({
    code: "unreadable",
    severity: "error",
    message: `The file can't be read: ${reason}`,
    file: name,
  }));
}
