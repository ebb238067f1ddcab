// What the person chose about the timeline; kept with the panel's other settings.

import type { LaneMode } from "../../src/protocol/timelineMessages";
import type { Panel } from "../model/panel";
import type { TimelineSettings } from "../model/settings";

export const usualHeightPx = 290;
export const leastHeightPx = 120;

export function timelineSettings(panel: Panel): TimelineSettings {
  return panel.settings.timeline ?? {};
}

export function changeTimeline(panel: Panel, change: Partial<TimelineSettings>): void {
  panel.settings.timeline = { ...panel.settings.timeline, ...change };
  panel.changed();
}

export function laneMode(panel: Panel): LaneMode {
  return timelineSettings(panel).mode ?? "concurrency";
}

export function isTimelineOpen(panel: Panel): boolean {
  return timelineSettings(panel).open === true;
}

export function toggleTimeline(panel: Panel): void {
  changeTimeline(panel, { open: !isTimelineOpen(panel) });
}
