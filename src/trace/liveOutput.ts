// Where the lines of a program's output stand, in a trace that grows: what `outputIndex` would say of all rows. Bursts come
// one after the other and are added; where an earlier one changes, the index is put together again from what is kept of
// each, and no text is read.

import { readsPerStep, rowsPerStep, type Steps } from "../base/steps";
import type { LiveColumns } from "./liveColumns";
import { isOutputRoot, type OutputBurst, outputBurstOf } from "./outputBurst";
import { GrowingOutputIndex, grownTimes, type OutputIndex, type OutputRoot } from "./outputIndex";
import { OutputReader } from "./outputLines";
import type { TraceSpan } from "./schema";
import { FLAG } from "./spanColumns";
import type { SpanSource } from "./spanSource";

/** What is kept of a row of output; without a burst it is the span above bursts. */
interface Piece {
  readonly burst: OutputBurst | undefined;
  readonly begun: readonly number[];
  readonly parentId: string;
}

export class LiveOutput {
  readonly #columns: LiveColumns;
  readonly #spans: SpanSource;
  readonly #pieces = new Map<number, Piece>();
  #index = new GrowingOutputIndex();
  #lastRow = -1;
  #isAnew = false;
  #reader: OutputReader | undefined;
  readonly #grownRoots = new Set<number>();

  private constructor(columns: LiveColumns, spans: SpanSource) {
    this.#columns = columns;
    this.#spans = spans;
  }

  /** @param spans of the columns as they are, of which those with output are read */
  static *of(columns: LiveColumns, spans: SpanSource): Steps<LiveOutput> {
    const output = new LiveOutput(columns, spans);
    yield* output.#begin();
    return output;
  }

  *#begin(): Steps<void> {
    let read = 0;
    for (let row = 0; row < this.#columns.spans; row++) {
      if (row % rowsPerStep === 0) yield;
      if (!this.#columns.hasFlag(row, FLAG.output)) continue;
      if (++read % readsPerStep === 0) yield;
      const span = this.#spans.spanAt(row);
      if (span !== undefined) this.change(row, span);
    }
  }

  /** To be called with each span that has come or changed, by row, when its row has its place. */
  change(row: number, span: TraceSpan): void {
    const isKnown = this.#pieces.has(row);
    const isOutput = this.#columns.hasFlag(row, FLAG.output);
    if (!isKnown && !isOutput) return;
    const piece = isOutput ? pieceOf(span) : undefined;
    if (!isKnown && piece === undefined) return;
    if (piece === undefined) this.#pieces.delete(row);
    else this.#pieces.set(row, piece);
    this.#reader = undefined;
    if (isKnown || row < this.#lastRow || piece === undefined) this.#isAnew = true;
    else this.#add(row, piece);
  }

  /** A row got another parent without changing itself. */
  moved(row: number): void {
    if (this.#pieces.has(row)) this.#isAnew = true;
  }

  /** Undefined for a trace without a program's output. */
  get reader(): OutputReader | undefined {
    const index = this.#upToDate();
    if (index.roots.length === 0 && index.bursts.length === 0) return undefined;
    this.#reader ??= new OutputReader(index, this.#spans);
    return this.#reader;
  }

  /** Rows of the spans above bursts to which lines were added since the last call. */
  takeGrownRoots(): readonly OutputRoot[] {
    this.#upToDate();
    const rows = this.#grownRoots;
    if (rows.size === 0) return [];
    const roots = this.#index.roots.filter(({ row }) => rows.has(row));
    rows.clear();
    return roots;
  }

  #upToDate(): OutputIndex {
    if (!this.#isAnew) return this.#index;
    this.#isAnew = false;
    this.#reader = undefined;
    this.#index = new GrowingOutputIndex();
    this.#lastRow = -1;
    for (const row of [...this.#pieces.keys()].sort((a, b) => a - b)) {
      const piece = this.#pieces.get(row);
      if (piece !== undefined) this.#add(row, piece);
    }
    return this.#index;
  }

  #add(row: number, { burst, begun, parentId }: Piece): void {
    this.#lastRow = row;
    const parent = this.#columns.parent[row] ?? -1;
    const hasParent = parent >= 0 && parent < this.#columns.spans;
    // A cycle that was cut leaves a row that names a parent at the top.
    const parentRow = hasParent ? parent : parentId === "" ? -1 : this.#spans.rowOf(parentId);
    if (burst === undefined) {
      this.#index.addRoot(row, parentRow);
      this.#grownRoots.add(row);
      return;
    }
    const startMs = this.#columns.startMs[row] ?? Number.NaN;
    this.#index.addBurst({ row, startMs, burst, begun, parent: { row: parentRow, id: parentId } });
    if (hasParent) this.#grownRoots.add(parent);
  }
}

function pieceOf(span: TraceSpan): Piece | undefined {
  const parentId = span.parentSpanId ?? "";
  if (isOutputRoot(span)) return { burst: undefined, begun: [], parentId };
  const burst = outputBurstOf(span);
  if (burst === undefined) return undefined;
  return { burst, begun: span.endTime === undefined ? grownTimes(burst, span.output) : burst.times, parentId };
}
