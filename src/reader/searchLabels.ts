// Labels and outcomes of rows whose columns lack them, for searching: made once for each trace, when the first search gets
// to them, and kept as few long texts.

import type { SpanSource } from "../trace/spanSource";
import type { RowTexts } from "./rowTexts";
import type { QueryMatcher } from "./searchMatcher";
import type { Pausing } from "./searchVerify";

const rowsPerChunk = 256;
const rowsPerStep = 8;

export interface LabelSearch {
  textsOf(row: number): RowTexts;
  /** Whether a row is to be looked at; what its columns say now goes before what is kept here. */
  isAsked(row: number): boolean;
  found(row: number): void;
  /** All rows before this one are done. */
  reached(row: number): void;
}

const labelsOfSpans = new WeakMap<SpanSource, SearchLabels>();

export function searchLabels(spans: SpanSource): SearchLabels {
  let labels = labelsOfSpans.get(spans);
  if (labels === undefined) {
    labels = new SearchLabels(spans);
    labelsOfSpans.set(spans, labels);
  }
  return labels;
}

export class SearchLabels {
  readonly #spans: SpanSource;
  /** Of so many rows label and outcome, a line each; neither has line breaks. */
  readonly #chunks: string[] = [];

  constructor(spans: SpanSource) {
    this.#spans = spans;
  }

  /** How many rows are made, so that searching them costs little. */
  get readyRows(): number {
    return Math.min(this.#spans.count, this.#chunks.length * rowsPerChunk);
  }

  *search(matcher: QueryMatcher, endRow: number, { textsOf, isAsked, found, reached }: LabelSearch): Pausing<void> {
    const end = Math.min(endRow, this.#spans.count);
    for (let first = 0; first < end; first += rowsPerChunk) {
      const index = first / rowsPerChunk;
      const chunk = this.#chunks[index] ?? (yield* this.#make(index, textsOf));
      // Nearly every chunk holds no match at all, which an expression cannot tell of more than a line.
      if (matcher.pattern !== undefined || matcher.texts.test(chunk)) {
        const lines = chunk.split("\n");
        for (let line = 0; line + 1 < lines.length; line += 2) {
          const row = first + line / 2;
          if (row >= end || !isAsked(row)) continue;
          if (matcher.texts.test(lines[line] ?? "") || matcher.texts.test(lines[line + 1] ?? "")) found(row);
        }
      }
      reached(Math.min(end, first + rowsPerChunk));
      yield;
    }
  }

  *#make(index: number, textsOf: LabelSearch["textsOf"]): Pausing<string> {
    const first = index * rowsPerChunk;
    const end = Math.min(this.#spans.count, first + rowsPerChunk);
    let chunk = "";
    for (let row = first; row < end; row++) {
      const { label, outcome } = textsOf(row);
      chunk += `${label}\n${outcome}\n`;
      if (row % rowsPerStep === rowsPerStep - 1) yield;
    }
    // The last chunk may get more rows.
    if (end - first === rowsPerChunk) this.#chunks[index] = chunk;
    return chunk;
  }
}
