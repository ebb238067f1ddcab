// Records that were written again: after a failed sync a writer goes on in a new journal and writes again what may not be
// on the disk, however often that happens. Each copy names the first place of its record: the incarnation of that journal
// (`k`) and the sequence number there (`o`). Each record counts once, at its first place.

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

/** Where a record was written first. */
interface Place {
  readonly incarnation: number;
  readonly seq: number;
}

/** @param journals all that are there, oldest first */
export function entriesOfStep(step: PlanStep, plan: CombinePlan, journals: readonly ReadJournal[]): StepEntries {
  const { journal, afterSeq } = step;
  const { places } = copiesIn(journal, plan, journals);
  const entries = journal.records.filter((entry) => {
    if (entry.seq <= afterSeq) return false;
    const place = places.get(entry);
    return place === undefined || !isHeld(place, journal, plan, journals);
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

/** The records of a journal that were written before, and their first places. */
interface Copies {
  readonly places: ReadonlyMap<JournalEntry, Place>;
  readonly keys: ReadonlySet<string>;
}

const known = new WeakMap<CombinePlan, Map<ReadJournal, Copies>>();

function copiesIn(journal: ReadJournal, plan: CombinePlan, journals: readonly ReadJournal[]): Copies {
  const ofPlan = known.get(plan) ?? new Map<ReadJournal, Copies>();
  known.set(plan, ofPlan);
  const found = ofPlan.get(journal);
  if (found) return found;
  const places = new Map<JournalEntry, Place>();
  const before = incarnationBefore(journal, plan, journals);
  for (const entry of journal.records) {
    const place = firstPlaceOf(entry, before);
    if (place) places.set(entry, place);
  }
  const copies = { places, keys: new Set([...places.values()].map(keyOf)) };
  ofPlan.set(journal, copies);
  return copies;
}

function keyOf({ incarnation, seq }: Place): string {
  return `${incarnation}:${seq}`;
}

/** @param before incarnation of the journal before, of which a copy without `k` speaks */
function firstPlaceOf({ record }: JournalEntry, before: number | undefined): Place | undefined {
  const { o, k } = record as { readonly o?: unknown; readonly k?: unknown };
  if (!isCount(o)) return undefined;
  const incarnation = isCount(k) ? k : before;
  return incarnation === undefined ? undefined : { incarnation, seq: o };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0;
}

/** Tells whether a record has been applied, or is in the base, when `journal` is applied. */
function isHeld(place: Place, journal: ReadJournal, plan: CombinePlan, journals: readonly ReadJournal[]): boolean {
  const { incarnation, seq } = place;
  const home = plan.steps.find(
    (one) => one.journal.facts.incarnation === incarnation && isSameWriter(one.journal, journal),
  );
  if (home) {
    // What is missing in it is filled in there.
    if (!home.isOverruled) return true;
    const { facts } = home.journal;
    if (seq <= home.afterSeq || seq < facts.lastSeq || seqsOf(home.journal).has(seq)) return true;
  } else if (marksOf(journal, plan).some((mark) => mark.incarnation === incarnation && seq <= mark.seq)) {
    return true;
  }
  return plan.steps.some(
    ({ journal: other }) =>
      other.facts.incarnation > incarnation &&
      other.facts.incarnation < journal.facts.incarnation &&
      isSameWriter(other, journal) &&
      copiesIn(other, plan, journals).keys.has(keyOf(place)),
  );
}

/**
 * Records that this journal lacks and a later one of its writer has: those that are applied with it, in the order in which
 * they happened, and how many are not, because they come after the end of a journal that changes nothing any more.
 */
function findAgain(
  { journal, afterSeq, isOverruled }: PlanStep,
  plan: CombinePlan,
  journals: readonly ReadJournal[],
): { readonly filling: JournalEntry[]; readonly beyond: number } {
  const { incarnation, lastSeq } = journal.facts;
  const found = new Map<number, JournalEntry>();
  /** In the base, by another copy. */
  const held = new Set<number>();
  for (const { journal: later, afterSeq: heldSeq } of plan.steps) {
    if (later.facts.incarnation <= incarnation || !isSameWriter(later, journal)) continue;
    for (const [entry, place] of copiesIn(later, plan, journals).places) {
      const { seq } = place;
      if (place.incarnation !== incarnation || seq <= afterSeq || found.has(seq) || held.has(seq)) continue;
      if (entry.seq <= heldSeq) held.add(seq);
      else if (!seqsOf(journal).has(seq)) found.set(seq, { ...entry, seq });
    }
  }
  const filling = [...found.values()].filter(({ seq }) => !isOverruled || seq < lastSeq);
  return { filling, beyond: found.size - filling.length };
}

/** Of the journal before this one, where that is the same writer's. */
function incarnationBefore(
  journal: ReadJournal,
  plan: CombinePlan,
  journals: readonly ReadJournal[],
): number | undefined {
  const { writer, continues } = journal.header?.header ?? {};
  if (writer && continues?.instance === writer.instance) return continues.incarnation;
  const { incarnation } = journal.facts;
  const older = journals.findLast((other) => other.facts.incarnation < incarnation && isSameWriter(other, journal));
  if (older) return older.facts.incarnation;
  const marks = marksOf(journal, plan).filter((mark) => mark.incarnation < incarnation);
  return marks.length === 0 ? undefined : Math.max(...marks.map((mark) => mark.incarnation));
}

/** What the base says that it holds of this writer's journals. */
function marksOf(journal: ReadJournal, { base }: CombinePlan): JournalMark[] {
  const { writer } = base ?? {};
  return writer ? [writer, ...(writer.earlier ?? [])].filter(({ instance }) => isOfInstance(journal, instance)) : [];
}

function isSameWriter(one: ReadJournal, other: ReadJournal): boolean {
  if (one.facts.instance !== undefined) return isOfInstance(other, one.facts.instance);
  if (other.facts.instance !== undefined) return isOfInstance(one, other.facts.instance);
  return one.tag !== undefined && one.tag === other.tag;
}

const seqs = new WeakMap<ReadJournal, ReadonlySet<number>>();

/** The sequence numbers of a journal's records, gathered when they are first asked for. */
function seqsOf(journal: ReadJournal): ReadonlySet<number> {
  let found = seqs.get(journal);
  if (!found) {
    found = new Set(journal.records.map(({ seq }) => seq));
    seqs.set(journal, found);
  }
  return found;
}

function isMissing({ missing }: ReadJournal, seq: number): boolean {
  return missing.some(({ fromSeq, toSeq }) => fromSeq <= seq && seq <= toSeq);
}
