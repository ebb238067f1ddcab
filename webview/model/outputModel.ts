// The program's output as the panel holds it: where the person is in it, which lines are chosen, and whether the end is
// followed. Nothing that the person looks at moves when lines come, unless it is the end.

import type { OutputHeader, OutputMark } from "../../src/protocol/outputMessages";
import type { ViewState } from "../../src/protocol/panelMessages";
import { OutputRows } from "../layout/outputRows";
import type { HostConnection } from "./hostConnection";
import { OutputPages } from "./outputPages";
import { OutputSearch } from "./outputSearch";

/** Silence of a running program is shown from here on, as that between lines is. */
const leastQuietMs = 2_000;

export type OutputWish =
  | { readonly type: "line"; readonly line: number; readonly center: boolean }
  | { readonly type: "end" };

export class OutputModel {
  readonly pages: OutputPages;
  readonly search: OutputSearch;
  readonly #onChange: () => void;
  #header: OutputHeader | undefined;
  #rows = new OutputRows<OutputMark>(0, []);
  #quietMs = 0;
  /** The line that keys act on, -1 for none, and the other end of the lines that are chosen. */
  cursor = -1;
  anchor = -1;
  /** What the page is to show once it is drawn. */
  wish: OutputWish | undefined;
  /** Set by the page: whether the end is in view, and which line is at the top. */
  isAtEnd = true;
  topLine = 0;
  /** Whether it was drawn, so that there is a place to come back to. */
  isPlaced = false;
  newCount = 0;

  /** @param onMatches there is a new answer to the search */
  constructor(connection: HostConnection, onChange: () => void, onMatches: () => void) {
    this.#onChange = onChange;
    this.pages = new OutputPages(connection, onChange);
    this.search = new OutputSearch(connection, onMatches);
  }

  get header(): OutputHeader | undefined {
    return this.#header;
  }

  get lineCount(): number {
    return this.#header?.lineCount ?? 0;
  }

  /** The same until something has changed. */
  get rows(): OutputRows<OutputMark> {
    return this.#rows;
  }

  /** Numbers of the first and the last chosen line; undefined where none is. */
  get chosen(): readonly [from: number, to: number] | undefined {
    if (this.cursor < 0) return undefined;
    return [Math.min(this.cursor, this.anchor), Math.max(this.cursor, this.anchor)];
  }

  /** A new picture: line numbers lose their meaning. */
  begin(header: OutputHeader | undefined, state: ViewState["output"] | undefined): void {
    this.pages.clear();
    this.search.forgetLines();
    this.#header = header;
    this.#quietMs = 0;
    this.#buildRows();
    this.newCount = 0;
    const last = this.lineCount - 1;
    this.cursor = Math.min(state?.cursorLine ?? this.cursor, last);
    this.anchor = this.cursor;
    this.wish = undefined;
    if (state !== undefined) {
      this.isPlaced = true;
      this.isAtEnd = state.topLine === undefined;
      this.topLine = Math.min(state.topLine ?? 0, Math.max(0, last));
    } else if (!this.isPlaced) {
      this.isAtEnd = header?.failingLine === undefined;
      this.cursor = header?.failingLine ?? last;
      this.anchor = this.cursor;
      if (!this.isAtEnd) this.wish = { type: "line", line: this.cursor, center: true };
    }
  }

  /** More of the same picture. */
  update(header: OutputHeader | undefined, isShown: boolean): void {
    const before = this.#header;
    this.#header = header;
    if (header === undefined || before === undefined) return this.#buildRows();
    const added = header.lineCount - before.lineCount;
    // Whoever is on the last line stays on it while the end is followed.
    const follows = this.isAtEnd && this.cursor === this.anchor && this.cursor === before.lineCount - 1;
    if (follows) this.cursor = this.anchor = header.lineCount - 1;
    // The last page has grown, and lines without an end may have.
    if (added !== 0 || header.bytes !== before.bytes) {
      this.pages.invalidate([before.lineCount, Math.max(0, before.lineCount - 1), ...before.openLines]);
    }
    if (added > 0 && isShown && !this.isAtEnd) this.newCount += added;
    this.#buildRows();
  }

  /** A second has passed for a program that runs. */
  tick(nowMs: number, isLive: boolean): void {
    const since = this.#header?.lastLineMs;
    const quietMs = isLive && since !== undefined ? nowMs - since : 0;
    const shown = quietMs >= leastQuietMs ? Math.floor(quietMs / 1_000) * 1_000 : 0;
    if (shown === this.#quietMs) return;
    this.#quietMs = shown;
    this.#buildRows();
  }

  /** @param extend keeps the other end of what is chosen */
  moveTo(line: number, options: { readonly extend?: boolean; readonly center?: boolean } = {}): void {
    if (this.lineCount === 0) return;
    this.cursor = Math.min(this.lineCount - 1, Math.max(0, line));
    if (options.extend !== true || this.anchor < 0) this.anchor = this.cursor;
    this.wish = { type: "line", line: this.cursor, center: options.center === true };
    this.#onChange();
  }

  /** Chooses a line without moving the view: the person points at it. */
  choose(line: number, extend: boolean): void {
    this.cursor = line;
    if (!extend || this.anchor < 0) this.anchor = line;
    this.#onChange();
  }

  chooseAll(): void {
    if (this.lineCount === 0) return;
    this.anchor = 0;
    this.cursor = this.lineCount - 1;
    this.#onChange();
  }

  goToEnd(): void {
    this.newCount = 0;
    this.wish = { type: "end" };
    this.#onChange();
  }

  /** Told by the page after every scroll. */
  scrolled(topLine: number, isAtEnd: boolean): void {
    this.topLine = topLine;
    this.isAtEnd = isAtEnd;
    this.isPlaced = true;
    if (isAtEnd && this.newCount > 0) {
      this.newCount = 0;
      this.#onChange();
    }
  }

  state(): ViewState["output"] {
    if (!this.isPlaced) return undefined;
    return {
      ...(this.isAtEnd ? {} : { topLine: this.topLine }),
      ...(this.cursor < 0 ? {} : { cursorLine: this.cursor }),
    };
  }

  #buildRows(): void {
    const marks = this.#header?.marks ?? [];
    const quiet: OutputMark[] =
      this.#quietMs > 0 ? [{ type: "gap", line: this.lineCount, lengthMs: this.#quietMs }] : [];
    this.#rows = new OutputRows(this.lineCount, [...marks, ...quiet]);
  }
}
