// The spans that an importer makes, in the order in which they were first heard of: a span keeps its row and its id for
// good. Which lines a span was made of is kept, so that its payload can be read again from them; and what a span was before
// it changed, so that whoever follows the file brings up to date no more than that.

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

/** Changed by nobody but through `ImportedSpans.edit`. */
export type HeldSpan = Readonly<TraceSpan>;

export interface ChangedSpans {
  /** What those that were there at the last call were then, by row. */
  readonly before: ReadonlyMap<number, HeldSpan>;
  /** All from this row on are new. */
  readonly firstNew: number;
}

/** Spans that come and change, each with a row of its own. */
export interface ImportedTable {
  readonly spans: readonly HeldSpan[];
  /** -1 for an id that no span has. */
  rowOf(id: string): number;
  /** What has changed since the last call; undefined where rows have other numbers than then. */
  takeChanged(): ChangedSpans | undefined;
}

export class ImportedSpans implements ImportedTable {
  readonly #spans: TraceSpan[] = [];
  readonly #places: LinePlace[][] = [];
  readonly #rows = new Map<string, number>();
  readonly #clipped = new Set<number>();
  /** Ids of those that got another, because theirs was taken, as their lines say it. */
  readonly #firstIds = new Map<number, string>();
  /** Of the line that is taken, if it is long. */
  readonly #long = new Set<number>();
  #before = new Map<number, HeldSpan>();
  /** Of so many it was told that they are there. */
  #told = 0;
  /** Payloads of longer lines are clipped by `clip`. */
  longestKeptBytes = Number.POSITIVE_INFINITY;

  get spans(): readonly HeldSpan[] {
    return this.#spans;
  }

  get(id: string): HeldSpan | undefined {
    return this.#spans[this.#rows.get(id) ?? -1];
  }

  rowOf(id: string): number {
    return this.#rows.get(id) ?? -1;
  }

  /** Adds a span, of which the line tells. One whose id is taken gets another. */
  add(span: TraceSpan, at: LinePlace): HeldSpan {
    let id = span.spanId;
    for (let again = 2; this.#rows.has(id); again++) id = `${span.spanId}~${again}`;
    const added = id === span.spanId ? span : { ...span, spanId: id };
    if (added !== span) this.#firstIds.set(this.#spans.length, span.spanId);
    this.#rows.set(id, this.#spans.length);
    this.#spans.push(added);
    this.#places.push([at]);
    if (at.lengthBytes > this.longestKeptBytes) this.#long.add(this.#spans.length - 1);
    return added;
  }

  /** The span, to be changed before anything else is asked. @param at the line that tells more of it, where one does */
  edit(span: HeldSpan, at?: LinePlace): TraceSpan {
    const row = this.#rows.get(span.spanId) ?? -1;
    this.#willChange(row);
    if (at !== undefined) this.#note(row, at);
    return span;
  }

  /** What has changed since the last call. */
  takeChanged(): ChangedSpans {
    const changed = { before: this.#before, firstNew: this.#told };
    this.#before = new Map();
    this.#told = this.#spans.length;
    return changed;
  }

  #willChange(row: number): void {
    const span = this.#spans[row];
    if (span !== undefined && row < this.#told && !this.#before.has(row)) this.#before.set(row, { ...span });
  }

  #note(row: number, at: LinePlace): void {
    const places = this.#places[row];
    if (row >= 0 && (at.lengthBytes > this.longestKeptBytes || this.#clipped.has(row))) this.#long.add(row);
    const last = places?.at(-1);
    if (last?.file !== at.file || last.offsetBytes !== at.offsetBytes) places?.push(at);
  }

  /** Keeps the beginnings alone of what the last lines gave, if these were long. */
  clip(): void {
    for (const row of this.#long) {
      this.#willChange(row);
      const span = this.#spans[row];
      if (span === undefined) continue;
      // What a call was asked tells it from others, so that all of it is needed.
      if (span.output !== undefined) span.output = clippedValue(span.output);
      if (span.kind === "user-message") span.input = clippedValue(span.input);
      this.#clipped.add(row);
    }
    this.#long.clear();
  }

  /** The id that the lines of a row by themselves give it. */
  idInLines(row: number): string {
    return this.#firstIds.get(row) ?? this.#spans[row]?.spanId ?? "";
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
