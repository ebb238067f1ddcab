// Ids of spans that come one after the other, behind those of a snapshot: a number for each instead of a string.

import { ScanTexts } from "./scanTexts";
import type { SpanSource } from "./spanSource";

/** So many ids are known as strings: records are about few spans at a time. */
const mostRecent = 4_096;

export class LiveIds {
  readonly #base: Pick<SpanSource, "count" | "idOf" | "rowOf"> | undefined;
  readonly #baseCount: number;
  readonly #texts = new ScanTexts();
  #count: number;
  /** By row behind the base: the number of its id. */
  #idOf = new Int32Array(1024);
  /** By number of an id: the first row that has it. */
  #rowOf = new Int32Array(1024);
  readonly #recent = new Map<string, number>();

  constructor(base?: Pick<SpanSource, "count" | "idOf" | "rowOf">) {
    this.#base = base;
    this.#baseCount = base?.count ?? 0;
    this.#count = this.#baseCount;
  }

  get count(): number {
    return this.#count;
  }

  /** Gives the next row its id; false where an earlier row has the same. */
  add(spanId: string): boolean {
    const isNew = this.rowOf(spanId) < 0;
    const row = this.#count++;
    const id = this.#texts.addText(spanId);
    const index = row - this.#baseCount;
    if (index >= this.#idOf.length) this.#idOf = grown(this.#idOf);
    if (id >= this.#rowOf.length) this.#rowOf = grown(this.#rowOf);
    this.#idOf[index] = id;
    if (isNew) {
      this.#rowOf[id] = row + 1;
      this.#remember(spanId, row);
    }
    return isNew;
  }

  /** "" for a row without a span. */
  idOf(row: number): string {
    if (row < 0 || row >= this.#count) return "";
    return row < this.#baseCount
      ? (this.#base?.idOf(row) ?? "")
      : this.#texts.text(this.#idOf[row - this.#baseCount] ?? 0);
  }

  /** The first row with this id; -1 where there is none. */
  rowOf(spanId: string): number {
    const recent = this.#recent.get(spanId);
    if (recent !== undefined) return recent;
    const row = this.#find(spanId);
    if (row >= 0) this.#remember(spanId, row);
    return row;
  }

  #find(spanId: string): number {
    const known = this.#base?.rowOf(spanId) ?? -1;
    if (known >= 0) return known;
    const id = this.#texts.find(spanId);
    return id < 0 ? -1 : (this.#rowOf[id] ?? 0) - 1;
  }

  /** The row of an id never changes. */
  #remember(spanId: string, row: number): void {
    if (this.#recent.size >= mostRecent) this.#recent.clear();
    this.#recent.set(spanId, row);
  }
}

function grown(old: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(old.length * 2);
  larger.set(old);
  return larger;
}
