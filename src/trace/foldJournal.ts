// Journal records -> a list of spans, in memory. The spans handed in are not changed; a span is copied when the first record
// changes it.

import { type FoldOptions, isRoot, RecordFold, type SpanTable } from "./recordFold";
import type { TraceMetadata, TraceSpan } from "./schema";

export class JournalFold extends RecordFold {
  readonly spans: TraceSpan[];

  constructor(spans: readonly TraceSpan[], metadata: TraceMetadata, options: FoldOptions) {
    const list = new SpanList(spans);
    super(list, spans.findIndex(isRoot), metadata, options);
    this.spans = list.spans;
  }
}

class SpanList implements SpanTable {
  readonly spans: TraceSpan[];
  readonly #rowOfId = new Map<string, number>();
  /** Rows whose span object is ours to change. */
  readonly #put = new Set<number>();

  constructor(spans: readonly TraceSpan[]) {
    this.spans = spans.slice();
    for (const [row, span] of spans.entries()) this.#register(span, row);
  }

  get count(): number {
    return this.spans.length;
  }

  rowOf(spanId: string): number {
    return this.#rowOfId.get(spanId) ?? -1;
  }

  get(row: number): TraceSpan | undefined {
    return this.spans[row];
  }

  isPut(row: number): boolean {
    return this.#put.has(row);
  }

  put(row: number, span: TraceSpan): void {
    this.spans[row] = span;
    this.#put.add(row);
    this.#register(span, row);
  }

  #register(span: TraceSpan, row: number): void {
    if (!this.#rowOfId.has(span.spanId)) this.#rowOfId.set(span.spanId, row);
  }
}
