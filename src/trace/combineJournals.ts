// Snapshot and journals of one session -> one list of spans. A journal is combined with a snapshot only when it is known
// that they belong together; otherwise the journal is the trace, because its records are facts and a snapshot may be
// anybody's claim.

import { type CombinePlan, planCombination } from "./combinePlan";
import { JournalFold } from "./foldJournal";
import type { ReadJournal } from "./journal";
import type { Problem } from "./problem";
import { ProblemList } from "./problemList";
import { entriesOfStep } from "./rewrittenRecords";
import type { JournalMark, TraceFile, TraceMetadata, TraceSpan } from "./schema";

export interface Combined {
  readonly spans: TraceSpan[];
  readonly metadata: TraceMetadata;
  /** The snapshot that the journals were added to; undefined where the journals are the trace. */
  readonly base: TraceFile | undefined;
  /** Some journal was applied; otherwise the snapshot is the trace as it is. */
  readonly isApplied: boolean;
  /** What was applied is older than the base, which therefore says how the session ended. */
  readonly isBaseNewest: boolean;
  /** The journals whose records are in the result, oldest first. */
  readonly held: readonly JournalMark[];
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
  const plan = planCombination(snapshot, isWhole, holding);
  const problems = new ProblemList();
  if (plan.problem) problems.add(plan.problem);
  const fold = new JournalFold(plan.base?.spans ?? [], plan.base?.metadata ?? {}, {
    problems,
    replaceKnown: plan.replaceKnown,
  });
  let addedRecords = 0;
  let lostRecords = 0;
  let lostOfNewest = 0;
  for (const step of plan.steps) {
    const { journal, afterSeq, isOverruled } = step;
    const { facts, header } = journal;
    fold.beginIncarnation(facts.incarnation, isOverruled);
    // What the base holds of a journal begins with its header, and later records may have changed it.
    if (header && afterSeq === 0 && !isOverruled) {
      fold.metadata = { ...fold.metadata, ...header.header.trace.metadata };
    }
    const { entries, lost } = entriesOfStep(step, plan, holding);
    for (const entry of entries) fold.apply(entry);
    addedRecords += entries.length;
    lostRecords += lost;
    lostOfNewest = lost;
    // What the marker of an older incarnation tells is more than that it was killed.
    const isTold = earlierCrash?.incarnation === facts.incarnation;
    if (facts.crashed || facts.ended || isOverruled || isTold) continue;
    const newer = journals.filter((other) => other.facts.incarnation > facts.incarnation);
    const isGoneOnWith = newer.some((other) => other.header?.header.writer.instance === facts.instance);
    if (newer.length > 0 && !isGoneOnWith && facts.lastRecordMs !== undefined) {
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
    isApplied: plan.steps.length > 0,
    isBaseNewest: plan.base !== undefined && plan.steps.every(({ isOverruled }) => isOverruled),
    held: heldMarks(plan),
    addedRecords,
    lostRecords,
    lostOfNewest,
    problems: problems.toArray(),
  };
}

function heldMarks({ base, steps }: CombinePlan): JournalMark[] {
  const marks = new Map<number, JournalMark>();
  const note = ({ instance, incarnation, seq }: JournalMark) => marks.set(incarnation, { instance, incarnation, seq });
  for (const mark of base?.writer?.earlier ?? []) note(mark);
  if (base?.writer) note(base.writer);
  for (const { journal, afterSeq } of steps) {
    const { instance = journal.tag ?? "", incarnation, lastSeq } = journal.facts;
    note({ instance: marks.get(incarnation)?.instance ?? instance, incarnation, seq: Math.max(afterSeq, lastSeq) });
  }
  return [...marks.values()].sort((a, b) => a.incarnation - b.incarnation);
}
