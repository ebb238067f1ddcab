// The scrolled part of the tree: the rows around what is in view and the waterfall over them, in one element, so that
// scrolling moves both without a frame between. A scroll is answered here, without the rest of the page.

import { drawWaterfall } from "../draw/drawWaterfall";
import type { Palette } from "../draw/palette";
import { type RowWindow, rowPx, rowWindow, windowInView } from "../layout/rowWindow";
import { type DrawnRange, drawnAt } from "../layout/timeScale";
import { frameClock } from "../model/frameClock";
import type { Panel } from "../model/panel";
import type { Picture } from "../model/traceModel";
import { ListScroller } from "./listScroller";
import { rowFacts } from "./rowFacts";
import { RowPool } from "./rowPool";
import { rowId } from "./rowView";
import { barsToDraw } from "./waterfallPicture";

/** Texts are asked for so many rows before they come into view. */
const textMargin = 120;
/** Where more rows come at once, those out of view come after the frame. */
const mostAtOnce = 24;

export interface TreeViewInput {
  readonly picture: Picture;
  readonly isNarrow: boolean;
  readonly viewportPx: number;
  /** Width of the tree's column, of the waterfall, and of the part of that on which the range is drawn. */
  readonly treePx: number;
  readonly barsPx: number;
  readonly scaledPx: number;
  readonly range: DrawnRange;
  /** Left edges of grid lines. */
  readonly gridX: readonly number[];
  readonly gaps: readonly { readonly x: number; readonly width: number }[];
  readonly palette: Palette;
  /** Device px of a CSS px. */
  readonly ratio: number;
}

export class TreeView {
  readonly #panel: Panel;
  readonly #grid: HTMLElement;
  readonly #scroller: HTMLElement;
  readonly #content = document.createElement("div");
  readonly #canvas = document.createElement("canvas");
  readonly #pool: RowPool;
  readonly #scrolling: ListScroller;
  readonly #abort = new AbortController();
  #input: TreeViewInput | undefined;
  #window: RowWindow | undefined;
  #shiftPx = 0;
  #activeRow = -1;
  /** Of some rows that are shown, labels are on their way. */
  #lacksTexts = false;
  /** Rows out of view are to come into the document. */
  #isRestPending = false;
  /** What the bars were last drawn of. */
  #drawn: readonly unknown[] | undefined;
  /** Where the scroller lies on the page. */
  #page = { left: 0, top: 0 };

  /** @param onScroll told after a scroll was answered */
  constructor(panel: Panel, grid: HTMLElement, scroller: HTMLElement, onScroll: () => void) {
    this.#panel = panel;
    this.#grid = grid;
    this.#scroller = scroller;
    const content = this.#content;
    content.className = "grid-content";
    content.setAttribute("role", "presentation");
    const rows = document.createElement("div");
    rows.setAttribute("role", "presentation");
    this.#canvas.className = "waterfall";
    this.#canvas.setAttribute("aria-hidden", "true");
    content.append(rows);
    scroller.append(content);
    this.#pool = new RowPool(rows);
    this.#scrolling = new ListScroller(panel, scroller, content, this.#abort.signal, () => {
      // Nothing is out of layout when a scroll is told.
      this.#page = scroller.getBoundingClientRect();
      this.#draw(false);
      onScroll();
    });
    const texts = panel.onDidGetRowTexts(() => {
      if (this.#lacksTexts) this.#draw(true);
    });
    this.#abort.signal.addEventListener("abort", () => texts.dispose());
  }

  /** Anything may have changed. */
  update(input: TreeViewInput): void {
    const before = this.#input;
    this.#input = input;
    if (before?.viewportPx !== input.viewportPx || before.treePx !== input.treePx || before.ratio !== input.ratio) {
      this.#page = this.#scroller.getBoundingClientRect();
    }
    this.#scrolling.settle(input.viewportPx, input.ratio);
    this.#draw(true);
    this.#scrolling.moveBar();
  }

  /** Position of the row at a height on the page; there need be none. */
  positionAt(clientY: number): number {
    return Math.floor((clientY - this.#scroller.getBoundingClientRect().top + this.#scrolling.top) / rowPx);
  }

  /** Where the row at a position ends on the page. */
  bottomOf(position: number): number {
    return this.#scroller.getBoundingClientRect().top + (position + 1) * rowPx - this.#scrolling.top;
  }

  dispose(): void {
    this.#abort.abort();
  }

  /** @param isChanged more than what is scrolled to */
  #draw(isChanged: boolean): void {
    const input = this.#input;
    if (input === undefined || input.viewportPx === 0) return;
    const { rows } = this.#panel;
    const { top, space } = this.#scrolling;
    const window = rowWindow(top, input.viewportPx, rows.count, this.#window);
    if (!isChanged && window === this.#window && space.shiftPx === this.#shiftPx) return;
    this.#window = window;
    this.#shiftPx = space.shiftPx;
    const shown = rows.slice(window.first, window.end);
    this.#wantTexts(input.picture, window, shown);
    const inView = windowInView(top, input.viewportPx, window);
    const isMuch = this.#pool.missing(shown) > mostAtOnce && inView.end - inView.first < shown.length;
    const part = isMuch ? inView : window;
    const present = isMuch ? rows.slice(part.first, part.end) : shown;
    this.#pool.show(
      present,
      (row, index) => rowFacts(this.#panel, input.picture, row, part.first + index, input.isNarrow),
      (index) => (part.first + index) * rowPx - space.shiftPx,
      this.#panel.marks,
    );
    if (isMuch) this.#drawRestSoon();
    this.#showActive(present);
    this.#drawBars(input, window, shown);
  }

  #drawRestSoon(): void {
    if (this.#isRestPending) return;
    this.#isRestPending = true;
    frameClock.nextFrame(() =>
      frameClock.nextTurn(() => {
        this.#isRestPending = false;
        if (!this.#abort.signal.aborted) this.#draw(true);
      }),
    );
  }

  #wantTexts({ model }: Picture, { first, end }: RowWindow, shown: readonly number[]): void {
    const { texts } = model.columns;
    this.#lacksTexts = texts !== undefined && shown.some((row) => !texts.isInColumns(row) && !texts.known(row));
    if (texts === undefined) return;
    // What is in view first: a question holds only so many rows.
    const { rows } = this.#panel;
    texts.want([...shown, ...rows.slice(end, end + textMargin), ...rows.slice(Math.max(0, first - textMargin), first)]);
  }

  /** Only a row that is in the document can be the one with the focus. */
  #showActive(present: readonly number[]): void {
    const { selectedRow } = this.#panel;
    const active = present.includes(selectedRow) ? selectedRow : -1;
    if (active === this.#activeRow) return;
    this.#activeRow = active;
    if (active < 0) this.#grid.removeAttribute("aria-activedescendant");
    else this.#grid.setAttribute("aria-activedescendant", rowId(active));
  }

  #drawBars(input: TreeViewInput, { first }: RowWindow, shown: readonly number[]): void {
    const { picture, range, treePx, barsPx, scaledPx, viewportPx } = input;
    if (input.isNarrow) this.#canvas.remove();
    else if (this.#canvas.parentNode === null) this.#content.append(this.#canvas);
    if (input.isNarrow || barsPx <= 0) return;
    const { scale } = picture.times;
    const page = this.#page;
    const { space } = this.#scrolling;
    const now = ((drawnAt(scale, scale.endMs) - range.from) * scaledPx) / (range.to - range.from);
    const isNowShown = this.#panel.header?.live === true && now <= scaledPx;
    const from = first * rowPx - space.shiftPx;
    // Most changes of the panel are none of the bars: a selection, details that have come.
    const drawn = [
      picture.times,
      picture.model,
      this.#panel.rows.version,
      first,
      shown.length,
      from,
      page.left,
      page.top,
      space.barTop % 1,
      viewportPx,
      treePx,
      barsPx,
      scaledPx,
      range.from,
      range.to,
      isNowShown,
      input.palette,
      input.ratio,
    ];
    if (this.#drawn?.every((value, index) => Object.is(value, drawn[index])) === true) return;
    this.#drawn = drawn;
    drawWaterfall(
      this.#canvas,
      {
        horizontal: { originPx: page.left, from: treePx, length: barsPx },
        // Grid lines go on below the last row.
        vertical: {
          originPx: page.top - space.barTop,
          from,
          length: Math.max(shown.length * rowPx, viewportPx - first * rowPx),
        },
        rowPx,
        bars: barsToDraw(picture, shown, range, scaledPx),
        gridX: input.gridX,
        gaps: input.gaps,
        nowX: isNowShown ? now : undefined,
      },
      input.palette,
    );
  }
}
