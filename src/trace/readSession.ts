// All files of a session -> one trace, its problems and the evidence for its state. Never throws: where nothing can be
// read, the result is a trace without spans. A snapshot that somebody renamed onto `S.json` after a crash changes neither
// the state nor what the journal holds.

import { finish, type Steps } from "../base/steps";
import { type Combined, combineJournalsInSteps } from "./combineJournals";
import { type JournalOptions, type ReadJournal, readJournal, readJournalInSteps } from "./journal";
import { readSnapshot, readSnapshotInSteps, type Snapshot } from "./readSnapshot";
import { factsOfFiles, isWholeSnapshot, journalFactsOf, type SnapshotHead, weighFiles } from "./sessionEvidence";
import type { LoadedSession, ProbeLiveness, SessionFiles } from "./sessionFiles";
import { combinedTrace, emptyTrace } from "./sessionTrace";
import { evidenceInSteps } from "./spanEvidence";

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
  const snapshot = files.snapshot && readSnapshot(files.snapshot.bytes, files.snapshot.name);
  return finish(combine(files, snapshot, read, probe)).session;
}

/** The same, with pauses in which others can be served. */
export function* readSessionInSteps(files: SessionFiles, probe: ProbeLiveness): Steps<LoadedSession> {
  return (yield* combineSession(files, yield* readJournals(files.journals), probe)).session;
}

/** With pauses. */
export function* readJournals(journals: SessionFiles["journals"]): Steps<ReadJournal[]> {
  const read: ReadJournal[] = [];
  for (const { bytes, name } of journals) read.push(yield* readJournalInSteps(bytes, name));
  return read;
}

/** With pauses. @param read the journals of `files`, in the same order */
export function* combineSession(
  files: SessionFiles,
  read: readonly ReadJournal[],
  probe: ProbeLiveness,
): Steps<CombinedSession> {
  const snapshot = files.snapshot && (yield* readSnapshotInSteps(files.snapshot.bytes, files.snapshot.name));
  return yield* combine(files, snapshot, read, probe);
}

function* combine(
  files: SessionFiles,
  snapshot: Snapshot | undefined,
  read: readonly ReadJournal[],
  probe: ProbeLiveness,
): Steps<CombinedSession> {
  const head: SnapshotHead | undefined = snapshot && { ...snapshot, header: snapshot.trace };
  const isSnapshotWhole = isWholeSnapshot(head);
  const weighed = weighFiles(files, head, read);
  const { journals, crashMarker, earlierCrash } = weighed;
  const combined = yield* combineJournalsInSteps(snapshot?.trace, isSnapshotWhole, journals, earlierCrash);
  yield;
  const trace = combined.isApplied
    ? yield* combinedTrace(files.safeId, combined, journals, {
        journal: journalFactsOf(weighed, combined),
        crashMarker,
      })
    : { ...(snapshot?.trace ?? emptyTrace(files.safeId)), spans: combined.spans };
  const evidence = yield* evidenceInSteps(trace.spans);
  const facts = factsOfFiles(files, head, read, weighed, combined, evidence, probe);
  return { session: { safeId: files.safeId, ...facts, trace }, combined, snapshot, isSnapshotWhole };
}
