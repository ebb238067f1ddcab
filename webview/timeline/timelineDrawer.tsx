// The timeline's place between the strip and the steps, and the line that gives it more or less room.

import type { Panel } from "../model/panel";
import type { Picture } from "../model/traceModel";
import { text } from "../text";
import { Splitter } from "../ui/splitter";
import { TimelinePane } from "./timelinePane";
import { changeTimeline, leastHeightPx, timelineSettings, usualHeightPx } from "./timelineSettings";

/** So much of the page is left to the steps. */
const mostShare = 0.7;

export function TimelineDrawer({ panel, picture }: { panel: Panel; picture: Picture }) {
  const most = Math.max(leastHeightPx, Math.round(innerHeight * mostShare));
  const wanted = timelineSettings(panel).heightPx ?? Math.min(usualHeightPx, Math.round(innerHeight * 0.4));
  const heightPx = Math.min(most, Math.max(leastHeightPx, wanted));
  return (
    <>
      <TimelinePane panel={panel} picture={picture} heightPx={heightPx} />
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
