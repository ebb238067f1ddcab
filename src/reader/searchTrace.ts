// Searches one trace: names and labels in the columns first, then every span's own fields, in the end the labels that the
// columns lack. It goes on in small steps; the trace may change between them, as long as row numbers keep their meaning.

import type { SearchPart } from "../protocol/searchMessages";
import { spanHolds } from "../trace/searchSpan";
import type { SpanRecords } from "../trace/spanRecords";
import { type SpanSource, TraceReplacedError } from "../trace/spanSource";
import type { TracePicture } from "./picture";
import { rowTexts } from "./rowTexts";
import { type BlockResults, BlockSearch } from "./searchBlock";
import { searchLabels } from "./searchLabels";
import type { QueryMatcher } from "./searchMatcher";
import { RecordSearch } from "./searchRecords";
import { holdsMatch, type Pausing } from "./searchVerify";

export interface TraceSearchOptions {
  readonly matcher: QueryMatcher;
  /** The trace as it is now. @throws where row numbers have lost their meaning */
  readonly picture: () => TracePicture;
  /** Where to begin. */
  readonly nearRow?: number | undefined;
  /** Only these. */
  readonly rows?: Uint32Array | undefined;
  readonly block?: BlockSearch | undefined;
  /** See `RecordSearchOptions`. */
  readonly recordBytes?: number | undefined;
}

/** Rows, or texts, that are looked at between two pauses where each takes next to nothing. */
const quickPerStep = 256;
/** What making the labels of a trace costs beside searching its bytes. */
const labelsCost = 4;
/** Rows of one part, so that its message stays small. */
const mostRowsOfPart = 250_000;

const unknown = 0;
const matches = 1;
const differs = 2;

export class TraceSearch implements BlockResults {
  readonly #options: TraceSearchOptions;
  readonly #rowCount: number;
  readonly #found: Uint8Array;
  readonly #block: BlockSearch;
  #news: number[] = [];
  #skipped = 0;
  #searched = 0;

  constructor(options: TraceSearchOptions) {
    this.#options = options;
    this.#rowCount = options.picture().columns.count;
    this.#found = new Uint8Array(this.#rowCount);
    this.#block = options.block ?? new BlockSearch(options.matcher);
  }

  /** Spans that could not be looked at. */
  get skippedCount(): number {
    return this.#skipped;
  }

  /** There are rows that were not taken. */
  get hasNews(): boolean {
    return this.#news.length > 0;
  }

  /** What was found since the last time. */
  takePart(): SearchPart {
    const rows = Uint32Array.from(this.#news.splice(0, mostRowsOfPart));
    return { rows, searched: this.#searched };
  }

  *run(): Pausing<void> {
    const { rows } = this.#options;
    if (rows !== undefined) yield* this.#someRows(rows);
    else {
      yield* this.#columns();
      yield* this.#spans();
      yield* this.#labels();
    }
    this.#searched = 1;
  }

  isFound(row: number): boolean {
    return this.#found[row] === 1;
  }

  found(row: number): void {
    if (this.#found[row] !== 0) return;
    this.#found[row] = 1;
    this.#news.push(row);
  }

  skipped(_row: number): void {
    this.#skipped++;
  }

  *#someRows(rows: Uint32Array): Pausing<void> {
    const { matcher, picture } = this.#options;
    for (const [index, row] of rows.entries()) {
      const now = picture();
      if (row >= this.#rowCount) continue;
      const { label, outcome } = rowTexts(now, row);
      const name = now.columns.strings[now.columns.name[row] ?? 0] ?? "";
      if ([name, label, outcome].some(matcher.texts.test)) this.found(row);
      else yield* this.#span(now.spans, row);
      this.#searched = (index + 1) / rows.length;
      yield;
    }
  }

  /** Names, labels and outcomes, each text once. */
  *#columns(): Pausing<void> {
    const { matcher, picture } = this.#options;
    const known: number[] = [];
    for (let row = 0; row < this.#rowCount; row++) {
      const { columns } = picture();
      for (const column of [columns.name, columns.label, columns.outcome]) {
        const text = column[row] ?? 0;
        let verdict = known[text] ?? unknown;
        if (verdict === unknown) {
          verdict = matcher.texts.test(columns.strings[text] ?? "") ? matches : differs;
          known[text] = verdict;
        }
        if (verdict === matches) this.found(row);
      }
      if (row % quickPerStep === 0) yield;
    }
  }

  *#spans(): Pausing<void> {
    const { spans } = this.#options.picture();
    if (spans.records === undefined || !(yield* this.#recorded(spans, spans.records))) yield* this.#rowByRow();
  }

  /** False where the trace has been read again meanwhile. */
  *#recorded(spans: SpanSource, records: SpanRecords): Pausing<boolean> {
    const { picture, matcher, nearRow = 0, recordBytes } = this.#options;
    const share = 1 / (1 + this.#labelsShare());
    const endRow = Math.min(this.#rowCount, spans.count);
    const options = { spans, records, matcher, block: this.#block, results: this, endRow, nearRow, recordBytes };
    const search = new RecordSearch(options);
    try {
      for (const _ of search.run()) {
        this.#searched = share * search.searched;
        yield;
        if (picture().spans !== spans) return false;
      }
      return true;
    } catch (error) {
      if (error instanceof TraceReplacedError && picture().spans !== spans) return false;
      throw error;
    }
  }

  /** From the row near which the person is to the end, then what comes before it. */
  *#rowByRow(): Pausing<void> {
    const { picture, nearRow = 0 } = this.#options;
    const end = Math.min(this.#rowCount, picture().spans.count);
    const middle = Math.max(0, Math.min(end - 1, nearRow));
    const share = 1 / (1 + this.#labelsShare());
    let done = 0;
    for (const [first, last] of [
      [middle, end],
      [0, middle],
    ] as const) {
      for (let row = first; row < last; ) {
        const next = yield* this.#spansFrom(row, last);
        done += next - row;
        row = next;
        this.#searched = Math.max(this.#searched, (share * done) / end);
        yield;
      }
    }
  }

  *#spansFrom(row: number, end: number): Pausing<number> {
    const { spans } = this.#options.picture();
    try {
      if (spans.file !== undefined) return yield* this.#block.search(spans, spans.file, row, end, this);
      yield* this.#span(spans, row);
      return row + 1;
    } catch (error) {
      // The trace has been read again meanwhile, and its new file has the same rows.
      const isOther = this.#options.picture().spans !== spans;
      if (error instanceof TraceReplacedError && isOther) return row;
      throw error;
    }
  }

  *#span(spans: SpanSource, row: number): Pausing<void> {
    if (this.isFound(row)) return;
    const span = spans.spanAt(row);
    if (span !== undefined && (yield* holdsMatch(this.#options.matcher, (test) => spanHolds(span, test)))) {
      this.found(row);
    }
  }

  *#labels(): Pausing<void> {
    const { matcher, picture } = this.#options;
    const { hasTexts, spans } = picture();
    if (hasTexts) return;
    const lacksTexts = (row: number) => {
      const { columns } = picture();
      return columns.label[row] === 0 && columns.outcome[row] === 0;
    };
    const before = this.#searched;
    yield* searchLabels(spans).search(matcher, this.#rowCount, {
      textsOf: (row) => rowTexts(picture(), row),
      isAsked: (row) => !this.isFound(row) && lacksTexts(row),
      found: (row) => this.found(row),
      reached: (row) => {
        this.#searched = before + (1 - before) * (row / this.#rowCount);
      },
    });
  }

  /** Of the time that the spans' fields take. */
  #labelsShare(): number {
    const { hasTexts, spans } = this.#options.picture();
    if (hasTexts || spans.count === 0) return 0;
    return 0.1 + labelsCost * (1 - searchLabels(spans).readyRows / spans.count);
  }
}
