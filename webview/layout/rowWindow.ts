// Which rows of a long list are put into the document, and how the list moves when rows come or go above them.

/** Height of a row of the tree, as everywhere in the workbench. */
export const rowPx = 22;

export interface RowWindow {
  /** Position of the first row that is drawn. */
  readonly first: number;
  /** Position after the last. */
  readonly end: number;
}

/** Rows drawn beyond each edge, so that scrolling by a little shows no blank. */
const overscan = 5;
/** The first row is a multiple of this, so that scrolling by a row changes nothing most of the time. */
const stepRows = 4;

/** @param before what was drawn last: it stays as long as it holds what is in view. */
export function rowWindow(scrollTop: number, viewportPx: number, count: number, before?: RowWindow): RowWindow {
  const from = Math.max(0, Math.min(count, Math.floor(scrollTop / rowPx)));
  const to = Math.min(count, Math.ceil((scrollTop + viewportPx) / rowPx));
  if (before !== undefined && before.end <= count && holds(before, Math.max(0, from - 2), Math.min(count, to + 2))) {
    return before;
  }
  const rows = Math.ceil(viewportPx / rowPx) + 1 + 2 * overscan + stepRows;
  // At the end as many as elsewhere: the canvas beside them keeps its size, and so its memory.
  const first = Math.max(0, Math.min(Math.floor((from - overscan) / stepRows) * stepRows, count - rows));
  return { first, end: Math.max(first, Math.min(count, first + rows)) };
}

/** The part of the window that is in view. */
export function windowInView(scrollTop: number, viewportPx: number, { first, end }: RowWindow): RowWindow {
  const from = Math.min(end, Math.max(first, Math.floor(scrollTop / rowPx)));
  return { first: from, end: Math.max(from, Math.min(end, Math.ceil((scrollTop + viewportPx) / rowPx))) };
}

/** Nor does what is drawn hold many more rows than would be drawn anew. */
function holds(window: RowWindow, from: number, to: number): boolean {
  return window.first <= from && window.end >= to && window.end - window.first <= to - from + 6 * overscan;
}

/** The smallest scroll that brings the row wholly into view, with `marginRows` more where there is room. */
export function scrollToShow(position: number, scrollTop: number, viewportPx: number, marginRows = 0): number {
  const margin = Math.max(0, Math.min(marginRows * rowPx, (viewportPx - rowPx) / 2));
  const top = position * rowPx;
  if (top - margin < scrollTop) return Math.max(0, top - margin);
  if (top + rowPx + margin > scrollTop + viewportPx) return Math.max(0, top + rowPx + margin - viewportPx);
  return scrollTop;
}

/** Whether any part of the row is in view; no row is at -1. */
export function isInView(position: number, scrollTop: number, viewportPx: number): boolean {
  if (position < 0) return false;
  const top = position * rowPx;
  return top + rowPx > scrollTop && top < scrollTop + viewportPx;
}

/** Whether the end of the list is in view (to within half a row). */
export function isAtTail(scrollTop: number, viewportPx: number, count: number): boolean {
  return scrollTop + viewportPx >= count * rowPx - rowPx / 2;
}
