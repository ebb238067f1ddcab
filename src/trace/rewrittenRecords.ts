// Records that were written again: after a failed sync a writer goes on in a new journal and writes again what may not be
// on the disk, however often that happens. Each copy names the first place of its record: the incarnation of that journal
// (`k`) and the sequence number there (`o`). Each record counts once, at its first place; where the journal of that is gone,
// in the oldest one after it, because records are applied in the order in which they happened.

import { type CombinePlan, isOfInstance, type PlanStep } from "./combinePlan";
import type { JournalOutline, RecordCopy } from "./journalOutline";
import type { JournalReading } from "./journalReading";
import type { JournalMark } from "./schema";
import { countMissingAfter } from "./seqLog";

/** Which records are applied in a step, beside those of its own journal that no journal before it holds. */
export interface StepChoice<J> {
  /** Numbers of records that were written before and count there. */
  readonly leftOut: ReadonlySet<number>;
  /** Records that this journal lacks and a later one of its writer has, by the number that they have here. */
  readonly filling: readonly FillingRecord<J>[];
  /** Records of this journal that nobody holds. */
  readonly lost: number;
}

export interface FillingRecord<J> {
  readonly seq: number;
  readonly journal: J;
  readonly copy: RecordCopy;
}

/** Where a record was written first. */
interface Place {
  readonly incarnation: number;
  readonly seq: number;
}

/** @param journals all that are there, oldest first */
export function choiceOfStep<J extends JournalOutline>(
  step: PlanStep<J>,
  plan: CombinePlan<J>,
  journals: readonly J[],
): StepChoice<J> {
  const { journal, afterSeq } = step;
  const leftOut = new Set<number>();
  for (const [copy, place] of placesOf(journal, plan, journals)) {
    if (isHeld(place, journal, plan, journals)) leftOut.add(copy.seq);
  }
  const { filling, beyond } = findAgain(step, plan, journals);
  const missing = countMissingAfter(journal.missing, afterSeq);
  const atEnd = journal.facts.lostCount - countMissingAfter(journal.missing, 0);
  // A record that can't be read is no gap, and may be there again all the same.
  const filledGaps = filling.filter(({ seq }) => isMissing(journal, seq)).length;
  const lost = missing - filledGaps + Math.max(0, atEnd - beyond - (filling.length - filledGaps));
  return { leftOut, filling, lost };
}

/** The records of a journal that were written before, and their first places. */
type Places = ReadonlyMap<RecordCopy, Place>;

const known = new WeakMap<object, Map<JournalOutline, { readonly count: number; readonly places: Places }>>();

function placesOf<J extends JournalOutline>(journal: J, plan: CombinePlan<J>, journals: readonly J[]): Places {
  const ofPlan = known.get(plan) ?? new Map<JournalOutline, { readonly count: number; readonly places: Places }>();
  known.set(plan, ofPlan);
  const found = ofPlan.get(journal);
  // More may have come since, of a journal that is being written.
  if (found?.count === journal.copies.length) return found.places;
  const places = new Map<RecordCopy, Place>();
  if (journal.copies.length > 0) {
    const before = incarnationBefore(journal, plan, journals);
    for (const copy of journal.copies) {
      const incarnation = copy.firstIncarnation ?? before;
      if (incarnation !== undefined) places.set(copy, { incarnation, seq: copy.firstSeq });
    }
  }
  ofPlan.set(journal, { count: journal.copies.length, places });
  return places;
}

/** Tells whether a record has been applied, or is in the base, when `journal` is applied. */
function isHeld<J extends JournalOutline>(
  place: Place,
  journal: J,
  plan: CombinePlan<J>,
  journals: readonly J[],
): boolean {
  const { incarnation, seq } = place;
  const home = plan.steps.find(
    (one) => one.journal.facts.incarnation === incarnation && isSameWriter(one.journal, journal),
  );
  if (home) {
    // What is missing in it is filled in there.
    if (!home.isOverruled) return true;
    if (seq <= home.afterSeq || seq < home.journal.facts.lastSeq || home.journal.hasEntry(seq)) return true;
  } else if (marksOf(journal, plan).some((mark) => mark.incarnation === incarnation && seq <= mark.seq)) {
    return true;
  }
  // Without its home it is, or is filled in, in the oldest journal after that.
  const stands = standIn(incarnation, journal, plan);
  if (home === undefined && stands !== undefined && stands.journal !== journal) return true;
  return plan.steps.some(
    ({ journal: other }) =>
      other.facts.incarnation > incarnation &&
      other.facts.incarnation < journal.facts.incarnation &&
      isSameWriter(other, journal) &&
      hasPlace(placesOf(other, plan, journals), place),
  );
}

/** The oldest step of this writer after an incarnation whose journal is gone, where that step may still be filled. */
function standIn<J extends JournalOutline>(
  incarnation: number,
  journal: J,
  { steps }: CombinePlan<J>,
): PlanStep<J> | undefined {
  const after = steps.find((one) => one.journal.facts.incarnation > incarnation && isSameWriter(one.journal, journal));
  return after?.isOverruled === true ? undefined : after;
}

const keys = new WeakMap<Places, ReadonlySet<string>>();

function hasPlace(places: Places, place: Place): boolean {
  let found = keys.get(places);
  if (found === undefined) {
    found = new Set([...places.values()].map(keyOf));
    keys.set(places, found);
  }
  return found.has(keyOf(place));
}

/**
 * Records that this journal lacks and a later one of its writer has: those that are applied with it, in the order in which
 * they happened, and how many are not, because they come after the end of a journal that changes nothing any more.
 */
function findAgain<J extends JournalOutline>(
  step: PlanStep<J>,
  plan: CombinePlan<J>,
  journals: readonly J[],
): { readonly filling: FillingRecord<J>[]; readonly beyond: number } {
  const { journal, afterSeq, isOverruled } = step;
  const { incarnation, lastSeq } = journal.facts;
  const found = new Map<number, FillingRecord<J>>();
  /** In the base, by another copy. */
  const held = new Set<number>();
  for (const { journal: later, afterSeq: heldSeq } of plan.steps) {
    if (later.facts.incarnation <= incarnation || !isSameWriter(later, journal)) continue;
    for (const [copy, { incarnation: first, seq }] of placesOf(later, plan, journals)) {
      if (first !== incarnation || seq <= afterSeq || found.has(seq) || held.has(seq)) continue;
      if (copy.seq <= heldSeq) held.add(seq);
      else if (!journal.hasEntry(seq)) found.set(seq, { seq, journal: later, copy });
    }
  }
  const filling = [...found.values()].filter(({ seq }) => !isOverruled || seq < lastSeq);
  const beyond = found.size - filling.length;
  filling.push(...findOlder(step, plan, journals));
  return { filling, beyond };
}

/**
 * Records of older journals that are gone, which this journal had written again and lacks, and a later one has. Their number
 * here is the lowest that they can have had: copies are written in the order of their first places.
 */
function findOlder<J extends JournalOutline>(
  step: PlanStep<J>,
  plan: CombinePlan<J>,
  journals: readonly J[],
): FillingRecord<J>[] {
  const { journal, afterSeq } = step;
  const own = placesOf(journal, plan, journals);
  const missing = new Map<string, { readonly place: Place; readonly journal: J; readonly copy: RecordCopy }>();
  for (const { journal: later, afterSeq: heldSeq } of plan.steps) {
    if (later.facts.incarnation <= journal.facts.incarnation || !isSameWriter(later, journal)) continue;
    for (const [copy, place] of placesOf(later, plan, journals)) {
      if (copy.seq <= heldSeq || place.incarnation >= journal.facts.incarnation || hasPlace(own, place)) continue;
      if (missing.has(keyOf(place)) || standIn(place.incarnation, journal, plan) !== step) continue;
      if (isHeld(place, journal, plan, journals)) continue;
      missing.set(keyOf(place), { place, journal: later, copy });
    }
  }
  if (missing.size === 0) return [];
  const known = [...own].map(([copy, place]) => ({ seq: copy.seq, place })).sort(byPlace);
  const filling: FillingRecord<J>[] = [];
  let seq = 0;
  for (const { place, journal: later, copy } of [...missing.values()].sort(byPlace)) {
    for (let next = known[0]; next !== undefined && byPlace(next, { place }) < 0; next = known[0]) {
      known.shift();
      seq = Math.max(seq, next.seq);
    }
    seq++;
    // What the base holds of this journal it holds with all that was in memory then.
    if (seq > afterSeq) filling.push({ seq, journal: later, copy });
  }
  return filling;
}

interface Placed {
  readonly place: Place;
}

function byPlace({ place: one }: Placed, { place: other }: Placed): number {
  return one.incarnation - other.incarnation || one.seq - other.seq;
}

function keyOf({ incarnation, seq }: Place): string {
  return `${incarnation}:${seq}`;
}

/** Of the journal before this one, where that is the same writer's. */
function incarnationBefore<J extends JournalOutline>(
  journal: J,
  plan: CombinePlan<J>,
  journals: readonly J[],
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
function marksOf(journal: JournalReading, { base }: Pick<CombinePlan<JournalOutline>, "base">): JournalMark[] {
  const { writer } = base ?? {};
  return writer ? [writer, ...(writer.earlier ?? [])].filter(({ instance }) => isOfInstance(journal, instance)) : [];
}

function isSameWriter(one: JournalReading, other: JournalReading): boolean {
  if (one.facts.instance !== undefined) return isOfInstance(other, one.facts.instance);
  if (other.facts.instance !== undefined) return isOfInstance(one, other.facts.instance);
  return one.tag !== undefined && one.tag === other.tag;
}

function isMissing({ missing }: JournalReading, seq: number): boolean {
  return missing.some(({ fromSeq, toSeq }) => fromSeq <= seq && seq <= toSeq);
}
