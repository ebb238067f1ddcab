// The state of a session, derived from evidence. The result is one of six words; everything else is a reason beside it.
// A snapshot is a claim: it is believed only where nothing stronger contradicts it. Crash evidence beats everything.

import { assertNever } from "../base/assert";
import type { CrashMarker, Evidence, JournalFacts } from "./evidence";
import type { Writer } from "./schema";

export type SessionStatus = "running" | "waiting" | "completed" | "failed" | "crashed" | "unknown";

export type StateReason =
  /** No write for longer than a live writer stays silent. */
  | { readonly type: "stalled"; readonly sinceMs: number }
  /** The process was killed or vanished without saying why. */
  | { readonly type: "killed"; readonly detail?: string | undefined }
  /** What is shown was put together again after a crash. */
  | { readonly type: "recovered"; readonly records: number; readonly lost: number }
  | { readonly type: "lastWrite"; readonly atMs: number; readonly host?: string | undefined }
  /** What the file says of itself and why that is not believed. */
  | { readonly type: "claim"; readonly claimed: string; readonly because: string }
  | { readonly type: "waitingFor"; readonly detail: string }
  | { readonly type: "incomplete"; readonly detail: string };

export interface SessionState {
  readonly status: SessionStatus;
  readonly reasons: readonly StateReason[];
  /** The error that the session ended with, as its producer wrote it. */
  readonly error?: string | undefined;
  /** When the session ended; undefined while it runs or where nobody knows. */
  readonly endMs?: number | undefined;
}

/** Writers of ours write a heartbeat every 30 s; after this much silence a live session counts as stalled. */
export const stalledAfterMs = 120_000;

/** A foreign trace whose last write is older than this is not taken for a running one. */
export const freshForMs = 120_000;

/** Derives the state at `nowMs`. The table in docs/trace-format.md, "State", has the same order. */
export function deriveState(evidence: Evidence, nowMs: number): SessionState {
  return (
    crashed(evidence) ??
    withUnreadJournal(evidence, nowMs) ??
    endedInJournal(evidence) ??
    withWriter(evidence, nowMs) ??
    fromClaims(evidence, nowMs)
  );
}

/**
 * Whether a crash marker speaks of the session as it is now. Void are the marker of an incarnation that a newer one
 * followed, and one that recovery made for a journal which has grown since. A torn marker names no incarnation and holds.
 */
export function crashMarkerHolds(
  marker: CrashMarker,
  { journal, writer, liveMarker }: Pick<Evidence, "journal" | "writer" | "liveMarker">,
): boolean {
  const newest = Math.max(journal?.incarnation ?? 0, writer?.incarnation ?? 0, liveMarker?.incarnation ?? 0);
  const of = marker.incarnation ?? newest;
  if (of < newest) return false;
  // A journal that went on and is gone by now was folded: the snapshot says how long it was.
  const journalBytes = journal?.incarnation === of ? journal.lengthBytes : 0;
  const foldedBytes = writer?.incarnation === of ? writer.offsetBytes : 0;
  return !(marker.journalBytes !== undefined && Math.max(journalBytes, foldedBytes) > marker.journalBytes);
}

function crashed(evidence: Evidence): SessionState | undefined {
  const { journal, writer } = evidence;
  const marker =
    evidence.crashMarker && crashMarkerHolds(evidence.crashMarker, evidence) ? evidence.crashMarker : undefined;
  // A snapshot of an earlier incarnation says nothing of this one, and a journal that ended well knows better.
  const isOfEarlier = writer !== undefined && journal !== undefined && writer.incarnation < journal.incarnation;
  // A crash that recovery concluded and that the journal, which went on, shows to be none.
  const hasGoneOn = journal !== undefined && isFolded(journal, writer) && journal.lengthBytes > writer.offsetBytes;
  const claimsCrash =
    evidence.claimedStatus === "crashed" && !isOfEarlier && !hasGoneOn && journal?.ended === undefined;
  const recordSaysCrash = journal?.ended?.status === "crashed";
  if (!marker && !journal?.crashed && !recordSaysCrash && !claimsCrash) return undefined;
  return {
    status: "crashed",
    reasons: recoveredReasons(evidence),
    error:
      journal?.crashed?.reason ??
      marker?.reason ??
      journal?.ended?.error ??
      (claimsCrash ? claimedError(evidence) : undefined),
    endMs:
      journal?.crashed?.timeMs ??
      marker?.timeMs ??
      journal?.ended?.timeMs ??
      journal?.lastRecordMs ??
      (claimsCrash ? (evidence.rootEndMs ?? evidence.claimedEndMs) : undefined) ??
      evidence.lastActivityMs,
  };
}

/** True where the snapshot is the fold of this journal. */
function isFolded(journal: JournalFacts, writer: Writer | undefined): writer is Writer {
  return writer?.incarnation === journal.incarnation && writer.instance === journal.instance;
}

/** What is read ends before the session does, unless a process that wrote `S.live` is there to say that it still runs. */
function withUnreadJournal(evidence: Evidence, nowMs: number): SessionState | undefined {
  const { hasUnreadJournal, liveMarker, liveness } = evidence;
  if (hasUnreadJournal !== true || (liveMarker && liveness === "alive")) return undefined;
  const detail = "its newest journal can't be read";
  return { status: "unknown", reasons: [{ type: "incomplete", detail }, ...lastWrite(evidence, nowMs)] };
}

function endedInJournal(evidence: Evidence): SessionState | undefined {
  const ended = evidence.journal?.ended;
  if (!ended) return undefined;
  const failed = ended.status === "error";
  return {
    status: failed ? "failed" : "completed",
    reasons: lossReasons(evidence),
    error: failed ? (ended.error ?? evidence.rootError) : undefined,
    endMs: ended.timeMs,
  };
}

/** A session of ours that names no end: what became of its process decides. */
function withWriter(evidence: Evidence, nowMs: number): SessionState | undefined {
  const { journal, liveMarker, writer, liveness } = evidence;
  if (!journal && !liveMarker && !writer) return undefined;
  // Without a journal the snapshot of ours is the last word, unless a newer incarnation has just begun.
  const begunAnew = liveMarker !== undefined && liveMarker.instance !== writer?.instance;
  if (!journal && !begunAnew && writer && !evidence.truncated) {
    if (evidence.rootOpen === false) return undefined;
    // What we write is true, unlike a claim, also where the end of the root was lost.
    const claimed = evidence.claimedStatus;
    if (claimed === "error") return undefined;
    if (claimed === "completed") return { status: "completed", reasons: [], endMs: evidence.claimedEndMs };
  }

  const silentSinceMs = lastSignMs(evidence, nowMs, [journal?.lastRecordMs]);
  const isSilent = silentSinceMs === undefined || nowMs - silentSinceMs > stalledAfterMs;
  const waiting = journal?.waiting;
  const live: SessionState = {
    status: waiting ? "waiting" : "running",
    reasons: [
      ...(waiting ? [{ type: "waitingFor", detail: waiting.reason } as const] : []),
      ...(isSilent && silentSinceMs !== undefined ? [{ type: "stalled", sinceMs: silentSinceMs } as const] : []),
      ...lossReasons(evidence),
    ],
  };
  switch (liveness) {
    case "alive":
      return live;
    case "gone":
      return {
        status: "crashed",
        reasons: [{ type: "killed" }, ...recoveredReasons(evidence)],
        endMs: journal?.lastRecordMs ?? evidence.lastActivityMs ?? evidence.lastWriteMs,
      };
    case "unknown":
      return isSilent
        ? { status: "unknown", reasons: [...lastWrite(evidence, nowMs), ...lossReasons(evidence)] }
        : live;
    default:
      return assertNever(liveness, "liveness");
  }
}

/** A snapshot alone, of another program or of ours after a clean end. */
function fromClaims(evidence: Evidence, nowMs: number): SessionState {
  const { claimedStatus, openSpans, rootOpen } = evidence;
  if (evidence.truncated || !evidence.hasSnapshot) {
    const detail = evidence.hasSnapshot ? "the file ends in the middle" : "nothing of the session can be read";
    return { status: "unknown", reasons: [{ type: "incomplete", detail }, ...lastWrite(evidence, nowMs)] };
  }
  const isOpen = rootOpen ?? openSpans > 0;
  const endMs = evidence.rootEndMs ?? (isOpen ? undefined : evidence.claimedEndMs);
  // Producers write "completed" or "running" by default between steps, but "error" only when somebody said so.
  if (claimedStatus === "error" || (!isOpen && evidence.rootStatus === "error")) {
    return {
      status: "failed",
      reasons: isOpen ? [{ type: "incomplete", detail: "its root span has no end" }] : [],
      error: claimedError(evidence),
      endMs: endMs ?? evidence.claimedEndMs,
    };
  }
  const openGenerations = evidence.openGenerations ?? 0;
  // Where nothing is claimed, an end must have been seen: that no span is open says little where there is no root.
  const seesEnd = rootOpen === false || evidence.claimedEndMs !== undefined;
  const claimsEnd = claimedStatus === "completed" || (claimedStatus === undefined && seesEnd);
  // Ours is written as completed by an end alone: a step that is open in it never reported its own.
  const isUnderWay = openGenerations > 0 && evidence.writer === undefined;
  if (!isOpen && !isUnderWay && claimsEnd) return { status: "completed", reasons: [], endMs };

  const signMs = lastSignMs(evidence, nowMs, [evidence.lastActivityMs, evidence.claimedEndMs]);
  if (signMs !== undefined && nowMs - signMs <= freshForMs) {
    const onlyRootOpen = isOpen && rootOpen === true && openSpans <= 1;
    const answered = evidence.finalFinishReason === "stop" || evidence.finalFinishReason === "end_turn";
    if (onlyRootOpen && answered) {
      return { status: "waiting", reasons: [{ type: "waitingFor", detail: "the next message" }] };
    }
    return { status: "running", reasons: [] };
  }
  return {
    status: "unknown",
    reasons: [
      ...(claimedStatus === undefined ? [] : [disbelief(evidence, claimedStatus, openGenerations)]),
      ...lastWrite(evidence, nowMs),
    ],
  };
}

function disbelief(evidence: Evidence, claimed: string, openGenerations: number): StateReason {
  let because = "nothing was written since";
  if (claimed !== "running") {
    if (evidence.rootOpen === true) because = "its root span has no end";
    else if (openGenerations > 0) because = "a generation has no end";
    else if (evidence.openSpans > 0) because = "a span has no end";
  } else if (evidence.rootOpen === false) {
    because = "its root span has ended";
  }
  return { type: "claim", claimed, because };
}

function claimedError(evidence: Evidence): string | undefined {
  return evidence.claimedError ?? evidence.rootError;
}

/** Of a session that stopped without an end: a record that is torn then will never be completed. */
function recoveredReasons(evidence: Evidence): StateReason[] {
  const { recovered, journal } = evidence;
  const records = recovered?.records ?? 0;
  const lost = (recovered?.lost ?? journal?.lostCount ?? 0) + (journal?.hasTornTail === true ? 1 : 0);
  return records > 0 || lost > 0 ? [{ type: "recovered", records, lost }] : [];
}

function lossReasons(evidence: Evidence): StateReason[] {
  const lost = evidence.journal?.lostCount ?? 0;
  return lost > 0 ? [{ type: "incomplete", detail: `${lost} ${lost === 1 ? "record" : "records"} lost` }] : [];
}

/**
 * When the session last gave a sign: the earliest of the file time and what is written inside, because a copy has a new
 * file time and a producer may name a time to come. Times that are well ahead of `nowMs` are no sign of life.
 */
function lastSignMs(evidence: Evidence, nowMs: number, inside: readonly (number | undefined)[]): number | undefined {
  const credible = (timeMs: number | undefined): timeMs is number =>
    timeMs !== undefined && Number.isFinite(timeMs) && timeMs <= nowMs + freshForMs;
  const latestInside = inside.filter(credible).reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const known = [latestInside, evidence.lastWriteMs].filter(credible);
  return known.length === 0 ? undefined : Math.min(...known);
}

function lastWrite(evidence: Evidence, nowMs: number): StateReason[] {
  const inside = evidence.journal?.lastRecordMs ?? evidence.lastActivityMs;
  const atMs = lastSignMs(evidence, nowMs, [inside]);
  const host = evidence.writer?.host ?? evidence.liveMarker?.host;
  return atMs === undefined ? [] : [{ type: "lastWrite", atMs, host }];
}
