// Searches the spans of journals by the bytes of their records: a probe says in which records a match may be, only those
// are parsed, and only where one holds a match is its span made, which has the last word. Rows of which records don't tell
// all are made and looked at. It goes through the records once, so that it ends whatever they say.

import { RECORD_MARK } from "../trace/recordMarks";
import { isCaseSensitive } from "../trace/searchQuery";
import { spanHolds } from "../trace/searchSpan";
import type { SpanRecords } from "../trace/spanRecords";
import type { SpanSource } from "../trace/spanSource";
import { parsedRecord, recordHolds } from "./recordTexts";
import type { BlockResults, BlockSearch } from "./searchBlock";
import type { QueryMatcher } from "./searchMatcher";
import { makeProbe, type Probe } from "./searchProbe";
import { TextSeams } from "./searchSeams";
import { holdsMatch, type Pausing } from "./searchVerify";

export interface RecordSearchOptions {
  readonly spans: SpanSource;
  readonly records: SpanRecords;
  readonly matcher: QueryMatcher;
  /** For the spans that stand in a file beneath the records. */
  readonly block: BlockSearch;
  readonly results: BlockResults;
  /** Only rows before this one. */
  readonly endRow: number;
  /** Where to begin. */
  readonly nearRow: number;
  /** So many bytes of records are read and looked at together. */
  readonly recordBytes?: number | undefined;
}

/** As much as a followed file reads at once, and little enough for one step. */
const usualBytes = 1 << 17;
/** Rows that are looked at between two pauses where each takes next to nothing. */
const quickPerStep = 1_024;
/** What reading decodes to where bytes are no text. */
const replacement = "\ufffd";

export class RecordSearch {
  readonly #options: RecordSearchOptions;
  readonly #blockBytes: number;
  readonly #probe: Probe | undefined;
  readonly #seams: TextSeams | undefined;
  readonly #isLookedAt: Uint8Array;
  /** Bytes that were read, of which part, and where they begin. */
  #bytes: Buffer = Buffer.alloc(0);
  #part = 0;
  #startBytes = 0;
  /** The last span that was made matched: where nearly all do, parsing their records first is in vain. */
  #hasMatched = false;
  #done = 0;

  constructor(options: RecordSearchOptions) {
    const { matcher, endRow, recordBytes } = options;
    const { required = [], query } = matcher;
    this.#options = options;
    this.#blockBytes = recordBytes ?? usualBytes;
    this.#isLookedAt = new Uint8Array(endRow);
    if (required.length === 0 || required.some((text) => text.includes(replacement))) return;
    this.#probe = makeProbe(required, isCaseSensitive(query));
    this.#seams = this.#probe && new TextSeams(this.#probe, Math.max(...required.map(({ length }) => length)));
  }

  /** The part of everything that was searched. */
  get searched(): number {
    const { firstCount, count } = this.#options.records;
    return Math.min(1, this.#done / Math.max(1, firstCount + count));
  }

  /** What comes meanwhile is not searched. */
  *run(): Pausing<void> {
    const { records, endRow, nearRow } = this.#options;
    const { count, toldRow } = records;
    const firstCount = Math.min(endRow, records.firstCount);
    const near = Math.max(0, Math.min(nearRow, endRow - 1));
    const middle = near < firstCount ? 0 : Math.max(0, records.firstOf(near));
    if (toldRow >= 0) yield* this.#wholeSpan(toldRow);
    yield* this.#firstSpans(Math.min(near, firstCount), firstCount);
    yield* this.#recordsFrom(middle, count);
    yield* this.#firstSpans(0, Math.min(near, firstCount));
    yield* this.#recordsFrom(0, middle);
  }

  /** Spans that stand beneath the records. */
  *#firstSpans(first: number, end: number): Pausing<void> {
    const { spans, records, block, results } = this.#options;
    const { firstFile } = records;
    for (let row = first; row < end; ) {
      let next = row + 1;
      if (firstFile === undefined) yield* this.#wholeSpan(row);
      else next = yield* block.search(spans, firstFile, row, end, results);
      this.#done += next - row;
      row = next;
      yield;
    }
  }

  *#recordsFrom(first: number, end: number): Pausing<void> {
    this.#seams?.beginAt(first);
    for (let at = first; at < end; ) {
      const next = this.#endOfRun(at, end);
      yield* this.#lookAtMarks(at, next);
      yield* this.#lookAtBytes(at, next);
      this.#done += next - at;
      at = next;
      yield;
    }
  }

  /** Where records end that stand one behind the other in one journal and are read together; always behind the first. */
  #endOfRun(first: number, end: number): number {
    const { records } = this.#options;
    this.#part = records.partOf(first);
    this.#startBytes = records.startBytes(first);
    let endBytes = records.endBytes(first);
    let next = first + 1;
    for (; next < end && records.partOf(next) === this.#part; next++) {
      const nextEnd = records.endBytes(next);
      if (records.startBytes(next) < endBytes || nextEnd - this.#startBytes > this.#blockBytes) break;
      endBytes = nextEnd;
    }
    const isRead = this.#part > 0 && endBytes - this.#startBytes <= this.#blockBytes;
    this.#bytes = isRead ? this.#read(this.#startBytes, endBytes) : Buffer.alloc(0);
    return next;
  }

  /** Rows of which the bytes of one record don't tell all. */
  *#lookAtMarks(first: number, end: number): Pausing<void> {
    const { records } = this.#options;
    for (let record = first; record < end; record++) {
      const row = records.rowOf(record);
      const marks = records.marksOf(row);
      if ((marks & RECORD_MARK.untold) !== 0) yield* this.#wholeSpan(row);
      else if ((marks & RECORD_MARK.joined) !== 0 && this.#mayHoldInSeam(record, row)) yield* this.#wholeSpan(row);
      if (record % quickPerStep === 0) yield;
    }
  }

  #mayHoldInSeam(record: number, row: number): boolean {
    if (this.#seams === undefined || this.#isPassed(row)) return false;
    // Texts that came before were not seen.
    if (this.#options.records.firstOf(row) < this.#seams.firstRecord) return true;
    const said = this.#parsed(record);
    if (said === undefined) return true;
    return said["t"] === "text" && this.#seams.mayHold(record, row, String(said["text"]));
  }

  *#lookAtBytes(first: number, end: number): Pausing<void> {
    if (this.#part === 0) return;
    if (this.#probe === undefined) {
      for (let record = first; record < end; record++) yield* this.#lookAt(record);
    } else if (this.#bytes.length === 0) {
      yield* this.#lookAtLong(this.#probe, first);
    } else {
      const run = this.#probe.in(this.#bytes);
      yield* this.#lookAtPlaces((from) => run.hit(from), first, end);
      yield* this.#lookAtPlaces((from) => run.maybe(from), first, end);
    }
  }

  /** @param placeFrom the first place in the bytes from an offset on; -1 where there is none */
  *#lookAtPlaces(placeFrom: (from: number) => number, first: number, end: number): Pausing<void> {
    const { records } = this.#options;
    let place = -1;
    for (let record = first; record < end; record++) {
      if (this.#isPassed(records.rowOf(record))) continue;
      const start = records.startBytes(record) - this.#startBytes;
      // What stands before it is of no span, or of one that is passed.
      if (place < start) place = placeFrom(start);
      if (place < 0) return;
      if (place < records.endBytes(record) - this.#startBytes) yield* this.#lookAt(record);
    }
  }

  /** A record that is longer than what is read at once. */
  *#lookAtLong(probe: Probe, record: number): Pausing<void> {
    const row = this.#options.records.rowOf(record);
    const end = this.#options.records.endBytes(record);
    for (let at = this.#startBytes; at < end && !this.#isPassed(row); at += this.#blockBytes) {
      const run = probe.in(this.#read(at, Math.min(end, at + this.#blockBytes + probe.longestBytes)));
      if (run.hit(0) >= 0 || run.maybe(0) >= 0) yield* this.#wholeSpan(row);
      yield;
    }
  }

  *#lookAt(record: number): Pausing<void> {
    const { records, matcher } = this.#options;
    const row = records.rowOf(record);
    if (this.#isPassed(row)) return;
    // An expression may match what begins in one text and ends in another, or know where a text ends; without a probe
    // nobody has looked at where texts meet.
    const tellsNothing =
      (matcher.query.regex || this.#probe === undefined) && (records.marksOf(row) & RECORD_MARK.joined) !== 0;
    const said = tellsNothing || this.#hasMatched ? undefined : this.#parsed(record);
    if (said === undefined || (yield* holdsMatch(matcher, (test) => recordHolds(said, test)))) {
      yield* this.#wholeSpan(row);
    }
    yield;
  }

  *#wholeSpan(row: number): Pausing<void> {
    if (this.#isPassed(row)) return;
    this.#isLookedAt[row] = 1;
    const { spans, matcher, results } = this.#options;
    const span = spans.spanAt(row);
    this.#hasMatched = span !== undefined && (yield* holdsMatch(matcher, (test) => spanHolds(span, test)));
    if (this.#hasMatched) results.found(row);
    yield;
  }

  #isPassed(row: number): boolean {
    const { endRow, results } = this.#options;
    return row >= endRow || this.#isLookedAt[row] === 1 || results.isFound(row);
  }

  /** What a record says; undefined where its span has to be asked. */
  #parsed(record: number): Readonly<Record<string, unknown>> | undefined {
    const { records } = this.#options;
    const start = records.startBytes(record) - this.#startBytes;
    const end = records.endBytes(record) - this.#startBytes;
    return end > this.#bytes.length ? undefined : parsedRecord(this.#bytes.toString("utf8", start, end));
  }

  #read(startBytes: number, endBytes: number): Buffer {
    const bytes = this.#options.records.read(this.#part, { startBytes, endBytes });
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
}
