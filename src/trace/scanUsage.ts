// What scanned spans report of their model, tokens and cost: an entry for each row that reports something, because most do
// not. Rows come in order.

import type { TokenCounts } from "./schema";
import { tokenFields } from "./soundSpan";

/** The span names no model. */
export const noModel = -1;
/** What the span says of its model has to be read. */
export const unreadModel = -2;

const parts = tokenFields.length;

/** All entries, as another thread can be given them; arrays may be longer than `count`. */
export interface UsagePart {
  readonly count: number;
  readonly row: Uint32Array;
  readonly model: Int32Array;
  readonly cost: Float64Array;
  readonly tokens: Float64Array;
}

export class ScanUsage {
  count = 0;
  #row = new Uint32Array(64);
  #model = new Int32Array(64);
  #cost = new Float64Array(64);
  #tokens = new Float64Array(64 * parts);

  /**
   * @param model number of the model's text, or one of the constants above
   * @param cost NaN for none
   * @param tokens by place in `tokenFields`, NaN for none
   */
  add(row: number, model: number, cost: number, tokens: Float64Array): void {
    if (this.count === this.#row.length) this.#resize(this.count * 2);
    const index = this.count++;
    this.#row[index] = row;
    this.#model[index] = model;
    this.#cost[index] = cost;
    for (let part = 0; part < parts; part++) this.#tokens[index * parts + part] = tokens[part] ?? Number.NaN;
  }

  /** Not a copy: nothing is to be added afterwards. */
  toPart(): UsagePart {
    return { count: this.count, row: this.#row, model: this.#model, cost: this.#cost, tokens: this.#tokens };
  }

  /**
   * Adds the entries of later rows.
   * @param firstRow the row that is their first one
   * @param models by number of a model's text there the number here
   */
  append(part: UsagePart, firstRow: number, models: Int32Array): void {
    const from = this.count;
    let room = this.#row.length;
    while (room < from + part.count) room *= 2;
    if (room > this.#row.length) this.#resize(room);
    for (let index = 0; index < part.count; index++) {
      const model = part.model[index] ?? noModel;
      this.#row[from + index] = (part.row[index] ?? 0) + firstRow;
      this.#model[from + index] = model < 0 ? model : (models[model] ?? noModel);
    }
    this.#cost.set(part.cost.subarray(0, part.count), from);
    this.#tokens.set(part.tokens.subarray(0, part.count * parts), from * parts);
    this.count += part.count;
  }

  /** The entry of a row; -1 where it has none. */
  find(row: number): number {
    let low = 0;
    let high = this.count - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const at = this.#row[middle] ?? 0;
      if (at === row) return middle;
      if (at < row) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  rowAt(index: number): number {
    return this.#row[index] ?? 0;
  }

  modelAt(index: number): number {
    return this.#model[index] ?? noModel;
  }

  /** NaN for none. */
  costAt(index: number): number {
    return this.#cost[index] ?? Number.NaN;
  }

  /** Undefined for a span that says nothing of tokens. */
  tokensAt(index: number): TokenCounts | undefined {
    let counts: TokenCounts | undefined;
    for (const [part, field] of tokenFields.entries()) {
      const value = this.#tokens[index * parts + part] ?? Number.NaN;
      if (Number.isNaN(value)) continue;
      counts ??= {};
      counts[field] = value;
    }
    return counts;
  }

  /** Lets go of the room for more entries. */
  trim(): void {
    this.#resize(this.count);
  }

  #resize(length: number): void {
    const kept = this.count;
    const row = new Uint32Array(length);
    row.set(this.#row.subarray(0, kept));
    this.#row = row;
    const model = new Int32Array(length);
    model.set(this.#model.subarray(0, kept));
    this.#model = model;
    const cost = new Float64Array(length);
    cost.set(this.#cost.subarray(0, kept));
    this.#cost = cost;
    const tokens = new Float64Array(length * parts);
    tokens.set(this.#tokens.subarray(0, kept * parts));
    this.#tokens = tokens;
  }
}
