// A journal that is read while it grows: what is known of it by now, without its records. What is said here is what reading
// the whole of it would say, after any piece.

import { type JournalOptions, JournalReader } from "./journal";
import { copyOf, type JournalOutline, type RecordCopy } from "./journalOutline";
import type { JournalEntry, JournalReading } from "./journalReading";
import { SeqSet } from "./seqSet";

export class LiveJournal implements JournalOutline {
  readonly fileName: string;
  readonly #reader: JournalReader;
  readonly #seqs = new SeqSet();
  readonly #copies: RecordCopy[] = [];
  #reading: JournalReading | undefined;
  #lastEntrySeq = -1;
  #lateCount = 0;

  /** @param fileName see `JournalReader` */
  constructor(fileName: string, options?: JournalOptions) {
    this.fileName = fileName;
    this.#reader = new JournalReader(fileName, options);
  }

  /** Takes the next bytes, as `JournalReader.push`. */
  push(bytes: Uint8Array): JournalEntry[] {
    this.#reading = undefined;
    return this.#noted(this.#reader.push(bytes));
  }

  /** As `JournalReader.takeTail`. */
  takeTail(): JournalEntry[] {
    const entries = this.#reader.takeTail();
    if (entries.length > 0) this.#reading = undefined;
    return this.#noted(entries);
  }

  /** Records about spans up to this number come as `passedOver` from now on, and are no copies. */
  passOverUpTo(seq: number): void {
    this.#reader.passUpTo = seq;
  }

  /** Bytes taken so far. */
  get lengthBytes(): number {
    return this.#reader.lengthBytes;
  }

  get baseMs(): number {
    return this.#reader.baseMs;
  }

  /** How many records have come after one with a higher number. */
  get lateCount(): number {
    return this.#lateCount;
  }

  get header() {
    return this.#read().header;
  }
  get tag() {
    return this.#read().tag;
  }
  get problems() {
    return this.#read().problems;
  }
  get facts() {
    return this.#read().facts;
  }
  get missing() {
    return this.#read().missing;
  }
  get durability() {
    return this.#read().durability;
  }
  get isNewerVersion() {
    return this.#read().isNewerVersion;
  }

  get lastEntrySeq(): number {
    return this.#lastEntrySeq;
  }

  get copies(): readonly RecordCopy[] {
    return this.#copies;
  }

  hasEntry(seq: number): boolean {
    return this.#seqs.has(seq);
  }

  /** How many records have a higher number. */
  countAfter(seq: number): number {
    return seq === 0 ? this.#seqs.count - (this.#seqs.has(0) ? 1 : 0) : this.#seqs.countAbove(seq);
  }

  #read(): JournalReading {
    this.#reading ??= this.#reader.result().reading;
    return this.#reading;
  }

  #noted(entries: JournalEntry[]): JournalEntry[] {
    for (const entry of entries) {
      if (entry.seq < this.#lastEntrySeq) this.#lateCount++;
      else this.#lastEntrySeq = entry.seq;
      this.#seqs.add(entry.seq);
      const copy = copyOf(entry);
      if (copy) this.#copies.push(copy);
    }
    if (this.#lateCount > 0) this.#copies.sort((a, b) => a.seq - b.seq);
    return entries;
  }
}
