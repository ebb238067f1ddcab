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
const overscan = 12;

export function rowWindow(scrollTop: number, viewportPx: number, count: number): RowWindow {
  const first = Math.max(0, Math.min(count, Math.floor(scrollTop / rowPx)) - overscan);
  const end = Math.min(count, Math.ceil((scrollTop + viewportPx) / rowPx) + overscan);
  return { first, end: Math.max(first, end) };
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
