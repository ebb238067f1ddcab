// Journal records -> a list of spans, in memory. The spans handed in are not changed; a span is copied when the first record
// changes it.

import { finish, rowsPerStep, type Steps } from "../base/steps";
import { type FoldOptions, isRoot, RecordFold, type SpanTable } from "./recordFold";
import type { TraceMetadata, TraceSpan } from "./schema";

export class JournalFold extends RecordFold {
  readonly spans: TraceSpan[];
  readonly #list: SpanList;

  constructor(spans: readonly TraceSpan[], metadata: TraceMetadata, options: FoldOptions) {
    const list = new SpanList(spans);
    super(list, spans.findIndex(isRoot), metadata, options);
    this.#list = list;
    this.spans = list.spans;
  }

  /** Gets ready for records, with pauses; without it the first record has all of that done. */
  *preparing(): Steps<void> {
    yield* this.#list.preparing();
  }
}

class SpanList implements SpanTable {
  readonly spans: TraceSpan[];
  /** Made for the first record: without one it would be long work for nothing. */
  #rowOfId: Map<string, number> | undefined;
  /** Rows whose span object is ours to change. */
  readonly #put = new Set<number>();

  constructor(spans: readonly TraceSpan[]) {
    this.spans = spans.slice();
  }

  get count(): number {
    return this.spans.length;
  }

  rowOf(spanId: string): number {
    return this.#rows().get(spanId) ?? -1;
  }

  get(row: number): TraceSpan | undefined {
    return this.spans[row];
  }

  isPut(row: number): boolean {
    return this.#put.has(row);
  }

  put(row: number, span: TraceSpan): void {
    const rows = this.#rows();
    this.spans[row] = span;
    this.#put.add(row);
    register(rows, span, row);
  }

  *preparing(): Steps<void> {
    const rows = new Map<string, number>();
    for (const [row, span] of this.spans.entries()) {
      if (row % rowsPerStep === rowsPerStep - 1) yield;
      register(rows, span, row);
    }
    this.#rowOfId = rows;
  }

  #rows(): Map<string, number> {
    if (this.#rowOfId === undefined) finish(this.preparing());
    return this.#rowOfId ?? new Map();
  }
}

/** The first row of an id keeps it. */
function register(rows: Map<string, number>, { spanId }: TraceSpan, row: number): void {
  if (!rows.has(spanId)) rows.set(spanId, row);
}
