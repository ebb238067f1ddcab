// The timeline's place between the strip and the steps, and the line that gives it more or less room. It opens by itself for
// a trace that was cut off, where something is known of what was safe when.

import { useEffect, useLayoutEffect, useMemo, useState } from "preact/hooks";
import type { Panel } from "../model/panel";
import type { Picture } from "../model/traceModel";
import { text } from "../text";
import { Splitter } from "../ui/splitter";
import { TimelinePane } from "./timelinePane";
import { TimelineParts } from "./timelineParts";
import { changeTimeline, isTimelineOpen, leastHeightPx, timelineSettings, usualHeightPx } from "./timelineSettings";

/** So much of the page is left to the steps. */
const mostShare = 0.7;
/** On a lower page the steps need the room. */
const leastPageToOpenPx = 520;

export function TimelineDrawer({ panel, picture }: { panel: Panel; picture: Picture }) {
  const [, setCount] = useState(0);
  const parts = useMemo(() => new TimelineParts(panel), [panel]);
  useLayoutEffect(() => {
    const subscriptions = [parts.follow(), parts.onDidChange(() => setCount((count) => count + 1))];
    return () => {
      for (const subscription of subscriptions) subscription.dispose();
    };
  }, [parts]);
  const isOpen = isTimelineOpen(panel);
  const isUndecided = timelineSettings(panel).open === undefined;
  const { durability } = parts;
  useEffect(() => {
    if (isOpen || (isUndecided && mayHaveCrashed(panel))) durability.refresh();
    const { result } = durability;
    if (!isUndecided || result?.known !== "noted" || innerHeight < leastPageToOpenPx) return;
    if (result.isCutOff || (result.recovered?.records ?? 0) > 0) changeTimeline(panel, { open: true });
  });
  if (!isOpen) return null;
  const most = Math.max(leastHeightPx, Math.round(innerHeight * mostShare));
  const wanted = timelineSettings(panel).heightPx ?? Math.min(usualHeightPx, Math.round(innerHeight * 0.4));
  const heightPx = Math.min(most, Math.max(leastHeightPx, wanted));
  return (
    <>
      <TimelinePane panel={panel} picture={picture} parts={parts} heightPx={heightPx} />
      <Splitter
        label={text("resizeTimeline")}
        orientation="horizontal"
        size={heightPx}
        min={leastHeightPx}
        max={most}
        onResize={(size) => changeTimeline(panel, { heightPx: size })}
      />
    </>
  );
}

/** A session that runs, or that ended well, has nothing to open for. */
function mayHaveCrashed({ header }: Panel): boolean {
  return header !== undefined && !header.live && header.status !== "completed";
}
