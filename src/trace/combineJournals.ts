// Snapshot and journals of one session -> one list of spans. A journal is combined with a snapshot only when it is known
// that they belong together; otherwise the journal is the trace, because its records are facts and a snapshot may be
// anybody's claim.

import { JournalFold } from "./foldJournal";
import type { ReadJournal } from "./journal";
import { writerTag } from "./journalFrame";
import type { Problem } from "./problem";
import { ProblemList } from "./problemList";
import type { TraceFile, TraceMetadata, TraceSpan } from "./schema";
import { countMissingAfter } from "./seqLog";

export interface Combined {
  readonly spans: TraceSpan[];
  readonly metadata: TraceMetadata;
  /** The snapshot that the journals were added to; undefined where the journals are the trace. */
  readonly base: TraceFile | undefined;
  /** Some journal was applied; otherwise the snapshot is the trace as it is. */
  readonly isApplied: boolean;
  /** Records that the snapshot lacked. */
  readonly addedRecords: number;
  /** Records that neither the snapshot nor a journal holds. */
  readonly lostRecords: number;
  /** The same for the newest journal alone. */
  readonly lostOfNewest: number;
  readonly problems: readonly Problem[];
}

/** A crash of an incarnation that a newer one followed, as its marker tells it. */
export interface EarlierCrash {
  readonly incarnation: number;
  readonly timeMs: number;
  readonly reason?: string | undefined;
}

/** Which journals are applied to what, and from where. */
interface Plan {
  readonly base: TraceFile | undefined;
  readonly replaceKnown: boolean;
  /** Oldest first, with the sequence number up to which the base holds its records. */
  readonly steps: readonly { readonly journal: ReadJournal; readonly afterSeq: number }[];
  readonly problem?: Problem | undefined;
}

/**
 * @param journals oldest incarnation first
 * @param isWhole false where the snapshot is cut or damaged, so that it lacks records that it claims to hold
 */
export function combineJournals(
  snapshot: TraceFile | undefined,
  isWhole: boolean,
  journals: readonly ReadJournal[],
  earlierCrash?: EarlierCrash,
): Combined {
  // A journal without a single sound record says that somebody began, and nothing that could take a snapshot's place.
  const holding = journals.filter(({ header, records }) => header !== undefined || records.length > 0);
  const plan = makePlan(snapshot, isWhole, holding);
  const problems = new ProblemList();
  if (plan.problem) problems.add(plan.problem);
  const fold = new JournalFold(plan.base?.spans ?? [], plan.base?.metadata ?? {}, {
    problems,
    replaceKnown: plan.replaceKnown,
  });
  let addedRecords = 0;
  let lostRecords = 0;
  let lostOfNewest = 0;
  for (const { journal, afterSeq } of plan.steps) {
    const { facts, header, records } = journal;
    fold.beginIncarnation(facts.incarnation);
    if (header) fold.metadata = { ...fold.metadata, ...header.header.trace.metadata };
    for (const entry of records) {
      if (entry.seq <= afterSeq) continue;
      fold.apply(entry);
      addedRecords++;
    }
    lostOfNewest =
      facts.lostCount - countMissingAfter(journal.missing, 0) + countMissingAfter(journal.missing, afterSeq);
    lostRecords += lostOfNewest;
    if (facts.crashed || facts.ended) continue;
    const next = journals.find((other) => other.facts.incarnation > facts.incarnation);
    const isGoneOnWith = next?.header?.header.writer.instance === facts.instance;
    if (next && !isGoneOnWith && facts.lastRecordMs !== undefined) {
      fold.addRootEvent("crash", facts.lastRecordMs, { reason: "killed" }, facts.incarnation);
    }
  }
  if (earlierCrash) {
    const { incarnation, timeMs, reason } = earlierCrash;
    fold.addRootEvent("crash", timeMs, reason === undefined ? {} : { reason }, incarnation);
  }
  return {
    spans: fold.spans,
    metadata: fold.metadata,
    base: plan.base,
    isApplied: plan.steps.some(({ journal }) => journal.header !== undefined || journal.records.length > 0),
    addedRecords,
    lostRecords,
    lostOfNewest,
    problems: problems.toArray(),
  };
}

function makePlan(snapshot: TraceFile | undefined, isWhole: boolean, journals: readonly ReadJournal[]): Plan {
  const all = (base: TraceFile | undefined, replaceKnown = false, problem?: Problem): Plan => ({
    base,
    replaceKnown,
    steps: journals.map((journal) => ({ journal, afterSeq: 0 })),
    problem,
  });
  const newest = journals.at(-1);
  if (!snapshot || !newest) return all(snapshot);
  const { writer } = snapshot;
  const own = journals.findIndex((journal) => isWrittenBy(journal, snapshot));
  if (own >= 0 && writer) {
    // What a damaged snapshot claims to hold may be missing in it: everything is applied, to what is left of it.
    if (!isWhole) return all(snapshot, true);
    const steps = journals.slice(own).map((journal, index) => ({ journal, afterSeq: index === 0 ? writer.seq : 0 }));
    return { base: snapshot, replaceKnown: false, steps };
  }
  const next = journals.findIndex((journal) => goesOnFrom(journal, snapshot));
  if (next >= 0) {
    return { ...all(snapshot, !isWhole), steps: journals.slice(next).map((journal) => ({ journal, afterSeq: 0 })) };
  }
  // A newer incarnation has ended and was folded; what is left of older ones is in the snapshot.
  if (writer && isWhole && writer.incarnation > newest.facts.incarnation) {
    return { base: snapshot, replaceKnown: false, steps: [] };
  }
  return all(undefined, false, {
    code: "instance-mismatch",
    severity: "warning",
    message: writer
      ? "The snapshot was written by another writer than the journal; the journal is the trace"
      : "The snapshot does not say which records of the journal it holds; the journal is the trace",
  });
}

/** True where the snapshot is the fold of this very journal. Without its header, a journal is known by its records' tag. */
function isWrittenBy(journal: ReadJournal, { writer }: TraceFile): boolean {
  if (!writer || writer.incarnation !== journal.facts.incarnation) return false;
  const { instance } = journal.facts;
  return instance === undefined ? journal.tag === writerTag(writer.instance) : instance === writer.instance;
}

/** True where the journal's incarnation took over this snapshot. */
function goesOnFrom(journal: ReadJournal, { writer, traceId }: TraceFile): boolean {
  const continues = journal.header?.header.continues;
  if (!continues) return false;
  if (writer) return continues.instance === writer.instance && continues.incarnation === writer.incarnation;
  return continues.instance === undefined && continues.traceId === traceId;
}
