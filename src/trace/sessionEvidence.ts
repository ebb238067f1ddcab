// What the files of a session tell beside its spans, and what they make of its evidence, its id and its problems: the same
// rules for whoever holds the spans as objects and for whoever holds columns of them.

import type { EarlierCrash } from "./combineJournals";
import type { CrashMarker, Evidence, JournalFacts, LiveMarker, Liveness, WriterIdentity } from "./evidence";
import type { JournalReading } from "./journalReading";
import { parseCrashMarker, parseLiveMarker } from "./marker";
import type { Problem } from "./problem";
import { parseTraceFileName } from "./safeId";
import type { FileBytes, ProbeLiveness } from "./sessionFiles";
import type { SpanEvidence } from "./spanEvidence";
import type { TraceHeader } from "./spanSource";
import { crashMarkerHolds } from "./state";

export type FileFacts = Omit<FileBytes, "bytes">;

/** The files of a session, of which only the markers have to be held as bytes. See `SessionFiles`. */
export interface FilesAround {
  readonly safeId: string;
  readonly snapshot?: FileFacts | undefined;
  readonly journals: readonly FileFacts[];
  readonly liveMarker?: FileBytes | undefined;
  readonly crashMarker?: FileBytes | undefined;
  readonly unreadable?: readonly { readonly name: string; readonly reason: string }[] | undefined;
}

/** What `S.json` says but for its spans. */
export interface SnapshotHead {
  /** Undefined where the bytes are no trace or nothing of it could be read. */
  readonly header: TraceHeader | undefined;
  readonly problems: readonly Problem[];
  /** The bytes end in the middle of the document. */
  readonly truncated: boolean;
}

/** What the markers and journals come to before anything is combined. */
export interface WeighedFiles<J extends JournalReading = JournalReading> {
  readonly liveMarker: LiveMarker | undefined;
  /** Those of a known format, oldest incarnation first. */
  readonly journals: readonly J[];
  /** The journal of the session's newest incarnation; undefined where that one has none, or none yet. */
  readonly newest: J | undefined;
  /** The crash marker, where it speaks of the newest incarnation. */
  readonly crashMarker: CrashMarker | undefined;
  /** The crash marker, where it speaks of an incarnation that a newer one followed. */
  readonly earlierCrash: EarlierCrash | undefined;
  readonly markerProblem: Problem | undefined;
}

/** What putting the files together has shown. */
export interface CombinedFacts {
  /** Some journal was applied; otherwise the snapshot is the trace as it is. */
  readonly isApplied: boolean;
  readonly addedRecords: number;
  readonly lostRecords: number;
  readonly lostOfNewest: number;
  readonly problems: readonly Problem[];
}

export interface FactsOfFiles {
  readonly sessionId: string;
  readonly evidence: Evidence;
  readonly problems: readonly Problem[];
}

/** @param read the journals of the session, in any order */
export function weighFiles<J extends JournalReading>(
  files: FilesAround,
  snapshot: SnapshotHead | undefined,
  read: readonly J[],
): WeighedFiles<J> {
  const writer = snapshot?.header?.writer;
  const liveMarker = files.liveMarker && parseLiveMarker(files.liveMarker.bytes);
  // Of a newer format nothing was read, so nothing can be concluded from it.
  const journals = read
    .filter((journal) => !journal.isNewerVersion)
    .sort((a, b) => a.facts.incarnation - b.facts.incarnation);
  const newest = newestJournal(journals, writer?.incarnation, liveMarker);
  const marker = weighMarker(crashMarkerOf(files), { journal: newest?.facts, writer, liveMarker });
  return {
    liveMarker,
    journals,
    newest,
    crashMarker: marker?.holding,
    earlierCrash: marker?.earlier,
    markerProblem: marker?.problem,
  };
}

/** The facts of the newest incarnation's journal; undefined where there is none. */
export function journalFactsOf(
  { newest, journals }: WeighedFiles,
  { lostOfNewest }: Pick<CombinedFacts, "lostOfNewest">,
): JournalFacts | undefined {
  return newest && { ...newest.facts, ...outcomeOfRun(newest, journals), lostCount: lostOfNewest };
}

/**
 * @param read as given to `weighFiles`, but in the order of `files.journals`
 * @param probe asked at most once, and only where no file tells how the session ended
 */
export function factsOfFiles(
  files: FilesAround,
  snapshot: SnapshotHead | undefined,
  read: readonly JournalReading[],
  weighed: WeighedFiles,
  combined: CombinedFacts,
  spans: SpanEvidence,
  probe: ProbeLiveness,
): FactsOfFiles {
  const { liveMarker, journals, newest, crashMarker } = weighed;
  const writer = snapshot?.header?.writer;
  const journal = journalFactsOf(weighed, combined);
  const evidence = {
    ...spans,
    ...claimsOf(snapshot),
    lastWriteMs: newestWriteMs(files),
    crashMarker,
    liveMarker,
    journal,
    hasUnreadJournal: hasUnreadJournal(files, read, newest?.facts.incarnation ?? writer?.incarnation ?? 0),
    writer,
    recovered: combined.isApplied ? { records: combined.addedRecords, lost: combined.lostRecords } : undefined,
  };
  const identity = identityOf(newest, liveMarker, snapshot?.header);
  const isEnded = journal?.ended ?? journal?.crashed ?? crashMarker;
  return {
    sessionId: sessionIdOf(journals, liveMarker, snapshot?.header) ?? files.safeId,
    evidence: { ...evidence, liveness: identity && !isEnded ? ask(probe, identity) : "unknown" },
    problems: [
      ...unreadableProblems(files),
      ...(snapshot?.problems ?? []),
      ...read.flatMap((one) => one.problems),
      ...combined.problems,
      ...(weighed.markerProblem ? [weighed.markerProblem] : []),
    ],
  };
}

/** False where spans or fields of the snapshot are lost. */
export function isWholeSnapshot(snapshot: SnapshotHead | undefined): boolean {
  return (
    snapshot !== undefined && !snapshot.truncated && snapshot.problems.every(({ severity }) => severity !== "error")
  );
}

function newestJournal<J extends JournalReading>(
  journals: readonly J[],
  ofSnapshot = 0,
  liveMarker?: LiveMarker,
): J | undefined {
  const last = journals.at(-1);
  // A writer whose newer journal is lost is the same run all the same.
  const isSameRun = liveMarker !== undefined && liveMarker.instance === last?.facts.instance;
  const ofLiveMarker = isSameRun ? 0 : (liveMarker?.incarnation ?? 0);
  return last && last.facts.incarnation >= Math.max(ofSnapshot, ofLiveMarker) ? last : undefined;
}

/** A writer that goes on in a new journal is the same run: how that ended may stand in an older journal of its own. */
function outcomeOfRun(
  newest: JournalReading,
  journals: readonly JournalReading[],
): Pick<JournalFacts, "ended" | "crashed"> {
  const { instance } = newest.facts;
  const first = journals.find(
    ({ facts }) => instance !== undefined && facts.instance === instance && (facts.ended ?? facts.crashed),
  );
  return first ? { ended: first.facts.ended, crashed: first.facts.crashed } : {};
}

/** That the marker exists is what counts, so one that can't be read is one without content. */
function crashMarkerOf({ crashMarker, unreadable }: FilesAround): FileBytes | undefined {
  if (crashMarker) return crashMarker;
  const found = unreadable?.find(({ name }) => parseTraceFileName(name).type === "crash");
  return found && { name: found.name, bytes: new Uint8Array(), mtimeMs: Number.NaN };
}

function hasUnreadJournal(files: FilesAround, read: readonly JournalReading[], known: number): boolean {
  const newer = files.journals.filter((_, index) => read[index]?.isNewerVersion);
  return [...newer, ...(files.unreadable ?? [])].some(({ name }) => {
    const parsed = parseTraceFileName(name);
    return parsed.type === "journal" && parsed.incarnation >= known;
  });
}

interface WeighedMarker {
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

function claimsOf(snapshot: SnapshotHead | undefined) {
  const header = snapshot?.header;
  const endMs = Date.parse(header?.endedAt ?? "");
  return {
    hasSnapshot: header !== undefined,
    truncated: snapshot?.truncated ?? false,
    claimedStatus: header?.summary.status,
    claimedError: header?.summary.error,
    claimedEndMs: Number.isNaN(endMs) ? undefined : endMs,
  };
}

function newestWriteMs(files: FilesAround): number | undefined {
  const all = [files.snapshot, files.liveMarker, files.crashMarker, ...files.journals];
  let newest: number | undefined;
  for (const file of all) if (file && file.mtimeMs > (newest ?? Number.NEGATIVE_INFINITY)) newest = file.mtimeMs;
  return newest;
}

/** The process that the newest file of the session names. */
function identityOf(
  newest: JournalReading | undefined,
  liveMarker: LiveMarker | undefined,
  snapshot: TraceHeader | undefined,
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
  journals: readonly JournalReading[],
  liveMarker: LiveMarker | undefined,
  snapshot: TraceHeader | undefined,
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

function unreadableProblems(files: FilesAround): Problem[] {
  return (files.unreadable ?? []).map(({ name, reason }) => ({
    code: "unreadable",
    severity: "error",
    message: `The file can't be read: ${reason}`,
    file: name,
  }));
}
