// Searches spans in their file without making objects of them: a block of bytes is read, a probe says where a match may be,
// and only the field around such a place is parsed, where bytes alone don't tell.

import { constants } from "node:buffer";
import type { ByteRange } from "../trace/scanRows";
import { isCaseSensitive } from "../trace/searchQuery";
import { searchedFields, spanHolds } from "../trace/searchSpan";
import type { SpanFile } from "../trace/spanFile";
import { type SpanSource, TraceReplacedError } from "../trace/spanSource";
import { type HitRule, makeHitRule } from "./searchField";
import type { QueryMatcher } from "./searchMatcher";
import { mendedKeys } from "./searchMended";
import { makeProbe, type Probe } from "./searchProbe";
import { holdsMatch, type Pausing, valueHoldsMatch } from "./searchVerify";

export interface BlockSizes {
  /** Bytes that are read at once. */
  readonly blockBytes: number;
  /** Bytes that are looked at together; so many stay in the processor's near memory. */
  readonly windowBytes: number;
}

const usualSizes: BlockSizes = { blockBytes: 1 << 20, windowBytes: 1 << 16 };
/** So many of the first rows are read whole where they are mended: files beside the trace may add to its root span. */
const firstRows = 1_000;
/** A longer field fits into no text. */
const longestFieldBytes = constants.MAX_STRING_LENGTH;

/** Where results go. */
export interface BlockResults {
  isFound(row: number): boolean;
  found(row: number): void;
  /** A field of the row was too long to be looked at. */
  skipped(row: number): void;
}

const isSearched: ReadonlySet<string> = new Set(searchedFields);

export class BlockSearch {
  readonly #matcher: QueryMatcher;
  readonly #probe: Probe | undefined;
  readonly #rule: HitRule | undefined;
  /** Mending a span has put something into it that matches. */
  readonly #matchesMending: boolean;
  readonly #sizes: BlockSizes;

  constructor(matcher: QueryMatcher, sizes: BlockSizes = usualSizes) {
    const { query, required } = matcher;
    this.#matcher = matcher;
    this.#probe = required === undefined ? undefined : makeProbe(required, isCaseSensitive(query));
    this.#rule =
      !query.regex && this.#probe?.isExact === true ? makeHitRule(query, this.#probe.isOnlyInStrings) : undefined;
    this.#matchesMending = mendedKeys.some(matcher.texts.test);
    this.#sizes = sizes;
  }

  /** Searches some rows from `first` on, and returns the one to go on with, at most `end`. */
  *search(spans: SpanSource, file: SpanFile, first: number, end: number, results: BlockResults): Pausing<number> {
    const { startBytes } = file.spanRange(first);
    let next = first + 1;
    let { endBytes } = file.spanRange(first);
    while (next < end) {
      const range = file.spanRange(next);
      if (range.endBytes - startBytes > this.#sizes.blockBytes) break;
      endBytes = range.endBytes;
      next++;
    }
    const rows = new BlockRows(spans, file, this.#matcher, results);
    for (let row = first; row < next; row++) {
      if (!file.isMended(row)) continue;
      // Its id may have been made up, too.
      if (this.#matcher.texts.test(spans.idOf(row))) results.found(row);
      else if (this.#matchesMending || row < firstRows) yield* rows.wholeSpan(row);
    }
    if (this.#probe === undefined) yield* this.#parseAll(rows, { startBytes, endBytes }, first, next);
    else yield* this.#probeAll(this.#probe, rows, { startBytes, endBytes }, first);
    return next;
  }

  *#parseAll(rows: BlockRows, range: ByteRange, first: number, end: number): Pausing<void> {
    rows.moveTo(range, this.#sizes.blockBytes);
    for (let row = first; row < end; row++) {
      rows.enter(row);
      yield* rows.parseWhole();
      yield;
    }
  }

  *#probeAll(probe: Probe, rows: BlockRows, range: ByteRange, first: number): Pausing<void> {
    const { blockBytes, windowBytes } = this.#sizes;
    const overlap = probe.longestBytes;
    rows.enter(first);
    let at = range.startBytes;
    // One span may be longer than a block.
    while (at < range.endBytes) {
      const from = Math.max(range.startBytes, at - overlap);
      const part = { startBytes: from, endBytes: Math.min(range.endBytes, from + blockBytes + 2 * overlap) };
      const bytes = rows.moveTo(part, Number.POSITIVE_INFINITY);
      const isLast = part.endBytes === range.endBytes;
      while (at < part.endBytes) {
        const window = { startBytes: at, endBytes: Math.min(part.endBytes, at + windowBytes + overlap) };
        at = yield* this.#probeWindow(probe, rows, bytes, window, window.endBytes === range.endBytes);
        yield;
        if (window.endBytes === part.endBytes && !isLast) break;
      }
    }
  }

  /** Returns where to go on. */
  *#probeWindow(probe: Probe, rows: BlockRows, bytes: Buffer, window: ByteRange, isLast: boolean): Pausing<number> {
    const { startBytes, endBytes } = window;
    const baseBytes = rows.baseBytes;
    const run = probe.in(bytes.subarray(startBytes - baseBytes, endBytes - baseBytes));
    let hit = run.hit(0);
    let maybe = run.maybe(0);
    while (hit >= 0 || maybe >= 0) {
      const isHit = hit >= 0 && (maybe < 0 || hit <= maybe);
      const place = startBytes + (isHit ? hit : maybe);
      const next = yield* this.#lookAt(rows, bytes, place, isHit);
      if (next >= endBytes) return next;
      const from = next - startBytes;
      if (hit >= 0 && hit < from) hit = run.hit(from);
      if (maybe >= 0 && maybe < from) maybe = run.maybe(from);
    }
    // What the window cuts is seen whole in the next one.
    return isLast ? endBytes : Math.max(startBytes + 1, endBytes - probe.longestBytes);
  }

  /** Says what is at a place, and returns the next one that matters. */
  *#lookAt(rows: BlockRows, bytes: Buffer, place: number, isHit: boolean): Pausing<number> {
    rows.enterAt(place);
    if (place < rows.span.startBytes) return rows.span.startBytes;
    if (rows.isFound) return rows.span.endBytes;
    if (rows.isMended) {
      yield* rows.wholeSpan(rows.row);
      return rows.span.endBytes;
    }
    const field = rows.fieldAt(place);
    if (field === undefined) return rows.testId() ? rows.span.endBytes : rows.nextField(place);
    if (isHit && this.#rule !== undefined) {
      const firstByte = () => rows.byteAt(field.startBytes);
      const verdict = this.#rule.judge(bytes, place - rows.baseBytes, rows.baseBytes, field, firstByte);
      if (verdict === "none") return place + 1;
      if (verdict === "match") {
        rows.found();
        return rows.span.endBytes;
      }
    }
    const isMatch = yield* rows.parseField(field);
    yield;
    return isMatch ? rows.span.endBytes : field.endBytes;
  }
}

/** The rows of a block, one after the other, and the bytes that are read of it. */
class BlockRows {
  row = -1;
  span: ByteRange = { startBytes: 0, endBytes: 0 };
  /** Place in the file of the first byte that is read. */
  baseBytes = 0;
  readonly #spans: SpanSource;
  readonly #file: SpanFile;
  readonly #matcher: QueryMatcher;
  readonly #results: BlockResults;
  #bytes: Buffer = Buffer.alloc(0);
  #fields: readonly ByteRange[] | undefined;
  #isIdTested = false;

  constructor(spans: SpanSource, file: SpanFile, matcher: QueryMatcher, results: BlockResults) {
    this.#spans = spans;
    this.#file = file;
    this.#matcher = matcher;
    this.#results = results;
  }

  get isFound(): boolean {
    return this.#results.isFound(this.row);
  }

  get isMended(): boolean {
    return this.#file.isMended(this.row);
  }

  /** Reads a part of the block, if it is no longer than that. */
  moveTo(part: ByteRange, mostBytes: number): Buffer {
    this.baseBytes = part.startBytes;
    this.#bytes = Buffer.alloc(0);
    if (part.endBytes - part.startBytes <= mostBytes) this.#bytes = this.#read(part);
    return this.#bytes;
  }

  enter(row: number): void {
    this.row = row;
    this.span = this.#file.spanRange(row);
    this.#fields = undefined;
    this.#isIdTested = false;
  }

  /** Goes on to the row that a place is in, or behind which it comes. */
  enterAt(place: number): void {
    let { row } = this;
    while (this.#file.spanRange(row).endBytes <= place) row++;
    if (row !== this.row) this.enter(row);
  }

  found(): void {
    this.#results.found(this.row);
  }

  fieldAt(place: number): ByteRange | undefined {
    return this.#ownFields().find(({ startBytes, endBytes }) => startBytes <= place && place < endBytes);
  }

  byteAt(place: number): number {
    return this.#read({ startBytes: place, endBytes: place + 1 })[0] ?? 0;
  }

  /** Beside the fields stands the id, and the name, which is searched by its number. */
  testId(): boolean {
    if (this.#isIdTested) return false;
    this.#isIdTested = true;
    if (!this.#matcher.texts.test(this.#spans.idOf(this.row))) return false;
    this.found();
    return true;
  }

  /** Where the next field begins; the end of the span where there is none. */
  nextField(place: number): number {
    let next = this.span.endBytes;
    for (const { startBytes } of this.#ownFields()) if (startBytes > place && startBytes < next) next = startBytes;
    return next;
  }

  *wholeSpan(row: number): Pausing<void> {
    if (this.#results.isFound(row)) return;
    const span = this.#spans.spanAt(row);
    if (span !== undefined && (yield* holdsMatch(this.#matcher, (test) => spanHolds(span, test)))) {
      this.#results.found(row);
    }
    yield;
  }

  *parseWhole(): Pausing<void> {
    if (this.isFound) return;
    if (this.isMended) return yield* this.wholeSpan(this.row);
    if (this.testId()) return;
    for (const field of this.#ownFields()) if (yield* this.parseField(field)) return;
  }

  *parseField(range: ByteRange): Pausing<boolean> {
    if (range.endBytes - range.startBytes > longestFieldBytes) {
      this.#results.skipped(this.row);
      return false;
    }
    if (!(yield* valueHoldsMatch(this.#matcher, parsed(this.#read(range))))) return false;
    this.found();
    return true;
  }

  #ownFields(): readonly ByteRange[] {
    this.#fields ??= this.#file.fieldRanges(this.row).filter(({ field }) => isSearched.has(field));
    return this.#fields;
  }

  /** From what is there, where it is. */
  #read({ startBytes, endBytes }: ByteRange): Buffer {
    const from = startBytes - this.baseBytes;
    const to = endBytes - this.baseBytes;
    if (from >= 0 && to <= this.#bytes.length) return this.#bytes.subarray(from, to);
    const bytes = this.#file.read({ startBytes, endBytes });
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8")) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) throw new TraceReplacedError("The file is not the one that was opened");
    throw error;
  }
}
