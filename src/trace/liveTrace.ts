// A session of ours that is read while it is written: the rows of its snapshot, and the records of its journals applied to
// them as their bytes come. After any piece everything here is what reading the whole files would say. What can't be brought
// about by adding to what was read (an older journal that grows, a record with a number that was passed, another way of
// combining) makes it stale: then all is read again.

import type { Steps } from "../base/steps";
import {
  type CombinedHead,
  detailsOfCrash,
  type EarlierCrash,
  heldMarks,
  holdsSomething,
  isBaseNewest,
  metadataOfHeader,
  timeOfKill,
} from "./combineJournals";
import { type CombinePlan, type PlanStep, planCombination } from "./combinePlan";
import type { Crc32 } from "./crc32";
import type { FirstRows } from "./growingRows";
import { TailChangedError } from "./journal";
import { JournalIndex } from "./journalIndex";
import { entryOfLine } from "./journalLog";
import type { JournalEntry } from "./journalReading";
import { LiveJournal } from "./liveJournal";
import { LiveRows, type LiveRowsOptions } from "./liveRows";
import { replacedJournal } from "./liveSpans";
import type { Problem } from "./problem";
import { ProblemList } from "./problemList";
import { choiceOfStep } from "./rewrittenRecords";
import {
  type FilesAround,
  factsOfFiles,
  isWholeSnapshot,
  journalFactsOf,
  type SnapshotHead,
  weighFiles,
} from "./sessionEvidence";
import type { ProbeLiveness } from "./sessionFiles";
import { combinedHeader, emptyTrace } from "./sessionTrace";
import type { SpanEvidence } from "./spanEvidence";
import type { SessionFacts, TraceHeader } from "./spanSource";

/** So many bytes are read and applied at once: some milliseconds of work. */
const usualChunkBytes = 256 * 1024;
/** And so many records, where they are read one by one. */
const chunkRecords = 1_000;

/** A journal by its file name, and its bytes as they were when it was opened or came since. */
export interface LiveFile {
  readonly fileName: string;
  /**
   * All of these bytes, which stay as they are.
   * @throws TraceReplacedError
   */
  read(offsetBytes: number, lengthBytes: number): Uint8Array;
}

export interface LiveSetup {
  readonly snapshot: SnapshotHead | undefined;
  /** The spans of the snapshot; asked at most once, and only where they are what journals are added to. */
  readonly firstRows: () => Steps<FirstRows | undefined>;
  /** In the order of `FilesAround.journals`. */
  readonly journals: readonly LiveFile[];
  readonly keysOf: LiveRowsOptions["keysOf"];
  readonly crc32?: Crc32 | undefined;
  /** How many bytes are read and applied at once. What comes of it does not depend on it. */
  readonly chunkBytes?: number | undefined;
}

type Plan = CombinePlan<LiveJournal, TraceHeader>;

export class LiveTrace {
  readonly #setup: LiveSetup;
  readonly #chunkBytes: number;
  #snapshot: SnapshotHead | undefined;
  #journals: LiveJournal[];
  #rows: LiveRows | undefined;
  #problems = new ProblemList();
  #plan: Plan | undefined;
  #signature = "";
  #earlierCrash: EarlierCrash | undefined;
  /** The root shows that crash, which no record tells. */
  #hasLastWord = false;
  /** Number of the part that grows, for `LiveRows`. */
  #lastPart = -1;
  /** Records applied, for each step of the plan. */
  #added: number[] = [];
  /** Of these, records that a later journal had. */
  #filled: number[] = [];
  /** Of the last step: records that count elsewhere. */
  #leftOut: ReadonlySet<number> = new Set();
  /** Records that were written again, in all journals, when that was found out. */
  #copies = 0;
  /** Records of the last journal that were put in their place when it was read. */
  #lateCount = 0;
  #staleBecause: string | undefined;

  constructor(setup: LiveSetup) {
    this.#setup = setup;
    this.#chunkBytes = setup.chunkBytes ?? usualChunkBytes;
    this.#snapshot = setup.snapshot;
    this.#journals = this.#freshJournals();
  }

  /** Why all has to be read again; undefined while what is here holds. */
  get staleBecause(): string | undefined {
    return this.#staleBecause;
  }

  /** Bytes of a journal that were taken. */
  lengthOf(journal: number): number {
    return this.#journals[journal]?.lengthBytes ?? 0;
  }

  get rows(): LiveRows {
    if (this.#rows === undefined) throw new Error("The trace is not loaded yet");
    return this.#rows;
  }

  /**
   * Reads the journals up to these lengths, piece by piece: between two pieces somebody else may have a turn.
   * @param files around them, as they were before
   */
  *load(files: FilesAround, lengths: readonly number[]): Steps<void> {
    const isOne = this.#journals.length === 1;
    if (!isOne || !(yield* this.#loadInOneGo(lengths[0] ?? 0))) {
      this.#plan = undefined;
      this.#journals = this.#freshJournals();
      yield* this.#loadWithCare(files, lengths);
    }
    this.rows.endLoading();
    this.#noteFiles(files);
  }

  /** Takes the next bytes of a journal. */
  applyBytes(journal: number, bytes: Uint8Array): void {
    const live = this.#journals[journal];
    if (live === undefined || this.#staleBecause !== undefined) return;
    try {
      const entries = live.push(bytes);
      this.#take(live, entries);
      this.#take(live, live.takeTail());
    } catch (error) {
      if (!(error instanceof TailChangedError)) throw error;
      this.#staleBecause = error.message;
    }
  }

  /**
   * A snapshot that took the place of the one before; false where it may hold what is not here.
   * Of one that the writer of the journals made of them only the head is new.
   */
  replaceSnapshot(head: SnapshotHead): boolean {
    const before = this.#plan;
    const { header } = head;
    if (before === undefined || header?.writer === undefined || !isWholeSnapshot(head)) return false;
    if (this.#staleBecause !== undefined || before.replaceKnown || before.problem !== undefined) return false;
    const plan = planCombination(header, true, this.#holding());
    const isSame =
      plan.base !== undefined &&
      plan.problem === undefined &&
      plan.steps.length === before.steps.length &&
      plan.steps.every((step, index) => {
        const old = before.steps[index];
        return old?.journal === step.journal && old.isOverruled === step.isOverruled && old.afterSeq <= step.afterSeq;
      });
    const { instance, incarnation, seq } = header.writer;
    const own = this.#journals.find(({ facts }) => facts.incarnation === incarnation && facts.instance === instance);
    if (!isSame || own === undefined || own.facts.lastSeq < seq || own.facts.lostCount > 0) return false;
    // Without a base, what an incarnation goes on from is not here.
    if (before.base === undefined && before.steps[0]?.journal.header?.header.continues !== undefined) return false;
    this.#snapshot = head;
    this.#plan = plan;
    this.#signature = this.#signatureOf(plan);
    this.#added = plan.steps.map((step) => this.#countOf(step, plan));
    return true;
  }

  /** What the files tell beside the spans, and all problems. Files may have come, gone or changed but for those read here. */
  facts(files: FilesAround, probe: ProbeLiveness): { readonly session: SessionFacts; readonly problems: Problem[] } {
    this.#noteFiles(files);
    const snapshot = this.#snapshot;
    const weighed = weighFiles(files, snapshot, this.#journals);
    const combined = this.#combined();
    const { crashMarker } = weighed;
    const header = combined.isApplied
      ? combinedHeader(
          files.safeId,
          combined,
          weighed.journals,
          { journal: journalFactsOf(weighed, combined), crashMarker },
          this.rows.totals,
        )
      : (snapshot?.header ?? headOf(emptyTrace(files.safeId)));
    const found = factsOfFiles(files, snapshot, this.#journals, weighed, combined, this.#evidence(), probe);
    const { sessionId, evidence, problems } = found;
    return {
      session: { safeId: files.safeId, sessionId, header, evidence },
      problems: [...problems, ...this.rows.problems],
    };
  }

  #freshJournals(): LiveJournal[] {
    const { crc32 } = this.#setup;
    return this.#setup.journals.map(({ fileName }) => new LiveJournal(fileName, { crc32 }));
  }

  /** Those that can be combined, oldest first. */
  #holding(): LiveJournal[] {
    return this.#known().filter(holdsSomething);
  }

  #known(): LiveJournal[] {
    return this.#journals
      .filter(({ isNewerVersion }) => !isNewerVersion)
      .sort((a, b) => a.facts.incarnation - b.facts.incarnation);
  }

  /** Reads the only journal and applies its records as they come; false where that can't be done. */
  *#loadInOneGo(length: number): Steps<boolean> {
    const [file] = this.#setup.journals;
    const [journal] = this.#journals;
    if (file === undefined || journal === undefined) return false;
    for (let offset = 0; offset < length; offset += this.#chunkBytes) {
      const entries = journal.push(file.read(offset, Math.min(this.#chunkBytes, length - offset)));
      if (!(yield* this.#takeFirst(journal, entries))) return false;
      yield;
    }
    if (!(yield* this.#takeFirst(journal, journal.takeTail()))) return false;
    if (this.#plan === undefined) yield* this.#begin(this.#makePlan());
    return true;
  }

  *#takeFirst(journal: LiveJournal, entries: readonly JournalEntry[]): Steps<boolean> {
    if (journal.lateCount > 0) return false;
    if (this.#plan === undefined) {
      if (!holdsSomething(journal)) return true;
      const plan = this.#makePlan();
      yield* this.#begin(plan);
      const [step] = plan.steps;
      if (step !== undefined) {
        this.#beginStep(step, plan);
        journal.passOverUpTo(step.afterSeq);
      }
    } else if (this.#hasOtherPlan()) return false;
    this.#applyToLast(entries);
    return true;
  }

  /** Looks at all journals before the first record of any is applied. */
  *#loadWithCare(files: FilesAround, lengths: readonly number[]): Steps<void> {
    const indexes = new Map<LiveJournal, JournalIndex>();
    for (const [number, journal] of this.#journals.entries()) {
      const index = new JournalIndex();
      indexes.set(journal, index);
      const length = lengths[number] ?? 0;
      const file = this.#setup.journals[number];
      for (let offset = 0; file !== undefined && offset < length; offset += this.#chunkBytes) {
        const entries = journal.push(file.read(offset, Math.min(this.#chunkBytes, length - offset)));
        for (const entry of entries) index.add(entry);
        yield;
      }
      for (const entry of journal.takeTail()) index.add(entry);
    }
    this.#earlierCrash = weighFiles(files, this.#snapshot, this.#journals).earlierCrash;
    const plan = this.#makePlan();
    yield* this.#begin(plan);
    for (const step of plan.steps) {
      this.#beginStep(step, plan);
      yield* this.#applyStep(step, plan, indexes);
      const killedMs = timeOfKill(step, this.#known(), this.#earlierCrash);
      if (killedMs === undefined) continue;
      const { incarnation } = step.journal.facts;
      this.rows.addRootEvent({ type: "crash", timeMs: killedMs, details: { reason: "killed" }, incarnation });
      this.rows.settle();
    }
  }

  *#applyStep(step: PlanStep<LiveJournal>, plan: Plan, indexes: ReadonlyMap<LiveJournal, JournalIndex>): Steps<void> {
    const { filling } = choiceOfStep(step, plan, this.#holding());
    this.#filled.push(filling.length);
    const ahead = filling.toSorted((a, b) => a.seq - b.seq);
    const fillUpTo = (seq: number) => {
      for (let next = ahead[0]; next !== undefined && next.seq < seq; next = ahead[0]) {
        ahead.shift();
        const { journal, copy } = next;
        const part = this.rows.addPart(this.#partOf(step, journal));
        const entry = this.#entryAt(journal, copy.offsetBytes, copy.endBytes - copy.offsetBytes);
        this.#apply(part, { ...entry, seq: next.seq });
      }
    };
    let count = 0;
    for (const { seq, offsetBytes, lengthBytes } of indexes.get(step.journal)?.inOrder() ?? []) {
      if (seq <= step.afterSeq || this.#leftOut.has(seq)) continue;
      fillUpTo(seq);
      this.#apply(this.#lastPart, this.#entryAt(step.journal, offsetBytes, lengthBytes));
      if (++count % chunkRecords > 0) continue;
      this.rows.settle();
      yield;
    }
    fillUpTo(Number.POSITIVE_INFINITY);
    this.rows.settle();
  }

  #makePlan(): Plan {
    return planCombination(this.#snapshot?.header, isWholeSnapshot(this.#snapshot), this.#holding());
  }

  *#begin(plan: Plan): Steps<void> {
    this.#plan = plan;
    this.#signature = this.#signatureOf(plan);
    this.#problems = new ProblemList();
    this.#added = [];
    this.#filled = [];
    if (plan.problem) this.#problems.add(plan.problem);
    const first = plan.base === undefined ? undefined : yield* this.#setup.firstRows();
    const { replaceKnown } = plan;
    const options = { problems: this.#problems, replaceKnown, keysOf: this.#setup.keysOf };
    this.#rows = yield* LiveRows.of(first, options);
  }

  #beginStep(step: PlanStep<LiveJournal>, plan: Plan): void {
    this.#added.push(0);
    this.#lateCount = step.journal.lateCount;
    this.#lastPart = this.rows.beginPart(this.#partOf(step, step.journal));
    this.rows.addMetadata(metadataOfHeader(step));
    this.#copies = -1;
    this.#noteCopies(step, plan);
  }

  #noteCopies(step: PlanStep<LiveJournal>, plan: Plan): void {
    const copies = this.#countCopies();
    if (copies === this.#copies) return;
    this.#copies = copies;
    this.#leftOut = choiceOfStep(step, plan, this.#holding()).leftOut;
  }

  #countCopies(): number {
    return this.#journals.reduce((sum, journal) => sum + journal.copies.length, 0);
  }

  /** Whether older journals lack records that have come in the last one. */
  #fillsGaps(): boolean {
    const plan = this.#plan;
    if (plan === undefined || plan.steps.length < 2 || this.#countCopies() === this.#copies) return false;
    const holding = this.#holding();
    return plan.steps.some(
      (step, index) => choiceOfStep(step, plan, holding).filling.length !== (this.#filled[index] ?? 0),
    );
  }

  #partOf({ journal, isOverruled }: PlanStep<LiveJournal>, from: LiveJournal) {
    return {
      incarnation: journal.facts.incarnation,
      isOverruled,
      entryAt: (offsetBytes: number, lengthBytes: number) => this.#entryAt(from, offsetBytes, lengthBytes),
      bytesAt: (offsetBytes: number, lengthBytes: number) => this.#bytesAt(from, offsetBytes, lengthBytes),
    };
  }

  #entryAt(journal: LiveJournal, offsetBytes: number, lengthBytes: number): JournalEntry {
    const bytes = this.#bytesAt(journal, offsetBytes, lengthBytes);
    const entry = entryOfLine(bytes, offsetBytes, journal.baseMs);
    if (entry === undefined) throw replacedJournal();
    return entry;
  }

  #bytesAt(journal: LiveJournal, offsetBytes: number, lengthBytes: number): Uint8Array {
    const file = this.#setup.journals[this.#journals.indexOf(journal)];
    if (file === undefined) throw replacedJournal();
    return file.read(offsetBytes, lengthBytes);
  }

  /** Takes records that came while the trace is watched. */
  #take(journal: LiveJournal, entries: readonly JournalEntry[]): void {
    const last = this.#plan?.steps.at(-1);
    if (this.#hasOtherPlan()) this.#staleBecause = "the files are combined in another way";
    else if (this.#fillsGaps()) this.#staleBecause = "records came that fill gaps of an older journal";
    else if (entries.length === 0 || !this.#plan?.steps.some((step) => step.journal === journal)) return;
    else if (last?.journal !== journal) this.#staleBecause = "an older journal has grown";
    else if (journal.lateCount > this.#lateCount) this.#staleBecause = "a record came late";
    else this.#applyToLast(entries);
  }

  #hasOtherPlan(): boolean {
    return this.#signature !== this.#signatureOf(this.#makePlan());
  }

  /** What of a plan the rows stand on. */
  #signatureOf({ base, replaceKnown, problem, steps }: Plan): string {
    const stepsAs = steps.map(({ journal, afterSeq, isOverruled }) => {
      const { incarnation, instance } = journal.facts;
      const kill = timeOfKill({ journal, afterSeq, isOverruled }, this.#known(), this.#earlierCrash);
      const header = journal.header !== undefined;
      return [this.#journals.indexOf(journal), afterSeq, isOverruled, incarnation, instance, header, kill];
    });
    return JSON.stringify([base !== undefined, replaceKnown, problem?.message, stepsAs]);
  }

  #applyToLast(entries: readonly JournalEntry[]): void {
    const plan = this.#plan;
    const step = plan?.steps.at(-1);
    if (plan === undefined || step === undefined || entries.length === 0) return;
    this.#noteCopies(step, plan);
    for (const entry of entries) {
      if (entry.seq > step.afterSeq && !this.#leftOut.has(entry.seq)) this.#apply(this.#lastPart, entry);
    }
    this.rows.settle();
  }

  #apply(part: number, entry: JournalEntry): void {
    this.rows.apply(part, entry);
    const last = this.#added.length - 1;
    this.#added[last] = (this.#added[last] ?? 0) + 1;
  }

  #countOf(step: PlanStep<LiveJournal>, plan: Plan): number {
    const { leftOut, filling } = choiceOfStep(step, plan, this.#holding());
    let count = step.journal.countAfter(step.afterSeq) + filling.length;
    for (const seq of leftOut) if (seq > step.afterSeq) count--;
    return count;
  }

  #combined(): CombinedHead {
    const plan = this.#plan ?? this.#makePlan();
    const holding = this.#holding();
    const lost = plan.steps.map((step) => choiceOfStep(step, plan, holding).lost);
    return {
      metadata: this.rows.metadata,
      base: plan.base,
      isApplied: plan.steps.length > 0,
      isBaseNewest: isBaseNewest(plan),
      held: heldMarks(plan),
      addedRecords: this.#added.reduce((sum, count) => sum + count, 0),
      lostRecords: lost.reduce((sum, count) => sum + count, 0),
      lostOfNewest: lost.at(-1) ?? 0,
      problems: this.#problems.toArray(),
    };
  }

  #evidence(): SpanEvidence {
    const { evidence } = this.rows;
    const crashMs = this.#hasLastWord ? this.#earlierCrash?.timeMs : undefined;
    if (crashMs === undefined) return evidence;
    return { ...evidence, lastActivityMs: Math.max(evidence.lastActivityMs ?? Number.NEGATIVE_INFINITY, crashMs) };
  }

  /** What markers say of an earlier crash stands behind all that records say. */
  #noteFiles(files: FilesAround): void {
    const { earlierCrash } = weighFiles(files, this.#snapshot, this.#journals);
    const isSame = JSON.stringify(earlierCrash) === JSON.stringify(this.#earlierCrash);
    this.#earlierCrash = earlierCrash;
    if (!isSame && this.#hasOtherPlan()) this.#staleBecause = "the crash marker speaks of another incarnation";
    this.#hasLastWord = this.rows.setLastWord(
      earlierCrash && {
        type: "crash",
        timeMs: earlierCrash.timeMs,
        details: detailsOfCrash(earlierCrash),
        incarnation: earlierCrash.incarnation,
      },
    );
  }
}

function headOf({ spans: _spans, ...header }: ReturnType<typeof emptyTrace>): TraceHeader {
  return header;
}
