// Records that were written twice: after a failed sync a writer goes on in a new journal and writes again what may not be
// on the disk, each record with its sequence number in the journal before (`o`). Each counts once, at its first place.

import { type CombinePlan, isOfInstance, type PlanStep } from "./combinePlan";
import type { ReadJournal } from "./journal";
import type { JournalEntry } from "./journalReading";
import type { JournalMark } from "./schema";
import { countMissingAfter } from "./seqLog";

export interface StepEntries {
  /** What is applied in this step, by sequence number. */
  readonly entries: readonly JournalEntry[];
  /** Records of this journal that nobody holds. */
  readonly lost: number;
}

/** @param journals all that are there, oldest first */
export function entriesOfStep(step: PlanStep, plan: CombinePlan, journals: readonly ReadJournal[]): StepEntries {
  const { journal, afterSeq } = step;
  const isHeld = heldBefore(journal, plan, journals);
  const entries = journal.records.filter((entry) => {
    if (entry.seq <= afterSeq) return false;
    const origin = originOf(entry);
    return origin === undefined || !isHeld(origin);
  });
  const { filling, beyond } = findAgain(step, plan, journals);
  const missing = countMissingAfter(journal.missing, afterSeq);
  const atEnd = journal.facts.lostCount - countMissingAfter(journal.missing, 0);
  // A record that can't be read is no gap, and may be there again all the same.
  const filledGaps = filling.filter(({ seq }) => isMissing(journal, seq)).length;
  const lost = missing - filledGaps + Math.max(0, atEnd - beyond - (filling.length - filledGaps));
  if (filling.length === 0) return { entries, lost };
  return { entries: [...entries, ...filling].sort((a, b) => a.seq - b.seq), lost };
}

/** Sequence number of the same record in the journal before. */
function originOf({ record }: JournalEntry): number | undefined {
  const origin = (record as { readonly o?: unknown }).o;
  return typeof origin === "number" && Number.isSafeInteger(origin) && origin > 0 ? origin : undefined;
}

/** Tells for a sequence number of the journal before whether its record has been applied when `journal` is. */
function heldBefore(
  journal: ReadJournal,
  plan: CombinePlan,
  journals: readonly ReadJournal[],
): (seq: number) => boolean {
  const { incarnation } = journal.facts;
  const before = journalBefore(journal, journals);
  const step = plan.steps.find((one) => one.journal === before);
  if (before && step) {
    const known = seqsOf(before);
    return (seq) => seq <= step.afterSeq || seq < before.facts.lastSeq || known().has(seq);
  }
  const { writer } = plan.base ?? {};
  let mark: JournalMark | undefined;
  for (const one of writer ? [writer, ...(writer.earlier ?? [])] : []) {
    if (!isOfInstance(journal, one.instance) || one.incarnation >= incarnation) continue;
    if (!mark || one.incarnation > mark.incarnation) mark = one;
  }
  const heldSeq = mark?.seq ?? 0;
  return (seq) => seq <= heldSeq;
}

/** Records that this journal lacks and the next of its writer has: those that fill a gap, and how many come after its end. */
function findAgain(
  { journal, afterSeq }: PlanStep,
  plan: CombinePlan,
  journals: readonly ReadJournal[],
): { readonly filling: JournalEntry[]; readonly beyond: number } {
  const next = plan.steps.find((one) => journalBefore(one.journal, journals) === journal)?.journal;
  const filling: JournalEntry[] = [];
  let beyond = 0;
  const known = seqsOf(journal);
  for (const entry of next?.records ?? []) {
    const origin = originOf(entry);
    if (origin === undefined || origin <= afterSeq || known().has(origin)) continue;
    if (origin < journal.facts.lastSeq) filling.push({ ...entry, seq: origin });
    else beyond++;
  }
  return { filling, beyond };
}

/** The newest older journal of the same writer. */
function journalBefore(journal: ReadJournal, journals: readonly ReadJournal[]): ReadJournal | undefined {
  const { instance, incarnation } = journal.facts;
  return journals.findLast((other) => {
    if (other.facts.incarnation >= incarnation) return false;
    if (instance !== undefined) return isOfInstance(other, instance);
    return journal.tag !== undefined && journal.tag === other.tag;
  });
}

/** The sequence numbers of a journal's records, gathered when they are first asked for. */
function seqsOf({ records }: ReadJournal): () => ReadonlySet<number> {
  let seqs: ReadonlySet<number> | undefined;
  return () => {
    seqs ??= new Set(records.map(({ seq }) => seq));
    return seqs;
  };
}

function isMissing({ missing }: ReadJournal, seq: number): boolean {
  return missing.some(({ fromSeq, toSeq }) => fromSeq <= seq && seq <= toSeq);
}
