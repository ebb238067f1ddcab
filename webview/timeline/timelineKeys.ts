// What a key means while the timeline has the focus. Pure: an event in, an intent out.

import type { LaneStep } from "./laneHits";

export type TimelineIntent =
  | { readonly type: "step"; readonly step: LaneStep }
  /** About the cursor. */
  | { readonly type: "zoom"; readonly factor: number }
  /** By this part of what is shown. */
  | { readonly type: "pan"; readonly share: number }
  | { readonly type: "showAll" }
  | { readonly type: "select" }
  /** Marks the beginning of a range at the cursor, then its end. */
  | { readonly type: "markRange" }
  | { readonly type: "burst"; readonly direction: 1 | -1 }
  | { readonly type: "clear" }
  | { readonly type: "page"; readonly direction: 1 | -1 }
  | { readonly type: "textView" }
  | { readonly type: "path" }
  | { readonly type: "mode" };

const zoomStep = 0.7;
const panStep = 0.2;

export interface Key {
  readonly key: string;
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

export function timelineIntent({ key, shiftKey, ctrlKey, metaKey, altKey }: Key): TimelineIntent | undefined {
  if (ctrlKey || metaKey || altKey) return undefined;
  switch (key) {
    case "ArrowRight":
      return shiftKey ? { type: "pan", share: panStep } : { type: "step", step: "next" };
    case "ArrowLeft":
      return shiftKey ? { type: "pan", share: -panStep } : { type: "step", step: "previous" };
    case "ArrowUp":
      return { type: "step", step: "above" };
    case "ArrowDown":
      return { type: "step", step: "below" };
    case "Home":
      return { type: "step", step: "first" };
    case "End":
      return { type: "step", step: "last" };
    case "PageUp":
      return { type: "page", direction: -1 };
    case "PageDown":
      return { type: "page", direction: 1 };
    case "+":
    case "=":
      return { type: "zoom", factor: zoomStep };
    case "-":
      return { type: "zoom", factor: 1 / zoomStep };
    case "0":
      return { type: "showAll" };
    case "Enter":
    case " ":
      return { type: "select" };
    case "Escape":
      return { type: "clear" };
    case "b":
      return { type: "burst", direction: 1 };
    case "B":
      return { type: "burst", direction: -1 };
    case "r":
      return { type: "markRange" };
    case "t":
      return { type: "textView" };
    case "c":
      return { type: "path" };
    case "g":
      return { type: "mode" };
    default:
      return undefined;
  }
}
