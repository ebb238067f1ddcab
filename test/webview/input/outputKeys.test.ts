import { describe, expect, it } from "vitest";
import { outputIntent } from "../../../webview/input/outputKeys";

const press = (key: string, ...modifiers: ("ctrl" | "meta" | "alt" | "shift")[]) =>
  outputIntent({
    key,
    ctrlKey: modifiers.includes("ctrl"),
    metaKey: modifiers.includes("meta"),
    altKey: modifiers.includes("alt"),
    shiftKey: modifiers.includes("shift"),
  });

describe("the keys of the output", () => {
  it("move, and choose with Shift", () => {
    expect(press("ArrowDown")).toEqual({ type: "move", by: 1, extend: false });
    expect(press("ArrowUp", "shift")).toEqual({ type: "move", by: -1, extend: true });
    expect(press("End", "shift")).toEqual({ type: "last", extend: true });
    expect(press("PageUp")).toEqual({ type: "page", direction: -1, extend: false });
  });

  it("choose all and copy by the chords that text has everywhere", () => {
    expect(press("a", "ctrl")).toEqual({ type: "all" });
    expect(press("C", "meta")).toEqual({ type: "copy" });
    expect(press("Enter", "meta")).toEqual({ type: "open", beside: true });
  });

  it("leave all others to the workbench", () => {
    for (const key of ["F8", "F12", "f", "Tab", "Escape", "/"]) expect(press(key)).toBeUndefined();
    expect(press("f", "ctrl")).toBeUndefined();
    expect(press("c", "ctrl", "shift")).toBeUndefined();
    expect(press("ArrowDown", "alt")).toBeUndefined();
  });
});
