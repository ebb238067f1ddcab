// Keys on the matrix: where the cursor goes.

import { attemptOfRow, type MatrixLayout, rowOfAttempt, rowsOf } from "../layout/matrixLayout";

export interface MatrixCursor {
  /** In the order in which runs are shown. */
  readonly position: number;
  /** Counted from 0. */
  readonly attempt: number;
}

export interface MatrixGround {
  readonly layout: MatrixLayout;
  readonly runs: number;
  readonly viewportPx: number;
  /** Attempts of the run at a position. */
  attemptsAt(position: number): number;
}

/** Undefined for keys that move nothing. */
export function moveCursor(ground: MatrixGround, cursor: MatrixCursor, key: string): MatrixCursor | undefined {
  const { layout, runs } = ground;
  const { position } = cursor;
  const attempts = ground.attemptsAt(position);
  const row = rowOfAttempt(layout, attempts, cursor.attempt);
  const to = (wanted: number, wantedRow: number): MatrixCursor => {
    const next = Math.max(0, Math.min(runs - 1, wanted));
    const count = ground.attemptsAt(next);
    const nextRow = Math.max(0, Math.min(wantedRow, rowsOf(layout, count) - 1));
    return { position: next, attempt: Math.max(0, attemptOfRow(layout, count, nextRow)) };
  };
  const last = Number.MAX_SAFE_INTEGER;
  const page = Math.max(1, Math.floor(ground.viewportPx / layout.bandPx)) * layout.runsPerBand;
  switch (key) {
    case "ArrowRight":
      return to(position + 1, row);
    case "ArrowLeft":
      return to(position - 1, row);
    case "ArrowDown":
      if (row + 1 < rowsOf(layout, attempts)) return to(position, row + 1);
      return position + layout.runsPerBand < runs ? to(position + layout.runsPerBand, 0) : to(position, row);
    case "ArrowUp":
      if (row > 0) return to(position, row - 1);
      return position >= layout.runsPerBand ? to(position - layout.runsPerBand, last) : to(position, row);
    case "Home":
      return to(0, 0);
    case "End":
      return to(runs - 1, last);
    case "PageDown":
      return to(position + page, 0);
    case "PageUp":
      return to(position - page, 0);
    default:
      return undefined;
  }
}
