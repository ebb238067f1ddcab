// The spans that an importer makes, in the order in which they were first heard of: a span keeps its row and its id for
// good. Which lines a span was made of is kept, so that its payload can be read again from them.

import type { TraceSpan } from "../trace/schema";

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
    return added;
  }

  /** The line tells more of the span. */
  touch(span: TraceSpan, at: LinePlace): void {
    const places = this.#places[this.#rows.get(span.spanId) ?? -1];
    const last = places?.at(-1);
    if (last?.file !== at.file || last.offsetBytes !== at.offsetBytes) places?.push(at);
  }

  placesOf(row: number): readonly LinePlace[] {
    return this.#places[row] ?? [];
  }
}

/** An id that the place of a record gives to a span without one of its own. */
export function placeId(prefix: string, { file, offsetBytes }: LinePlace): string {
  return file === 0 ? `${prefix}-${offsetBytes}` : `${prefix}-${file}-${offsetBytes}`;
}
