// The picture of the timeline: canvases, what lies over them, and who listens to pointer, wheel and keys.

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { wheelRange } from "../input/stripPointer";
import type { Panel } from "../model/panel";
import type { Picture } from "../model/traceModel";
import { text } from "../text";
import { usePalette } from "../ui/usePalette";
import { useSize } from "../ui/useSize";
import { durabilityPx } from "./drawDurability";
import { unknownText } from "./durabilityWords";
import { BarList } from "./laneBars";
import { laneTop } from "./laneStack";
import { PaintMemory, paintTimeline } from "./paintTimeline";
import { scrollToLane, type TimelineFrame, timelineFrame, wallAtX, xAt } from "./timelineFrame";
import { timelineIntent } from "./timelineKeys";
import { timelinePalette } from "./timelinePalette";
import type { TimelineParts } from "./timelineParts";
import { hitAt, type TimelineHit } from "./timelinePointer";
import { TimelineTip } from "./timelineTip";
import { tipOf } from "./timelineTipOf";
import { crashLabel } from "./timelineWords";

export interface TimelinePictureProps {
  readonly panel: Panel;
  readonly picture: Picture;
  readonly parts: TimelineParts;
  /** The marked range, or the one that is being drawn. */
  readonly range: readonly [number, number] | undefined;
}

const densityColumnPx = 2;

interface Pointed {
  readonly hit: TimelineHit;
  readonly x: number;
  readonly y: number;
}

export function TimelinePicture({ panel, picture, parts, range }: TimelinePictureProps) {
  const { model, control, pointer, density, durability } = parts;
  const { data } = model;
  const body = useRef<HTMLDivElement>(null);
  const head = useRef<HTMLCanvasElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const lanes = useRef<HTMLCanvasElement>(null);
  const foot = useRef<HTMLCanvasElement>(null);
  const bars = useMemo(() => new BarList(), []);
  const painted = useMemo(() => new PaintMemory(), []);
  const [pointed, setPointed] = useState<Pointed | undefined>(undefined);
  const basePalette = usePalette();
  const palette = useMemo(() => timelinePalette(basePalette, document.body), [basePalette]);
  const { width } = useSize(body);
  const { height: lanesPx } = useSize(scroller);
  const frame = useMemo(
    () => timelineFrame(panel, picture, data, width, lanesPx),
    [panel, parts.panelChanges, picture, data, width, lanesPx],
  );
  const { stack } = frame;
  const mostScroll = Math.max(0, stack.height - lanesPx);
  control.scrollTop = Math.min(control.scrollTop, mostScroll);
  const noted = durability.result?.known === "noted" ? durability.result : undefined;
  const screen = { picture, data, frame, lanesPx, footTop: frame.headPx + lanesPx, hasDurability: noted !== undefined };
  control.screen = screen;

  // What is selected elsewhere is brought into view once, as far as lanes go.
  const shownSelection = useRef(-1);
  if (data !== undefined && lanesPx > 0 && shownSelection.current !== panel.selectedRow) {
    shownSelection.current = panel.selectedRow;
    const lane = data.store.laneOf(panel.selectedRow);
    if (lane >= 0) control.scrollTop = scrollToLane(stack, lane, control.scrollTop, lanesPx);
  }

  useEffect(() => {
    if (width === 0 || data === undefined) return;
    const columns = Math.ceil(width / densityColumnPx);
    const edgeAt = (at: number) => wallAtX(frame, Math.min(width, at * densityColumnPx));
    const edgesMs = Array.from({ length: columns + 1 }, (_, at) => edgeAt(at));
    density.refresh(edgesMs, data.result.layout, picture.times.lastMs, noted !== undefined);
  });

  useLayoutEffect(() => {
    if (width === 0) return;
    const canvases = { head: head.current, lanes: lanes.current, durability: foot.current };
    const { scrollTop } = control;
    paintTimeline(
      canvases,
      bars,
      {
        ...{ panel, picture, data, frame, lanesPx, scrollTop, density },
        durability: noted,
        panelChanges: parts.panelChanges,
      },
      palette,
      painted,
    );
    const element = scroller.current;
    if (element !== null && Math.abs(element.scrollTop - scrollTop) > 1) element.scrollTop = scrollTop;
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
      setPointed(undefined);
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
    const { x, y } = at(event);
    // Right of it is the scroll bar.
    if (event.button !== 0 || x > width) return;
    pointer.down(x, y);
    (event.currentTarget as Element).setPointerCapture(event.pointerId);
    setPointed(undefined);
  };
  const onPointerMove = (event: PointerEvent) => {
    const { x, y } = at(event);
    if (pointer.isPressed) {
      if (pointer.move(x)) control.redraw();
      return;
    }
    const hit: TimelineHit = x > width ? { type: "none" } : hitAt(screen, control.scrollTop, x, y);
    (event.currentTarget as HTMLElement).dataset["over"] = hit.type;
    if (hit.type === "durability") durability.ask(hit.wallMs);
    setPointed({ hit, x: event.clientX, y: event.clientY });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape" && pointer.isPressed) {
      pointer.cancel();
      event.stopPropagation();
      return;
    }
    const intent = timelineIntent(event);
    if (intent === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    setPointed(undefined);
    control.run(intent);
  };
  const tip =
    pointed === undefined || pointer.isPressed
      ? undefined
      : tipOf({ panel, picture, data, density, durability }, pointed.hit, pointed.x, pointed.y);
  const cursor = cursorPlace(control.cursor, data === undefined ? -1 : data.store.laneOf(control.cursor), {
    picture,
    frame,
    lanesPx,
    scrollTop: control.scrollTop,
  });
  const isBusy = model.isBusy || density.isBusy || (data !== undefined && density.profile === undefined);
  const unknown = durability.result && unknownText(durability.result);
  return (
    <div
      ref={body}
      class="timeline-body"
      role="application"
      tabIndex={0}
      aria-label={text("timelineLabel")}
      aria-roledescription={text("timeline")}
      aria-busy={isBusy}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={(event) => pointer.up(at(event).x)}
      onPointerCancel={() => pointer.cancel()}
      onPointerLeave={() => setPointed(undefined)}
      onDblClick={(event) => {
        const { x, y } = at(event);
        const hit = hitAt(screen, control.scrollTop, x, y);
        if (hit.type !== "row") return;
        control.jump(hit.row, picture.times.startMs[hit.row] ?? 0, picture.times.endMs[hit.row] ?? 0);
      }}
      onKeyDown={onKeyDown}
    >
      <div class="timeline-canvas" style={{ height: `${frame.headPx}px` }}>
        <canvas ref={head} aria-hidden="true" />
      </div>
      <div
        ref={scroller}
        class="timeline-lanes"
        onScroll={(event) => {
          control.scrollTop = event.currentTarget.scrollTop;
          setPointed(undefined);
          control.redraw();
        }}
      >
        <div class="timeline-canvas" style={{ height: `${lanesPx}px` }}>
          <canvas ref={lanes} aria-hidden="true" />
        </div>
        <div style={{ height: `${mostScroll}px` }} />
      </div>
      {noted !== undefined && (
        <div class="timeline-canvas durability" style={{ height: `${durabilityPx}px` }}>
          <canvas ref={foot} aria-hidden="true" />
        </div>
      )}
      {unknown !== undefined && <p class="durability-unknown">{unknown}</p>}
      {durability.result?.crashes.slice(0, 20).map(({ atMs, reason }) => (
        <CrashLine key={atMs} x={xAt(frame, atMs)} width={width} words={reason} />
      ))}
      {range !== undefined && <RangeBox fromX={xAt(frame, range[0])} toX={xAt(frame, range[1])} width={width} />}
      {control.rangeBegunMs !== undefined && (
        <div class="range-begun" style={{ left: `${xAt(frame, control.rangeBegunMs)}px` }} />
      )}
      {cursor !== undefined && <div class="timeline-cursor" style={cursor} />}
      {data?.result.rowCount === 0 && <p class="timeline-note">{text("nothingToDraw")}</p>}
      {tip !== undefined && <TimelineTip panel={panel} picture={picture} target={tip} />}
    </div>
  );
}

function CrashLine({ x, width, words }: { x: number; width: number; words: string | undefined }) {
  if (x < -1 || x > width + 1) return null;
  return (
    <div class={`crash-line ${x < width / 2 ? "is-left" : ""}`} style={{ left: `${x - 1}px` }}>
      <span>{crashLabel(words)}</span>
    </div>
  );
}

function RangeBox({ fromX, toX, width }: { fromX: number; toX: number; width: number }) {
  const left = Math.min(width, Math.max(-2, fromX));
  const right = Math.min(width + 2, Math.max(0, toX));
  return right > left ? <div class="range-box" style={{ left: `${left}px`, width: `${right - left}px` }} /> : null;
}

interface CursorGround {
  readonly picture: Picture;
  readonly frame: TimelineFrame;
  readonly lanesPx: number;
  readonly scrollTop: number;
}

/** Undefined where the cursor is out of view. */
function cursorPlace(row: number, lane: number, { picture, frame, lanesPx, scrollTop }: CursorGround) {
  if (row < 0 || lane < 0) return undefined;
  const top = laneTop(frame.stack, lane) - scrollTop;
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
