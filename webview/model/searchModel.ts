// Search over everything: asks the host, drops answers that were superseded, and walks the matches in the order of the tree.

import { searchResultSchema } from "../../src/protocol/panelMessages";
import { type HostConnection, StaleReplyError } from "./hostConnection";
import type { TraceModel } from "./traceModel";

const debounceMs = 120;

export class SearchModel {
  readonly #connection: HostConnection;
  readonly #onChange: (hasNewMatches: boolean) => void;
  #text = "";
  #matches: Uint8Array | undefined;
  /** Matching rows in the order of the fully expanded tree. */
  #ordered = new Int32Array(0);
  #isBusy = false;
  #isTruncated = false;
  #error: string | undefined;
  #matchesOnly = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked = 0;
  #pendingStep: 1 | -1 | undefined;

  /** @param onChange told whether the rows that match are others now; a key stroke alone changes none. */
  constructor(connection: HostConnection, onChange: (hasNewMatches: boolean) => void) {
    this.#connection = connection;
    this.#onChange = onChange;
  }

  get text(): string {
    return this.#text;
  }
  get isBusy(): boolean {
    return this.#isBusy;
  }
  get isTruncated(): boolean {
    return this.#isTruncated;
  }
  get error(): string | undefined {
    return this.#error;
  }
  get matchesOnly(): boolean {
    return this.#matchesOnly;
  }
  get matchCount(): number {
    return this.#ordered.length;
  }
  /** The rows that the tree is reduced to, where the person asked for that and an answer is here. */
  get filter(): Uint8Array | undefined {
    return this.#matchesOnly ? this.#matches : undefined;
  }

  /** Goes on once the answer is here, which nobody should have to wait for. */
  stepWhenFound(direction: 1 | -1): void {
    this.#pendingStep = direction;
  }

  /** Undefined while the answer is on its way, and where nobody asked to go on. */
  takePendingStep(): 1 | -1 | undefined {
    if (this.#isBusy) return undefined;
    const step = this.#pendingStep;
    this.#pendingStep = undefined;
    return step;
  }

  isMatch(row: number): boolean {
    return this.#matches?.[row] === 1;
  }

  /** From 0 in the order of the tree; -1 where the row is no match. */
  ordinalOf(row: number): number {
    return this.isMatch(row) ? this.#ordered.indexOf(row) : -1;
  }

  setMatchesOnly(on: boolean): void {
    this.#matchesOnly = on;
    this.#onChange(true);
  }

  setText(text: string, epoch: number, model: () => TraceModel | undefined): void {
    if (text === this.#text) return;
    this.#text = text;
    clearTimeout(this.#timer);
    this.#asked++;
    this.#pendingStep = undefined;
    if (text === "") {
      this.#set(undefined, new Int32Array(0));
      return;
    }
    this.#isBusy = true;
    this.#timer = setTimeout(() => void this.#ask(epoch, model), debounceMs);
    this.#onChange(false);
  }

  /** The trace has changed: what was found stays until the new answer is here. */
  askAgain(epoch: number, model: () => TraceModel | undefined): void {
    if (this.#text === "") return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#ask(epoch, model), debounceMs);
  }

  /** Row numbers lose their meaning. */
  forgetRows(): void {
    this.#matches = undefined;
    this.#ordered = new Int32Array(0);
  }

  /** The next match after (or before) a row in the order of the tree; wraps. -1 without matches. */
  step(model: TraceModel, from: number, direction: 1 | -1): { row: number; wrapped: boolean } {
    const ordered = this.#ordered;
    if (ordered.length === 0) return { row: -1, wrapped: false };
    const position = from < 0 ? -1 : (model.positionOf[from] ?? -1);
    const after = (row: number) => (model.positionOf[row] ?? 0) > position;
    const before = (row: number) => (model.positionOf[row] ?? 0) < position;
    const index =
      from < 0
        ? direction === 1
          ? 0
          : -1
        : direction === 1
          ? ordered.findIndex(after)
          : ordered.findLastIndex(before);
    if (index >= 0) return { row: ordered[index] ?? -1, wrapped: false };
    return { row: (direction === 1 ? ordered[0] : ordered.at(-1)) ?? -1, wrapped: from >= 0 };
  }

  async #ask(epoch: number, model: () => TraceModel | undefined): Promise<void> {
    const asked = ++this.#asked;
    this.#isBusy = true;
    try {
      const result = await this.#connection.request(
        "search",
        { epoch, text: this.#text.slice(0, 1_000) },
        searchResultSchema,
      );
      if (asked !== this.#asked) return;
      const now = model();
      if (now === undefined) return;
      const matches = new Uint8Array(now.columns.count);
      for (const row of result.rows) if (row < matches.length) matches[row] = 1;
      this.#isTruncated = result.truncated;
      this.#set(
        matches,
        now.tree.preorder.filter((row) => matches[row] === 1),
      );
    } catch (error) {
      if (asked !== this.#asked) return;
      this.#isBusy = false;
      if (!(error instanceof StaleReplyError)) this.#error = error instanceof Error ? error.message : String(error);
      this.#onChange(false);
    }
  }

  #set(matches: Uint8Array | undefined, ordered: Int32Array<ArrayBuffer>): void {
    this.#matches = matches;
    this.#ordered = ordered;
    this.#isBusy = false;
    this.#error = undefined;
    this.#onChange(true);
  }
}
