// Plain keys of the tree as intents. Chords and function keys belong to the host, which contributes them as keybindings:
// the page forwards every key to the workbench, so a key that both handle would act twice.

export type TreeIntent =
  | { readonly type: "move"; readonly by: number }
  | { readonly type: "page"; readonly direction: 1 | -1 }
  | { readonly type: "first" }
  | { readonly type: "last" }
  | { readonly type: "collapseOrParent" }
  | { readonly type: "expandOrChild" }
  | { readonly type: "expandSiblings" }
  | { readonly type: "details" };

type Key = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">;

export function hasModifier(event: Key): boolean {
  return event.ctrlKey || event.metaKey || event.altKey;
}

export function treeIntent(event: Key): TreeIntent | undefined {
  if (hasModifier(event)) return undefined;
  switch (event.key) {
    case "ArrowDown":
      return { type: "move", by: 1 };
    case "ArrowUp":
      return { type: "move", by: -1 };
    case "PageDown":
      return { type: "page", direction: 1 };
    case "PageUp":
      return { type: "page", direction: -1 };
    case "Home":
      return { type: "first" };
    case "End":
      return { type: "last" };
    case "ArrowLeft":
      return { type: "collapseOrParent" };
    case "ArrowRight":
      return { type: "expandOrChild" };
    case "*":
      return { type: "expandSiblings" };
    case "Enter":
      return event.shiftKey ? undefined : { type: "details" };
    default:
      return undefined;
  }
}
