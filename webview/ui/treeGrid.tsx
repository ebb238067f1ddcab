// The span tree with its waterfall: head, splitter, menu and tip around the rows, one focusable element for all of them.

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { applyTreeIntent } from "../input/applyTreeIntent";
import { treeIntent } from "../input/treeKeys";
import { rowPx } from "../layout/rowWindow";
import { type TickList, ticks } from "../layout/ticks";
import { drawnAt } from "../layout/timeScale";
import type { Panel } from "../model/panel";
import type { Picture } from "../model/traceModel";
import { text } from "../text";
import { BarTip, type TipTarget } from "./barTip";
import { Icon } from "./icon";
import { onDemand } from "./onDemand";
import type { RowMenuTarget } from "./rowMenu";
import { Splitter } from "./splitter";
import { TimeAxis } from "./timeAxis";
import { TreeView } from "./treeView";
import { usePalette } from "./usePalette";
import { usePixelRatio } from "./usePixelRatio";
import { useSize } from "./useSize";

export const treeGridId = "tree";
const axisTickPx = 92;
const leastTreePx = 140;
const leastBarsPx = 100;
const durationColumnPx = 76;
/** Room for durations beside bars that reach the end of the trace. */
const labelRoomPx = 58;
/** A time so far has a sign more, and a live session's bars all reach the end. */
const liveLabelRoomPx = 76;

export interface TreeGridProps {
  readonly panel: Panel;
  readonly picture: Picture;
  /** A column of durations takes the place of the waterfall. */
  readonly isNarrow: boolean;
}

const RowMenu = onDemand(async () => (await import("./rowMenu")).RowMenu);

export function TreeGrid({ panel, picture, isNarrow }: TreeGridProps) {
  const grid = useRef<HTMLDivElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const { width, height } = useSize(scroller);
  const view = useRef<TreeView | undefined>(undefined);
  const palette = usePalette();
  const [tip, setTip] = useState<TipTarget | undefined>(undefined);
  const [menu, setMenu] = useState<RowMenuTarget | undefined>(undefined);
  const { rows } = panel;
  const { count } = rows;

  const ratio = usePixelRatio();

  const mostTreePx = Math.max(leastTreePx, width - leastBarsPx);
  const wantedTreePx = panel.settings.treeSize ?? Math.round(width * 0.46);
  const treePx = isNarrow ? width - durationColumnPx : Math.min(mostTreePx, Math.max(leastTreePx, wantedTreePx));
  const barsPx = Math.max(0, width - treePx);
  const { scale } = picture.times;
  const range = panel.timeView.range(scale);
  const roomPx = picture.times.isLive ? liveLabelRoomPx : labelRoomPx;
  const hasLabelRoom = barsPx > 4 * labelRoomPx && panel.timeView.rangeMs === undefined;
  const scaledPx = hasLabelRoom ? barsPx - roomPx : barsPx;
  const tickList: TickList = isNarrow ? { ticks: [], stepMs: 0 } : ticks(scale, range, scaledPx, axisTickPx);
  const perMs = scaledPx / (range.to - range.from);
  const gaps = scale.gaps.flatMap((gap) => {
    const x = (drawnAt(scale, gap.startMs) - range.from) * perMs;
    const gapWidth = (drawnAt(scale, gap.endMs) - range.from) * perMs - x;
    return x < barsPx && x + gapWidth > 0 ? [{ x, width: gapWidth, lengthMs: gap.endMs - gap.startMs }] : [];
  });
  const rowUnder = (event: MouseEvent) => {
    // What assistive programs press has no place in the window.
    const pressed = event.detail === 0 && event.target instanceof Element ? event.target.closest(".row") : null;
    const index = pressed?.getAttribute("aria-rowindex");
    const position = index == null ? view.current?.positionAt(event.clientY) : Number(index) - 2;
    return rows.rowAt(position ?? -1);
  };

  useLayoutEffect(() => {
    if (grid.current === null || scroller.current === null) return;
    const made = new TreeView(panel, grid.current, scroller.current, () => setTip(undefined));
    view.current = made;
    return () => made.dispose();
  }, [panel]);
  useLayoutEffect(() => {
    const gridX = tickList.ticks.map(({ x }) => x);
    const widths = { treePx, barsPx, scaledPx };
    view.current?.update({ picture, isNarrow, viewportPx: height, ...widths, range, gridX, gaps, palette, ratio });
    // Not for the tip and the menu, which change nothing of the rows.
  }, [panel.changeCount, picture, isNarrow, height, treePx, barsPx, scaledPx, range.from, range.to, palette, ratio]);

  const onKeyDown = (event: KeyboardEvent) => {
    const intent = treeIntent(event);
    if (intent === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    applyTreeIntent(panel, intent, Math.max(1, Math.floor(height / rowPx) - 1));
  };
  const onClick = (event: MouseEvent) => {
    const row = rowUnder(event);
    if (row < 0) return;
    const target = event.target instanceof Element ? event.target : undefined;
    if (target?.closest("[data-twisty]") != null) {
      panel.setExpanded(row, !rows.isExpanded(row));
      return;
    }
    panel.select(row);
  };
  const onMenu = (event: MouseEvent) => {
    event.preventDefault();
    const byKey = event.button !== 2;
    const row = byKey ? panel.selectedRow : rowUnder(event);
    if (row < 0) return;
    panel.select(row);
    const box = grid.current?.getBoundingClientRect();
    const x = byKey ? (box?.left ?? 0) + 40 : event.clientX;
    const y = byKey ? (view.current?.bottomOf(rows.positionOf(row)) ?? 0) : event.clientY;
    setMenu({ row, x, y });
  };
  const onMove = (event: MouseEvent) => {
    const left = scroller.current?.getBoundingClientRect().left ?? 0;
    const row = rowUnder(event);
    const isOverBars = !isNarrow && event.clientX - left >= treePx;
    const next = row < 0 || !isOverBars ? undefined : { row, x: event.clientX, y: event.clientY };
    if (next !== undefined || tip !== undefined) setTip(next);
  };

  return (
    <div class="grid-box" style={{ "--tree-width": `${treePx}px` }}>
      <div
        ref={grid}
        id={treeGridId}
        class={`grid ${isNarrow ? "is-narrow" : ""}`}
        role="treegrid"
        tabIndex={0}
        aria-label={text("treeLabel")}
        aria-rowcount={count + 1}
        onKeyDown={onKeyDown}
      >
        <div class="grid-head" role="row" aria-rowindex={1}>
          <div class="head-name" role="columnheader">
            {text("columnStep")}
          </div>
          <div class="head-bars" role="columnheader" aria-label={text(isNarrow ? "columnDuration" : "columnTimeline")}>
            {isNarrow ? (
              text("columnDuration")
            ) : (
              <TimeAxis
                panel={panel}
                picture={picture}
                tickList={tickList}
                gaps={gaps}
                width={barsPx}
                range={range}
                pxPerMs={perMs}
              />
            )}
          </div>
        </div>
        <div
          ref={scroller}
          class="grid-scroller"
          role="rowgroup"
          onClick={onClick}
          onContextMenu={onMenu}
          onMouseMove={onMove}
          onMouseLeave={() => setTip(undefined)}
        />
      </div>
      {count === 0 && (
        <div class="grid-empty">
          <Icon name="filter" />
          {text("nothingMatches")}
        </div>
      )}
      {!isNarrow && (
        <Splitter
          label={text("resizeTree")}
          orientation="vertical"
          size={treePx}
          min={leastTreePx}
          max={mostTreePx}
          style={{ left: `${treePx}px` }}
          onResize={(size) => {
            panel.settings.treeSize = size;
            panel.changed();
          }}
        />
      )}
      {panel.newCount > 0 && (
        <button type="button" class="new-pill" onClick={() => panel.goToTail()}>
          <Icon name="arrow-down" />
          {text("newRows", panel.newCount)}
        </button>
      )}
      {tip !== undefined && menu === undefined && <BarTip panel={panel} picture={picture} target={tip} />}
      {menu !== undefined && (
        <RowMenu panel={panel} picture={picture} target={menu} onClose={() => setMenu(undefined)} />
      )}
    </div>
  );
}
