// Draws the part of the matrix that is in view. A state is told by its shape as well as by its colour: full, crossed, half,
// hollow, a dot; the smaller the cells are, the simpler the shapes.

import type { Surface } from "../../draw/canvas";
import { type CellLook, cellLooks, lookOf } from "../layout/cellLook";
import { attemptOfRow, type MatrixLayout, rowsOf } from "../layout/matrixLayout";
import type { RunTable } from "../model/runTable";
import type { BatchPalette } from "./batchPalette";

export interface MatrixPicture {
  readonly layout: MatrixLayout;
  readonly table: RunTable;
  readonly order: Uint32Array;
  readonly scrollTop: number;
  /** What stands beside the first cell of a band. */
  labelOf(position: number): string;
}

/** Cells of one look, as x and y in turns. */
const cells: number[][] = cellLooks.map(() => []);

export function drawMatrix(surface: Surface, picture: MatrixPicture, palette: BatchPalette): void {
  const { layout, table, order, scrollTop } = picture;
  const { context, height } = surface;
  const firstBand = Math.max(0, Math.floor(scrollTop / layout.bandPx));
  const endBand = Math.min(layout.bands, Math.ceil((scrollTop + height) / layout.bandPx));
  for (const list of cells) list.length = 0;
  const left = surface.snapX(layout.gutterPx);
  for (let band = firstBand; band < endBand; band++) {
    const first = band * layout.runsPerBand;
    const end = Math.min(order.length, first + layout.runsPerBand);
    const top = surface.snapY(band * layout.bandPx - scrollTop);
    for (let position = first; position < end; position++) {
      const index = order[position] ?? 0;
      const attempts = table.attemptCounts[index] ?? 0;
      const x = left + (position - first) * layout.pitchPx;
      const rows = rowsOf(layout, attempts);
      for (let row = 0; row < rows; row++) {
        const look = lookOf(table, index, attemptOfRow(layout, attempts, row));
        cells[look]?.push(x, top + row * layout.pitchPx);
      }
    }
  }
  for (const [at, look] of cellLooks.entries()) {
    const list = cells[at] ?? [];
    if (list.length > 0) drawLook(context, look, list, layout.cellPx, palette);
  }
  drawLabels(surface, picture, palette, firstBand, endBand);
}

function drawLabels(
  surface: Surface,
  { layout, scrollTop, labelOf }: MatrixPicture,
  palette: BatchPalette,
  firstBand: number,
  endBand: number,
): void {
  const { context } = surface;
  context.fillStyle = palette.dimText;
  context.font = palette.font;
  context.textAlign = "right";
  context.textBaseline = "middle";
  // Where bands are lower than a line of text, not every one has its number.
  const every = Math.max(1, Math.ceil(13 / layout.bandPx));
  for (let band = firstBand - (firstBand % every); band < endBand; band += every) {
    const y = band * layout.bandPx - scrollTop + Math.max(layout.cellPx / 2, 5);
    context.fillText(labelOf(band * layout.runsPerBand), layout.gutterPx - 6, surface.snapY(y));
  }
}

function drawLook(
  context: CanvasRenderingContext2D,
  look: CellLook,
  at: readonly number[],
  size: number,
  palette: BatchPalette,
): void {
  const color = palette.looks[look];
  context.fillStyle = color;
  context.strokeStyle = color;
  const each = (draw: (x: number, y: number) => void) => {
    for (let place = 0; place < at.length; place += 2) draw(at[place] ?? 0, at[place + 1] ?? 0);
  };
  const fill = (inset: number) =>
    each((x, y) => context.fillRect(x + inset, y + inset, size - 2 * inset, size - 2 * inset));
  const line = size >= 14 ? 1.5 : 1;
  const hollow = () => {
    context.lineWidth = line;
    context.beginPath();
    each((x, y) => context.rect(x + line / 2, y + line / 2, size - line, size - line));
    context.stroke();
  };
  switch (look) {
    case "succeeded":
      // Lower than what failed where there is no room for a cross.
      if (size < 6) each((x, y) => context.fillRect(x, y + size / 4, size, size - size / 4));
      else fill(0);
      return;
    case "failed":
    case "crashed":
      fill(0);
      if (size >= 6) cross(context, each, size, palette.background, look === "crashed");
      return;
    case "retried":
      // Colours are few in high contrast: what was made up for is hollow there, so that it steps back.
      if (palette.isHighContrast && size >= 6) {
        hollow();
        if (size >= 8) cross(context, each, size, color, false);
        return;
      }
      fill(0);
      if (size >= 8) cross(context, each, size, palette.background, false);
      return;
    case "cancelled":
      fill(0);
      if (size >= 6) strike(context, each, size, palette.background);
      return;
    case "running":
      if (size >= 6) hollow();
      each((x, y) => context.fillRect(x, y + size / 2, size, size / 2));
      return;
    case "backing-off":
      if (size >= 6) hollow();
      each((x, y) => context.fillRect(x, y + (size * 3) / 4, size, size / 4));
      if (size >= 8) cross(context, each, size, color, false);
      return;
    case "prefailed":
    case "uncreated":
      if (size < 6) return fill(0);
      hollow();
      if (look === "prefailed") cross(context, each, size, color, false);
      else fill(size / 3);
      return;
    case "queued":
      if (size < 6) each((x, y) => context.fillRect(x, y + size - 1, size, 1));
      else hollow();
      return;
    case "waiting":
      return fill(size * 0.36);
    case "absent":
      return fill(size * 0.42);
  }
}

type Each = (draw: (x: number, y: number) => void) => void;

/** @param isBroken with its second stroke short: a crash */
function cross(context: CanvasRenderingContext2D, each: Each, size: number, color: string, isBroken: boolean): void {
  const inset = size * 0.28;
  context.strokeStyle = color;
  context.lineWidth = Math.max(1, size / 9);
  context.beginPath();
  each((x, y) => {
    context.moveTo(x + inset, y + inset);
    context.lineTo(x + size - inset, y + size - inset);
    if (isBroken) return;
    context.moveTo(x + size - inset, y + inset);
    context.lineTo(x + inset, y + size - inset);
  });
  context.stroke();
}

function strike(context: CanvasRenderingContext2D, each: Each, size: number, color: string): void {
  const inset = size * 0.2;
  context.strokeStyle = color;
  context.lineWidth = Math.max(1, size / 9);
  context.beginPath();
  each((x, y) => {
    context.moveTo(x + inset, y + size - inset);
    context.lineTo(x + size - inset, y + inset);
  });
  context.stroke();
}
