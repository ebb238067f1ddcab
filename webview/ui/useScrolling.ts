// Where the list is scrolled to, when rows come and go and when the panel wishes to show one.

import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { isAtTail, isInView, rowPx, scrollToShow } from "../layout/rowWindow";
import type { Panel } from "../model/panel";

/**
 * Keeps what the person looks at in place when rows come and go and the selected row in view when the list gets lower
 * (the breadcrumb and the details take their room after the first layout), then serves the panel's wishes: a row to
 * show, or the end of the list.
 */
export function useScrolling(
  panel: Panel,
  scroller: { current: HTMLDivElement | null },
  setScrollTop: (top: number) => void,
): void {
  const shownVersion = useRef(0);
  const anchor = useRef({ row: -1, offsetPx: 0 });
  const pointerPx = usePointer(scroller);
  const shown = useRef({ top: 0, height: 0 });
  const inView = useRef<{ first: number; rows: readonly number[] }>({ first: 0, rows: [] });
  useLayoutEffect(() => {
    const element = scroller.current;
    // The height as it is now: what the list was last drawn with may be of before a change of size.
    const height = element?.clientHeight ?? 0;
    if (element === null || height === 0) return;
    let top = element.scrollTop;
    const { rows } = panel;
    if (shownVersion.current === 0) top = panel.scrollTop;
    else if (shownVersion.current !== rows.version) {
      // While a search lets rows appear, what is under the pointer stays there, so that a click hits what was meant.
      const isFinding = panel.search.isBusy && panel.search.filter !== undefined;
      const under = Math.floor((top + (pointerPx.current ?? 0)) / rowPx);
      const pointed = { row: inView.current.rows[under - inView.current.first] ?? -1, offsetPx: top - under * rowPx };
      const kept = isFinding && pointed.row >= 0 ? pointed : anchor.current;
      const position = top > 0 || isFinding ? rows.positionOf(panel.nearestShown(kept.row)) : -1;
      if (position >= 0) top = position * rowPx + kept.offsetPx;
    }
    shownVersion.current = rows.version;
    const selected = rows.positionOf(panel.selectedRow);
    const before = shown.current;
    if (height !== before.height && selected >= 0 && isInView(selected, before.top, before.height)) {
      top = scrollToShow(selected, top, height);
    }
    const reveal = panel.revealWish?.what;
    if (reveal !== undefined) {
      const position = rows.positionOf(reveal.row);
      if (position >= 0) {
        const shown = scrollToShow(position, top, height, 2);
        top = reveal.center && shown !== top ? Math.max(0, position * rowPx - (height - rowPx) / 2) : shown;
      }
      panel.revealWish = undefined;
    }
    if (panel.tailWish !== undefined) {
      top = rows.count * rowPx;
      panel.tailWish = undefined;
    }
    const most = Math.max(0, rows.count * rowPx - height);
    top = Math.min(most, Math.max(0, Math.round(top)));
    if (top !== Math.round(element.scrollTop)) element.scrollTop = top;
    setScrollTop(top);
    shown.current = { top, height };
    panel.scrolled(top, isAtTail(top, height, rows.count), isInView(selected, top, height));
    const first = Math.floor(top / rowPx);
    inView.current = { first, rows: rows.slice(first, Math.ceil((top + height) / rowPx)) };
    anchor.current = { row: inView.current.rows[0] ?? -1, offsetPx: top - first * rowPx };
  });
}

/** How far below the top of the list the pointer is; undefined while it is elsewhere. */
function usePointer(scroller: { current: HTMLDivElement | null }): { readonly current: number | undefined } {
  const pointer = useRef<number | undefined>(undefined);
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const onMove = (event: PointerEvent) => {
      pointer.current = event.clientY - element.getBoundingClientRect().top;
    };
    const onLeave = () => {
      pointer.current = undefined;
    };
    element.addEventListener("pointermove", onMove);
    element.addEventListener("pointerleave", onLeave);
    return () => {
      element.removeEventListener("pointermove", onMove);
      element.removeEventListener("pointerleave", onLeave);
    };
  }, [scroller]);
  return pointer;
}
