// What became of a session, from its files and its writers: the decision that recovery carries out. The newest
// incarnation alone says how the session ended, and a writer is gone only where that is known.

import type { LiveMarker, Liveness, WriterIdentity } from "../trace/evidence";
import type { ReadJournal } from "../trace/journal";
import { writerTag } from "../trace/journalFrame";
import { parseCrashMarker, parseLiveMarker } from "../trace/marker";
import type { CombinedSession } from "../trace/readSession";
import type { SummaryStatus, Writer } from "../trace/schema";
import type { ProbeLiveness, SessionFiles } from "../trace/sessionFiles";

export interface JudgedJournal {
  readonly name: string;
  readonly reading: ReadJournal;
  /** Undefined where no file tells who writes it. */
  readonly identity: WriterIdentity | undefined;
  readonly liveness: Liveness;
}

export interface CrashFacts {
  readonly timeMs: number;
  readonly reason: string | undefined;
  /** Nothing tells of a crash but that the writer is gone. */
  readonly isKilled: boolean;
}

export interface Verdict {
  /** Oldest first. */
  readonly journals: readonly JudgedJournal[];
  /** Of the newest incarnation. */
  readonly incarnation: number;
  readonly identity: WriterIdentity | undefined;
  readonly liveness: Liveness;
  readonly journal: JudgedJournal | undefined;
  readonly outcome: "completed" | "error" | "crashed";
  /** Where the outcome is `crashed`. */
  readonly crash: CrashFacts | undefined;
  /** What `S.crash` is: a marker that holds, one of an older incarnation, one that is void otherwise, or none. */
  readonly marker: "holds" | "earlier" | "void" | "none";
  /** A writer was there and left nothing to keep. */
  readonly isEmpty: boolean;
  /** What `S.live` says, where it is there. */
  readonly liveMarker: { readonly incarnation: number | undefined; readonly liveness: Liveness } | undefined;
}

/** @param read the journals of `files`, in the same order; none of a newer format version */
export function judgeSession(
  files: SessionFiles,
  read: readonly ReadJournal[],
  found: CombinedSession,
  probe: ProbeLiveness,
): Verdict {
  const ask = (identity: WriterIdentity | undefined): Liveness => (identity ? probe(identity) : "unknown");
  const live = files.liveMarker && parseLiveMarker(files.liveMarker.bytes);
  const writer = found.snapshot?.trace?.writer;
  // A crash renames `S.live`, so that the crash marker says who wrote.
  const crashed = files.crashMarker && parseLiveMarker(files.crashMarker.bytes);
  const named = [live, writer, crashed, ...ownEarlier(writer), ...read.flatMap(writerBefore)].filter(
    (one) => one !== undefined && one.instance !== "",
  );
  const journals = read
    .map((reading, index): JudgedJournal => {
      const { facts, header, tag } = reading;
      const identity =
        header?.header.writer ??
        named.find(
          (one) => one?.incarnation === facts.incarnation && (tag === undefined || tag === writerTag(one.instance)),
        );
      return { name: files.journals[index]?.name ?? "", reading, identity, liveness: ask(identity) };
    })
    .sort((a, b) => a.reading.facts.incarnation - b.reading.facts.incarnation);

  const last = journals.at(-1);
  const ofJournals = last?.reading.facts.incarnation ?? 0;
  // A writer whose newer journal is lost is the same run all the same.
  const isSameRun = live !== undefined && live.instance === last?.identity?.instance;
  const ofLive = isSameRun ? 0 : (live?.incarnation ?? 0);
  const incarnation = Math.max(ofJournals, ofLive, writer?.incarnation ?? 0, 1);
  const journal = ofJournals === incarnation ? last : undefined;
  const isLive = live !== undefined && (live.incarnation ?? incarnation) === incarnation;
  const identity = journal ? journal.identity : isLive ? live : writer;
  const liveness = journal ? journal.liveness : ask(identity);
  const marker = markerOf(files, found, incarnation);
  const ended = endOf(found, incarnation);
  const isClean = ended?.status === "completed" || ended?.status === "error";
  const crash = marker === "holds" || !isClean ? crashFacts(found, ended) : undefined;
  return {
    journals,
    incarnation,
    identity,
    liveness,
    journal,
    outcome: crash || !isClean ? "crashed" : ended.status === "error" ? "error" : "completed",
    crash,
    marker,
    isEmpty: isEmpty(found, journals),
    liveMarker: live && {
      incarnation: live.incarnation,
      // The marker is made after the journal, so a torn one is of the newest incarnation.
      liveness: live.instance === "" ? liveness : ask(live),
    },
  };
}

/** Older journals of the very writer. */
function ownEarlier(writer: Writer | undefined): LiveMarker[] {
  const own = writer?.earlier?.filter(({ instance }) => instance === writer.instance) ?? [];
  return own.map(({ incarnation }) => ({ ...writer, instance: writer?.instance ?? "", incarnation }));
}

/** A writer that went on in a new journal names the one before, whose own header may be lost. */
function writerBefore({ header }: ReadJournal): LiveMarker[] {
  const { writer, continues } = header?.header ?? {};
  if (!writer || continues?.instance !== writer.instance || continues.incarnation === undefined) return [];
  return [{ ...writer, incarnation: continues.incarnation }];
}

interface End {
  readonly status: SummaryStatus | undefined;
  readonly timeMs: number | undefined;
  readonly error?: string | undefined;
}

/** How the newest incarnation ended: by its journal, and without one by its own snapshot. */
function endOf({ session, snapshot }: CombinedSession, newest: number): End | undefined {
  const { journal, claimedStatus: status, claimedEndMs: timeMs, claimedError: error } = session.evidence;
  if (journal) return journal.crashed ? undefined : journal.ended;
  return snapshot?.trace?.writer?.incarnation === newest ? { status, timeMs, error } : undefined;
}

function crashFacts({ session }: CombinedSession, ended: End | undefined): CrashFacts {
  const { journal, crashMarker, lastActivityMs, lastWriteMs } = session.evidence;
  const told = journal?.crashed ?? crashMarker;
  const claim = ended?.status === "crashed" ? { timeMs: ended.timeMs, reason: ended.error } : undefined;
  // The last thing that is known of a writer that was killed; when that happened nobody knows.
  const lastMs = journal?.lastRecordMs ?? lastActivityMs ?? lastWriteMs ?? 0;
  const isKilled = told === undefined && claim === undefined;
  return {
    timeMs: told?.timeMs ?? claim?.timeMs ?? lastMs,
    reason: told?.reason ?? claim?.reason ?? (isKilled ? "killed" : undefined),
    isKilled,
  };
}

function markerOf(files: SessionFiles, { session }: CombinedSession, newest: number): Verdict["marker"] {
  if (session.evidence.crashMarker) return "holds";
  if (!files.crashMarker) return "none";
  return (parseCrashMarker(files.crashMarker.bytes).incarnation ?? newest) < newest ? "earlier" : "void";
}

function isEmpty({ session, snapshot }: CombinedSession, journals: readonly JudgedJournal[]): boolean {
  const { trace } = snapshot ?? {};
  // The first snapshot of a session may have been written before its first record was.
  const hasData = trace !== undefined && (trace.spans.length > 0 || trace.writer === undefined);
  const isUnread = snapshot !== undefined && trace === undefined && !isEmptyFile(snapshot.problems);
  return session.evidence.crashMarker === undefined && !hasData && !isUnread && journals.every(isEmptyJournal);
}

function isEmptyFile(problems: CombinedSession["session"]["problems"]): boolean {
  return problems.some(({ code }) => code === "empty-file");
}

/** A header and no record; or one that was cut off while it was written. */
function isEmptyJournal({ reading }: JudgedJournal): boolean {
  const { recordCount, lostCount, hasTornTail } = reading.facts;
  const isCut = hasTornTail === true && reading.header !== undefined;
  return (
    recordCount === 0 &&
    lostCount === 0 &&
    !isCut &&
    isWholeJournal({ ...reading, facts: { ...reading.facts, hasTornTail: false } })
  );
}

/** Every record of the journal could be read, so that nothing is in it that its fold lacks. */
export function isWholeJournal({ facts, problems }: ReadJournal): boolean {
  const hasOthers = problems.some(
    ({ code, severity }) => code === "second-writer" || (code === "journal-record" && severity === "info"),
  );
  return facts.lostCount === 0 && facts.hasTornTail !== true && !hasOthers;
}
