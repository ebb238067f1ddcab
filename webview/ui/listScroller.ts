// Where the list of steps is scrolled to. What the person looks at stays where it is when rows come and go, and the
// selected row stays in view when the list gets lower; then the panel's wishes are served: a row to show, or the end.

import { isAtTail, isInView, rowPx, scrollToShow } from "../layout/rowWindow";
import { ScrollSpace } from "../layout/scrollSpace";
import type { Panel } from "../model/panel";

/** A turn of the wheel moves the list for so long. */
const wheelMs = 500;

export class ListScroller {
  readonly space = new ScrollSpace();
  readonly #panel: Panel;
  readonly #element: HTMLElement;
  /** The height of what is scrolled. */
  readonly #content: HTMLElement;
  #contentPx = Number.NaN;
  #viewportPx = 0;
  #version = 0;
  #inView: { readonly first: number; readonly rows: readonly number[] } = { first: 0, rows: [] };
  #shown = { top: 0, viewportPx: 0 };
  #pointerPx: number | undefined;
  #wheelAt = Number.NEGATIVE_INFINITY;
  /** Where the element is scrolled to: asking it would make it lay itself out. */
  #barTop = 0;

  constructor(panel: Panel, element: HTMLElement, content: HTMLElement, signal: AbortSignal, onScroll: () => void) {
    this.#panel = panel;
    this.#element = element;
    this.#content = content;
    const on = (type: string, run: (event: Event) => void) =>
      element.addEventListener(type, run, { passive: true, signal });
    on("wheel", ({ timeStamp }) => {
      this.#wheelAt = timeStamp;
    });
    on("touchmove", ({ timeStamp }) => {
      this.#wheelAt = timeStamp;
    });
    on("scroll", ({ timeStamp }) => {
      this.#barTop = element.scrollTop;
      this.space.scrolled(this.#barTop, timeStamp - this.#wheelAt < wheelMs);
      this.#tell();
      onScroll();
      this.moveBar();
    });
    on("scrollend", () => {
      this.space.rest();
      onScroll();
      this.moveBar();
    });
    on("pointermove", (event) => {
      this.#pointerPx = (event as PointerEvent).clientY - element.getBoundingClientRect().top;
    });
    on("pointerleave", () => {
      this.#pointerPx = undefined;
    });
  }

  get top(): number {
    return this.space.top;
  }

  /** Rows, their places, the size of the view or the wishes may have changed; `moveBar` is to follow. */
  settle(viewportPx: number, ratio: number): void {
    const panel = this.#panel;
    const { rows } = panel;
    this.#viewportPx = viewportPx;
    this.space.resize(rows.count * rowPx, viewportPx, ratio);
    if (this.space.heightPx !== this.#contentPx) {
      this.#contentPx = this.space.heightPx;
      this.#content.style.height = `${this.#contentPx}px`;
    }
    if (viewportPx === 0) return;
    let top = this.#placeKept();
    this.#version = rows.version;
    const selected = rows.positionOf(panel.selectedRow);
    const before = this.#shown;
    if (viewportPx !== before.viewportPx && isInView(selected, before.top, before.viewportPx)) {
      top = scrollToShow(selected, top, viewportPx);
    }
    const reveal = panel.revealWish?.what;
    if (reveal !== undefined) {
      const position = rows.positionOf(reveal.row);
      if (position >= 0) {
        const shown = scrollToShow(position, top, viewportPx, 2);
        top = reveal.center && shown !== top ? position * rowPx - (viewportPx - rowPx) / 2 : shown;
      }
      panel.revealWish = undefined;
    }
    if (panel.tailWish !== undefined) {
      top = rows.count * rowPx;
      panel.tailWish = undefined;
    }
    if (top !== this.space.top) this.space.moveTo(Math.round(top));
    this.#tell();
  }

  /** Scrolls the element to its place: last of all, because it makes the page lay out what was written before. */
  moveBar(): void {
    const { barTop } = this.space;
    if (barTop === this.#barTop) return;
    this.#barTop = barTop;
    this.#element.scrollTop = barTop;
  }

  /** Where what the person looks at is now. */
  #placeKept(): number {
    const { rows, search } = this.#panel;
    const { top } = this.space;
    if (this.#version === 0) return this.#panel.scrollTop;
    if (this.#version === rows.version) return top;
    // While a search lets rows appear, what is under the pointer stays there, so that a click hits what was meant.
    const isFinding = search.isBusy && search.filter !== undefined;
    if (top === 0 && !isFinding) return top;
    const under = isFinding ? Math.floor((this.#shown.top + (this.#pointerPx ?? 0)) / rowPx) : this.#inView.first;
    const row = this.#inView.rows[under - this.#inView.first] ?? this.#inView.rows[0] ?? -1;
    const position = rows.positionOf(this.#panel.nearestShown(row));
    return position < 0 ? top : position * rowPx + this.#shown.top - under * rowPx;
  }

  #tell(): void {
    const { rows } = this.#panel;
    const viewportPx = this.#viewportPx;
    const { top } = this.space;
    const first = Math.floor(top / rowPx);
    this.#shown = { top, viewportPx };
    this.#inView = { first, rows: rows.slice(first, Math.ceil((top + viewportPx) / rowPx)) };
    const selected = rows.positionOf(this.#panel.selectedRow);
    this.#panel.scrolled(top, isAtTail(top, viewportPx, rows.count), isInView(selected, top, viewportPx));
  }
}
