// One frame of the timeline, worked out from what the panel shows: what lies where. No element of the page is touched, and
// nothing in it costs more than the px of the screen.

import { formatAxis, formatClock, formatIdle } from "../format";
import { type Tick, ticks } from "../layout/ticks";
import { type DrawnRange, drawnAt, wallAt } from "../layout/timeScale";
import type { Panel } from "../model/panel";
import type { Picture } from "../model/traceModel";
import { text } from "../text";
import { type BurstMark, burstLines, burstMarks } from "./burstMarks";
import { axisPx, burstPx, densityPx, pathPx } from "./drawHead";
import { type BarList, collectBars, type TimeWindow } from "./laneBars";
import { type LaneStack, laneTop, stackLanes } from "./laneStack";
import { type PathBar, pathBars } from "./pathBars";
import type { TimelineData } from "./timelineModel";
import { timelineSettings } from "./timelineSettings";
import { burstText } from "./timelineWords";

const tickPx = 92;

export interface TimelineFrame extends TimeWindow {
  readonly pxPerMs: number;
  readonly stack: LaneStack;
  readonly headPx: number;
  /** Where the critical path is drawn; undefined where it is not. */
  readonly path: readonly PathBar[] | undefined;
  readonly pathTop: number;
  readonly burstTop: number;
  readonly marks: readonly BurstMark[];
  readonly ticks: readonly { readonly x: number; readonly label: string }[];
  readonly gaps: readonly { readonly x: number; readonly width: number; readonly label: string }[];
  /** Where now is, of a session that runs. */
  readonly nowX: number | undefined;
}

export function timelineFrame(
  panel: Panel,
  picture: Picture,
  data: TimelineData | undefined,
  widthPx: number,
  lanesPx: number,
): TimelineFrame {
  const { scale } = picture.times;
  const range: DrawnRange = panel.timeView.range(scale);
  const pxPerMs = widthPx / (range.to - range.from);
  const window = { scale, range, widthPx };
  const xOf = (ms: number) => (drawnAt(scale, ms) - range.from) * pxPerMs;
  const zone = panel.settings.absoluteTimes ? panel.header?.timeZone : undefined;
  const tickList = ticks(scale, range, widthPx, tickPx);
  const tickLabel = ({ wallMs }: Tick) =>
    zone === undefined
      ? formatAxis(wallMs - picture.times.firstMs, tickList.stepMs)
      : formatClock(wallMs, zone, tickList.stepMs < 1_000);
  const now = xOf(scale.endMs);
  const hasPath = timelineSettings(panel).path === true;
  const burstTop = axisPx + densityPx + 2 + (hasPath ? pathPx : 0);
  const burstCount = data?.result.burstCount ?? 0;
  return {
    ...window,
    pxPerMs,
    stack: stackLanes(data?.result.groups ?? [], lanesPx),
    headPx: burstTop + (burstCount === 0 ? 0 : burstCount === 1 ? burstPx : burstLines * burstPx),
    path: hasPath && data?.path !== undefined ? pathBars(data.path, window) : undefined,
    pathTop: axisPx + densityPx + 2,
    burstTop,
    marks: data === undefined ? [] : burstMarks(data.result.bursts, window, burstPxOf(data.result.bursts)),
    ticks: tickList.ticks.map((tick) => ({ x: tick.x, label: tickLabel(tick) })),
    gaps: scale.gaps.flatMap((gap) => {
      const x = xOf(gap.startMs);
      const width = xOf(gap.endMs) - x;
      return x < widthPx && x + width > 0 ? [{ x, width, label: formatIdle(gap.endMs - gap.startMs) }] : [];
    }),
    nowX: panel.header?.live === true && now >= 0 && now <= widthPx ? now : undefined,
  };
}

/** The bars of the lanes that are in view. */
export function barsInView(
  into: BarList,
  picture: Picture,
  { store, result }: TimelineData,
  frame: TimelineFrame,
  scrollTop: number,
  heightPx: number,
): void {
  into.clear();
  const { stack } = frame;
  for (const { group, lanesTop } of stack.places) {
    const first = Math.max(0, Math.floor((scrollTop - lanesTop) / stack.lanePx));
    const end = Math.min(group.laneCount, Math.ceil((scrollTop + heightPx - lanesTop) / stack.lanePx));
    for (let index = first; index < end; index++) {
      const lane = group.firstLane + index;
      if (lane >= result.laneCount) break;
      collectBars(into, lane, store.rowsOf(lane), store.rowCount(lane), picture.times, frame);
    }
  }
}

/** A little more than words of that many letters take at 11 px. */
const letterPx = 6.4;

function burstPxOf(bursts: TimelineData["result"]["bursts"]): (index: number) => number {
  return (index) => text("burstNamed", burstText(bursts, index)).length * letterPx;
}

export function xAt(frame: TimelineFrame, wallMs: number): number {
  return (drawnAt(frame.scale, wallMs) - frame.range.from) * frame.pxPerMs;
}

export function wallAtX(frame: TimelineFrame, x: number): number {
  return wallAt(frame.scale, frame.range.from + x / frame.pxPerMs);
}

/** How far the lanes are to be scrolled so that a lane is in view. */
export function scrollToLane(stack: LaneStack, lane: number, scrollTop: number, heightPx: number): number {
  const top = laneTop(stack, lane);
  if (top < 0) return scrollTop;
  if (top < scrollTop) return Math.max(0, top - 4);
  if (top + stack.lanePx > scrollTop + heightPx) return top + stack.lanePx - heightPx + 4;
  return scrollTop;
}
