// The 48 px overview of the whole session: density, failures, idle stretches, and the brush that zooms the waterfall.

import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { drawStrip } from "../draw/drawStrip";
import { formatIdle, formatPoint } from "../format";
import { clickPx, dragTo, grabAt, type StripGrab, stripKey } from "../input/stripPointer";
import { type DrawnRange, drawnAt, wallAt } from "../layout/timeScale";
import type { Panel } from "../model/panel";
import type { Picture } from "../model/traceModel";
import { text } from "../text";
import { isTimelineOpen, toggleTimeline } from "../timeline/timelineSettings";
import { IconButton } from "./iconButton";
import { useLater } from "./useLater";
import { usePalette } from "./usePalette";
import { usePixelRatio } from "./usePixelRatio";
import { useSize } from "./useSize";
import { useTimeWheel } from "./useTimeWheel";

const heightPx = 48;
/** Width of one column of the histogram. */
const bucketPx = 3;

export function Strip({ panel, picture }: { panel: Panel; picture: Picture }) {
  const isLater = useLater();
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const drag = useRef<{ grab: StripGrab; startX: number; isDrag: boolean } | undefined>(undefined);
  const palette = usePalette();
  const { width } = useSize(box);
  const { times } = picture;
  const { scale } = times;
  const buckets = Math.max(1, Math.floor(width / bucketPx));
  const canDraw = isLater && width > 0;
  const density = useMemo(() => (canDraw ? times.density(buckets) : undefined), [times, buckets, canDraw]);
  const isZoomed = panel.timeView.rangeMs !== undefined;
  const shown = panel.timeView.range(scale);
  const pxPer = width / scale.drawnLength;
  const zone = panel.settings.absoluteTimes ? panel.header?.timeZone : undefined;
  const row = panel.selectedRow;
  const selectedFrom = times.startMs[row];

  const ratio = usePixelRatio();
  const x = (wallMs: number) => drawnAt(scale, wallMs) * pxPer;
  const brushFrom = isZoomed ? shown.from * pxPer : undefined;
  const brushTo = isZoomed ? shown.to * pxPer : undefined;
  const isLive = panel.header?.live === true;
  useLayoutEffect(() => {
    if (canvas.current === null || box.current === null || density === undefined) return;
    const { left, top } = box.current.getBoundingClientRect();
    drawStrip(
      canvas.current,
      {
        horizontal: { originPx: left, from: 0, length: width },
        vertical: { originPx: top, from: 0, length: heightPx },
        activity: density,
        gaps: scale.gaps.map((gap) => ({
          x: x(gap.startMs),
          width: x(gap.endMs) - x(gap.startMs),
          label: formatIdle(gap.endMs - gap.startMs),
        })),
        brush: brushFrom === undefined || brushTo === undefined ? undefined : { from: brushFrom, to: brushTo },
        nowX: isLive ? width : undefined,
      },
      palette,
    );
    // Most changes of the panel are none of the strip.
  }, [density, scale, width, brushFrom, brushTo, isLive, palette, ratio]);

  const setRange = (range: DrawnRange | "full") => {
    if (range === "full") panel.timeView.reset();
    else panel.timeView.set(scale, range);
    panel.changed();
  };
  const xOf = (event: MouseEvent) => event.clientX - (box.current?.getBoundingClientRect().left ?? 0);

  useTimeWheel(box, panel, scale, (x) => x / pxPer, pxPer);

  const onPointerDown = (event: PointerEvent) => {
    if (event.button !== 0) return;
    const x = xOf(event);
    drag.current = { grab: grabAt(scale, isZoomed ? shown : undefined, x, width), startX: x, isDrag: false };
    (event.currentTarget as Element).setPointerCapture(event.pointerId);
  };
  const onPointerMove = (event: PointerEvent) => {
    const now = drag.current;
    const x = xOf(event);
    if (now === undefined) {
      const grab = grabAt(scale, isZoomed ? shown : undefined, x, width);
      (event.currentTarget as HTMLElement).dataset["grab"] = grab.type;
      return;
    }
    if (!now.isDrag && Math.abs(x - now.startX) < clickPx) return;
    now.isDrag = true;
    setRange(dragTo(scale, shown, now.grab, x, width));
  };
  const stop = () => {
    drag.current = undefined;
  };
  const label = (drawn: number) => formatPoint(wallAt(scale, drawn), times.firstMs, zone);

  return (
    <div class="strip-line">
      <div
        ref={box}
        class={`strip ${isZoomed ? "is-zoomed" : ""}`}
        role="group"
        tabIndex={0}
        aria-label={text("overviewLabel", label(shown.from), label(shown.to))}
        title={text("overviewHint")}
        onPointerDown={onPointerDown}
        onPointerMove={onPointerMove}
        onPointerUp={stop}
        onPointerCancel={stop}
        onDblClick={() => setRange("full")}
        onKeyDown={(event) => {
          if (event.ctrlKey || event.metaKey || event.altKey) return;
          const range = stripKey(scale, shown, event.key);
          if (range === undefined) return;
          event.preventDefault();
          event.stopPropagation();
          setRange(range);
        }}
      >
        <canvas ref={canvas} aria-hidden="true" />
        {selectedFrom !== undefined && (
          <div
            class="strip-selection"
            style={{
              left: `${x(selectedFrom)}px`,
              width: `${x(times.endMs[row] ?? selectedFrom) - x(selectedFrom)}px`,
            }}
          />
        )}
        {isZoomed && (
          <>
            <div class="brush-handle" style={{ left: `${shown.from * pxPer}px` }} />
            <div class="brush-handle" style={{ left: `${shown.to * pxPer}px` }} />
          </>
        )}
      </div>
      <div class="strip-buttons">
        {isZoomed && <IconButton icon="zoom-out" label={text("showAllTime")} onClick={() => setRange("full")} />}
        <IconButton
          icon={isTimelineOpen(panel) ? "chevron-up" : "chevron-down"}
          label={text(isTimelineOpen(panel) ? "closeTimeline" : "openTimeline")}
          pressed={isTimelineOpen(panel)}
          onClick={() => toggleTimeline(panel)}
        />
      </div>
    </div>
  );
}
