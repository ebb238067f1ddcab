// The canvas that lies over the rows: works out the bars of the rows in view and has them drawn.

import { useLayoutEffect, useRef } from "preact/hooks";
import { FLAG, kindCodes } from "../../src/trace/spanColumns";
import { type BarToDraw, drawWaterfall } from "../draw/drawWaterfall";
import { shortDurationText } from "../format";
import { barRect, barState } from "../layout/bars";
import { rowPx } from "../layout/rowWindow";
import { type DrawnRange, drawnAt } from "../layout/timeScale";
import type { Panel } from "../model/panel";
import { rowDuration } from "../model/rowDuration";
import type { Picture } from "../model/traceModel";
import { hasChildren } from "../model/traceModel";
import { usePalette } from "./usePalette";

export interface WaterfallProps {
  readonly panel: Panel;
  readonly picture: Picture;
  /** Rows from top to bottom, of which the first is at position `first`. */
  readonly rows: readonly number[];
  readonly first: number;
  readonly width: number;
  /** Width that the range is drawn on; the rest at the right is for labels. */
  readonly scaledWidth: number;
  /** CSS px of the part of the list that is in view; grid lines go on below the last row. */
  readonly viewportPx: number;
  readonly range: DrawnRange;
  readonly gridX: readonly number[];
  readonly gaps: readonly { readonly x: number; readonly width: number }[];
}

const generation = kindCodes.indexOf("generation");

export function Waterfall(props: WaterfallProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const palette = usePalette();
  useLayoutEffect(() => {
    if (canvas.current === null || props.width <= 0) return;
    const { scale } = props.picture.times;
    const isLive = props.panel.header?.live === true;
    const perMs = props.scaledWidth / (props.range.to - props.range.from);
    const now = (drawnAt(scale, scale.endMs) - props.range.from) * perMs;
    drawWaterfall(
      canvas.current,
      {
        width: props.width,
        height: Math.max(props.rows.length * rowPx, props.viewportPx - props.first * rowPx),
        rowPx,
        bars: barsToDraw(props),
        gridX: props.gridX,
        gaps: props.gaps,
        nowX: isLive && now <= props.scaledWidth ? now : undefined,
      },
      palette,
    );
  });
  return <canvas ref={canvas} class="waterfall" aria-hidden="true" style={{ top: `${props.first * rowPx}px` }} />;
}

function barsToDraw({ picture, rows, range, scaledWidth }: WaterfallProps): BarToDraw[] {
  const { model, times } = picture;
  const { columns } = model;
  const bars: BarToDraw[] = [];
  for (const [index, row] of rows.entries()) {
    const start = times.startMs[row] ?? Number.NaN;
    const end = times.endMs[row] ?? start;
    const bar = barRect(start, end, times.scale, range, scaledWidth);
    if (bar === undefined) continue;
    const flags = columns.flags[row] ?? 0;
    const kind = columns.kind[row] ?? 0;
    const isOpen = (flags & FLAG.open) !== 0;
    bars.push({
      top: index * rowPx,
      bar,
      state: barState(flags, columns.status[row] === 1),
      kind,
      isOpen,
      isContainer: kind !== generation && hasChildren(model, row),
      label: (flags & FLAG.noStart) !== 0 ? "" : shortDurationText(rowDuration(model, times, row)),
    });
  }
  return bars;
}
