// The picture of the timeline: canvases, what lies over them, and who listens to pointer, wheel and keys.

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { formatRound } from "../format";
import { wheelRange } from "../input/stripPointer";
import type { Panel } from "../model/panel";
import type { Picture } from "../model/traceModel";
import { formatInteger, text } from "../text";
import { usePalette } from "../ui/usePalette";
import { useSize } from "../ui/useSize";
import { DensityModel } from "./densityModel";
import { type DensityPicture, drawHead } from "./drawHead";
import { drawLanes } from "./drawLanes";
import { BarList } from "./laneBars";
import { laneTop } from "./laneStack";
import { LaneStore } from "./laneStore";
import type { TimelineControl } from "./timelineControl";
import { barsInView, scrollToLane, timelineFrame, wallAtX, xAt } from "./timelineFrame";
import { timelineIntent } from "./timelineKeys";
import type { TimelineData } from "./timelineModel";
import { timelinePalette } from "./timelinePalette";
import { hitAt, TimelinePointer } from "./timelinePointer";
import { timelineSettings } from "./timelineSettings";
import { TimelineTip, type TimelineTipTarget } from "./timelineTip";
import {
  burstParentText,
  burstText,
  burstTextIn,
  groupText,
  pointText,
  shortRowText,
  togetherText,
} from "./timelineWords";

export interface TimelinePictureProps {
  readonly panel: Panel;
  readonly picture: Picture;
  readonly data: TimelineData | undefined;
  readonly isBusy: boolean;
  readonly control: TimelineControl;
  /** The marked range, or the one that is being drawn. */
  readonly range: readonly [number, number] | undefined;
  readonly onDraft: (range: readonly [number, number] | undefined) => void;
}

const densityColumnPx = 2;
const noLanes = new LaneStore();

export function TimelinePicture(props: TimelinePictureProps) {
  const { panel, picture, data, control } = props;
  const body = useRef<HTMLDivElement>(null);
  const head = useRef<HTMLCanvasElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const lanes = useRef<HTMLCanvasElement>(null);
  const bars = useMemo(() => new BarList(), []);
  const pointer = useMemo(() => new TimelinePointer(control), [control]);
  const [, setCount] = useState(0);
  const density = useMemo(() => new DensityModel(panel, () => setCount((count) => count + 1)), [panel]);
  const [tip, setTip] = useState<TimelineTipTarget | undefined>(undefined);
  const basePalette = usePalette();
  const palette = useMemo(() => timelinePalette(basePalette, document.body), [basePalette]);
  const { width } = useSize(body);
  const { height: lanesPx } = useSize(scroller);
  const frame = timelineFrame(panel, picture, data, width, lanesPx);
  const { stack } = frame;
  const mostScroll = Math.max(0, stack.height - lanesPx);
  control.scrollTop = Math.min(control.scrollTop, mostScroll);
  const screen = { picture, data, frame, lanesPx };
  control.screen = screen;
  const settings = timelineSettings(panel);
  const shownSelection = useRef(-1);

  // What is selected elsewhere is brought into view once, as far as lanes go.
  if (data !== undefined && lanesPx > 0 && shownSelection.current !== panel.selectedRow) {
    shownSelection.current = panel.selectedRow;
    const lane = data.store.laneOf(panel.selectedRow);
    if (lane >= 0) control.scrollTop = scrollToLane(stack, lane, control.scrollTop, lanesPx);
  }

  const columns = Math.ceil(width / densityColumnPx);
  useEffect(() => {
    if (width === 0 || data === undefined) return;
    const edgesMs = Array.from({ length: columns + 1 }, (_, at) =>
      wallAtX(frame, Math.min(width, at * densityColumnPx)),
    );
    density.refresh(edgesMs, data.result.layout, picture.times.lastMs);
  });

  useLayoutEffect(() => {
    if (head.current === null || lanes.current === null || width === 0) return;
    const bursts = data?.result.bursts;
    drawHead(
      head.current,
      {
        width,
        height: frame.headPx,
        ticks: frame.ticks,
        gaps: frame.gaps,
        density: densityPicture(density, (ms) => xAt(frame, ms)),
        marks: frame.marks,
        burstText: (index, mostPx, widthOf) =>
          bursts === undefined ? "" : burstTextIn(bursts, index, mostPx, widthOf),
        nowX: frame.nowX,
      },
      palette,
    );
    if (data === undefined) bars.clear();
    else barsInView(bars, picture, data, frame, control.scrollTop, lanesPx);
    const path = settings.path === true ? data?.path : undefined;
    drawLanes(
      lanes.current,
      {
        width,
        height: lanesPx,
        scrollTop: control.scrollTop,
        stack,
        store: data?.store ?? noLanes,
        bars,
        columns: picture.model.columns,
        gridX: frame.ticks.map(({ x }) => x),
        gaps: frame.gaps,
        nowX: frame.nowX,
        selectedRow: panel.selectedRow,
        emphasis: path === undefined ? undefined : (row) => path.has(row),
        textOf: (row, letters) => shortRowText(picture, row, letters),
        groupText: (index) => {
          const group = data?.result.groups[index];
          return group === undefined ? "" : groupText(group);
        },
      },
      palette,
    );
    const element = scroller.current;
    if (element !== null && Math.abs(element.scrollTop - control.scrollTop) > 1) element.scrollTop = control.scrollTop;
  });

  useLayoutEffect(() => {
    const target = body.current;
    if (target === null) return;
    const onWheel = (event: WheelEvent) => {
      const isOverLanes = event.target instanceof Node && scroller.current?.contains(event.target) === true;
      // Where lanes do not fit the wheel moves them, as everywhere; with Ctrl, and by a pinch, it zooms.
      const isVertical = Math.abs(event.deltaY) >= Math.abs(event.deltaX);
      if (isOverLanes && mostScroll > 0 && isVertical && !event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const x = event.clientX - target.getBoundingClientRect().left;
      const point = Math.min(frame.range.to, Math.max(frame.range.from, frame.range.from + x / frame.pxPerMs));
      // A pinch comes as a wheel with Ctrl and turns far less.
      const factor = event.ctrlKey ? 4 : 1;
      const turn = { deltaX: event.deltaX, deltaY: event.deltaY * factor, pxPerMs: frame.pxPerMs };
      panel.timeView.set(frame.scale, wheelRange(frame.scale, frame.range, point, turn));
      setTip(undefined);
      panel.changed();
    };
    target.addEventListener("wheel", onWheel, { passive: false });
    return () => target.removeEventListener("wheel", onWheel);
  });

  const at = (event: MouseEvent) => {
    const box = body.current?.getBoundingClientRect();
    return { x: event.clientX - (box?.left ?? 0), y: event.clientY - (box?.top ?? 0) };
  };
  const onPointerDown = (event: PointerEvent) => {
    if (event.button !== 0) return;
    const { x, y } = at(event);
    // The scroll bar's own.
    if (x > width) return;
    pointer.down(x, y);
    (event.currentTarget as Element).setPointerCapture(event.pointerId);
    setTip(undefined);
  };
  const onPointerMove = (event: PointerEvent) => {
    const { x, y } = at(event);
    if (pointer.isPressed) {
      if (pointer.move(x)) props.onDraft(pointer.draft);
      return;
    }
    const hit = x > width ? { type: "none" as const } : hitAt(screen, control.scrollTop, x, y);
    (event.currentTarget as HTMLElement).dataset["over"] = hit.type;
    setTip(tipOf(hit, event.clientX, event.clientY));
  };
  const tipOf = (hit: ReturnType<typeof hitAt>, x: number, y: number): TimelineTipTarget | undefined => {
    const bursts = data?.result.bursts;
    switch (hit.type) {
      case "row":
        return hit.together > 1
          ? { type: "words", title: togetherText(hit.together), lines: [text("zoomToTell")], x, y }
          : { type: "row", row: hit.row, x, y };
      case "burst": {
        if (bursts === undefined) return undefined;
        const lines = [
          burstParentText(picture, bursts, hit.index),
          pointText(panel, picture, bursts.fromMs[hit.index] ?? 0),
        ];
        const failed = bursts.failed[hit.index] ?? 0;
        if (failed > 0) lines.push(text("failedCount", formatInteger(failed)));
        return { type: "words", title: text("burstNamed", burstText(bursts, hit.index)), lines, x, y };
      }
      case "density": {
        const words = densityWords(density, hit.wallMs);
        return words === undefined
          ? undefined
          : { type: "words", title: words, lines: [pointText(panel, picture, hit.wallMs)], x, y };
      }
      case "none":
        return undefined;
    }
  };
  const marked = props.range;
  const begunMs = control.rangeBegunMs;
  const cursorBox = cursorPlace(props, frame, lanesPx);
  return (
    <div
      ref={body}
      class="timeline-body"
      role="application"
      tabIndex={0}
      aria-label={text("timelineLabel")}
      aria-roledescription={text("timeline")}
      aria-busy={props.isBusy}
      title=""
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={(event) => {
        props.onDraft(undefined);
        pointer.up(at(event).x);
      }}
      onPointerCancel={() => {
        props.onDraft(undefined);
        pointer.cancel();
      }}
      onPointerLeave={() => setTip(undefined)}
      onDblClick={(event) => {
        const { x, y } = at(event);
        const hit = hitAt(screen, control.scrollTop, x, y);
        if (hit.type === "row")
          control.jump(hit.row, picture.times.startMs[hit.row] ?? 0, picture.times.endMs[hit.row] ?? 0);
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape" && pointer.isPressed) {
          props.onDraft(undefined);
          pointer.cancel();
          event.stopPropagation();
          return;
        }
        const intent = timelineIntent(event);
        if (intent === undefined) return;
        event.preventDefault();
        event.stopPropagation();
        setTip(undefined);
        control.run(intent);
      }}
    >
      <canvas ref={head} aria-hidden="true" />
      <div
        ref={scroller}
        class="timeline-lanes"
        onScroll={(event) => {
          control.scrollTop = event.currentTarget.scrollTop;
          setTip(undefined);
          setCount((count) => count + 1);
        }}
      >
        <canvas ref={lanes} aria-hidden="true" />
        <div class="timeline-height" style={{ height: `${Math.max(0, stack.height - lanesPx)}px` }} />
      </div>
      {marked !== undefined && <RangeBox fromX={xAt(frame, marked[0])} toX={xAt(frame, marked[1])} width={width} />}
      {begunMs !== undefined && <div class="range-begun" style={{ left: `${xAt(frame, begunMs)}px` }} />}
      {cursorBox !== undefined && <div class="timeline-cursor" style={cursorBox} />}
      {data !== undefined && data.result.rowCount === 0 && <p class="timeline-note">{text("nothingToDraw")}</p>}
      {tip !== undefined && <TimelineTip panel={panel} picture={picture} target={tip} />}
    </div>
  );
}

function RangeBox({ fromX, toX, width }: { fromX: number; toX: number; width: number }) {
  const left = Math.min(width, Math.max(-2, fromX));
  const right = Math.min(width + 2, Math.max(0, toX));
  return right > left ? <div class="range-box" style={{ left: `${left}px`, width: `${right - left}px` }} /> : null;
}

function cursorPlace(
  { picture, data, control }: TimelinePictureProps,
  frame: ReturnType<typeof timelineFrame>,
  lanesPx: number,
) {
  const row = control.cursor;
  const lane = data?.store.laneOf(row) ?? -1;
  if (row < 0 || lane < 0) return undefined;
  const top = laneTop(frame.stack, lane) - control.scrollTop;
  if (top < -2 || top + frame.stack.lanePx > lanesPx + 4) return undefined;
  const left = Math.max(-2, xAt(frame, picture.times.startMs[row] ?? 0) - 2);
  const right = Math.min(frame.widthPx + 2, xAt(frame, picture.times.endMs[row] ?? 0) + 2);
  if (right < 0 || left > frame.widthPx) return undefined;
  return {
    left: `${left}px`,
    top: `${frame.headPx + top}px`,
    width: `${Math.max(5, right - left)}px`,
    height: `${frame.stack.lanePx}px`,
  };
}

function densityPicture(density: DensityModel, xOf: (ms: number) => number): DensityPicture | undefined {
  const { profile } = density;
  if (profile === undefined) return undefined;
  const { edgesMs, atWork, begun } = profile;
  let peak = 0;
  for (const value of atWork) peak = Math.max(peak, value);
  return {
    x: Float64Array.from(edgesMs, xOf),
    atWork,
    begun,
    peak,
    peakLabel: text("atWorkMost", peak < 9.95 ? formatTenth(peak) : formatInteger(Math.round(peak))),
  };
}

function densityWords({ profile }: DensityModel, wallMs: number): string | undefined {
  if (profile === undefined) return undefined;
  const { edgesMs } = profile;
  let column = 0;
  while (column + 2 < edgesMs.length && (edgesMs[column + 1] ?? 0) <= wallMs) column++;
  const mean = profile.atWork[column] ?? 0;
  const ms = (edgesMs[column + 1] ?? 0) - (edgesMs[column] ?? 0);
  return text("atWorkHere", formatTenth(mean), formatInteger(profile.begun[column] ?? 0), formatRound(ms));
}

function formatTenth(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(1);
}
