// Snapshot and journals of one session -> one list of spans. A journal is combined with a snapshot only when it is known
// that they belong together; otherwise the journal is the trace, because its records are facts and a snapshot may be
// anybody's claim.

import { finish, rowsPerStep, type Steps } from "../base/steps";
import { type CombinePlan, type PlanStep, planCombination } from "./combinePlan";
import { JournalFold } from "./foldJournal";
import type { ReadJournal } from "./journal";
import { HeldJournal, type JournalOutline } from "./journalOutline";
import type { JournalEntry, JournalReading } from "./journalReading";
import type { Problem } from "./problem";
import { ProblemList } from "./problemList";
import { choiceOfStep, type StepChoice } from "./rewrittenRecords";
import type { JournalMark, TraceFile, TraceMetadata, TraceSpan } from "./schema";
import type { TraceHeader } from "./spanSource";

/** How snapshot and journals were put together. */
export interface CombinedHead<H extends TraceHeader = TraceHeader> {
  readonly metadata: TraceMetadata;
  /** The snapshot that the journals were added to; undefined where the journals are the trace. */
  readonly base: H | undefined;
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

export interface Combined extends CombinedHead<TraceFile> {
  readonly spans: TraceSpan[];
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
  return finish(combineJournalsInSteps(snapshot, isWhole, journals, earlierCrash));
}

/** The same, with pauses in which others can be served. */
export function* combineJournalsInSteps(
  snapshot: TraceFile | undefined,
  isWhole: boolean,
  journals: readonly ReadJournal[],
  earlierCrash?: EarlierCrash,
): Steps<Combined> {
  const holding = journals.map((journal) => new HeldJournal(journal)).filter(holdsSomething);
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
  if (plan.steps.length > 0) yield* fold.preparing();
  for (const step of plan.steps) {
    const { facts } = step.journal;
    fold.beginIncarnation(facts.incarnation, step.isOverruled);
    fold.metadata = { ...fold.metadata, ...metadataOfHeader(step) };
    const choice = choiceOfStep(step, plan, holding);
    const entries = entriesOfStep(step, choice);
    for (const [index, entry] of entries.entries()) {
      if (index % rowsPerStep === 0) yield;
      fold.apply(entry);
    }
    addedRecords += entries.length;
    lostRecords += choice.lost;
    lostOfNewest = choice.lost;
    const killedMs = timeOfKill(step, journals, earlierCrash);
    if (killedMs !== undefined) fold.addRootEvent("crash", killedMs, { reason: "killed" }, facts.incarnation);
  }
  if (earlierCrash) {
    const { incarnation, timeMs } = earlierCrash;
    fold.addRootEvent("crash", timeMs, detailsOfCrash(earlierCrash), incarnation);
  }
  return {
    spans: fold.spans,
    metadata: fold.metadata,
    base: plan.base,
    isApplied: plan.steps.length > 0,
    isBaseNewest: isBaseNewest(plan),
    held: heldMarks(plan),
    addedRecords,
    lostRecords,
    lostOfNewest,
    problems: problems.toArray(),
  };
}

/** A journal without a single sound record says that somebody began, and nothing that could take a snapshot's place. */
export function holdsSomething({ header, lastEntrySeq }: JournalOutline): boolean {
  return header !== undefined || lastEntrySeq >= 0;
}

/** What the base holds of a journal begins with its header, and later records may have changed it. */
export function metadataOfHeader({ journal, afterSeq, isOverruled }: PlanStep<JournalReading>): TraceMetadata {
  return afterSeq === 0 && !isOverruled ? (journal.header?.header.trace.metadata ?? {}) : {};
}

/**
 * When an incarnation was killed that a newer one followed; undefined for one that said how it ended.
 * @param journals all that are there
 */
export function timeOfKill(
  { journal, isOverruled }: PlanStep<JournalReading>,
  journals: readonly JournalReading[],
  earlierCrash: EarlierCrash | undefined,
): number | undefined {
  const { facts } = journal;
  // What the marker of an older incarnation tells is more than that it was killed.
  const isTold = earlierCrash?.incarnation === facts.incarnation;
  if (facts.crashed || facts.ended || isOverruled || isTold) return undefined;
  const newer = journals.filter((other) => other.facts.incarnation > facts.incarnation);
  const isGoneOnWith = newer.some((other) => other.header?.header.writer.instance === facts.instance);
  return newer.length > 0 && !isGoneOnWith ? facts.lastRecordMs : undefined;
}

export function detailsOfCrash({ reason }: EarlierCrash): Readonly<Record<string, unknown>> {
  return reason === undefined ? {} : { reason };
}

export function isBaseNewest({ base, steps }: CombinePlan<JournalReading>): boolean {
  return base !== undefined && steps.every(({ isOverruled }) => isOverruled);
}

export function heldMarks({ base, steps }: CombinePlan<JournalReading>): JournalMark[] {
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

function entriesOfStep(
  { journal, afterSeq }: PlanStep<HeldJournal>,
  { leftOut, filling }: StepChoice<HeldJournal>,
): readonly JournalEntry[] {
  const entries = journal.journal.records.filter(({ seq }) => seq > afterSeq && !leftOut.has(seq));
  for (const { seq, journal: later, copy } of filling) {
    const entry = later.entryOf(copy.seq);
    if (entry) entries.push({ ...entry, seq });
  }
  return filling.length === 0 ? entries : entries.sort((a, b) => a.seq - b.seq);
}
