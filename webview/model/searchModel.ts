// Search over everything: asks the reader, takes what it finds while it searches, and walks the matches in the order of
// the tree. Matches are a byte a row. Of rows that change only those are searched again.

import {
  mostSearchedAgain,
  type PatternFault,
  type SearchParams,
  type SearchPart,
  type SearchResult,
  searchPartSchema,
  searchResultSchema,
} from "../../src/protocol/searchMessages";
import { plainSearch, type SearchQuery, sameQuery } from "../../src/trace/searchQuery";
import { type HostConnection, StaleReplyError } from "./hostConnection";
import { Matches } from "./matches";
import type { TraceModel } from "./traceModel";

/** A search that goes on is given up at once, so this is only for strokes that follow each other fast. */
const debounceMs = 60;

/** Where the person is. */
export interface SearchPlace {
  readonly epoch: number;
  /** The selected row, -1 for none. */
  readonly row: number;
}

export class SearchModel {
  readonly #connection: HostConnection;
  readonly #onChange: (hasNewMatches: boolean) => void;
  #query: SearchQuery = { ...plainSearch, text: "" };
  #place: () => SearchPlace = () => ({ epoch: 0, row: -1 });
  /** What is shown; of a new query nothing is before its first part is here. */
  #matches: Matches | undefined;
  #isBusy = false;
  #onEnd: (() => void) | undefined;
  #hasPart = false;
  #searched = 1;
  #skipped = 0;
  #fault: PatternFault | undefined;
  #error: string | undefined;
  #matchesOnly = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: AbortController | undefined;
  /** Rows that have changed or come since they were searched; undefined: all have to be searched. */
  #changed: Set<number> | undefined = new Set();
  #pendingStep: 1 | -1 | undefined;
  #version = 0;
  #arrival = -1;
  /** The last one that was asked for: it is drawn with every frame. */
  #ordinal: { row: number; version: number; model: TraceModel | undefined; value: number } = {
    row: -1,
    version: -1,
    model: undefined,
    value: -1,
  };

  /** @param onChange told whether the rows that match are others now; a key stroke alone changes none. */
  constructor(connection: HostConnection, onChange: (hasNewMatches: boolean) => void) {
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
  /** How much of the trace the running search has looked at, from 0 to 1. */
  get searched(): number {
    return this.#searched;
  }
  /** Spans that could not be looked at. */
  get skippedCount(): number {
    return this.#skipped;
  }
  /** What is wrong with the expression. */
  get fault(): PatternFault | undefined {
    return this.#fault;
  }
  get error(): string | undefined {
    return this.#error;
  }
  get matchesOnly(): boolean {
    return this.#matchesOnly;
  }
  get matchCount(): number {
    return this.#matches?.count ?? 0;
  }
  /** Nothing is found yet that one could go to, and something may be. */
  get isWaiting(): boolean {
    return this.#isBusy && (!this.#hasPart || this.matchCount === 0);
  }
  /** The rows that the tree is reduced to, where the person asked for that and something is known of them. */
  get filter(): Uint8Array | undefined {
    return this.#matchesOnly ? this.#matches?.rows : undefined;
  }

  /** Goes on once there is something to go to, which nobody should have to wait for. */
  stepWhenFound(direction: 1 | -1): void {
    this.#pendingStep = direction;
  }

  /** Undefined while there is nothing to go to yet, and where nobody asked to go on. */
  takePendingStep(): 1 | -1 | undefined {
    if (this.isWaiting) return undefined;
    const step = this.#pendingStep;
    this.#pendingStep = undefined;
    return step;
  }

  /** The person went to this match. */
  arriveAt(row: number): void {
    this.#arrival = row;
  }

  /** Whether that was this row, once: its first match is to be brought into view. */
  takeArrival(row: number): boolean {
    const isHere = row >= 0 && this.#arrival === row;
    if (isHere) this.#arrival = -1;
    return isHere;
  }

  isMatch(row: number): boolean {
    return this.#matches?.has(row) === true;
  }

  /** From 0 in the order of the tree; -1 where the row is no match. */
  ordinalOf(model: TraceModel, row: number): number {
    const matches = this.#matches;
    if (matches === undefined || !matches.has(row)) return -1;
    const known = this.#ordinal;
    if (known.row !== row || known.version !== this.#version || known.model !== model) {
      const value = matches.countIn(model.tree.preorder, model.positionOf[row] ?? 0);
      this.#ordinal = { row, version: this.#version, model, value };
    }
    return this.#ordinal.value;
  }

  setMatchesOnly(on: boolean): void {
    this.#matchesOnly = on;
    this.#tellMatches();
  }

  /** @param place asked when the search begins */
  setQuery(query: SearchQuery, place: () => SearchPlace): void {
    if (sameQuery(query, this.#query)) return;
    this.#query = query;
    this.#place = place;
    this.#pendingStep = undefined;
    this.#stop();
    this.#changed = undefined;
    if (query.text === "") {
      this.#changed = new Set();
      this.#fault = undefined;
      this.#error = undefined;
      this.#matches = undefined;
      this.#tellMatches();
      return;
    }
    this.#isBusy = true;
    this.#hasPart = false;
    this.#searched = 0;
    this.#askSoon();
    this.#onChange(false);
  }

  /** Rows have changed and come: those are searched again, and what was found stays until the answer is here. */
  rowsChanged(changedRows: Uint32Array, from: number, end: number): void {
    if (this.text === "") return;
    const changed = this.#changed;
    if (changed !== undefined) {
      for (const row of changedRows) changed.add(row);
      for (let row = from; row < end; row++) changed.add(row);
      if (changed.size > mostSearchedAgain) this.#changed = undefined;
    }
    // What runs looks at rows as they were, or at fewer; these follow it. Rows that come all the time put nothing off.
    if (this.#running === undefined && this.#timer === undefined) this.#askSoon();
  }

  /** There is another picture: row numbers have lost their meaning, and everything is searched again. */
  searchAnew(): void {
    this.#stop();
    this.#matches = undefined;
    this.#version++;
    if (this.text === "") return;
    this.#changed = undefined;
    this.#isBusy = true;
    this.#hasPart = false;
    this.#searched = 0;
    this.#askSoon();
  }

  /** The next match after (or before) a row in the order of the tree; wraps. -1 without matches. */
  step(model: TraceModel, from: number, direction: 1 | -1): { row: number; wrapped: boolean } {
    const matches = this.#matches;
    if (matches === undefined || matches.count === 0) return { row: -1, wrapped: false };
    const { preorder } = model.tree;
    const outside = direction === 1 ? -1 : preorder.length;
    const next = from < 0 ? -1 : matches.next(preorder, model.positionOf[from] ?? outside, direction);
    if (next >= 0) return { row: next, wrapped: false };
    return { row: matches.next(preorder, outside, direction), wrapped: from >= 0 };
  }

  #askSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#ask();
    }, debounceMs);
  }

  #stop(): void {
    this.#onEnd = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#running?.abort(new StaleReplyError("superseded"));
    this.#ended();
  }

  async #ask(): Promise<void> {
    const running = new AbortController();
    this.#running = running;
    const again = this.#changed;
    this.#changed = new Set();
    try {
      const result =
        again === undefined ? await this.#askAll(running.signal) : await this.#askAgain(again, running.signal);
      this.#fault = result.fault;
      this.#skipped = result.skipped;
      this.#error = undefined;
      this.#ended();
      this.#tellMatches();
      this.#onEnd?.();
      this.#onEnd = undefined;
      if (this.#changed === undefined || this.#changed.size > 0) this.#askSoon();
    } catch (error) {
      if (running.signal.aborted) return;
      this.#ended();
      this.#onEnd = undefined;
      this.#changed = undefined;
      // With another picture it is asked again.
      if (!(error instanceof StaleReplyError)) this.#error = error instanceof Error ? error.message : String(error);
      this.#onChange(false);
    }
  }

  async #askAll(signal: AbortSignal): Promise<SearchResult> {
    const { row } = this.#place();
    // Rows that a filter lets appear come from the top, so that they do not push others away.
    const near = row < 0 || this.#matchesOnly ? {} : { nearRow: row };
    const found = new Matches();
    const onPart = ({ rows, searched }: SearchPart) => {
      for (const match of rows) found.set(match, true);
      this.#searched = searched;
      const isFirst = !this.#hasPart;
      this.#hasPart = true;
      this.#matches = found;
      if (isFirst || rows.length > 0) this.#tellMatches();
      else this.#onChange(false);
    };
    const result = await this.#request(near, onPart, signal);
    this.#matches = found;
    return result;
  }

  async #askAgain(rows: ReadonlySet<number>, signal: AbortSignal): Promise<SearchResult> {
    const found = new Set<number>();
    const onPart = (part: SearchPart) => {
      for (const row of part.rows) found.add(row);
    };
    const result = await this.#request({ rows: Uint32Array.from(rows) }, onPart, signal);
    const matches = this.#matches ?? new Matches();
    for (const row of rows) matches.set(row, found.has(row));
    this.#matches = matches;
    return result;
  }

  #request(
    where: Pick<SearchParams, "nearRow" | "rows">,
    onPart: (part: SearchPart) => void,
    signal: AbortSignal,
  ): Promise<SearchResult> {
    const params = { epoch: this.#place().epoch, query: this.#query, ...where };
    const parts = { signal, part: searchPartSchema, onPart };
    return this.#connection.request("search", params, searchResultSchema, parts);
  }

  /** Calls back when the search that is under way has found all; not at all where none is, or where another takes its place. */
  whenEnded(run: () => void): void {
    this.#onEnd = this.#isBusy ? run : undefined;
  }

  #ended(): void {
    this.#running = undefined;
    this.#isBusy = false;
    this.#searched = 1;
  }

  #tellMatches(): void {
    this.#version++;
    this.#onChange(true);
  }
}
