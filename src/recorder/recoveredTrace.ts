// The trace that recovery writes for a session whose writer is gone: what readers make of its files, with its end. Spans
// that were open stay open, because that is where it stopped.

import type { Steps } from "../base/steps";
import { countFailures } from "../trace/countFailures";
import type { WriterIdentity } from "../trace/evidence";
import { JournalFold } from "../trace/foldJournal";
import { ProblemList } from "../trace/problemList";
import type { CombinedSession } from "../trace/readSession";
import type { JournalMark, TraceFile, TraceSpan, Writer } from "../trace/schema";
import type { CrashFacts, Verdict } from "./sessionVerdict";

export function* recoveredTrace({ session }: CombinedSession, verdict: Verdict): Steps<TraceFile> {
  const { trace } = session;
  const { crash, incarnation, outcome } = verdict;
  const spans = crash ? withCrashEvent(trace, incarnation, crash) : trace.spans;
  // The end comes last and in this order, so that a recovery that was stopped and run again writes the same bytes.
  const { status: _status, error: told, ...rest } = trace.summary;
  const error = crash?.reason ?? told;
  const summary = {
    totalCost: 0,
    ...rest,
    failures: yield* countFailures(spans, outcome),
    openSpans: spans.filter(({ endTime }) => endTime === undefined).length,
    status: outcome,
    ...(error === undefined ? {} : { error }),
  };
  return {
    ...trace,
    sessionId: session.safeId,
    ...(crash ? { endedAt: new Date(crash.timeMs).toISOString() } : {}),
    spans: spans.map(withoutUnknownStart),
    summary,
  };
}

/** Later incarnations have a marker of their own, so the event is what keeps this crash in sight. */
function withCrashEvent(trace: TraceFile, incarnation: number, crash: CrashFacts): readonly TraceSpan[] {
  const { timeMs, reason } = crash;
  const fold = new JournalFold(trace.spans, trace.metadata, { problems: new ProblemList() });
  fold.addRootEvent("crash", timeMs, reason === undefined ? {} : { reason }, incarnation);
  return fold.spans;
}

/** JSON has no NaN, and a time that nobody knows is no time. */
function withoutUnknownStart(span: TraceSpan): TraceSpan {
  if (!Number.isNaN(span.startTime)) return span;
  const { startTime: _startTime, ...rest } = span;
  return rest as TraceSpan;
}

/** Whose journals the trace holds, and up to where. */
export function recoveredWriter({ session, combined, snapshot }: CombinedSession, verdict: Verdict): Writer {
  const { incarnation, identity, journal, journals } = verdict;
  const known: Partial<WriterIdentity> = identity ?? {};
  const held = combined.held.find((mark) => mark.incarnation === incarnation);
  const own = snapshot?.trace?.writer?.incarnation === incarnation ? snapshot.trace.writer : undefined;
  const earlier: JournalMark[] = combined.held.filter(
    (mark) =>
      mark.incarnation < incarnation && journals.some(({ reading }) => reading.facts.incarnation === mark.incarnation),
  );
  return {
    instance: known.instance ?? held?.instance ?? "",
    incarnation,
    seq: held?.seq ?? 0,
    offsetBytes: journal?.reading.facts.lengthBytes ?? own?.offsetBytes ?? 0,
    rawSessionId: known.rawSessionId ?? session.sessionId,
    ...identityFields(known),
    ...(earlier.length > 0 ? { earlier } : {}),
  };
}

function identityFields(identity: Partial<WriterIdentity>): Partial<WriterIdentity> {
  const { host, bootId, pidNamespace, pid, processStart } = identity;
  return {
    ...(host === undefined ? {} : { host }),
    ...(bootId === undefined ? {} : { bootId }),
    ...(pidNamespace === undefined ? {} : { pidNamespace }),
    ...(pid === undefined ? {} : { pid }),
    ...(processStart === undefined ? {} : { processStart }),
  };
}

/** True where `S.json` holds already what recovery would write. */
export function isRecovered(found: CombinedSession, verdict: Verdict): boolean {
  const { snapshot, isSnapshotWhole } = found;
  const { writer, summary } = snapshot?.trace ?? {};
  if (!isSnapshotWhole || !writer || !summary || summary.status !== verdict.outcome) return false;
  const wanted = recoveredWriter(found, verdict);
  if (writer.instance !== wanted.instance || writer.incarnation !== wanted.incarnation) return false;
  const holds = (mark: JournalMark) =>
    (writer.earlier ?? []).some(
      (one) => one.incarnation === mark.incarnation && one.instance === mark.instance && one.seq >= mark.seq,
    );
  return writer.seq >= wanted.seq && (wanted.earlier ?? []).every(holds);
}
