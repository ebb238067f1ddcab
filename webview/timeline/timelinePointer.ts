// What the pointer does over the timeline: points at steps and bursts, selects, marks a range by a drag. Coordinates in,
// intents of the control out.

import { axisPx, burstPx, densityPx } from "./drawHead";
import { hitInLane } from "./laneHits";
import { laneAt } from "./laneStack";
import type { TimelineControl, TimelineScreen } from "./timelineControl";
import { wallAtX } from "./timelineFrame";

/** A shorter drag is a click. */
const clickPx = 3;
const reachPx = 3;

export type TimelineHit =
  | { readonly type: "row"; readonly row: number; readonly together: number }
  | { readonly type: "burst"; readonly index: number }
  | { readonly type: "density"; readonly wallMs: number }
  | { readonly type: "durability"; readonly wallMs: number }
  | { readonly type: "none" };

/** @param y from the top of the head, which lies above the lanes */
export function hitAt(screen: TimelineScreen, scrollTop: number, x: number, y: number): TimelineHit {
  const { frame, data, picture } = screen;
  if (y < frame.headPx) {
    if (y < axisPx + densityPx) return { type: "density", wallMs: wallAtX(frame, x) };
    if (frame.path !== undefined && y < frame.burstTop) {
      const bar = frame.path.find((found) => x >= found.x && x < found.x + found.width);
      return bar === undefined || bar.row < 0 ? { type: "none" } : { type: "row", row: bar.row, together: 1 };
    }
    const line = Math.floor((y - frame.burstTop) / burstPx);
    // What is named over the words is what they name.
    const mark = frame.marks.findLast(
      (found) =>
        found.line === line && x >= found.x - 2 && x <= Math.max(found.x + found.width + 2, found.x + found.textPx),
    );
    return mark === undefined ? { type: "none" } : { type: "burst", index: mark.index };
  }
  if (y >= screen.footTop)
    return screen.hasDurability ? { type: "durability", wallMs: wallAtX(frame, x) } : { type: "none" };
  if (data === undefined) return { type: "none" };
  const lane = laneAt(frame.stack, y - frame.headPx + scrollTop);
  if (lane < 0) return { type: "none" };
  const atMs = wallAtX(frame, x);
  const reachMs = Math.max(atMs - wallAtX(frame, x - reachPx), wallAtX(frame, x + reachPx) - atMs);
  const hit = hitInLane(data.store, picture.times, lane, atMs, reachMs);
  return hit === undefined ? { type: "none" } : { type: "row", ...hit };
}

export class TimelinePointer {
  readonly #control: TimelineControl;
  #pressedX: number | undefined;
  #pressedY = 0;
  #isDrag = false;
  /** The range while it is drawn. */
  draft: readonly [number, number] | undefined;

  constructor(control: TimelineControl) {
    this.#control = control;
  }

  get isPressed(): boolean {
    return this.#pressedX !== undefined;
  }

  down(x: number, y: number): void {
    this.#pressedX = x;
    this.#pressedY = y;
    this.#isDrag = false;
  }

  /** True where it draws a range. */
  move(x: number): boolean {
    const { screen } = this.#control;
    if (this.#pressedX === undefined || screen === undefined) return false;
    if (!this.#isDrag && Math.abs(x - this.#pressedX) < clickPx) return false;
    this.#isDrag = true;
    const ends = [this.#pressedX, x].map((at) =>
      wallAtX(screen.frame, Math.min(screen.frame.widthPx, Math.max(0, at))),
    );
    this.draft = [Math.min(...ends), Math.max(...ends)];
    return true;
  }

  up(x: number): void {
    const pressed = this.#pressedX;
    this.#pressedX = undefined;
    if (this.#isDrag) {
      const { draft } = this;
      this.draft = undefined;
      if (draft !== undefined && draft[1] > draft[0]) this.#control.setRange(draft);
      else this.#control.redraw();
      return;
    }
    if (pressed !== undefined) this.#click(x, this.#pressedY);
  }

  cancel(): void {
    this.#pressedX = undefined;
    this.draft = undefined;
    this.#isDrag = false;
    this.#control.redraw();
  }

  #click(x: number, y: number): void {
    const control = this.#control;
    const { screen } = control;
    if (screen === undefined) return;
    const hit = hitAt(screen, control.scrollTop, x, y);
    if (hit.type === "burst") control.showBurst(hit.index);
    else if (hit.type === "row") {
      control.cursor = hit.row;
      control.panel.select(hit.row, { reveal: true });
    } else if (control.range !== undefined) control.setRange(undefined);
  }
}
