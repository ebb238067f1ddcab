// What a header says of all rows together, kept up to date by the rows that changed and came: a trace that grows by one
// span is not counted anew.

import { ConversationTally } from "../trace/conversation";
import { readElidedMark } from "../trace/producerMarks";
import { FLAG, type SpanColumns } from "../trace/spanColumns";
import type { SpanSource } from "../trace/spanSource";

export interface RowTotals {
  /** Milliseconds since the epoch; infinite where no row has a start. */
  readonly firstStartMs: number;
  /** Spans that the producer says it left out. */
  readonly elidedCount: number;
  /** Somebody speaks in it. */
  readonly hasConversation: boolean;
}

export class RowTally {
  #firstStartMs = Number.POSITIVE_INFINITY;
  /** A row with that start. */
  #firstRow = -1;
  /** By row, of the few that stand for spans that were left out. */
  readonly #elided = new Map<number, number>();
  readonly #conversation = new ConversationTally();

  /**
   * @param changedRows that were counted before; @param from the first row that was not
   * @throws TraceReplacedError
   */
  update(columns: SpanColumns, spans: SpanSource, changedRows: Uint32Array, from: number): RowTotals {
    const { startMs, count } = columns;
    const first = startMs[this.#firstRow] ?? Number.NaN;
    if (this.#firstRow >= 0 && first !== this.#firstStartMs) {
      this.#firstStartMs = Number.POSITIVE_INFINITY;
      for (let row = 0; row < from; row++) this.#lookAtStart(startMs, row);
    }
    for (const row of changedRows) {
      this.#lookAtStart(startMs, row);
      this.#countElided(columns, spans, row);
    }
    for (let row = from; row < count; row++) {
      this.#lookAtStart(startMs, row);
      this.#countElided(columns, spans, row);
    }
    let elidedCount = 0;
    for (const elided of this.#elided.values()) elidedCount += elided;
    const hasConversation = this.#conversation.update(spans, columns, changedRows, from);
    return { firstStartMs: this.#firstStartMs, elidedCount, hasConversation };
  }

  #lookAtStart(startMs: Float64Array, row: number): void {
    const start = startMs[row] ?? Number.NaN;
    if (start >= this.#firstStartMs || Number.isNaN(start)) return;
    this.#firstStartMs = start;
    this.#firstRow = row;
  }

  #countElided({ flags }: SpanColumns, spans: SpanSource, row: number): void {
    const isMark = ((flags[row] ?? 0) & FLAG.elided) !== 0;
    const span = isMark ? spans.shortSpanAt(row) : undefined;
    const elided = (span && readElidedMark(span)?.elided) ?? 0;
    if (elided > 0) this.#elided.set(row, elided);
    else this.#elided.delete(row);
  }
}
