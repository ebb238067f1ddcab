// The page of a batch: which parts are there and how they share the room.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { text } from "../../text";
import { Splitter } from "../../ui/splitter";
import { useSize } from "../../ui/useSize";
import { batchKey } from "../input/batchKeys";
import type { BatchPage } from "../model/batchPage";
import { BatchHeaderBar } from "./batchHeaderBar";
import { BatchNotices } from "./batchNotices";
import { BatchShortcuts } from "./batchShortcuts";
import { BatchStatusLine } from "./batchStatusLine";
import { LoadingBatch, UnavailableBatch } from "./emptyBatch";
import { Matrix } from "./matrix";
import { ProgressLine } from "./progressLine";
import { RunList } from "./runList";
import { SidePane } from "./sidePane";
import { StateChips } from "./stateChips";
import { TimeStrip } from "./timeStrip";

/** Under this width of the page the details lie below the runs. */
const stackedPx = 600;
/** Under this height of the body the matrix would leave no room for the list. */
const lowPx = 170;
const leastSidePx = 220;
const leastRunsPx = 260;

export function BatchApp({ page }: { page: BatchPage }) {
  const [, redraw] = useState(0);
  useLayoutEffect(() => {
    const subscription = page.onDidChange(() => redraw((count) => count + 1));
    return () => subscription.dispose();
  }, [page]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => batchKey(page, event);
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [page]);
  const { header, unavailable, table } = page;
  if (unavailable !== undefined) return <UnavailableBatch page={page} unavailable={unavailable} />;
  if (header === undefined || table === undefined) return <LoadingBatch page={page} />;
  return (
    <div class="app">
      <BatchHeaderBar page={page} header={header} />
      <ProgressLine page={page} header={header} table={table} />
      <BatchNotices page={page} header={header} />
      <TimeStrip page={page} header={header} table={table} />
      <StateChips page={page} header={header} />
      <Body page={page} />
      <BatchStatusLine page={page} header={header} />
      {page.popup === "shortcuts" && <BatchShortcuts page={page} />}
    </div>
  );
}

function Body({ page }: { page: BatchPage }) {
  const box = useRef<HTMLDivElement>(null);
  const size = useSize(box);
  const { header, table } = page;
  if (header === undefined || table === undefined) return null;
  const isStacked = size.width < stackedPx;
  const room = isStacked ? size.height : size.width;
  const most = Math.max(60, room - (isStacked ? 110 : leastRunsPx));
  const least = Math.min(isStacked ? 60 : leastSidePx, most);
  const wanted = page.sidePx ?? Math.round(room * (isStacked ? 0.4 : size.width > 1_100 ? 0.32 : 0.36));
  const sidePx = Math.min(most, Math.max(least, wanted));
  const runsPx = isStacked ? size.height - sidePx : size.height;
  return (
    <main ref={box} class={`body ${isStacked ? "is-stacked" : ""}`} aria-busy={!page.isWhole}>
      {size.width > 0 && (
        <>
          <div class="list-pane">
            {runsPx > lowPx && <Matrix page={page} table={table} roomPx={runsPx} />}
            <RunList page={page} table={table} />
          </div>
          <Splitter
            label={text("resizeSide")}
            orientation={isStacked ? "horizontal" : "vertical"}
            size={sidePx}
            min={least}
            max={most}
            reversed
            onResize={(value) => {
              page.sidePx = value;
              page.changed();
            }}
          />
          <div class="details-pane" style={isStacked ? { height: `${sidePx}px` } : { width: `${sidePx}px` }}>
            <SidePane page={page} header={header} table={table} />
          </div>
        </>
      )}
    </main>
  );
}
