import { describe, expect, it } from "vitest";
import { timelineIntent } from "../../../webview/timeline/timelineKeys";

const plain = { shiftKey: false, ctrlKey: false, metaKey: false, altKey: false };

describe("the keys of the timeline", () => {
  it.each([
    ["ArrowRight", { type: "step", step: "next" }],
    ["ArrowUp", { type: "step", step: "above" }],
    ["Home", { type: "step", step: "first" }],
    ["Enter", { type: "select" }],
    ["r", { type: "markRange" }],
    ["t", { type: "textView" }],
    ["0", { type: "showAll" }],
    ["Escape", { type: "clear" }],
  ])("%s", (key, intent) => {
    expect(timelineIntent({ ...plain, key })).toEqual(intent);
  });

  it("leave to others what is a chord, and what they do not know", () => {
    for (const chord of ["ctrlKey", "metaKey", "altKey"] as const) {
      expect(timelineIntent({ ...plain, key: "t", [chord]: true })).toBeUndefined();
    }
    for (const key of ["F8", "Tab", "/", "?", "l", "x"]) expect(timelineIntent({ ...plain, key })).toBeUndefined();
  });

  it("move what is shown with Shift, and the cursor without", () => {
    expect(timelineIntent({ ...plain, key: "ArrowLeft", shiftKey: true })).toEqual({ type: "pan", share: -0.2 });
    expect(timelineIntent({ ...plain, key: "ArrowLeft" })).toEqual({ type: "step", step: "previous" });
  });
});
