// Search in the output: asks the host for the lines, drops answers that were superseded, and walks from match to match.

import { outputSearchResultSchema, type PatternFault } from "../../src/protocol/searchMessages";
import { plainSearch, type SearchQuery, sameQuery } from "../../src/trace/searchQuery";
import { type HostConnection, StaleReplyError } from "./hostConnection";

const debounceMs = 60;

export class OutputSearch {
  readonly #connection: HostConnection;
  readonly #onChange: () => void;
  #query: SearchQuery = { ...plainSearch, text: "" };
  #lines: Uint32Array = new Uint32Array(0);
  #isBusy = false;
  #isTruncated = false;
  #fault: PatternFault | undefined;
  #error: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked = 0;
  #epoch = 0;
  /** Lines have come since the question that is on its way. */
  #hasMore = false;
  #pendingStep: 1 | -1 | undefined;

  constructor(connection: HostConnection, onChange: () => void) {
    this.#connection = connection;
    this.#onChange = onChange;
  }

  get query(): SearchQuery {
    return this.#query;
  }
  get text(): string {
    return this.#query.text;
  }
  get isBusy(): boolean {
    return this.#isBusy;
  }
  get isTruncated(): boolean {
    return this.#isTruncated;
  }
  /** What is wrong with the expression. */
  get fault(): PatternFault | undefined {
    return this.#fault;
  }
  get error(): string | undefined {
    return this.#error;
  }
  /** Lines with a match. */
  get matchCount(): number {
    return this.#lines.length;
  }

  /** Goes on once the answer is here. */
  stepWhenFound(direction: 1 | -1): void {
    this.#pendingStep = direction;
  }

  takePendingStep(): 1 | -1 | undefined {
    if (this.#isBusy) return undefined;
    const step = this.#pendingStep;
    this.#pendingStep = undefined;
    return step;
  }

  /** From 0; -1 where the line is no match. */
  ordinalOf(line: number): number {
    const index = this.#firstFrom(line);
    return this.#lines[index] === line ? index : -1;
  }

  setQuery(query: SearchQuery, epoch: number): void {
    if (sameQuery(query, this.#query)) return;
    this.#query = query;
    this.#pendingStep = undefined;
    this.#epoch = epoch;
    this.#askSoon();
    if (query.text === "") this.#set(new Uint32Array(0), false, undefined);
    else {
      this.#isBusy = true;
      this.#onChange();
    }
  }

  /** More lines have come: what was found stays until the new answer is here. */
  askAgain(epoch: number): void {
    this.#epoch = epoch;
    if (this.text === "") return;
    // Lines that come all the time put no answer off.
    if (this.#timer === undefined && !this.#isBusy) this.#askSoon();
    else this.#hasMore = true;
  }

  forgetLines(): void {
    this.#lines = new Uint32Array(0);
  }

  /** The next match behind a line, or the one before; wraps. -1 without matches. @param from -1 for none */
  step(from: number, direction: 1 | -1): { readonly line: number; readonly wrapped: boolean } {
    const first = this.#lines[0];
    const last = this.#lines.at(-1);
    if (first === undefined || last === undefined) return { line: -1, wrapped: false };
    if (from < 0) return { line: direction === 1 ? first : last, wrapped: false };
    const next = direction === 1 ? this.#lines[this.#firstFrom(from + 1)] : this.#lines[this.#firstFrom(from) - 1];
    return next === undefined
      ? { line: direction === 1 ? first : last, wrapped: true }
      : { line: next, wrapped: false };
  }

  #askSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#hasMore = false;
    const asked = ++this.#asked;
    if (this.text === "") return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#ask(asked);
    }, debounceMs);
  }

  async #ask(asked: number): Promise<void> {
    this.#isBusy = true;
    try {
      const params = { epoch: this.#epoch, query: this.#query };
      const result = await this.#connection.request("outputSearch", params, outputSearchResultSchema);
      if (asked !== this.#asked) return;
      this.#set(result.lines, result.truncated, result.fault);
      if (this.#hasMore) this.#askSoon();
    } catch (error) {
      if (asked !== this.#asked) return;
      this.#isBusy = false;
      if (this.#hasMore) this.#askSoon();
      else if (!(error instanceof StaleReplyError))
        this.#error = error instanceof Error ? error.message : String(error);
      this.#onChange();
    }
  }

  #set(lines: Uint32Array, isTruncated: boolean, fault: PatternFault | undefined): void {
    this.#lines = lines;
    this.#isTruncated = isTruncated;
    this.#isBusy = false;
    this.#fault = fault;
    this.#error = undefined;
    this.#onChange();
  }

  /** Index of the first match at or behind the line. */
  #firstFrom(line: number): number {
    let low = 0;
    let high = this.#lines.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#lines[middle] ?? 0) < line) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
