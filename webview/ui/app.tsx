// The page: which parts are there and how they share the room.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Panel } from "../model/panel";
import { text } from "../text";
import { DelayBanner, FailureBanner, ProblemsBanner } from "./banners";
import { Breadcrumb } from "./breadcrumb";
import { DetailsPane } from "./details/detailsPane";
import { EmptyTrace, Loading, UnavailableView } from "./emptyStates";
import { FilterChips } from "./filterMenu";
import { useFocusWish } from "./focusWish";
import { HeaderBar, viewsOf } from "./headerBar";
import { MarkedText } from "./markedText";
import { onDemand } from "./onDemand";
import { pageKey } from "./pageKeys";
import { Splitter } from "./splitter";
import { StatusLine } from "./statusLine";
import { Strip } from "./strip";
import { TreeGrid } from "./treeGrid";
import { useSize } from "./useSize";

const Conversation = onDemand(async () => (await import("./conversation")).Conversation);
const OutputPane = onDemand(async () => (await import("./output/outputPane")).OutputPane);
const ShortcutSheet = onDemand(async () => (await import("./shortcutSheet")).ShortcutSheet);
const TimelineDrawer = onDemand(async () => (await import("../timeline/timelineDrawer")).TimelineDrawer);

/** Under this width of the page details lie below the tree, and under the other there is no waterfall. */
const stackedPx = 600;
const narrowPx = 420;
const leastDetailsPx = 200;
const leastListPx = 220;

export function App({ panel }: { panel: Panel }) {
  const [, redraw] = useState(0);
  useLayoutEffect(() => {
    const subscription = panel.onDidChange(() => redraw((count) => count + 1));
    return () => subscription.dispose();
  }, [panel]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => pageKey(panel, event);
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [panel]);
  useFocusWish(panel);
  const { header, unavailable } = panel;
  if (unavailable !== undefined) return <UnavailableView panel={panel} unavailable={unavailable} />;
  if (header === undefined || panel.picture === undefined) return <Loading panel={panel} />;
  return (
    <div class="app">
      <HeaderBar panel={panel} header={header} />
      <DelayBanner panel={panel} />
      <FailureBanner panel={panel} header={header} />
      <ProblemsBanner panel={panel} header={header} />
      <FilterChips panel={panel} />
      <Body panel={panel} />
      <StatusLine panel={panel} header={header} />
      {panel.popup === "shortcuts" && <ShortcutSheet panel={panel} />}
    </div>
  );
}

function Body({ panel }: { panel: Panel }) {
  const box = useRef<HTMLDivElement>(null);
  const size = useSize(box);
  const { picture, header, settings } = panel;
  if (picture === undefined || header === undefined) return null;
  const isEmpty = picture.model.columns.count === 0;
  const isStacked = size.width < stackedPx;
  const isNarrow = size.width < narrowPx;
  const room = isStacked ? size.height : size.width;
  const most = Math.max(80, room - (isStacked ? 120 : leastListPx));
  const least = Math.min(isStacked ? 80 : leastDetailsPx, most);
  const wanted = settings.detailsSize ?? Math.round(room * (isStacked ? 0.42 : size.width > 1100 ? 0.36 : 0.4));
  const detailsPx = Math.min(most, Math.max(least, wanted));
  const view = viewsOf(header).includes(settings.view) ? settings.view : "tree";
  return (
    <>
      {!isEmpty && view === "tree" && <Strip panel={panel} picture={picture} />}
      {!isEmpty && view === "tree" && <TimelineDrawer panel={panel} picture={picture} />}
      <main ref={box} class={`body ${isStacked ? "is-stacked" : ""}`}>
        {isEmpty ? (
          <EmptyTrace header={header} />
        ) : size.width === 0 ? null : (
          <>
            <MarkedText panel={panel} class="list-pane" name="search-list" isMarked={view === "conversation"}>
              {view === "conversation" && <Conversation panel={panel} picture={picture} />}
              {view === "output" && (
                <OutputPane key={picture.epoch} panel={panel} picture={picture} isNarrow={isNarrow} />
              )}
              {view === "tree" && <TreeGrid panel={panel} picture={picture} isNarrow={isNarrow} />}
              {view !== "output" && <Breadcrumb panel={panel} picture={picture} />}
            </MarkedText>
            <Splitter
              label={text("resizeDetails")}
              orientation={isStacked ? "horizontal" : "vertical"}
              size={detailsPx}
              min={least}
              max={most}
              reversed
              onResize={(value) => {
                settings.detailsSize = value;
                panel.changed();
              }}
            />
            <MarkedText
              panel={panel}
              class="details-pane"
              name="search-details"
              style={isStacked ? { height: `${detailsPx}px` } : { width: `${detailsPx}px` }}
            >
              <DetailsPane panel={panel} picture={picture} />
            </MarkedText>
          </>
        )}
      </main>
    </>
  );
}
