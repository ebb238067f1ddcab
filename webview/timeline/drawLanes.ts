// Draws the lanes in view. A bar tells its kind by its colour, how it ended as the tree's bars do, and what it is where
// there is room; a cell of many rows tells how many of them failed by how high it is red.

import { FLAG, kindCodes, type SpanColumns } from "../../src/trace/spanColumns";
import { devicePixelRatio, hatch, type Surface } from "../draw/canvas";
import { barState } from "../layout/bars";
import { BarFills, letterWidth } from "./barFills";
import type { BarList, RowTimes } from "./laneBars";
import { indexInLane } from "./laneHits";
import { groupHeadPx, type LaneStack, laneTop } from "./laneStack";
import type { LaneStore } from "./laneStore";
import { surfaceInParent } from "./surfaceInParent";
import type { TimelinePalette } from "./timelinePalette";

export interface LanesPicture {
  readonly width: number;
  readonly height: number;
  /** How far the lanes are scrolled. */
  readonly scrollTop: number;
  readonly stack: LaneStack;
  readonly store: LaneStore;
  readonly bars: BarList;
  readonly columns: SpanColumns;
  readonly times: RowTimes;
  readonly gridX: readonly number[];
  readonly gaps: readonly { readonly x: number; readonly width: number }[];
  readonly nowX: number | undefined;
  readonly selectedRow: number;
  /** Rows that stay bright while the rest steps back; undefined where nothing does. */
  readonly emphasis: ((row: number) => boolean) | undefined;
  /** What a bar says in so many letters at most. */
  textOf(row: number, mostLetters: number): string;
  groupText(index: number): string;
}

/** A bar is that much lower than its lane. */
const lanesApartPx = 3;
const leastTextPx = 30;
const leastTextLanePx = 13;
/** Rows looked at to find out of what kind most of a cell are. */
const sampled = 4;
/** By kind, of one cell; used again for each. */
const counts = new Uint8Array(kindCodes.length);
const dimmed = 0.28;

export function drawLanes(canvas: HTMLCanvasElement, picture: LanesPicture, palette: TimelinePalette): void {
  const surface = surfaceInParent(canvas, picture.width, picture.height);
  if (surface === undefined) return;
  const { context, snapX } = surface;
  const hairline = 1 / devicePixelRatio();
  context.fillStyle = palette.grid;
  for (const x of picture.gridX) context.fillRect(snapX(x), 0, Math.max(hairline, 0.5), picture.height);
  context.fillStyle = hatch(context, palette.gap);
  for (const gap of picture.gaps) context.fillRect(snapX(gap.x), 0, Math.max(1, snapX(gap.width)), picture.height);
  context.font = palette.font;
  context.textBaseline = "middle";
  context.textAlign = "left";
  drawBars(surface, picture, palette);
  drawHeads(surface, picture, palette);
  if (picture.nowX !== undefined) {
    context.fillStyle = palette.now;
    context.fillRect(snapX(picture.nowX) - 1, 0, 1, picture.height);
  }
}

function drawBars(surface: Surface, picture: LanesPicture, palette: TimelinePalette): void {
  const { bars, store, stack, columns } = picture;
  const { context } = surface;
  const barPx = stack.lanePx - (stack.lanePx > leastTextLanePx ? lanesApartPx : 1);
  const letterPx = stack.lanePx >= leastTextLanePx ? letterWidth(context) : Number.POSITIVE_INFINITY;
  const fills = new BarFills(palette);
  const failures = new FailureCounter();
  const selectedLane = store.laneOf(picture.selectedRow);
  const selectedIndex = selectedLane < 0 ? -1 : indexInLane(store, picture.times, selectedLane, picture.selectedRow);
  for (let at = 0; at < bars.count; at++) {
    const lane = bars.lane[at] ?? 0;
    const top = laneTop(stack, lane) - picture.scrollTop;
    const rows = store.rowsOf(lane);
    const from = bars.from[at] ?? 0;
    const to = bars.to[at] ?? 0;
    const place = { x: bars.x[at] ?? 0, y: top + 1, width: bars.width[at] ?? 0, height: barPx };
    if (to - from > 1) {
      const isSelected = lane === selectedLane && selectedIndex >= from && selectedIndex < to;
      const failed = failures.within(store, columns, lane, from, to);
      drawCell(surface, place, rows, from, to, picture, fills, failed, isSelected, palette.selection);
      continue;
    }
    const row = rows[from] ?? 0;
    context.globalAlpha = picture.emphasis?.(row) === false ? dimmed : 1;
    drawBar(surface, place, columns, row, row === picture.selectedRow, fills, palette);
    const letters = Math.floor((Math.min(place.x + place.width, picture.width) - Math.max(0, place.x) - 8) / letterPx);
    if (place.width < leastTextPx || letters < 3) continue;
    context.fillStyle = palette.text;
    context.fillText(picture.textOf(row, letters), Math.max(0, place.x) + 5, place.y + place.height / 2 + 0.5);
  }
  context.globalAlpha = 1;
}

interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function drawBar(
  { context, snapX, snapY }: Surface,
  { x, y, width, height }: Place,
  columns: SpanColumns,
  row: number,
  isSelected: boolean,
  fills: BarFills,
  palette: TimelinePalette,
): void {
  const flags = columns.flags[row] ?? 0;
  const state = barState(flags, columns.status[row] === 1);
  const color = fills.color(state, columns.kind[row] ?? 0);
  const left = snapX(x);
  const top = snapY(y);
  const wide = Math.max(1, snapX(x + width) - left);
  const high = snapY(y + height) - top;
  if (wide <= 4) {
    context.fillStyle = color;
    context.fillRect(left, top, wide, high);
  } else {
    context.fillStyle = state === "interrupted" ? hatch(context, color) : fills.ground(color);
    context.fillRect(left, top, wide, high);
    context.fillStyle = color;
    context.fillRect(left, top, 2, high);
    // A second sign beside the colour.
    if (state === "failed" || state === "recovered") context.fillRect(left, top + high - 2, wide, 2);
    if ((flags & FLAG.open) !== 0) {
      const tail = Math.min(wide - 2, 28);
      context.fillStyle = hatch(context, color);
      context.fillRect(left + wide - tail, top, tail, high);
    }
    if (palette.isHighContrast) {
      context.strokeStyle = state === "failed" ? color : palette.outline;
      context.lineWidth = 1;
      context.strokeRect(left + 0.5, top + 0.5, wide - 1, high - 1);
    }
  }
  if (!isSelected) return;
  context.strokeStyle = palette.selection;
  context.lineWidth = 2;
  context.strokeRect(left - 1, top - 1, wide + 2, high + 2);
}

function drawCell(
  { context, snapX, snapY }: Surface,
  { x, y, width, height }: Place,
  rows: Int32Array,
  from: number,
  to: number,
  picture: LanesPicture,
  fills: BarFills,
  failed: number,
  isSelected: boolean,
  selection: string,
): void {
  const { columns, emphasis } = picture;
  counts.fill(0);
  let common = 0;
  let isEmphasised = emphasis === undefined;
  const step = Math.max(1, Math.floor((to - from) / sampled));
  for (let index = from; index < to; index += step) {
    const row = rows[index] ?? 0;
    const kind = columns.kind[row] ?? 0;
    const count = (counts[kind] ?? 0) + 1;
    counts[kind] = count;
    if (count > (counts[common] ?? 0)) common = kind;
    isEmphasised ||= emphasis?.(row) === true;
  }
  const left = snapX(x);
  const top = snapY(y);
  const wide = Math.max(1, snapX(x + width) - left);
  const high = snapY(y + height) - top;
  context.globalAlpha = isEmphasised ? 1 : dimmed;
  context.fillStyle = fills.kind(common);
  context.fillRect(left, top, wide, high);
  if (failed > 0) {
    const red = Math.max(2, (high * failed) / (to - from));
    context.fillStyle = fills.color("failed", 0);
    context.fillRect(left, top + high - red, wide, red);
  }
  if (isSelected) {
    context.fillStyle = selection;
    context.fillRect(left, top - 1, wide, 2);
    context.fillRect(left, top + high - 1, wide, 2);
  }
}

/** Counts failures cell by cell: one begins where the last one ended, so that it is not searched for again. */
class FailureCounter {
  #lane = -1;
  #to = -1;
  #below = 0;

  within(store: LaneStore, columns: SpanColumns, lane: number, from: number, to: number): number {
    const failures = store.failuresIn(lane, columns);
    if (failures.length === 0) return 0;
    const before = lane === this.#lane && from === this.#to ? this.#below : countBelow(failures, from);
    this.#lane = lane;
    this.#to = to;
    this.#below = countBelow(failures, to);
    return this.#below - before;
  }
}

function countBelow(numbers: Int32Array, value: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function drawHeads({ context, snapY }: Surface, picture: LanesPicture, palette: TimelinePalette): void {
  for (const [index, place] of picture.stack.places.entries()) {
    if (place.lanesTop === place.top) return;
    const top = place.top - picture.scrollTop;
    if (top > picture.height) return;
    if (top + groupHeadPx < 0) continue;
    context.fillStyle = palette.grid;
    context.fillRect(0, snapY(top), picture.width, 1);
    const words = picture.groupText(index);
    context.fillStyle = palette.dimText;
    context.fillText(words, 4, top + groupHeadPx / 2 + 1);
  }
}
