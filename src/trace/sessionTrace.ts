// The head of the trace that snapshot and journals make together: what a trace file says beside its spans is taken from the
// snapshot where it belongs to them, else from the journals' headers; totals are derived from the spans.

import type { Steps } from "../base/steps";
import type { Combined, CombinedHead } from "./combineJournals";
import { type Durability, decodeDurability, encodeDurability, joinDurability } from "./durability";
import type { CrashMarker, JournalFacts } from "./evidence";
import type { JournalReading } from "./journalReading";
import type { TraceFile, TraceSpan, TraceSummary } from "./schema";
import type { TraceHeader } from "./spanSource";
import { totalsInSteps } from "./traceSummary";

/** How the session ended, as far as its files tell. */
export interface SessionEnd {
  readonly journal: JournalFacts | undefined;
  /** Only where it holds. */
  readonly crashMarker: CrashMarker | undefined;
}

/** What the spans of a trace add up to. */
export interface SpanTotals {
  readonly summary: TraceSummary;
  /** Start of the first one; undefined where none is known. */
  readonly startMs: number | undefined;
}

function* totalsOfSpans(spans: readonly TraceSpan[]): Steps<SpanTotals> {
  let earliest = Number.POSITIVE_INFINITY;
  for (const { startTime } of spans) if (startTime < earliest) earliest = startTime;
  yield;
  return {
    summary: yield* totalsInSteps(spans),
    startMs: earliest === Number.POSITIVE_INFINITY ? undefined : earliest,
  };
}

/** @param journals oldest incarnation first, at least one of them with a header or a record */
export function combinedHeader(
  fallbackId: string,
  combined: CombinedHead,
  journals: readonly JournalReading[],
  end: SessionEnd,
  totals: SpanTotals,
): TraceHeader {
  const { base, metadata } = combined;
  const first = journals.find((journal) => journal.header !== undefined)?.header;
  const sessionId = base?.sessionId ?? first?.header.trace.sessionId ?? fallbackId;
  const saysBase = combined.isBaseNewest && (end.crashMarker === undefined || base?.summary.status === "crashed");
  const { endMs, ...outcome } = outcomeOf(end);
  const header: TraceHeader = {
    ...base,
    version: 2,
    traceId: base?.traceId ?? first?.header.trace.traceId ?? sessionId,
    sessionId,
    startedAt: base?.startedAt ?? first?.header.trace.startedAt ?? toIso(first?.wallMs) ?? toIso(totals.startMs) ?? "",
    metadata,
    summary: saysBase
      ? { ...base?.summary, ...totals.summary }
      : { ...keptSummary(base?.summary), ...totals.summary, ...outcome },
  };
  const durability = durabilityOf(base, journals);
  if (durability.length > 0) header.durability = durability.map(encodeDurability);
  if (saysBase) return header;
  const endedAt = toIso(endMs);
  if (endedAt === undefined) delete header.endedAt;
  else header.endedAt = endedAt;
  return header;
}

/** What the journals' writers noted of syncs and snapshots, with what the base knows already. */
function durabilityOf(base: TraceHeader | undefined, journals: readonly JournalReading[]): Durability[] {
  const noted = journals.flatMap(({ durability }) => durability ?? []);
  return joinDurability(decodeDurability(base?.durability), noted);
}

/** With pauses. @param journals oldest incarnation first, at least one of them with a header or a record */
export function* combinedTrace(
  fallbackId: string,
  combined: Combined,
  journals: readonly JournalReading[],
  end: SessionEnd,
): Steps<TraceFile> {
  const { spans } = combined;
  return { ...combinedHeader(fallbackId, combined, journals, end, yield* totalsOfSpans(spans)), spans };
}

/** What stands for a session of which not a byte could be read. The start is unknown, so it is empty. */
export function emptyTrace(id: string): TraceFile {
  return { version: 2, traceId: id, sessionId: id, startedAt: "", metadata: {}, spans: [], summary: {} };
}

function outcomeOf({ journal, crashMarker }: SessionEnd): Pick<TraceSummary, "status" | "error"> & { endMs?: number } {
  const crashed = journal?.crashed;
  if (crashed || crashMarker) {
    const error = crashed?.reason ?? crashMarker?.reason;
    const endMs = crashed?.timeMs ?? crashMarker?.timeMs ?? journal?.lastRecordMs;
    return { status: "crashed", ...(error === undefined ? {} : { error }), ...(endMs === undefined ? {} : { endMs }) };
  }
  const ended = journal?.ended;
  if (!ended) return { status: "running" };
  return { status: ended.status, ...(ended.error === undefined ? {} : { error: ended.error }), endMs: ended.timeMs };
}

/** What a snapshot's summary says that can't be derived from spans alone, and does not tell of an end. */
function keptSummary(summary: TraceSummary | undefined): TraceSummary {
  const kept = { ...summary };
  for (const name of ["status", "error", "totalCost", "duration", "topTools", "failures", "narrative"] as const) {
    delete kept[name];
  }
  return kept;
}

function toIso(timeMs: number | undefined): string | undefined {
  // The range of `Date`.
  return timeMs !== undefined && Math.abs(timeMs) <= 8.64e15 ? new Date(timeMs).toISOString() : undefined;
}
