// The labels above the waterfall.

import { useRef } from "preact/hooks";
import { formatAxis, formatClock, formatIdle } from "../format";
import type { TickList } from "../layout/ticks";
import type { DrawnRange } from "../layout/timeScale";
import type { Panel } from "../model/panel";
import type { Picture } from "../model/traceModel";
import { useTimeWheel } from "./useTimeWheel";

export interface TimeAxisProps {
  readonly panel: Panel;
  readonly picture: Picture;
  readonly tickList: TickList;
  readonly gaps: readonly { readonly x: number; readonly width: number; readonly lengthMs: number }[];
  readonly width: number;
  readonly range: DrawnRange;
  /** CSS px of a drawn ms. */
  readonly pxPerMs: number;
}

const labelPx = 60;

export function TimeAxis({ panel, picture, tickList, gaps, width, range, pxPerMs }: TimeAxisProps) {
  const box = useRef<HTMLDivElement>(null);
  useTimeWheel(box, panel, picture.times.scale, (x) => range.from + x / pxPerMs, pxPerMs);
  const zone = panel.settings.absoluteTimes ? panel.header?.timeZone : undefined;
  const { firstMs } = picture.times;
  const free = tickList.ticks.filter(
    (tick) =>
      tick.x + labelPx < width &&
      !gaps.some((gap) => tick.x + labelPx > gap.x - 4 && tick.x < gap.x + gap.width + labelPx),
  );
  return (
    <div ref={box} class="axis" aria-hidden="true">
      {free.map((tick) => (
        <span key={tick.wallMs} class="axis-tick" style={{ left: `${tick.x}px` }}>
          {zone === undefined
            ? formatAxis(tick.wallMs - firstMs, tickList.stepMs)
            : formatClock(tick.wallMs, zone, tickList.stepMs < 1_000)}
        </span>
      ))}
      {gaps.map((gap) => (
        <span
          key={gap.lengthMs}
          class="axis-gap"
          style={{ left: `${Math.min(width - 34, Math.max(34, gap.x + gap.width / 2))}px` }}
        >
          {formatIdle(gap.lengthMs)}
        </span>
      ))}
    </div>
  );
}
