// Which journals are applied to which snapshot, and from which record on. A snapshot is taken for a base only where it is
// known which records it holds.

import { writerTag } from "./journalFrame";
import type { JournalOutline } from "./journalOutline";
import type { JournalReading } from "./journalReading";
import type { Problem } from "./problem";
import type { JournalMark } from "./schema";
import type { TraceHeader } from "./spanSource";

export interface PlanStep<J> {
  readonly journal: J;
  /** The base holds the journal's records up to this sequence number. */
  readonly afterSeq: number;
  /** The base is of a newer incarnation: what it says stays as it is. */
  readonly isOverruled: boolean;
}

export interface CombinePlan<J, H extends TraceHeader = TraceHeader> {
  readonly base: H | undefined;
  readonly replaceKnown: boolean;
  /** Oldest first. */
  readonly steps: readonly PlanStep<J>[];
  readonly problem?: Problem | undefined;
}

/**
 * @param isWhole false where the snapshot is cut or damaged, so that it lacks records that it claims to hold
 * @param journals oldest incarnation first, each with a header or a record
 */
export function planCombination<J extends JournalOutline, H extends TraceHeader>(
  snapshot: H | undefined,
  isWhole: boolean,
  journals: readonly J[],
): CombinePlan<J, H> {
  const fromStart = (journal: J): PlanStep<J> => ({ journal, afterSeq: 0, isOverruled: false });
  const newest = journals.at(-1);
  if (!snapshot || !newest) return { base: snapshot, replaceKnown: false, steps: journals.map(fromStart) };
  const { writer } = snapshot;
  const earlier = earlierSteps(snapshot, isWhole, journals);
  const own = journals.findIndex((journal) => isFoldOf(snapshot, journal));
  if (own >= 0 && writer) {
    // What a damaged snapshot claims to hold may be missing in it: everything is applied, to what is left of it.
    if (!isWhole) return { base: snapshot, replaceKnown: true, steps: journals.map(fromStart) };
    const steps = journals
      .slice(own)
      .map((journal, index) => ({ ...fromStart(journal), afterSeq: index === 0 ? writer.seq : 0 }));
    return { base: snapshot, replaceKnown: false, steps: [...earlier, ...steps] };
  }
  const next = journals.findIndex((journal) => goesOnFrom(journal, snapshot));
  if (next >= 0) {
    return { base: snapshot, replaceKnown: !isWhole, steps: [...earlier, ...journals.slice(next).map(fromStart)] };
  }
  // A newer incarnation has ended and was folded; what is left of older ones is in the snapshot.
  if (writer && isWhole && writer.incarnation > newest.facts.incarnation) {
    return { base: snapshot, replaceKnown: false, steps: earlier };
  }
  return {
    base: undefined,
    replaceKnown: false,
    steps: journals.map(fromStart),
    problem: {
      code: "instance-mismatch",
      severity: "warning",
      message: writer
        ? "The snapshot was written by another writer than the journal; the journal is the trace"
        : "The snapshot does not say which records of the journal it holds; the journal is the trace",
    },
  };
}

/** Records which an older incarnation's writer still wrote after the snapshot's writer had taken over what was there. */
function earlierSteps<J extends JournalOutline>(
  { writer }: TraceHeader,
  isWhole: boolean,
  journals: readonly J[],
): PlanStep<J>[] {
  const steps: PlanStep<J>[] = [];
  for (const mark of writer?.earlier ?? []) {
    const journal = journals.find((one) => isMarkOf(mark, one));
    if (!journal || mark.incarnation >= (writer?.incarnation ?? 0)) continue;
    const afterSeq = isWhole ? mark.seq : 0;
    if (journal.lastEntrySeq > afterSeq) steps.push({ journal, afterSeq, isOverruled: true });
  }
  return steps.sort((a, b) => a.journal.facts.incarnation - b.journal.facts.incarnation);
}

/** True where the snapshot is the fold of this very journal. */
function isFoldOf({ writer }: TraceHeader, journal: JournalReading): boolean {
  return writer !== undefined && isMarkOf(writer, journal);
}

/** True where the mark is this journal's. */
export function isMarkOf(mark: Pick<JournalMark, "instance" | "incarnation">, journal: JournalReading): boolean {
  return mark.incarnation === journal.facts.incarnation && isOfInstance(journal, mark.instance);
}

/** True for a journal that this instance wrote. Without its header, a journal is known by its records' tag. */
export function isOfInstance({ facts, tag }: JournalReading, instance: string): boolean {
  return facts.instance === undefined ? tag === writerTag(instance) : facts.instance === instance;
}

/** True where the journal's incarnation took over this snapshot. */
function goesOnFrom(journal: JournalReading, { writer, traceId }: TraceHeader): boolean {
  const continues = journal.header?.header.continues;
  if (!continues) return false;
  if (writer) return continues.instance === writer.instance && continues.incarnation === writer.incarnation;
  return continues.instance === undefined && continues.traceId === traceId;
}
