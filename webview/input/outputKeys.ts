// Keys of the output as intents. Of chords only those that text has everywhere: choose all, and copy.

import { hasModifier } from "./treeKeys";

export type OutputIntent =
  | { readonly type: "move"; readonly by: number; readonly extend: boolean }
  | { readonly type: "page"; readonly direction: 1 | -1; readonly extend: boolean }
  | { readonly type: "first"; readonly extend: boolean }
  | { readonly type: "last"; readonly extend: boolean }
  | { readonly type: "side"; readonly direction: 1 | -1 }
  | { readonly type: "all" }
  | { readonly type: "copy" }
  | { readonly type: "open"; readonly beside: boolean };

type Key = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">;

export function outputIntent(event: Key): OutputIntent | undefined {
  const isChord = (event.ctrlKey || event.metaKey) && !event.altKey;
  const extend = event.shiftKey;
  if (isChord) {
    switch (event.key.toLowerCase()) {
      case "a":
        return extend ? undefined : { type: "all" };
      case "c":
        return extend ? undefined : { type: "copy" };
      case "enter":
        return { type: "open", beside: true };
      default:
        return undefined;
    }
  }
  if (hasModifier(event)) return undefined;
  switch (event.key) {
    case "ArrowDown":
      return { type: "move", by: 1, extend };
    case "ArrowUp":
      return { type: "move", by: -1, extend };
    case "PageDown":
      return { type: "page", direction: 1, extend };
    case "PageUp":
      return { type: "page", direction: -1, extend };
    case "Home":
      return { type: "first", extend };
    case "End":
      return { type: "last", extend };
    case "ArrowLeft":
      return { type: "side", direction: -1 };
    case "ArrowRight":
      return { type: "side", direction: 1 };
    case "Enter":
      return extend ? undefined : { type: "open", beside: false };
    default:
      return undefined;
  }
}
