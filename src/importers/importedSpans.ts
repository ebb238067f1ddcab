// The spans that an importer makes, in the order in which they were first heard of: a span keeps its row and its id for
// good. Which lines a span was made of is kept, so that its payload can be read again from them.

import type { TraceSpan } from "../trace/schema";
import { clippedValue } from "./clippedValue";

/** A line of one of the files that make a session. */
export interface LinePlace {
  /** Number of the file: 0 is the one that was opened. */
  readonly file: number;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

export const rootId = "session";

export class ImportedSpans {
  readonly #spans: TraceSpan[] = [];
  readonly #places: LinePlace[][] = [];
  readonly #rows = new Map<string, number>();
  readonly #clipped = new Set<number>();
  /** Of the line that is taken, if it is long. */
  readonly #changed = new Set<number>();
  /** Payloads of longer lines are clipped by `clip`. */
  longestKeptBytes = Number.POSITIVE_INFINITY;

  get spans(): readonly TraceSpan[] {
    return this.#spans;
  }

  get(id: string): TraceSpan | undefined {
    return this.#spans[this.#rows.get(id) ?? -1];
  }

  rowOf(id: string): number {
    return this.#rows.get(id) ?? -1;
  }

  /** Adds a span, of which the line tells. One whose id is taken gets another. */
  add(span: TraceSpan, at: LinePlace): TraceSpan {
    let id = span.spanId;
    for (let again = 2; this.#rows.has(id); again++) id = `${span.spanId}~${again}`;
    const added = id === span.spanId ? span : { ...span, spanId: id };
    this.#rows.set(id, this.#spans.length);
    this.#spans.push(added);
    this.#places.push([at]);
    if (at.lengthBytes > this.longestKeptBytes) this.#changed.add(this.#spans.length - 1);
    return added;
  }

  /** The line tells more of the span. */
  touch(span: TraceSpan, at: LinePlace): void {
    const row = this.#rows.get(span.spanId) ?? -1;
    const places = this.#places[row];
    if (row >= 0 && (at.lengthBytes > this.longestKeptBytes || this.#clipped.has(row))) this.#changed.add(row);
    const last = places?.at(-1);
    if (last?.file !== at.file || last.offsetBytes !== at.offsetBytes) places?.push(at);
  }

  /** Keeps the beginnings alone of what the last lines gave, if these were long. */
  clip(): void {
    for (const row of this.#changed) {
      const span = this.#spans[row];
      if (span === undefined) continue;
      // What a call was asked tells it from others, so that all of it is needed.
      if (span.output !== undefined) span.output = clippedValue(span.output);
      if (span.kind === "user-message") span.input = clippedValue(span.input);
      this.#clipped.add(row);
    }
    this.#changed.clear();
  }

  /** The payload of a row is in its lines alone. */
  isClipped(row: number): boolean {
    return this.#clipped.has(row);
  }

  placesOf(row: number): readonly LinePlace[] {
    return this.#places[row] ?? [];
  }
}

/** An id that the place of a record gives to a span without one of its own. */
export function placeId(prefix: string, { file, offsetBytes }: LinePlace): string {
  return file === 0 ? `${prefix}-${offsetBytes}` : `${prefix}-${file}-${offsetBytes}`;
}
