// What is known of a journal without its records at hand: enough to tell which of them are combined with a snapshot and
// with other journals. A journal may be too long for its records to be held, so nobody who plans may ask for them.

import type { ReadJournal } from "./journal";
import type { JournalEntry, JournalReading } from "./journalReading";

/** A record that was written again: after a failed sync a writer goes on in a new journal, with what may not be on the disk. */
export interface RecordCopy {
  /** Its number in this journal. */
  readonly seq: number;
  /** Its number where it was written first. */
  readonly firstSeq: number;
  /** Incarnation of the journal where it was written first; undefined: the one before this. */
  readonly firstIncarnation: number | undefined;
  readonly offsetBytes: number;
  readonly endBytes: number;
}

export interface JournalOutline extends JournalReading {
  /** Highest number of a record that can be applied; -1 where there is none. */
  readonly lastEntrySeq: number;
  /** In the order of their numbers. */
  readonly copies: readonly RecordCopy[];
  /** Whether a record of this number is there that can be applied. */
  hasEntry(seq: number): boolean;
}

/** Undefined for a record that was written here first. */
export function copyOf(entry: JournalEntry): RecordCopy | undefined {
  const { o, k } = entry.record as { readonly o?: unknown; readonly k?: unknown };
  if (!isCount(o)) return undefined;
  const { seq, offsetBytes, endBytes } = entry;
  return { seq, firstSeq: o, firstIncarnation: isCount(k) ? k : undefined, offsetBytes, endBytes };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0;
}

/** The outline of a journal that is held as a whole. */
export class HeldJournal implements JournalOutline {
  readonly journal: ReadJournal;
  #copies: readonly RecordCopy[] | undefined;

  constructor(journal: ReadJournal) {
    this.journal = journal;
  }

  get fileName() {
    return this.journal.fileName;
  }
  get header() {
    return this.journal.header;
  }
  get tag() {
    return this.journal.tag;
  }
  get problems() {
    return this.journal.problems;
  }
  get facts() {
    return this.journal.facts;
  }
  get missing() {
    return this.journal.missing;
  }
  get durability() {
    return this.journal.durability;
  }
  get isNewerVersion() {
    return this.journal.isNewerVersion;
  }

  get lastEntrySeq(): number {
    return this.journal.records.at(-1)?.seq ?? -1;
  }

  get copies(): readonly RecordCopy[] {
    this.#copies ??= this.journal.records.flatMap((entry) => copyOf(entry) ?? []);
    return this.#copies;
  }

  hasEntry(seq: number): boolean {
    return this.entryOf(seq) !== undefined;
  }

  entryOf(seq: number): JournalEntry | undefined {
    const { records } = this.journal;
    let low = 0;
    let high = records.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((records[middle]?.seq ?? 0) < seq) low = middle + 1;
      else high = middle;
    }
    const found = records[low];
    return found?.seq === seq ? found : undefined;
  }
}
