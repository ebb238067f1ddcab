// What follows from the spans of a trace that grows, row by row: columns, forest, evidence, totals, output and failures. The
// work for a span that comes or changes does not depend on how many there are. Whoever holds the spans tells which changed.

import type { Steps } from "../base/steps";
import type { SpanDescription } from "./buildColumns";
import { describeSpan } from "./describeSpan";
import type { ActionKeys, Failures } from "./failures";
import { LiveColumns, type LiveUsage } from "./liveColumns";
import { LiveEvidence } from "./liveEvidence";
import { LiveFailures } from "./liveFailures";
import { LiveForest } from "./liveForest";
import { LiveOutput } from "./liveOutput";
import { LiveTotals, type SpanShare, shareOf } from "./liveTotals";
import type { OutputReader } from "./outputLines";
import { outputAmount } from "./outputText";
import type { Problem } from "./problem";
import type { TraceMetadata, TraceSpan, TraceSummary } from "./schema";
import type { SpanTotals } from "./sessionTrace";
import type { SpanColumns, SpanTree } from "./spanColumns";
import type { SpanEvidence } from "./spanEvidence";
import type { SpanSource } from "./spanSource";
import type { SessionState } from "./state";

/** Of an output that is still written, which may be of any length, the description is not renewed with each piece. */
const longOutput = 256 * 1024;
const grownBy = 1.125;

/** Of more rows that are there when a trace is opened, panels ask for the labels of those that they show. */
const mostRowsWithTexts = 10_000;

/** Spans that are there before the first change. */
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

/** @param columns of the spans as they are */
export type KeysOfActions = (spans: SpanSource, columns: SpanColumns) => ActionKeys;

export interface RowParts {
  readonly hasTexts: boolean;
  readonly columns: LiveColumns;
  readonly forest: LiveForest;
  readonly evidence: LiveEvidence;
  readonly totals: LiveTotals;
  readonly output: LiveOutput;
  readonly failures: LiveFailures;
}

export class GrowingRows {
  readonly #columns: LiveColumns;
  readonly #forest: LiveForest;
  readonly #evidence: LiveEvidence;
  readonly #totals: LiveTotals;
  readonly #output: LiveOutput;
  readonly #failures: LiveFailures;
  /** What spans that may change add as they were when the rows were last brought up to date. */
  readonly #shares = new Map<number, SpanShare>();
  readonly #describedLengths = new Map<number, number>();
  #hasTexts: boolean;
  #isLoading = true;

  /** With pauses. @param spans of which `first` are there already */
  static *partsOf(first: FirstRows | undefined, spans: SpanSource, keysOf: KeysOfActions): Steps<RowParts> {
    const columns = new LiveColumns(first && { ...first, spans: first.spans.count });
    yield;
    return {
      hasTexts: first?.hasTexts ?? true,
      columns,
      forest: yield* LiveForest.of(columns, spans),
      evidence: yield* LiveEvidence.of(columns, spans, first?.latestEventMs ?? Number.NEGATIVE_INFINITY),
      totals: yield* LiveTotals.of(columns, spans, first?.summary),
      output: yield* LiveOutput.of(columns, spans),
      failures: yield* LiveFailures.of(columns, keysOf(spans, columns)),
    };
  }

  protected constructor({ hasTexts, columns, forest, evidence, totals, output, failures }: RowParts) {
    this.#hasTexts = hasTexts;
    this.#columns = columns;
    this.#forest = forest;
    this.#evidence = evidence;
    this.#totals = totals;
    this.#output = output;
    this.#failures = failures;
    columns.onMove = (row, parentBefore) => {
      this.#output.moved(row);
      this.#failures.moved(row, this.#forest.hasChildren(row), parentBefore);
    };
  }

  get count(): number {
    return this.#columns.spans;
  }

  get columns(): SpanColumns {
    return this.#columns.columns;
  }

  /** To be called with a span that is here before it changes, unless it is open and was not let go. */
  protected beforeChange(row: number, span: TraceSpan): void {
    this.#shares.set(row, shareOf(span));
    this.#evidence.beforeRecord(row, span);
    this.#failures.beforeChange(row, span);
  }

  /** The span will not change without another `beforeChange`. */
  protected letGo(row: number): void {
    this.#shares.delete(row);
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
    return this.#failures.update(state);
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

  /**
   * Takes in spans that have come or changed.
   * @param rows ascending, each once; new ones follow those that are here without a gap
   */
  protected bringUpToDate(rows: readonly number[], spanOf: (row: number) => TraceSpan | undefined): void {
    if (rows.length === 0) return;
    const columns = this.#columns;
    const each = (action: (row: number, span: TraceSpan, index: number) => void) => {
      for (const [index, row] of rows.entries()) {
        const span = spanOf(row);
        if (span !== undefined) action(row, span, index);
      }
    };
    const firstNew = columns.spans;
    const hasNew = (rows.at(-1) ?? -1) >= firstNew;
    if (hasNew) this.#forest.beforeAppend();
    const startsBefore = rows.map((row) => (row < firstNew ? columns.startMs[row] : undefined));
    each((row, span) => this.#setColumns(row, span));
    if (hasNew) this.#forest.reach();
    const known: { row: number; parentId: string | null; hasOtherStart: boolean }[] = [];
    each((row, span, index) => {
      this.#forest.touched(row);
      const hasOtherStart = !Object.is(startsBefore[index], columns.startMs[row]);
      if (row < firstNew) known.push({ row, parentId: span.parentSpanId, hasOtherStart });
    });
    this.#forest.takeOut(known);
    each((row, span) => {
      if (row >= firstNew) this.#forest.append(row, span.spanId, span.parentSpanId);
      else this.#forest.putBack(row, span.parentSpanId);
    });
    this.#forest.settle();
    each((row, span) => {
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
}
