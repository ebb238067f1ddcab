// What the timeline does on keys and jumps: where the cursor is, what is marked, what is shown. The pane draws it, the
// pointer (timelinePointer.ts) uses it. No element of the page is touched.

import { drawnAt, moveRange, zoomAbout } from "../layout/timeScale";
import type { Panel } from "../model/panel";
import type { Picture } from "../model/traceModel";
import { text } from "../text";
import { nearestInLane, rowBeside } from "./laneHits";
import { scrollToLane, type TimelineFrame } from "./timelineFrame";
import type { TimelineIntent } from "./timelineKeys";
import type { TimelineData } from "./timelineModel";
import { changeTimeline, laneMode, timelineSettings } from "./timelineSettings";
import { burstText, pointText, rangeText, rowAnnouncement } from "./timelineWords";

/** What is on the screen; set by the pane whenever it draws. */
export interface TimelineScreen {
  readonly picture: Picture;
  readonly data: TimelineData | undefined;
  readonly frame: TimelineFrame;
  /** Height of the part in which lanes are seen. */
  readonly lanesPx: number;
  /** Where the durability lane begins, below the head. */
  readonly footTop: number;
  readonly hasDurability: boolean;
}

/** A jump shows a little more than what it goes to. */
const marginShare = 0.15;
const leastMarginMs = 0.05;

export class TimelineControl {
  readonly panel: Panel;
  readonly #redraw: () => void;
  screen: TimelineScreen | undefined;
  scrollTop = 0;
  /** Where the keys are; -1 before the first. */
  cursor = -1;
  /** Where a range was begun by key. */
  rangeBegunMs: number | undefined;
  /** For screen readers. */
  announcement = "";
  #burst = -1;

  constructor(panel: Panel, redraw: () => void) {
    this.panel = panel;
    this.#redraw = redraw;
  }

  get range(): readonly [number, number] | undefined {
    return timelineSettings(this.panel).range;
  }

  redraw(): void {
    this.#redraw();
  }

  run(intent: TimelineIntent): void {
    const screen = this.screen;
    if (screen === undefined) return;
    const { panel } = this;
    const { frame } = screen;
    switch (intent.type) {
      case "step":
        return this.#moveCursor(screen, intent.step);
      case "zoom": {
        const point = Math.min(frame.range.to, Math.max(frame.range.from, this.#cursorPoint(screen)));
        return this.#show(zoomAbout(frame.scale, frame.range, point, intent.factor));
      }
      case "pan":
        return this.#show(moveRange(frame.scale, frame.range, (frame.range.to - frame.range.from) * intent.share));
      case "showAll":
        panel.timeView.reset();
        return panel.changed();
      case "select":
        if (this.cursor >= 0) panel.select(this.cursor, { reveal: true });
        return;
      case "markRange":
        return this.#markRange(screen);
      case "burst":
        return this.#goToBurst(screen, intent.direction);
      case "clear":
        if (this.rangeBegunMs !== undefined || this.range !== undefined) return this.setRange(undefined);
        return panel.focus("list");
      case "page":
        this.scrollTop = Math.max(0, this.scrollTop + intent.direction * screen.lanesPx * 0.9);
        return this.redraw();
      case "textView":
        return changeTimeline(panel, { text: timelineSettings(panel).text !== true });
      case "path":
        return changeTimeline(panel, { path: timelineSettings(panel).path !== true });
      case "mode":
        this.announce(text(laneMode(panel) === "agent" ? "lanesByConcurrency" : "lanesByAgent"));
        return changeTimeline(panel, { mode: laneMode(panel) === "agent" ? "concurrency" : "agent" });
    }
  }

  /** @param range in ms; undefined for none */
  setRange(range: readonly [number, number] | undefined): void {
    this.rangeBegunMs = undefined;
    if (range === undefined) this.announce(text("rangeCleared"));
    changeTimeline(this.panel, { range: range === undefined ? undefined : [range[0], range[1]] });
  }

  zoomTo(fromMs: number, toMs: number): void {
    this.panel.timeView.restore([fromMs, Math.max(toMs, fromMs + leastMarginMs)]);
    this.panel.changed();
  }

  /** Shows a stretch with a little around it, and selects a row unless it is -1. */
  jump(row: number, fromMs: number, toMs: number): void {
    const marginMs = Math.max(leastMarginMs, (toMs - fromMs) * marginShare);
    this.panel.timeView.restore([fromMs - marginMs, toMs + marginMs]);
    if (row >= 0) {
      this.cursor = row;
      this.panel.select(row, { reveal: true });
    }
    this.panel.changed();
  }

  /** Puts the cursor on a row, and brings it into view. */
  setCursor(row: number): void {
    const screen = this.screen;
    this.cursor = row;
    if (screen?.data === undefined || row < 0) return;
    const { picture, data, frame } = screen;
    const lane = data.store.laneOf(row);
    this.scrollTop = scrollToLane(frame.stack, lane, this.scrollTop, screen.lanesPx);
    const startMs = picture.times.startMs[row] ?? 0;
    const endMs = picture.times.endMs[row] ?? startMs;
    const from = drawnAt(frame.scale, startMs);
    const to = drawnAt(frame.scale, endMs);
    const width = frame.range.to - frame.range.from;
    if (to < frame.range.from || from > frame.range.to) {
      const middle = Math.min((from + to) / 2, from + width / 2);
      this.#show({ from: middle - width / 2, to: middle + width / 2 });
    }
    this.announce(rowAnnouncement(this.panel, picture, row, lane, data.result.laneCount));
    this.redraw();
  }

  announce(words: string): void {
    this.announcement = words;
  }

  #moveCursor({ picture, data, frame }: TimelineScreen, step: Parameters<typeof rowBeside>[4]): void {
    if (data === undefined) return;
    const { store, result } = data;
    const isOn = this.cursor >= 0 && store.laneOf(this.cursor) >= 0;
    if (isOn) return this.setCursor(rowBeside(store, picture.times, result.laneCount, this.cursor, step));
    // The first key goes to what is selected, or else to the first row that is shown.
    const selected = this.panel.selectedRow;
    if (store.laneOf(selected) >= 0) return this.setCursor(selected);
    const fromMs = frame.scale.startMs;
    for (let lane = 0; lane < result.laneCount; lane++) {
      const found = nearestInLane(store, picture.times, lane, fromMs, fromMs);
      if (found >= 0) return this.setCursor(found);
    }
  }

  #cursorPoint({ picture, frame }: TimelineScreen): number {
    const startMs = this.cursor < 0 ? undefined : picture.times.startMs[this.cursor];
    if (startMs === undefined) return (frame.range.from + frame.range.to) / 2;
    const endMs = picture.times.endMs[this.cursor] ?? startMs;
    const point = (drawnAt(frame.scale, startMs) + drawnAt(frame.scale, endMs)) / 2;
    return point >= frame.range.from && point <= frame.range.to ? point : (frame.range.from + frame.range.to) / 2;
  }

  #show(range: { readonly from: number; readonly to: number }): void {
    const { panel, screen } = this;
    if (screen === undefined) return;
    panel.timeView.set(screen.frame.scale, range);
    panel.changed();
  }

  #markRange({ picture }: TimelineScreen): void {
    if (this.cursor < 0) return;
    const startMs = picture.times.startMs[this.cursor] ?? 0;
    const endMs = picture.times.endMs[this.cursor] ?? startMs;
    if (this.rangeBegunMs === undefined) {
      this.rangeBegunMs = startMs;
      this.announce(text("rangeBegun", pointText(this.panel, picture, startMs)));
      this.redraw();
      return;
    }
    const fromMs = Math.min(this.rangeBegunMs, startMs);
    const toMs = Math.max(this.rangeBegunMs, endMs);
    this.announce(rangeText(this.panel, picture, fromMs, toMs));
    this.setRange([fromMs, toMs]);
  }

  #goToBurst({ data }: TimelineScreen, direction: 1 | -1): void {
    const bursts = data?.result.bursts;
    const count = bursts?.row.length ?? 0;
    if (bursts === undefined || count === 0) {
      this.announce(text("noBursts"));
      return this.redraw();
    }
    this.#burst = this.#burst < 0 && direction < 0 ? count - 1 : (this.#burst + direction + count) % count;
    this.showBurst(this.#burst);
  }

  showBurst(index: number): void {
    const bursts = this.screen?.data?.result.bursts;
    if (bursts === undefined) return;
    this.#burst = index;
    this.announce(burstText(bursts, index));
    const fromMs = bursts.fromMs[index] ?? 0;
    // A burst is when its calls began; the last of them counts, too.
    const toMs = Math.max(bursts.toMs[index] ?? 0, fromMs) + leastMarginMs;
    const { panel } = this;
    panel.settings.timeline = { ...panel.settings.timeline, range: [fromMs, toMs] };
    this.jump(bursts.row[index] ?? -1, fromMs, toMs);
  }
}
