// Bursts, groups, rows and ranges in words: the same on the canvas, in tips, for screen readers and in the text view.

import type { BurstColumns, LaneGroupView } from "../../src/protocol/timelineMessages";
import { FLAG } from "../../src/trace/spanColumns";
import { durationText, formatDuration, formatPoint } from "../format";
import { barState } from "../layout/bars";
import type { Panel } from "../model/panel";
import { rowDuration } from "../model/rowDuration";
import { type Picture, stringAt } from "../model/traceModel";
import { countText, formatInteger, text } from "../text";

/** "12 calls in 84 ms, 5 at once" */
export function burstText(bursts: BurstColumns, index: number): string {
  const calls = formatInteger(bursts.calls[index] ?? 0);
  const ms = (bursts.toMs[index] ?? 0) - (bursts.fromMs[index] ?? 0);
  const peak = bursts.peak[index] ?? 0;
  const words = ms > 0 ? text("burstCalls", calls, formatDuration(ms)) : text("burstCallsTogether", calls);
  return peak > 1 ? text("burstAtOnce", words, formatInteger(peak)) : words;
}

/** As much of it as fits: all, the calls alone, their number; "" for none. */
export function burstTextIn(
  bursts: BurstColumns,
  index: number,
  mostPx: number,
  widthOf: (text: string) => number,
): string {
  const calls = formatInteger(bursts.calls[index] ?? 0);
  const wishes = [text("burstNamed", burstText(bursts, index)), burstText(bursts, index), text("calls", calls), calls];
  return wishes.find((words) => widthOf(words) <= mostPx) ?? "";
}

/** Whose calls a burst has: "calls of bash", "calls of several steps". */
export function burstParentText(picture: Picture, bursts: BurstColumns, index: number): string {
  const parent = bursts.parent[index] ?? -1;
  return parent < 0 ? text("burstOfSeveral") : text("burstWithin", rowText(picture, parent));
}

export function groupText(group: LaneGroupView): string {
  switch (group.kind) {
    case "main":
      return text("groupMain");
    case "output":
      return text("groupOutput");
    case "agent":
      return group.agents === 1 ? group.name : text("groupAgents", group.name, formatInteger(group.agents));
  }
}

/** Name and label of a row. */
export function rowText({ model }: Picture, row: number): string {
  const name = stringAt(model.columns, "name", row);
  const label = stringAt(model.columns, "label", row);
  return label === "" ? name : `${name} ${label}`;
}

/** The same in so many letters at most. */
export function shortRowText(picture: Picture, row: number, mostLetters: number): string {
  const words = rowText(picture, row);
  return words.length <= mostLetters ? words : `${words.slice(0, Math.max(1, mostLetters - 1))}…`;
}

export function stateText(picture: Picture, row: number): string {
  const { columns } = picture.model;
  const flags = columns.flags[row] ?? 0;
  switch (barState(flags, columns.status[row] === 1)) {
    case "failed":
      return text("outcomeFailed");
    case "recovered":
      return text("outcomeRecovered");
    case "interrupted":
      return text("outcomeInterrupted");
    case "open":
      return text(picture.times.isLive ? "outcomeRunning" : "outcomeOpen");
    case "notRun":
      return text("outcomeNotRun");
    case "ok":
      return (flags & FLAG.open) === 0 ? text("outcomeOk") : text("outcomeOpen");
  }
}

/** What a screen reader says of a row: what, which lane, when, how long, how it ended. */
export function rowAnnouncement(panel: Panel, picture: Picture, row: number, lane: number, laneCount: number): string {
  return [
    rowText(picture, row),
    stateText(picture, row),
    durationText(rowDuration(picture.model, picture.times, row)),
    text("startsAt", pointText(panel, picture, picture.times.startMs[row] ?? Number.NaN)),
    text("laneOf", formatInteger(lane + 1), formatInteger(laneCount)),
  ].join(", ");
}

export function pointText(panel: Panel, picture: Picture, wallMs: number): string {
  const zone = panel.settings.absoluteTimes ? panel.header?.timeZone : undefined;
  return formatPoint(wallMs, picture.times.firstMs, zone);
}

/** "+0:01.000 to +0:03.400, 2.4 s" */
export function rangeText(panel: Panel, picture: Picture, fromMs: number, toMs: number): string {
  return text(
    "rangeFromTo",
    pointText(panel, picture, fromMs),
    pointText(panel, picture, toMs),
    formatDuration(toMs - fromMs),
  );
}

export function togetherText(count: number): string {
  return countText("oneStepHere", "manyStepsHere", count);
}

/** What stands at the line of a crash. */
export function crashLabel(reason: string | undefined): string {
  return reason === undefined ? text("crashedShort") : `${text("crashedShort")}: ${reason}`;
}
