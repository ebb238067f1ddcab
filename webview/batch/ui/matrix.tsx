// The matrix of runs and attempts: the canvas, the cursor over it, and who listens to pointer, wheel and keys. A click opens
// the trace of the attempt under it; the list below says in words what the picture shows.

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { placeSurface } from "../../draw/canvas";
import { formatInteger, text } from "../../text";
import { IconButton } from "../../ui/iconButton";
import { Splitter } from "../../ui/splitter";
import { usePixelRatio } from "../../ui/usePixelRatio";
import { useSize } from "../../ui/useSize";
import { drawMatrix } from "../draw/drawMatrix";
import { type MatrixGround, moveCursor } from "../input/matrixKeys";
import {
  attemptOfRow,
  cellOrigin,
  cellSizes,
  layoutMatrix,
  type MatrixLayout,
  type MatrixPlace,
  placeAt,
  rowOfAttempt,
  rowsOf,
  scrollToRun,
} from "../layout/matrixLayout";
import type { BatchPage } from "../model/batchPage";
import type { RunTable } from "../model/runTable";
import { runWords } from "../model/runWords";
import { MatrixTip } from "./matrixTip";
import { useBatchPalette } from "./useBatchPalette";

export interface MatrixProps {
  readonly page: BatchPage;
  readonly table: RunTable;
  /** Height that matrix and list share. */
  readonly roomPx: number;
}

const paddingPx = 6;
const leastPx = 34;
/** Of the room, unless the person wants another height. */
const share = 0.45;

interface Pointed {
  readonly place: MatrixPlace;
  readonly x: number;
  readonly y: number;
}

export function Matrix({ page, table, roomPx }: MatrixProps) {
  const box = useRef<HTMLDivElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [pointed, setPointed] = useState<Pointed | undefined>(undefined);
  const [, redraw] = useState(0);
  const palette = useBatchPalette();
  const ratio = usePixelRatio();
  const { width: innerWidth } = useSize(scroller);
  const { order, orderVersion } = page;
  const mostPx = Math.max(leastPx, roomPx - 90);
  const chosenPx = page.matrixPx === undefined ? undefined : Math.min(mostPx, Math.max(leastPx, page.matrixPx));
  const allowedPx = chosenPx ?? Math.max(leastPx, Math.round(roomPx * share));
  const layout = useMemo(
    () =>
      layoutMatrix({
        runs: order.length,
        mostAttempts: table.mostAttempts,
        widthPx: innerWidth,
        heightPx: allowedPx - 2 * paddingPx,
        ratio,
        cellPx: page.cellPx,
      }),
    [order.length, table.mostAttempts, innerWidth, allowedPx, ratio, page.cellPx],
  );
  const viewportPx = chosenPx ?? Math.min(allowedPx, Math.max(leastPx, Math.ceil(layout.heightPx) + 2 * paddingPx));
  const contentPx = layout.heightPx + 2 * paddingPx;
  const mostScroll = Math.max(0, contentPx - viewportPx);
  keepInView(page, layout, viewportPx);
  page.matrixTop = Math.min(page.matrixTop, mostScroll);
  const scrollTop = page.matrixTop;

  useLayoutEffect(() => {
    const element = scroller.current;
    if (element !== null && Math.abs(element.scrollTop - scrollTop) > 1) element.scrollTop = scrollTop;
    if (canvas.current === null || element === null || innerWidth === 0) return;
    const { left, top } = element.getBoundingClientRect();
    const surface = placeSurface(
      canvas.current,
      { originPx: left, from: 0, length: innerWidth },
      { originPx: top, from: 0, length: viewportPx },
    );
    if (surface === undefined) return;
    const labelOf = (position: number) => formatInteger((order[position] ?? 0) + 1);
    drawMatrix(surface, { layout, table, order, scrollTop: scrollTop - paddingPx, labelOf }, palette);
  }, [layout, table.version, orderVersion, scrollTop, viewportPx, innerWidth, palette, ratio]);

  useEffect(() => {
    if (page.focusWish !== "matrix") return;
    page.focusWish = undefined;
    scroller.current?.focus();
  });

  useEffect(() => {
    const target = scroller.current;
    if (target === null) return;
    const onWheel = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      zoom(page, layout, event.deltaY < 0 ? 1 : -1);
    };
    // Not passive, which listeners set as properties are: the page must not zoom.
    target.addEventListener("wheel", onWheel, { passive: false });
    return () => target.removeEventListener("wheel", onWheel);
  });

  const runAt = (place: MatrixPlace) => {
    const index = order[place.position] ?? 0;
    const attempts = table.attemptCounts[index] ?? 0;
    const attempt = attemptOfRow(layout, attempts, Math.min(place.row, rowsOf(layout, attempts) - 1));
    return { index, attempts, attempt };
  };
  const at = (event: MouseEvent): MatrixPlace | undefined => {
    const element = scroller.current;
    if (element === null) return undefined;
    const frame = element.getBoundingClientRect();
    const y = event.clientY - frame.top + page.matrixTop - paddingPx;
    return placeAt(layout, order.length, event.clientX - frame.left, y);
  };
  const choose = (place: MatrixPlace) => {
    const { index, attempts, attempt } = runAt(place);
    page.select(index, attempts === 0 ? undefined : table.attempt(index, attempt)?.number);
    return index;
  };
  const onClick = (event: MouseEvent) => {
    const place = at(event);
    if (place === undefined) return;
    const index = choose(place);
    page.openRun(index, page.attempt, event.ctrlKey || event.metaKey);
  };
  const cursorPosition = page.positionOf(page.selected);
  const cursor = cursorPosition < 0 ? undefined : cursorOf(page, table, layout, cursorPosition);
  const onKeyDown = (event: KeyboardEvent) => {
    const isOpen = event.key === "Enter" && !event.altKey && !event.shiftKey;
    if (isOpen && page.selected !== undefined) {
      event.preventDefault();
      event.stopPropagation();
      return page.openRun(page.selected, page.attempt, event.ctrlKey || event.metaKey);
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const zoomBy = { "+": 1, "=": 1, "-": -1, "−": -1 }[event.key];
    if (zoomBy !== undefined) zoom(page, layout, zoomBy);
    else if (event.key === "0") fitCells(page);
    else {
      const ground: MatrixGround = {
        layout,
        runs: order.length,
        viewportPx,
        attemptsAt: (position) => table.attemptCounts[order[position] ?? 0] ?? 0,
      };
      if (order.length === 0) return;
      // Keys may come faster than frames.
      const position = page.positionOf(page.selected);
      const attempt = position < 0 ? 0 : cursorOf(page, table, layout, position).attempt;
      const from = { position: Math.max(0, position), attempt };
      const to = position < 0 && event.key.startsWith("Arrow") ? from : moveCursor(ground, from, event.key);
      if (to === undefined) return;
      const index = order[to.position] ?? 0;
      page.select(index, table.attempt(index, to.attempt)?.number);
      page.announce(runWords(table, index, page.header?.status, to.attempt));
    }
    event.preventDefault();
    event.stopPropagation();
  };
  const origin = cursor === undefined ? undefined : cellOrigin(layout, { position: cursorPosition, row: cursor.row });
  const label = page.selected === undefined ? "" : runWords(table, page.selected, page.header?.status, cursor?.attempt);
  return (
    <>
      <div ref={box} class="matrix" style={{ height: `${viewportPx}px` }}>
        <div
          ref={scroller}
          class="matrix-scroller"
          role="application"
          tabIndex={0}
          aria-roledescription={text("matrixRole")}
          aria-label={[text("matrixLabel"), label].filter(Boolean).join(". ")}
          aria-description={text("matrixHelp")}
          onScroll={(event) => {
            page.matrixTop = event.currentTarget.scrollTop;
            setPointed(undefined);
            redraw((count) => count + 1);
          }}
          onPointerMove={(event) => {
            const place = at(event);
            event.currentTarget.dataset["over"] = place === undefined ? "none" : "cell";
            const isSame = pointed?.place.position === place?.position && pointed?.place.row === place?.row;
            if (!isSame) setPointed(place && { place, x: event.clientX, y: event.clientY });
          }}
          onPointerLeave={() => setPointed(undefined)}
          onClick={onClick}
          onKeyDown={onKeyDown}
        >
          <div class="matrix-canvas" style={{ height: `${viewportPx}px` }}>
            <canvas ref={canvas} aria-hidden="true" />
          </div>
          <div class="matrix-content" style={{ height: `${contentPx}px`, marginTop: `-${viewportPx}px` }}>
            {origin !== undefined && (
              <div
                class="matrix-cursor"
                style={{
                  left: `${origin.x - 2}px`,
                  top: `${origin.y + paddingPx - 2}px`,
                  width: `${layout.cellPx + 4}px`,
                  height: `${layout.cellPx + 4}px`,
                }}
              />
            )}
          </div>
        </div>
        <div class="matrix-tools">
          <IconButton
            icon="zoom-out"
            label={text("smallerCells")}
            keys="−"
            disabled={layout.cellPx <= cellSizes[0] + 0.5}
            onClick={() => zoom(page, layout, -1)}
          />
          <IconButton
            icon="zoom-in"
            label={text("largerCells")}
            keys="+"
            disabled={layout.cellPx >= (cellSizes.at(-1) ?? 0) - 0.5}
            onClick={() => zoom(page, layout, 1)}
          />
          {page.cellPx !== undefined && (
            <IconButton icon="target" label={text("fitCells")} keys="0" onClick={() => fitCells(page)} />
          )}
        </div>
        {pointed !== undefined && order.length > 0 && (
          <MatrixTip page={page} table={table} run={runAt(pointed.place)} x={pointed.x} y={pointed.y} />
        )}
      </div>
      <Splitter
        label={text("resizeMatrix")}
        orientation="horizontal"
        size={viewportPx}
        min={leastPx}
        max={mostPx}
        onResize={(value) => {
          page.matrixPx = value;
          page.changed();
        }}
      />
    </>
  );
}

function cursorOf(page: BatchPage, table: RunTable, layout: MatrixLayout, position: number) {
  const index = page.order[position] ?? 0;
  const attempts = table.attemptCounts[index] ?? 0;
  let attempt = attempts - 1;
  for (let place = 0; place < attempts; place++)
    if (table.attempt(index, place)?.number === page.attempt) attempt = place;
  return { attempt: Math.max(0, attempt), row: rowOfAttempt(layout, attempts, Math.max(0, attempt)) };
}

/** Serves the page's wish to see a run; the list does so for itself, and takes the wish away. */
function keepInView(page: BatchPage, layout: MatrixLayout, viewportPx: number): void {
  const position = page.positionOf(page.revealWish);
  if (position < 0) return;
  page.matrixTop = scrollToRun(layout, position, page.matrixTop, viewportPx - 2 * paddingPx);
}

function zoom(page: BatchPage, layout: MatrixLayout, by: number): void {
  const now = cellSizes.findIndex((size) => size >= layout.cellPx - 0.5);
  const next = cellSizes[Math.max(0, Math.min(cellSizes.length - 1, now + by))];
  if (next === undefined) return;
  page.cellPx = next;
  page.revealWish = page.selected;
  page.changed();
}

function fitCells(page: BatchPage): void {
  page.cellPx = undefined;
  page.matrixPx = undefined;
  page.changed();
}
