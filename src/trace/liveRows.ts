// The rows of a trace that grows: records are applied to spans, and what columns, forest, evidence, totals, output and
// failures tell of them is brought up to date row by row. The work for a record does not depend on how many rows there are.

import type { Steps } from "../base/steps";
import type { SpanDescription } from "./buildColumns";
import { describeSpan } from "./describeSpan";
import type { ActionKeys, Failures } from "./failures";
import type { JournalEntry } from "./journalReading";
import { LiveColumns, type LiveUsage } from "./liveColumns";
import { LiveEvidence } from "./liveEvidence";
import { LiveFailures } from "./liveFailures";
import { LiveForest } from "./liveForest";
import { LiveIds } from "./liveIds";
import { LiveOutput } from "./liveOutput";
import { LiveSpans, type RecordPart, type RootEvent } from "./liveSpans";
import { LiveTotals, type SpanShare, shareOf } from "./liveTotals";
import type { OutputReader } from "./outputLines";
import { outputAmount } from "./outputText";
import type { Problem } from "./problem";
import type { ProblemList } from "./problemList";
import { RecordFold } from "./recordFold";
import type { TraceMetadata, TraceSpan, TraceSummary } from "./schema";
import type { SpanTotals } from "./sessionTrace";
import { FLAG, kindCodes, type SpanColumns, type SpanTree } from "./spanColumns";
import type { SpanEvidence } from "./spanEvidence";
import type { SpanSource } from "./spanSource";
import type { SessionState } from "./state";

const sessionKind = kindCodes.indexOf("session");

/** Of an output that is still written, which may be of any length, the description is not renewed with each piece. */
const longOutput = 256 * 1024;
const grownBy = 1.125;

/** Of more rows that are there when a trace is opened, panels ask for the labels of those that they show. */
const mostRowsWithTexts = 10_000;

/** Spans that are there before the first record. */
export interface FirstRows {
  readonly spans: SpanSource;
  readonly columns: SpanColumns;
  readonly usage: LiveUsage;
  /** The latest time of an event of theirs, -Infinity for none. */
  readonly latestEventMs: number;
  readonly summary: TraceSummary;
  readonly metadata: TraceMetadata;
  /** The columns have labels and outcomes. */
  readonly hasTexts: boolean;
}

export interface LiveRowsOptions {
  readonly problems: ProblemList;
  readonly replaceKnown: boolean;
  readonly keysOf: (spans: SpanSource, columns: SpanColumns) => ActionKeys;
}

interface RowParts {
  readonly spans: LiveSpans;
  readonly columns: LiveColumns;
  readonly forest: LiveForest;
  readonly evidence: LiveEvidence;
  readonly totals: LiveTotals;
  readonly output: LiveOutput;
  readonly failures: LiveFailures;
}

export class LiveRows {
  readonly spans: LiveSpans;
  readonly #fold: RecordFold;
  readonly #columns: LiveColumns;
  readonly #forest: LiveForest;
  readonly #evidence: LiveEvidence;
  readonly #totals: LiveTotals;
  readonly #output: LiveOutput;
  readonly #failures: LiveFailures;
  /** Of spans that are held: what they add as they were when the rows were last settled. */
  readonly #shares = new Map<number, SpanShare>();
  #looked: number[] = [];
  readonly #describedLengths = new Map<number, number>();
  #hasTexts: boolean;
  #isLoading = true;

  /** With pauses in which others can be served. */
  static *of(first: FirstRows | undefined, options: LiveRowsOptions): Steps<LiveRows> {
    const ids = new LiveIds(first?.spans);
    const spans = new LiveSpans(ids, first?.spans, options.replaceKnown);
    const columns = new LiveColumns(first && { ...first, spans: first.spans.count });
    yield;
    return new LiveRows(first, options, {
      spans,
      columns,
      forest: yield* LiveForest.of(columns, ids, spans),
      evidence: yield* LiveEvidence.of(columns, spans, first?.latestEventMs ?? Number.NEGATIVE_INFINITY),
      totals: yield* LiveTotals.of(columns, spans, first?.summary),
      output: yield* LiveOutput.of(columns, spans),
      failures: yield* LiveFailures.of(columns, options.keysOf(spans, columns)),
    });
  }

  private constructor(first: FirstRows | undefined, options: LiveRowsOptions, parts: RowParts) {
    const { columns } = parts;
    this.#hasTexts = first?.hasTexts ?? true;
    this.spans = parts.spans;
    this.#columns = columns;
    this.#forest = parts.forest;
    this.#evidence = parts.evidence;
    this.#totals = parts.totals;
    this.#output = parts.output;
    this.#failures = parts.failures;
    this.#fold = new RecordFold(this.spans, firstRoot(columns), first?.metadata ?? {}, options);
    this.spans.onHold = (row, span) => {
      this.#shares.set(row, shareOf(span));
      this.#evidence.beforeRecord(row, span);
      this.#failures.beforeChange(row, span);
      this.#looked.push(row);
    };
    columns.onMove = (row, parentBefore) => {
      this.#output.moved(row);
      this.#failures.moved(row, this.#forest.hasChildren(row), parentBefore);
    };
  }

  get metadata(): TraceMetadata {
    return this.#fold.metadata;
  }

  addMetadata(metadata: TraceMetadata): void {
    this.#fold.metadata = { ...this.#fold.metadata, ...metadata };
  }

  /** The records that follow are of this part. Returns its number. */
  beginPart(part: RecordPart): number {
    this.#fold.beginIncarnation(part.incarnation, part.isOverruled);
    return this.spans.addPart(part);
  }

  /** The same for single records that are applied among others. */
  addPart(part: RecordPart): number {
    return this.spans.addPart(part);
  }

  /** `settle` has to be called before anything is asked. */
  apply(part: number, entry: JournalEntry): void {
    this.#fold.apply(entry);
    this.spans.noteRecord(part, entry);
  }

  addRootEvent(event: RootEvent): void {
    this.#fold.addRootEvent(event.type, event.timeMs, event.details, event.incarnation);
    this.spans.noteTold(event);
  }

  /** See `LiveSpans.setLastWord`. */
  setLastWord(event: RootEvent | undefined): boolean {
    const root = this.#fold.rootRow;
    return this.spans.setLastWord(event, root < 0 ? -1 : this.spans.rowOf(this.spans.idOf(root)));
  }

  /** Brings everything up to date with the records that were applied. */
  settle(): void {
    const rows = this.spans.takeChanged();
    if (rows.length > 0) this.#bringUpToDate(rows);
    this.spans.release();
    for (const row of this.#looked) if (this.spans.held(row) === undefined) this.#shares.delete(row);
    this.#looked = [];
  }

  get count(): number {
    return this.#columns.spans;
  }

  get columns(): SpanColumns {
    return this.#columns.columns;
  }

  get usage(): LiveUsage {
    return this.#columns.usage;
  }

  get tree(): SpanTree {
    return this.#forest.tree;
  }

  get evidence(): SpanEvidence {
    return this.#evidence.evidence;
  }

  get totals(): SpanTotals {
    return this.#totals.totals;
  }

  get output(): OutputReader | undefined {
    return this.#output.reader;
  }

  /** What `buildColumns` would report. */
  get problems(): readonly Problem[] {
    return this.#forest.problems;
  }

  /** Finds the failures under a state and sets their flags in the columns. */
  findFailures(state: SessionState): Failures {
    return this.#failures.update(state, () => this.tree);
  }

  /** Rows of those that were there at the last call that have changed since, ascending. */
  takeChangedRows(): Uint32Array<ArrayBuffer> {
    return this.#columns.takeChanged();
  }

  /** What was there when the trace was opened is read: the rows that come from here on have their texts. */
  endLoading(): void {
    this.#isLoading = false;
    if (!this.#mayHaveTexts()) this.#hasTexts = false;
    if (!this.#hasTexts) this.#columns.clearDescriptions();
  }

  /** All rows have labels and outcomes. */
  get hasTexts(): boolean {
    return this.#hasTexts;
  }

  #mayHaveTexts(): boolean {
    return this.#columns.spans <= mostRowsWithTexts;
  }

  /** Rows get labels and outcomes. */
  get #isDescribed(): boolean {
    return !this.#isLoading || (this.#hasTexts && this.#mayHaveTexts());
  }

  #bringUpToDate(rows: readonly number[]): void {
    const columns = this.#columns;
    const firstNew = columns.spans;
    const hasNew = (rows.at(-1) ?? -1) >= firstNew;
    if (hasNew) this.#forest.beforeAppend();
    const startsBefore = rows.map((row) => (row < firstNew ? columns.startMs[row] : undefined));
    this.#eachOf(rows, (row, span) => this.#setColumns(row, span));
    if (hasNew) this.#forest.reach();
    const known: { row: number; parentId: string | null; hasOtherStart: boolean }[] = [];
    this.#eachOf(rows, (row, span, index) => {
      this.#forest.touched(row);
      const hasOtherStart = !Object.is(startsBefore[index], columns.startMs[row]);
      if (row < firstNew) known.push({ row, parentId: span.parentSpanId, hasOtherStart });
    });
    this.#forest.takeOut(known);
    this.#eachOf(rows, (row, span) => {
      if (row >= firstNew) this.#forest.append(row, span.spanId, span.parentSpanId);
      else this.#forest.putBack(row, span.parentSpanId);
    });
    this.#forest.settle();
    this.#eachOf(rows, (row, span) => {
      this.#output.change(row, span);
      this.#failures.change(row, span);
    });
    this.#failures.settle();
    if (!this.#isDescribed) return;
    for (const root of this.#output.takeGrownRoots()) columns.setLabel(root.row, outputAmount(root));
  }

  #setColumns(row: number, span: TraceSpan): void {
    this.#evidence.beforeChange(row);
    this.#columns.set(row, span, this.#descriptionOf(row, span));
    this.#evidence.afterChange(row, span);
    const before = this.#shares.get(row);
    if (before !== undefined) this.#totals.remove(before);
    const share = shareOf(span);
    this.#totals.add(row, span, share);
    if (share.isOpen) this.#shares.set(row, share);
    else this.#shares.delete(row);
  }

  #descriptionOf(row: number, span: TraceSpan): SpanDescription | undefined {
    if (!this.#isDescribed) return undefined;
    if (span.endTime !== undefined || typeof span.output !== "string" || span.output.length < longOutput) {
      this.#describedLengths.delete(row);
      return describeSpan(span);
    }
    if (span.output.length < grownBy * (this.#describedLengths.get(row) ?? 0)) return undefined;
    this.#describedLengths.set(row, span.output.length);
    return describeSpan(span);
  }

  #eachOf(rows: readonly number[], action: (row: number, span: TraceSpan, index: number) => void): void {
    for (let index = 0; index < rows.length; index++) {
      const row = rows[index] ?? 0;
      const span = this.spans.held(row);
      if (span !== undefined) action(row, span, index);
    }
  }
}

/** The first row of a session without a parent; -1 where there is none. */
function firstRoot(columns: LiveColumns): number {
  for (let row = 0; row < columns.spans; row++) {
    if (columns.kind[row] !== sessionKind || columns.parent[row] !== -1) continue;
    if (!columns.hasFlag(row, FLAG.cycleCut)) return row;
  }
  return -1;
}
