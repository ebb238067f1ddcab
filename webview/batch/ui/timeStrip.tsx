// The time axis of a batch: its states with a word where there is room, the streams, and the runs under way. The list of
// what happened says the same in words.

import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { BatchHeader } from "../../../src/protocol/batchMessages";
import { placeSurface } from "../../draw/canvas";
import { formatAxis, formatClock, formatRound } from "../../format";
import { ticks } from "../../layout/ticks";
import { drawnAt, type TimeScale, wallAt } from "../../layout/timeScale";
import { formatInteger, text } from "../../text";
import { usePixelRatio } from "../../ui/usePixelRatio";
import { useSize } from "../../ui/useSize";
import { bandPx, drawTimes } from "../draw/drawTimes";
import { batchActivity, batchTimeScale } from "../layout/batchTimes";
import type { BatchPage } from "../model/batchPage";
import type { RunTable } from "../model/runTable";
import { flagsText } from "./batchHeaderBar";
import { Tip } from "./tip";
import { useBatchPalette } from "./useBatchPalette";

const heightPx = 66;
/** Under this height of the page only the band of states is drawn. */
const lowPx = 420;
const columnPx = 3;
/** Work that took longer than this is done anew only after ten times as long. */
const quickMs = 6;

interface Times {
  readonly key: string;
  readonly scale: TimeScale;
  readonly atMs: number;
  readonly costMs: number;
}

export function TimeStrip({ page, header, table }: { page: BatchPage; header: BatchHeader; table: RunTable }) {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const kept = useRef<Times | undefined>(undefined);
  const [pointer, setPointer] = useState<
    { readonly x: number; readonly pageX: number; readonly pageY: number } | undefined
  >(undefined);
  const palette = useBatchPalette();
  usePixelRatio();
  const { width } = useSize(box);
  const isLow = innerHeight < lowPx;
  const height = isLow ? bandPx : heightPx;
  const isLive = !header.isFinal && header.runner.type === "alive";
  const { scale, key } = timesOf(kept, page, header, table, isLive);
  const pxPer = width / scale.drawnLength;
  const x = (wallMs: number) => drawnAt(scale, Math.min(scale.endMs, Math.max(scale.startMs, wallMs))) * pxPer;
  const columns = Math.max(1, Math.ceil(width / columnPx));
  const activity = useMemo(
    // Of runs that have not come nobody knows when they were under way.
    () => (isLow || width === 0 || !page.isWhole ? undefined : batchActivity(table, scale, columns)),
    [key, columns, isLow, width === 0, page.isWhole],
  );
  const { changes } = header;
  const hasFailures = ["failed", "partlyFailed", "aborted"].includes(header.word);
  useLayoutEffect(() => {
    if (canvas.current === null || box.current === null || width === 0) return;
    const { left, top } = box.current.getBoundingClientRect();
    const surface = placeSurface(
      canvas.current,
      { originPx: left, from: 0, length: width },
      { originPx: top, from: 0, length: height },
    );
    if (surface === undefined) return;
    const tickList = ticks(scale, { from: 0, to: scale.drawnLength }, width, 72);
    drawTimes(
      surface,
      {
        states: changes.map((change, at) => ({
          from: x(change.atMs),
          to: x(changes[at + 1]?.atMs ?? scale.endMs),
          labels: [flagsText(page, change), change.status],
          status: change.status,
          isBad: hasFailures && header.isFinal && at === changes.length - 1,
          isEnd: header.isFinal && at === changes.length - 1,
        })),
        streams: header.streams.map((stream) => ({
          x: x(stream.atMs),
          look:
            stream.httpStatus >= 400 ? "refused" : stream.isRetrySuccess ? "retry" : stream.sealed ? "sealed" : "plain",
        })),
        gaps: scale.gaps.map((gap) => ({
          x: x(gap.startMs),
          width: x(gap.endMs) - x(gap.startMs),
          label: formatRound(gap.endMs - gap.startMs),
        })),
        ticks: tickList.ticks
          .filter((tick) => tick.x + 40 < width)
          .map((tick) => ({ x: tick.x, label: formatAxis(tick.wallMs - scale.startMs, tickList.stepMs) })),
        activity,
        columnPx: width / columns,
        nowX: isLive ? width : undefined,
        pointerX: pointer?.x,
      },
      palette,
    );
  });
  const atMs = pointer === undefined ? undefined : wallAt(scale, pointer.x / pxPer);
  const state = atMs === undefined ? undefined : (changes.findLast((change) => change.atMs <= atMs) ?? changes[0]);
  const column = pointer === undefined ? 0 : Math.min(columns - 1, Math.floor(pointer.x / (width / columns)));
  const zone = page.timeZone;
  const now = changes.at(-1);
  return (
    <div class="times">
      <div
        ref={box}
        class="times-box"
        role="img"
        style={{ height: `${height}px` }}
        aria-label={text(
          "stripLabel",
          formatClock(scale.startMs, zone, false),
          formatClock(scale.endMs, zone, false),
          now === undefined ? header.label : flagsText(page, now),
        )}
        onPointerMove={(event) => {
          const left = event.currentTarget.getBoundingClientRect().left;
          setPointer({ x: event.clientX - left, pageX: event.clientX, pageY: event.clientY });
        }}
        onPointerLeave={() => setPointer(undefined)}
      >
        <canvas ref={canvas} aria-hidden="true" />
      </div>
      {pointer !== undefined && atMs !== undefined && (
        <Tip x={pointer.pageX} y={pointer.pageY}>
          <div class="tip-title">{formatClock(atMs, zone, true)}</div>
          {state !== undefined && <div>{flagsText(page, state)}</div>}
          {state !== undefined && <div class="dim">{state.why}</div>}
          {activity !== undefined && (activity.underWay[column] ?? 0) > 0 && (
            <div class="dim">{text("underWayAt", formatAmount(activity.underWay[column] ?? 0))}</div>
          )}
          {activity !== undefined && (activity.failed[column] ?? 0) > 0 && (
            <div class="tip-error">{text("failedNear", formatInteger(activity.failed[column] ?? 0))}</div>
          )}
        </Tip>
      )}
    </div>
  );
}

function formatAmount(value: number): string {
  return value >= 10 ? formatInteger(Math.round(value)) : String(Math.round(value * 10) / 10);
}

function timesOf(
  kept: { current: Times | undefined },
  page: BatchPage,
  header: BatchHeader,
  table: RunTable,
  isLive: boolean,
): Times {
  const nowMs = page.nowMs;
  const endMs = isLive ? Math.max(nowMs, header.updatedMs) : (header.endedMs ?? header.updatedMs);
  const key = `${table.version} ${isLive ? Math.round(nowMs / 1_000) : endMs} ${header.changes.length} ${header.streams.length}`;
  const before = kept.current;
  const start = performance.now();
  if (before !== undefined) {
    if (before.key === key) return before;
    if (before.costMs > quickMs && start - before.atMs < 10 * before.costMs) return before;
  }
  const instants = [...header.changes, ...header.streams].map(({ atMs }) => atMs);
  const scale = batchTimeScale(table, { createdMs: header.createdMs, endMs, isLive, instants });
  kept.current = { key, scale, atMs: start, costMs: performance.now() - start };
  return kept.current;
}
