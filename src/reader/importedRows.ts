// The rows of a file of another program that grows: each span that comes or changes is brought up to date by itself, so that
// the work for what is appended does not depend on how long the file is.

import type { Steps } from "../base/steps";
import type { ChangedSpans, HeldSpan, ImportedTable } from "../importers/importedSpans";
import { GrowingRows, type RowParts } from "../trace/growingRows";
import type { TraceSpan } from "../trace/schema";
import { actionKeysOf } from "../trace/spanActions";
import type { SpanSource } from "../trace/spanSource";
import { usageOfSpan } from "../trace/spanUsage";
import { toolName } from "../trace/toolCall";
import type { ImportedPayloads } from "./importedPayloads";

/** A few milliseconds of work. */
const rowsAtOnce = 512;

export class ImportedRows extends GrowingRows {
  readonly spans: SpanSource;
  readonly #taken: TakenSpans;

  /** Of no span; see `taking`. @param payloads of spans that are not held as a whole */
  static *of(table: ImportedTable, payloads: ImportedPayloads | undefined): Steps<ImportedRows> {
    const taken = new TakenSpans(table, payloads);
    return new ImportedRows(taken, yield* GrowingRows.partsOf(undefined, taken, actionKeysOf));
  }

  private constructor(taken: TakenSpans, parts: RowParts) {
    super(parts);
    this.spans = this.#taken = taken;
  }

  /** Takes in what has changed in the table, with pauses, at each of which everything here agrees. */
  *taking({ before, firstNew }: ChangedSpans): Steps<void> {
    const { table } = this.#taken;
    const changed = [...before.keys()].sort((a, b) => a - b);
    for (let at = 0; at < changed.length; at += rowsAtOnce) {
      const rows = changed.slice(at, at + rowsAtOnce);
      for (const row of rows) {
        const span = before.get(row);
        if (span !== undefined) this.beforeChange(row, span);
      }
      this.#bring(rows);
      yield;
    }
    for (let from = firstNew; from < table.spans.length; from += rowsAtOnce) {
      const count = Math.min(rowsAtOnce, table.spans.length - from);
      this.#taken.count = from + count;
      this.#bring(Array.from({ length: count }, (_, index) => from + index));
      yield;
    }
  }

  #bring(rows: readonly number[]): void {
    this.bringUpToDate(rows, (row) => this.#taken.table.spans[row]);
    for (const row of rows) this.letGo(row);
  }
}

/** Those of the table that were taken in. */
class TakenSpans implements SpanSource {
  readonly table: ImportedTable;
  count = 0;
  readonly #payloads: ImportedPayloads | undefined;

  constructor(table: ImportedTable, payloads: ImportedPayloads | undefined) {
    this.table = table;
    this.#payloads = payloads;
  }

  idOf(row: number): string {
    return this.#heldAt(row)?.spanId ?? "";
  }

  rowOf(spanId: string): number {
    const row = this.table.rowOf(spanId);
    return row < this.count ? row : -1;
  }

  spanAt(row: number): TraceSpan | undefined {
    return this.#wholeAt(row) ?? this.shortSpanAt(row);
  }

  shortSpanAt(row: number): TraceSpan | undefined {
    const held = this.#heldAt(row);
    // What is held may change while somebody looks at it.
    return held && { ...held };
  }

  fieldAt<Name extends keyof TraceSpan>(row: number, field: Name): TraceSpan[Name] | undefined {
    return (this.#wholeAt(row) ?? this.#heldAt(row))?.[field];
  }

  usageAt(row: number) {
    const held = this.#heldAt(row);
    return held && usageOfSpan(held);
  }

  toolNameAt(row: number): string {
    const held = this.#heldAt(row);
    return held === undefined ? "" : toolName(held);
  }

  #wholeAt(row: number): TraceSpan | undefined {
    return row < this.count ? this.#payloads?.wholeAt(row) : undefined;
  }

  #heldAt(row: number): HeldSpan | undefined {
    return row < this.count ? this.table.spans[row] : undefined;
  }
}
