// Puts the listings of a session's files together: what does not change until a file does (`SessionFacts`), and the row
// made of it for a moment in time, because a state also depends on the clock and on whether the writer lives.

import { join } from "node:path";
import { assertNever } from "../base/assert";
import type { CrashMarker, Evidence, LiveMarker, WriterIdentity } from "../trace/evidence";
import type { Problem } from "../trace/problem";
import { parseTraceFileName } from "../trace/safeId";
import type { ProbeLiveness } from "../trace/sessionFiles";
import { deriveState, freshForMs, type SessionState } from "../trace/state";
import { type FileStamp, mtimeMsOf } from "./fileAccess";
import { isForeignRow, mainFileOf, shownIdOf } from "./foreignFiles";
import type { JournalListing } from "./journalListing";
import type { LaunchedPlaybook } from "./launchedPlaybook";
import type { SessionEntry } from "./sessionEntry";
import type { SessionHeader } from "./sessionHeader";
import type { SnapshotListing } from "./snapshotListing";

/** What a file of a session says, as far as a list reads it. */
export type FileListing =
  | { readonly type: "snapshot"; readonly listing: SnapshotListing }
  | { readonly type: "journal"; readonly incarnation: number; readonly listing: JournalListing }
  | { readonly type: "live"; readonly marker: LiveMarker }
  /** `of`: who wrote it as `S.live`, which a crash renames. */
  | { readonly type: "crash"; readonly marker: CrashMarker; readonly of: LiveMarker }
  | { readonly type: "seen" }
  | { readonly type: "unreadable"; readonly reason: string };

export interface ListedFile {
  readonly name: string;
  /** Undefined for a file that could not even be looked at. */
  readonly stamp: FileStamp | undefined;
  readonly content: FileListing;
  /** To be read again, whatever its stamp. */
  readonly isStale?: boolean | undefined;
  /** No later change can give it the same stamp: see `isSettled`. */
  readonly isSettled?: boolean | undefined;
}

export interface SessionFacts {
  readonly evidence: Omit<Evidence, "liveness">;
  readonly writer: WriterIdentity | undefined;
  readonly snapshot: SnapshotListing | undefined;
  /** A foreign snapshot whose root span ends beyond what is read of it: nobody here knows whether it has ended. */
  readonly isRootUnseen: boolean;
  readonly entry: Omit<SessionEntry, "state" | "endedMs" | "durationMs">;
}

/** The files of a session by what they are. */
interface Parts {
  snapshot?: SnapshotListing;
  /** Of the newest incarnation. */
  journal?: JournalListing;
  liveMarker?: LiveMarker;
  crashMarker?: CrashMarker;
  crashedWriter?: LiveMarker;
  /** Incarnation of the newest journal that could not be read. */
  unreadIncarnation?: number;
  problem?: Problem;
}

/** @returns undefined for a session of which nothing is left but the mark that it was seen */
export function combineFiles(directory: string, rowId: string, files: readonly ListedFile[]): SessionFacts | undefined {
  const shown = files.filter((file) => file.content.type !== "seen");
  if (shown.length === 0) return undefined;
  // Lines of whatever else: nobody called it a trace.
  if (isForeignRow(rowId) && shown.every(isNoTrace)) return undefined;
  const snapshotName = mainFileOf(rowId);
  const safeId = shownIdOf(rowId);
  const parts = sortParts(shown, snapshotName);
  const stamps = shown.flatMap((file) => file.stamp ?? []);
  const modifiedMs = stamps.reduce((newest, stamp) => Math.max(newest, mtimeMsOf(stamp)), 0);
  const { snapshot, journal, liveMarker } = parts;
  // A torn marker does not say who writes.
  const writer = liveMarker?.instance ? liveMarker : (journal?.identity ?? snapshot?.writer);
  const header = combineHeaders(snapshot, journal);
  const rawId = header.sessionId ?? writer?.rawSessionId ?? parts.crashedWriter?.rawSessionId;
  return {
    writer,
    snapshot,
    isRootUnseen: snapshot?.isTrace === true && snapshot.rootOpen === undefined && writer === undefined,
    evidence: evidenceOf(parts, modifiedMs),
    entry: {
      directory,
      safeId,
      key: join(directory, snapshotName),
      sessionId: rawId ?? safeId,
      title: header.title,
      prompt: header.prompt,
      agent: header.agent,
      model: header.model,
      startedMs: header.startedMs,
      modifiedMs,
      sizeBytes: stamps.reduce((sum, stamp) => sum + stamp.sizeBytes, 0),
      totalTokens: snapshot?.totalTokens,
      totalCost: snapshot?.totalCost,
      failures: snapshot?.failures,
      openSpans: snapshot?.openSpans,
      tags: header.tags?.length ? header.tags : undefined,
      program: header.command ?? header.agent ?? header.title,
      playbook: combinePlaybooks(parts),
      batch: header.batch,
      problem: parts.problem ?? snapshotProblem(snapshot, journal),
      files: files.map((file) => file.name).sort(),
    },
  };
}

function isNoTrace({ content }: ListedFile): boolean {
  return content.type === "snapshot" && content.listing.problem?.code === "not-a-trace";
}

function sortParts(files: readonly ListedFile[], snapshotName: string): Parts {
  const parts: Parts = {};
  let newestIncarnation = 0;
  for (const { name, content } of files) {
    switch (content.type) {
      case "snapshot":
        parts.snapshot = content.listing;
        break;
      case "journal":
        if (content.listing.problem) {
          noteUnreadJournal(parts, content.incarnation);
          parts.problem ??= { ...content.listing.problem, file: name };
        } else if (content.incarnation > newestIncarnation) {
          newestIncarnation = content.incarnation;
          parts.journal = content.listing;
        }
        break;
      case "live":
        parts.liveMarker = content.marker;
        break;
      case "crash":
        parts.crashMarker = content.marker;
        parts.crashedWriter = content.of;
        break;
      case "unreadable": {
        const parsed = parseTraceFileName(name);
        if (parsed.type === "journal") noteUnreadJournal(parts, parsed.incarnation);
        // That it exists is what counts.
        if (parsed.type === "crash") parts.crashMarker = {};
        if (parts.problem && name !== snapshotName) break;
        parts.problem = {
          code: "unreadable",
          severity: "error",
          message: content.reason,
          file: name === snapshotName ? undefined : name,
        };
        break;
      }
      case "seen":
        break;
      default:
        assertNever(content, "listing");
    }
  }
  return parts;
}

function noteUnreadJournal(parts: Parts, incarnation: number): void {
  parts.unreadIncarnation = Math.max(parts.unreadIncarnation ?? 0, incarnation);
}

function evidenceOf(parts: Parts, modifiedMs: number): SessionFacts["evidence"] {
  const { snapshot, journal, liveMarker, crashMarker } = parts;
  return {
    hasSnapshot: snapshot?.isTrace === true,
    claimedStatus: snapshot?.claimedStatus,
    claimedError: snapshot?.claimedError,
    claimedEndMs: snapshot?.claimedEndMs,
    openSpans: snapshot?.openSpans ?? (snapshot?.rootOpen === true ? 1 : 0),
    rootOpen: snapshot?.rootOpen,
    rootStatus: snapshot?.rootStatus,
    rootError: snapshot?.rootError,
    rootEndMs: snapshot?.rootEndMs,
    openGenerations: snapshot?.openGenerations,
    finalFinishReason: snapshot?.finalFinishReason,
    lastActivityMs: laterOf(snapshot?.lastActivityMs, journal?.facts.lastRecordMs),
    lastWriteMs: modifiedMs || undefined,
    crashMarker,
    liveMarker,
    journal: journal?.facts,
    hasUnreadJournal:
      (parts.unreadIncarnation ?? -1) >= (journal?.facts.incarnation ?? snapshot?.writer?.incarnation ?? 0),
    writer: snapshot?.writer,
    truncated: snapshot?.truncated === true,
  };
}

/** A journal knows no more than its snapshot, but may be alone. */
function combineHeaders(snapshot: SessionHeader = {}, journal: SessionHeader = {}): SessionHeader {
  return {
    sessionId: snapshot.sessionId ?? journal.sessionId,
    title: snapshot.title ?? journal.title,
    prompt: snapshot.prompt ?? journal.prompt,
    agent: snapshot.agent ?? journal.agent,
    model: snapshot.model ?? journal.model,
    command: snapshot.command ?? journal.command,
    tags: snapshot.tags ?? journal.tags,
    startedMs: snapshot.startedMs ?? journal.startedMs,
    batch: snapshot.batch ?? journal.batch,
  };
}

/** What a run came to stands in the newer of the two. */
function combinePlaybooks({ snapshot, journal, unreadIncarnation }: Parts): LaunchedPlaybook | undefined {
  const told = snapshot?.playbook;
  const playbook = told?.failedStep === undefined ? (journal?.playbook ?? told) : told;
  if (playbook === undefined || unreadIncarnation !== undefined)
    return playbook && { ...playbook, lastStep: undefined };
  const { instance, seq = -1 } = snapshot?.writer ?? {};
  // Between the records of a snapshot and those that were read of its journal a further step may have begun.
  const isNewest =
    journal === undefined ||
    (journal.identity?.instance === instance && seq + 1 >= (journal.wholeFromSeq ?? Number.POSITIVE_INFINITY));
  return { ...playbook, lastStep: journal?.playbook?.lastStep ?? (isNewest ? told?.lastStep : undefined) };
}

/** Two readings of the same facts differ only in what time and the writer's process change. */
export function toEntry(facts: SessionFacts, probe: ProbeLiveness, nowMs: number): SessionEntry {
  const liveness = facts.writer ? probe(facts.writer) : "unknown";
  const state = deriveState({ ...facts.evidence, ...doubt(facts, nowMs), liveness }, nowMs);
  const endedMs = state.endMs;
  // What was counted while it ran lacks the step in which it crashed.
  const isCounted = state.status !== "crashed" || facts.snapshot?.claimedStatus === "crashed";
  const failures = isCounted ? facts.entry.failures : undefined;
  return { ...facts.entry, failures, state, endedMs, durationMs: durationOf(facts, state) };
}

/**
 * Between the steps of a live run other recorders claim that it is completed; what tells otherwise is the open root. A
 * very long prompt hides it. Then a file that is still being written counts as open, and later the claim is all there is.
 */
function doubt({ isRootUnseen, evidence }: SessionFacts, nowMs: number): Partial<Evidence> {
  const isFresh = Math.abs(nowMs - (evidence.lastWriteMs ?? 0)) <= freshForMs;
  return isRootUnseen && isFresh ? { openSpans: Math.max(1, evidence.openSpans) } : {};
}

function durationOf({ snapshot, entry }: SessionFacts, state: SessionState): number | undefined {
  if (state.status !== "completed" && state.status !== "failed" && state.status !== "crashed") return undefined;
  const claimed = snapshot?.claimedEndMs === state.endMs ? snapshot?.claimedDurationMs : undefined;
  if (claimed !== undefined) return claimed;
  if (state.endMs === undefined || entry.startedMs === undefined || state.endMs < entry.startedMs) return undefined;
  return state.endMs - entry.startedMs;
}

/** An empty snapshot beside a journal is one that was not folded yet. */
function snapshotProblem(
  snapshot: SnapshotListing | undefined,
  journal: JournalListing | undefined,
): Problem | undefined {
  return journal !== undefined && snapshot?.problem?.code === "empty-file" ? undefined : snapshot?.problem;
}

function laterOf(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.max(one, other);
}
