import { describe, expect, it } from "vitest";
import { treeIntent } from "../../../webview/input/treeKeys";

const plain = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };

describe("keys of the tree", () => {
  it.each([
    ["ArrowDown", { type: "move", by: 1 }],
    ["ArrowLeft", { type: "collapseOrParent" }],
    ["PageUp", { type: "page", direction: -1 }],
    ["*", { type: "expandSiblings" }],
    ["Enter", { type: "details" }],
  ])("%s is an intent", (key, intent) => {
    expect(treeIntent({ ...plain, key })).toEqual(intent);
  });

  it.each(["F8", "F12", "F3", "a", "Tab", "Escape"])("%s is left to others", (key) => {
    expect(treeIntent({ ...plain, key })).toBeUndefined();
  });

  it.each(["ctrlKey", "metaKey", "altKey"])("chords with %s are left to the host", (modifier) => {
    expect(treeIntent({ ...plain, key: "ArrowDown", [modifier]: true })).toBeUndefined();
  });
});
