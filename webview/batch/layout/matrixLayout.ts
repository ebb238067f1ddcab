// Where the cells of the matrix stand. Runs go along a band from left to right, their attempts downwards within it, and
// bands follow one another like lines of text. Where cells get small only the last state of a run is drawn, one cell a run.

export interface MatrixLayout {
  /** Side of a cell, and from one cell to the next, in CSS px; whole device px both. */
  readonly cellPx: number;
  readonly pitchPx: number;
  /** Attempts that have a cell of their own: 1 where there is room for the last state alone. */
  readonly attemptRows: number;
  readonly runsPerBand: number;
  readonly bands: number;
  readonly bandPx: number;
  /** Room for the numbers at the left. */
  readonly gutterPx: number;
  readonly heightPx: number;
}

export interface MatrixRoom {
  readonly runs: number;
  /** Of the run that had most. */
  readonly mostAttempts: number;
  readonly widthPx: number;
  /** Up to where no scroll bar is needed. */
  readonly heightPx: number;
  /** Device px of a CSS px. */
  readonly ratio: number;
  /** Chosen by the person; undefined for the largest with which everything fits. */
  readonly cellPx?: number | undefined;
}

/** Sides of a cell that can be chosen, in CSS px. */
export const cellSizes = [3, 4, 6, 8, 11, 14, 18, 22] as const;
/** From this side on attempts have cells of their own. */
export const leastAttemptPx = 11;
/** With more attempts than this the first ones share a cell. */
export const mostAttemptRows = 8;
/** Smaller ones are chosen by hand only: their state is hard to tell. */
const leastAutomaticPx = 4;
const bandGapPx = 5;
const digitPx = 6.7;

export function layoutMatrix(room: MatrixRoom): MatrixLayout {
  if (room.cellPx !== undefined) return layoutOf(room, room.cellPx);
  for (const size of [...cellSizes].reverse()) {
    const layout = layoutOf(room, size);
    if (size <= leastAutomaticPx || layout.heightPx <= room.heightPx) return layout;
  }
  return layoutOf(room, leastAutomaticPx);
}

function layoutOf({ runs, mostAttempts, widthPx, ratio }: MatrixRoom, size: number): MatrixLayout {
  const device = (px: number) => Math.max(1, Math.round(px * ratio)) / ratio;
  const cellPx = device(size);
  const pitchPx = cellPx + device(size >= leastAttemptPx ? 2 : 1);
  const attemptRows = size >= leastAttemptPx ? Math.min(mostAttemptRows, Math.max(1, mostAttempts)) : 1;
  const gutterPx = Math.ceil(Math.max(2, String(runs).length) * digitPx + 12);
  const fitting = Math.max(1, Math.floor((widthPx - gutterPx) / pitchPx));
  // Bands begin at round numbers.
  const step = fitting >= 50 ? 10 : fitting >= 10 ? 5 : 1;
  const runsPerBand = Math.max(1, Math.min(Math.max(1, runs), fitting - (fitting % step)));
  const bands = Math.ceil(runs / runsPerBand);
  const gapPx = attemptRows > 1 ? device(bandGapPx) : 0;
  const bandPx = attemptRows * pitchPx + gapPx;
  return { cellPx, pitchPx, attemptRows, runsPerBand, bands, bandPx, gutterPx, heightPx: bands * bandPx };
}

export interface MatrixPlace {
  /** In the order in which runs are shown. */
  readonly position: number;
  /** From 0 on; of the run's rows. */
  readonly row: number;
}

/** The cell at a point, or between whose neighbours it lies; undefined where there is none. */
export function placeAt(layout: MatrixLayout, runs: number, x: number, y: number): MatrixPlace | undefined {
  const column = wholeOf((x - layout.gutterPx) / layout.pitchPx);
  const band = wholeOf(y / layout.bandPx);
  if (column < 0 || column >= layout.runsPerBand || band < 0) return undefined;
  const position = band * layout.runsPerBand + column;
  if (position >= runs) return undefined;
  const row = wholeOf((y - band * layout.bandPx) / layout.pitchPx);
  return { position, row: Math.min(row, layout.attemptRows - 1) };
}

/** A cell begins at its first pixel, also where that is no whole number. */
function wholeOf(value: number): number {
  return Math.floor(value + 1e-6);
}

/** Left and top of a cell, from the matrix's own origin. */
export function cellOrigin(layout: MatrixLayout, { position, row }: MatrixPlace): { x: number; y: number } {
  const band = Math.floor(position / layout.runsPerBand);
  const column = position - band * layout.runsPerBand;
  return {
    x: layout.gutterPx + column * layout.pitchPx,
    y: band * layout.bandPx + row * layout.pitchPx,
  };
}

/** Rows of a run with so many attempts; a run without any has one cell. */
export function rowsOf(layout: MatrixLayout, attempts: number): number {
  return Math.max(1, Math.min(layout.attemptRows, attempts));
}

/**
 * Which attempt a row stands for, counted from 0. Where a run had more attempts than there are rows, the last ones have
 * a cell each, and the first cell stands for all before them.
 */
export function attemptOfRow(layout: MatrixLayout, attempts: number, row: number): number {
  if (layout.attemptRows === 1) return attempts - 1;
  return Math.max(0, attempts - layout.attemptRows) + row;
}

export function rowOfAttempt(layout: MatrixLayout, attempts: number, attempt: number): number {
  if (layout.attemptRows === 1) return 0;
  return Math.max(0, Math.min(layout.attemptRows - 1, attempt - Math.max(0, attempts - layout.attemptRows)));
}

/** The smallest scroll that brings the band of a run into view. */
export function scrollToRun(layout: MatrixLayout, position: number, scrollTop: number, viewportPx: number): number {
  const top = Math.floor(position / layout.runsPerBand) * layout.bandPx;
  if (top < scrollTop) return top;
  if (top + layout.bandPx > scrollTop + viewportPx) return Math.max(0, top + layout.bandPx - viewportPx);
  return scrollTop;
}
