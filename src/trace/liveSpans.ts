// The spans of a trace that grows. Only spans that are open are held as objects; a finished one is made again from the
// snapshot and its records when somebody asks for it or a late record comes, by the very fold that made it first.

import type { JournalEntry } from "./journalReading";
import type { LiveIds } from "./liveIds";
import { LiveRanges } from "./liveRanges";
import { liveRecords } from "./liveRecords";
import { ProblemList } from "./problemList";
import { isCrashKnown, RecordFold, rootEventPrefix, type SpanTable } from "./recordFold";
import { marksAfter, RECORD_MARK } from "./recordMarks";
import type { TraceSpan } from "./schema";
import { shortValue } from "./shortValue";
import type { SpanRecords } from "./spanRecords";
import { type SpanField, type SpanSource, TraceReplacedError } from "./spanSource";
import { type SpanUsage, usageOfSpan } from "./spanUsage";
import { toolName } from "./toolCall";

/** How the records of a journal are applied, or of one that fills the gaps of another. */
export interface RecordPart {
  readonly incarnation: number;
  readonly isOverruled: boolean;
  /** @throws TraceReplacedError where the journal is no longer the one that was read */
  entryAt(offsetBytes: number, lengthBytes: number): JournalEntry;
  /** All bytes of a range, whatever they are; throws the same. */
  bytesAt(offsetBytes: number, lengthBytes: number): Uint8Array;
}

/** Something that is known of the session's root and stands in no record. */
export interface RootEvent {
  readonly type: string;
  readonly timeMs: number;
  readonly details: Readonly<Record<string, unknown>>;
  readonly incarnation: number;
}

/** A longer record is also kept shortened, so that describing its span costs the same as any. */
const longRecordBytes = 128 * 1024;
/** So many objects are held at most: of more open spans those are made again that were not written to for longest. */
const mostHeld = 5_000;

/** Part of what stands in no record. */
const toldPart = 0;

export class LiveSpans implements SpanSource, SpanTable {
  readonly #ids: LiveIds;
  readonly #base: SpanSource | undefined;
  readonly #replaceKnown: boolean;
  readonly #ranges = new LiveRanges();
  readonly #parts: (RecordPart | undefined)[] = [undefined];
  readonly #told: RootEvent[] = [];
  /** By index of a range: the record as JSON, shortened. */
  readonly #shortRecords = new Map<number, string>();
  /** Spans that are open, and those that are being changed. */
  readonly #held = new Map<number, TraceSpan>();
  /** Rows whose objects were made or changed since the last release. */
  #fresh: number[] = [];
  #changed: number[] = [];
  #lastPut = -1;
  #isMended = false;
  /** Comes after all that records say. */
  #lastWord: (RootEvent & { readonly row: number }) | undefined;

  /** @param replaceKnown see `FoldOptions` */
  constructor(ids: LiveIds, base: SpanSource | undefined, replaceKnown: boolean) {
    this.#ids = ids;
    this.#base = base;
    this.#replaceKnown = replaceKnown;
  }

  get count(): number {
    return this.#ids.count;
  }

  /** Returns the number of the part, by which `noteRecord` knows it. */
  addPart(part: RecordPart): number {
    return this.#parts.push(part) - 1;
  }

  rowOf(spanId: string): number {
    return this.#ids.rowOf(spanId);
  }

  idOf(row: number): string {
    return this.#ids.idOf(row);
  }

  get(row: number): TraceSpan | undefined {
    const held = this.#held.get(row);
    if (held !== undefined || row < 0 || row >= this.count) return held;
    const made = this.#make(row, false);
    if (made !== undefined) {
      this.#held.set(row, made);
      this.#fresh.push(row);
      this.onHold(row, made);
    }
    return made;
  }

  /** Called with a span that was made again because a record may change it, before that does. */
  onHold: (row: number, span: TraceSpan) => void = () => {};

  isPut(row: number): boolean {
    return row >= (this.#base?.count ?? 0) || this.#ranges.has(row);
  }

  put(row: number, span: TraceSpan, isMended: boolean): void {
    if (row === this.count) this.#ids.add(span.spanId);
    // One that is replaced as a whole was not looked at before.
    else if (!this.#held.has(row)) this.get(row);
    if (this.#held.size > mostHeld / 2) this.#held.delete(row);
    this.#held.set(row, span);
    this.#lastPut = row;
    this.#isMended ||= isMended;
  }

  /** To be called after each record that was applied: where it changed a span, its place is kept with the span. */
  noteRecord(part: number, entry: JournalEntry): void {
    const row = this.#lastPut;
    if (row < 0) return;
    const { offsetBytes, endBytes, record } = entry;
    const index = this.#ranges.add(row, part, offsetBytes, endBytes - offsetBytes);
    this.#ranges.setMarks(row, marksAfter(this.#ranges.marksOf(row), record, this.#isMended || this.#isBeneath(row)));
    if (endBytes - offsetBytes > longRecordBytes) {
      this.#shortRecords.set(index, JSON.stringify({ ...entry, record: shortValue(record) }));
    }
    this.#noteChange(row);
  }

  /** The same for an event of the root that was just added and that no record tells of. */
  noteTold(event: RootEvent): void {
    if (this.#lastPut < 0) return;
    this.#ranges.add(this.#lastPut, toldPart, this.#told.push(event) - 1, 0);
    this.#ranges.setMarks(this.#lastPut, this.#ranges.marksOf(this.#lastPut) | RECORD_MARK.untold);
    this.#noteChange(this.#lastPut);
  }

  #noteChange(row: number): void {
    this.#fresh.push(row);
    this.#changed.push(row);
    this.#lastPut = -1;
    this.#isMended = false;
  }

  /** Sets the event that stands behind all others of the root, now and later; false where it is known already. */
  setLastWord(event: RootEvent | undefined, row: number): boolean {
    this.#lastWord = undefined;
    const root = event && (this.#held.get(row) ?? this.#make(row, false));
    if (event === undefined || root === undefined || isCrashKnown(root, event.type, event.incarnation)) return false;
    this.#lastWord = { ...event, row };
    return true;
  }

  /** Rows that records have changed since the last call, each once, ascending. */
  takeChanged(): number[] {
    const rows = this.#changed;
    this.#changed = [];
    return rows.length < 2 ? rows : [...new Set(rows)].sort((a, b) => a - b);
  }

  /** The object of a row that `takeChanged` named. */
  held(row: number): TraceSpan | undefined {
    return this.#held.get(row);
  }

  /** Lets go of all finished spans, and of the open ones that are too many. */
  release(): void {
    for (const row of this.#fresh) if (this.#held.get(row)?.endTime !== undefined) this.#held.delete(row);
    this.#fresh = [];
    for (const row of this.#held.keys()) {
      if (this.#held.size <= mostHeld) break;
      this.#held.delete(row);
    }
  }

  /** How many objects are held. */
  get heldCount(): number {
    return this.#held.size;
  }

  spanAt(row: number): TraceSpan | undefined {
    const held = this.#held.get(row);
    return this.#withLastWord(row, held === undefined ? this.#make(row, false) : { ...held });
  }

  shortSpanAt(row: number): TraceSpan | undefined {
    const held = this.#held.get(row);
    return this.#withLastWord(row, held === undefined ? this.#make(row, true) : { ...held });
  }

  fieldAt(row: number, field: SpanField): unknown {
    return this.#isOfBase(row) ? this.#base?.fieldAt(row, field) : this.spanAt(row)?.[field];
  }

  usageAt(row: number): SpanUsage | undefined {
    if (this.#isOfBase(row)) return this.#base?.usageAt(row);
    const span = this.shortSpanAt(row);
    return span && usageOfSpan(span);
  }

  toolNameAt(row: number): string {
    if (this.#isOfBase(row)) return this.#base?.toolNameAt(row) ?? "";
    const span = this.shortSpanAt(row);
    return span === undefined ? "" : toolName(span);
  }

  get records(): SpanRecords {
    return liveRecords(this.#ranges, this.#base, {
      toldRow: this.#lastWord?.row ?? -1,
      read: (number, { startBytes, endBytes }) => {
        const part = this.#parts[number];
        if (part === undefined) throw replacedJournal();
        return part.bytesAt(startBytes, endBytes - startBytes);
      },
    });
  }

  /** True for a row of the snapshot: no record says all of its span. */
  #isBeneath(row: number): boolean {
    return row < (this.#base?.count ?? 0);
  }

  /** True for a span of the snapshot that no record has changed. */
  #isOfBase(row: number): boolean {
    return this.#isBeneath(row) && !this.#ranges.has(row) && row !== this.#lastWord?.row;
  }

  #withLastWord(row: number, span: TraceSpan | undefined): TraceSpan | undefined {
    const last = this.#lastWord;
    if (span === undefined || last === undefined || last.row !== row) return span;
    const { type, timeMs, details, incarnation } = last;
    const event = { name: rootEventPrefix + type, timeMs, attributes: { ...details, incarnation } };
    return { ...span, events: [...(span.events ?? []), event] };
  }

  #make(row: number, isShort: boolean): TraceSpan | undefined {
    if (row < 0 || row >= this.count) return undefined;
    const ofBase = row < (this.#base?.count ?? 0);
    const isChanged = this.#ranges.has(row);
    const known = !ofBase ? undefined : isShort ? this.#base?.shortSpanAt(row) : this.#base?.spanAt(row);
    if (!isChanged) return known;
    const table = new OneRow(row, known);
    const fold = new RecordFold(table, row, {}, { problems: new ProblemList(), replaceKnown: this.#replaceKnown });
    for (const index of this.#ranges.of(row)) this.#applyAgain(fold, index, isShort);
    return table.span;
  }

  #applyAgain(fold: RecordFold, index: number, isShort: boolean): void {
    const { part: number, offsetBytes, lengthBytes } = this.#ranges.range(index);
    const part = this.#parts[number];
    if (part === undefined) {
      const told = this.#told[offsetBytes];
      if (told) fold.addRootEvent(told.type, told.timeMs, told.details, told.incarnation);
      return;
    }
    fold.beginIncarnation(part.incarnation, part.isOverruled);
    const short = isShort ? this.#shortRecords.get(index) : undefined;
    fold.apply(short === undefined ? part.entryAt(offsetBytes, lengthBytes) : (JSON.parse(short) as JournalEntry));
  }
}

/** A table that holds one span, whatever id records know it by. */
class OneRow implements SpanTable {
  span: TraceSpan | undefined;
  readonly #row: number;
  #isPut = false;

  constructor(row: number, span: TraceSpan | undefined) {
    this.#row = row;
    this.span = span;
  }

  get count(): number {
    return this.#row;
  }

  rowOf(): number {
    return this.span === undefined ? -1 : this.#row;
  }

  get(): TraceSpan | undefined {
    return this.span;
  }

  isPut(): boolean {
    return this.#isPut;
  }

  put(_row: number, span: TraceSpan): void {
    this.span = span;
    this.#isPut = true;
  }
}

/** What a journal's bytes give instead of the record that was read from them. */
export function replacedJournal(): TraceReplacedError {
  return new TraceReplacedError("The journal is not the one that was read");
}
