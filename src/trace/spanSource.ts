// Where the spans of an opened trace come from: a file of which only columns are in memory, journals, or objects. Whoever
// needs more of a span than its columns asks for that one row.

import type { Evidence } from "./evidence";
import type { TraceFile, TraceSpan } from "./schema";
import type { SpanFile } from "./spanFile";
import type { SpanRecords } from "./spanRecords";
import { type SpanUsage, usageOfSpan } from "./spanUsage";
import { toolName } from "./toolCall";

/** What stands in a trace beside its spans. `Omit` would forget the names beside the index signature. */
export type TraceHeader = { [Name in keyof TraceFile as Name extends "spans" ? never : Name]: TraceFile[Name] };

/** A session but for its spans. Plain data. */
export interface SessionFacts {
  readonly safeId: string;
  readonly sessionId: string;
  readonly header: TraceHeader;
  readonly evidence: Evidence;
}

/** The file's bytes are no longer those that were read into columns: it has to be opened again. */
export class TraceReplacedError extends Error {
  override readonly name = "TraceReplacedError";
}

export interface SpanSource {
  /** Spans; the columns may have one row more, "parent not received". */
  readonly count: number;
  /** "" for a row without a span. */
  idOf(row: number): string;
  /** The first row with this id; -1 where there is none. */
  rowOf(spanId: string): number;
  /**
   * The span as readers of the whole file give it, mended where it needs that. Reads its bytes, all of them; undefined for
   * a row without a span.
   * @throws TraceReplacedError
   */
  spanAt(row: number): TraceSpan | undefined;
  /**
   * Enough of the span for `describeSpan`: fields of more than a few KB may be missing their ends. Costs the same however
   * large the span is.
   * @throws TraceReplacedError
   */
  shortSpanAt(row: number): TraceSpan | undefined;
  /**
   * The field of `spanAt(row)`, for which no more is read than it takes; undefined where there is none.
   * @throws TraceReplacedError
   */
  fieldAt(row: number, field: SpanField): unknown;
  /**
   * What the span reports of its model, tokens and cost; for most rows nothing is read for it.
   * @throws TraceReplacedError
   */
  usageAt(row: number): SpanUsage | undefined;
  /**
   * The name of a tool, as `toolName` gives it; for most rows nothing is read for it.
   * @throws TraceReplacedError
   */
  toolNameAt(row: number): string;
  /**
   * A number that is the same for rows with the same `actionKey`, read from nothing; undefined where it is not known, so
   * that the row may have the key of any other of its kind and name. Missing where it is known of no row.
   */
  aimAt?(row: number): number | undefined;
  /** Where all spans stand in one file. */
  readonly file?: SpanFile | undefined;
  /** Where spans are made of the records of journals. */
  readonly records?: SpanRecords | undefined;
}

/** Fields of a span that may be large. */
export type SpanField = "statusMessage" | "input" | "output" | "attributes" | "events" | "links";

/** Spans that are objects in memory. */
export function spansInMemory(spans: readonly TraceSpan[]): SpanSource {
  let rows: Map<string, number> | undefined;
  return {
    ...readingSpans((row) => spans[row]),
    count: spans.length,
    idOf: (row) => spans[row]?.spanId ?? "",
    rowOf: (spanId) => {
      if (rows === undefined) {
        rows = new Map();
        // The first of several counts, so the last one that is set is the first.
        for (let row = spans.length - 1; row >= 0; row--) rows.set(spans[row]?.spanId ?? "", row);
      }
      return rows.get(spanId) ?? -1;
    },
  };
}

/** The questions about a span that the span itself answers, for a source that has nothing faster. */
export function readingSpans(
  spanAt: SpanSource["spanAt"],
): Pick<SpanSource, "spanAt" | "shortSpanAt" | "fieldAt" | "usageAt" | "toolNameAt"> {
  return {
    spanAt,
    shortSpanAt: spanAt,
    fieldAt: (row, field) => spanAt(row)?.[field],
    usageAt(row) {
      const span = spanAt(row);
      return span && usageOfSpan(span);
    },
    toolNameAt(row) {
      const span = spanAt(row);
      return span === undefined ? "" : toolName(span);
    },
  };
}
