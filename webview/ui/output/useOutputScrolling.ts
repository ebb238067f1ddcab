// Where the output is scrolled to: at its end while that is followed, else where the person is, whatever comes.

import { useLayoutEffect, useRef } from "preact/hooks";
import { type OutputRows, type ScrollScale, scrollScale } from "../../layout/outputRows";
import type { OutputModel } from "../../model/outputModel";

export interface OutputView {
  readonly offset: number;
  readonly heightPx: number;
  readonly scale: ScrollScale;
}

export function useOutputScrolling(
  output: OutputModel,
  scroller: { current: HTMLDivElement | null },
  rowPx: number,
  setScrollTop: (top: number) => void,
): void {
  const { rows } = output;
  const shown = useRef<{ rows: OutputRows<never> | undefined; rowPx: number; height: number }>({
    rows: undefined,
    rowPx: 0,
    height: 0,
  });
  /** What is at the top, in rows and px of the row before anything came. */
  const anchor = useRef({ line: 0, beyondPx: 0 });
  useLayoutEffect(() => {
    const element = scroller.current;
    const height = element?.clientHeight ?? 0;
    if (element === null || height === 0) return;
    const totalPx = rows.count * rowPx;
    const scale = scrollScale(totalPx, height);
    const mostPx = Math.max(0, totalPx - height);
    const before = shown.current;
    const isFirst = before.rows === undefined;
    const isOther = before.rows !== rows || before.rowPx !== rowPx;
    let offset = scale.toOffset(element.scrollTop);
    if (isFirst) offset = output.isAtEnd ? mostPx : rows.rowOfLine(output.topLine) * rowPx;
    else if (output.isAtEnd && (isOther || before.height !== height)) offset = mostPx;
    else if (isOther) offset = rows.rowOfLine(anchor.current.line) * rowPx + anchor.current.beyondPx;
    const { wish } = output;
    output.wish = undefined;
    if (wish?.type === "end") offset = mostPx;
    else if (wish !== undefined) offset = shownAt(rows.rowOfLine(wish.line), offset, height, rowPx, wish.center);
    offset = Math.min(mostPx, Math.max(0, offset));
    const top = Math.round(scale.toScrollTop(offset));
    if (Math.abs(element.scrollTop - top) >= 1) element.scrollTop = top;
    setScrollTop(element.scrollTop);
    shown.current = { rows: rows as unknown as OutputRows<never>, rowPx, height };
    const line = rows.lineAt(Math.floor(offset / rowPx));
    anchor.current = { line: Math.max(0, line), beyondPx: offset - rows.rowOfLine(Math.max(0, line)) * rowPx };
    output.scrolled(Math.max(0, line), offset >= mostPx - rowPx / 2);
  });
}

/** The smallest way to bring the row into view, or the middle for one that was out of it. */
function shownAt(row: number, offset: number, height: number, rowPx: number, isCentered: boolean): number {
  const top = row * rowPx;
  const margin = Math.min(2 * rowPx, Math.max(0, (height - rowPx) / 2));
  const isInView = top >= offset && top + rowPx <= offset + height;
  if (isCentered) return isInView ? offset : top - (height - rowPx) / 2;
  if (top - margin < offset) return top - margin;
  if (top + rowPx + margin > offset + height) return top + rowPx + margin - height;
  return offset;
}
