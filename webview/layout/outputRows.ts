// The rows of the output from top to bottom: its lines, and between them what happened (a command began, nothing came, a
// command ended). Lines are never listed, so that millions of them cost nothing.

export interface Marked {
  /** The line above which it stands; the number of lines for one at the end. */
  readonly line: number;
}

export type OutputRow<Mark> =
  | { readonly type: "line"; readonly line: number }
  | { readonly type: "mark"; readonly mark: Mark };

export class OutputRows<Mark extends Marked> {
  readonly lineCount: number;
  readonly marks: readonly Mark[];

  /** @param marks ascending by line */
  constructor(lineCount: number, marks: readonly Mark[]) {
    this.lineCount = lineCount;
    this.marks = marks;
  }

  get count(): number {
    return this.lineCount + this.marks.length;
  }

  rowOfLine(line: number): number {
    return line + this.#marksWhere((mark) => mark.line <= line);
  }

  at(row: number): OutputRow<Mark> {
    const before = this.#marksWhere((mark, index) => mark.line + index <= row);
    const mark = this.marks[before - 1];
    if (mark !== undefined && mark.line + before - 1 === row) return { type: "mark", mark };
    return { type: "line", line: row - before };
  }

  /** The line in that row, or the next one below a mark; the last one behind the end. */
  lineAt(row: number): number {
    const at = this.at(Math.max(0, row));
    return Math.min(this.lineCount - 1, at.type === "line" ? at.line : at.mark.line);
  }

  /** How many of the first marks fulfil what all marks up to some one fulfil. */
  #marksWhere(holds: (mark: Mark, index: number) => boolean): number {
    let low = 0;
    let high = this.marks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const mark = this.marks[middle];
      if (mark !== undefined && holds(mark, middle)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Browsers draw nothing beyond about 33 million px; a longer list is squeezed, so that its scroll bar covers all of it. */
const tallestPx = 8_000_000;

export interface ScrollScale {
  /** CSS px of the element that is scrolled. */
  readonly contentPx: number;
  /** Where the list is scrolled to, in px of its rows, at a scroll position of the element. */
  toOffset(scrollTop: number): number;
  toScrollTop(offset: number): number;
}

export function scrollScale(totalPx: number, viewportPx: number): ScrollScale {
  const contentPx = Math.min(totalPx, tallestPx);
  const factor = totalPx <= tallestPx ? 1 : (totalPx - viewportPx) / (contentPx - viewportPx);
  return {
    contentPx,
    toOffset: (scrollTop) => scrollTop * factor,
    toScrollTop: (offset) => offset / factor,
  };
}
