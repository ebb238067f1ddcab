// What the waterfall beside some rows looks like: their bars with what is written beside them, grid, gaps and now.

import { FLAG, kindCodes } from "../../src/trace/spanColumns";
import type { BarToDraw } from "../draw/drawWaterfall";
import { shortDurationText } from "../format";
import { barRect, barState } from "../layout/bars";
import { rowPx } from "../layout/rowWindow";
import type { DrawnRange } from "../layout/timeScale";
import { rowDuration } from "../model/rowDuration";
import { hasChildren, type Picture } from "../model/traceModel";

const generation = kindCodes.indexOf("generation");

/**
 * @param rows from top to bottom
 * @param widthPx that the range is drawn on
 */
export function barsToDraw(
  { model, times }: Picture,
  rows: readonly number[],
  range: DrawnRange,
  widthPx: number,
): BarToDraw[] {
  const { columns } = model;
  const bars: BarToDraw[] = [];
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index] ?? 0;
    const start = times.startMs[row] ?? Number.NaN;
    const end = times.endMs[row] ?? start;
    const bar = barRect(start, end, times.scale, range, widthPx);
    if (bar === undefined) continue;
    const flags = columns.flags[row] ?? 0;
    const kind = columns.kind[row] ?? 0;
    bars.push({
      top: index * rowPx,
      bar,
      state: barState(flags, columns.status[row] === 1),
      kind,
      isOpen: (flags & FLAG.open) !== 0,
      isContainer: kind !== generation && hasChildren(model, row),
      label: (flags & FLAG.noStart) !== 0 ? "" : shortDurationText(rowDuration(model, times, row)),
    });
  }
  return bars;
}
