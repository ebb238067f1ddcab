// Where the list is scrolled to, when rows come and go and when the panel wishes to show one.

import { useLayoutEffect, useRef } from "preact/hooks";
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
  rows: Int32Array,
  setScrollTop: (top: number) => void,
): void {
  const shownRows = useRef<Int32Array | undefined>(undefined);
  const anchor = useRef({ row: -1, offsetPx: 0 });
  const shown = useRef({ top: 0, height: 0 });
  useLayoutEffect(() => {
    const element = scroller.current;
    // The height as it is now: what the list was last drawn with may be of before a change of size.
    const height = element?.clientHeight ?? 0;
    if (element === null || height === 0) return;
    let top = element.scrollTop;
    if (shownRows.current === undefined) top = panel.scrollTop;
    else if (shownRows.current !== rows && anchor.current.row >= 0 && top > 0) {
      const position = panel.rows.positionOf(panel.nearestShown(anchor.current.row));
      if (position >= 0) top = position * rowPx + anchor.current.offsetPx;
    }
    shownRows.current = rows;
    const selected = panel.rows.positionOf(panel.selectedRow);
    const before = shown.current;
    if (height !== before.height && selected >= 0 && isInView(selected, before.top, before.height)) {
      top = scrollToShow(selected, top, height);
    }
    const reveal = panel.revealWish?.what;
    if (reveal !== undefined) {
      const position = panel.rows.positionOf(reveal.row);
      if (position >= 0) {
        const shown = scrollToShow(position, top, height, 2);
        top = reveal.center && shown !== top ? Math.max(0, position * rowPx - (height - rowPx) / 2) : shown;
      }
      panel.revealWish = undefined;
    }
    if (panel.tailWish !== undefined) {
      top = rows.length * rowPx;
      panel.tailWish = undefined;
    }
    const most = Math.max(0, rows.length * rowPx - height);
    top = Math.min(most, Math.max(0, Math.round(top)));
    if (top !== Math.round(element.scrollTop)) element.scrollTop = top;
    setScrollTop(top);
    shown.current = { top, height };
    panel.scrolled(top, isAtTail(top, height, rows.length), isInView(selected, top, height));
    const first = Math.floor(top / rowPx);
    anchor.current = { row: rows[first] ?? -1, offsetPx: top - first * rowPx };
  });
}
