// Moves the focus where a jump or a key wants it, once the page shows the place.

import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { FocusTarget } from "../model/navigation";
import type { Panel } from "../model/panel";

export const detailsId = "details";

/** What may stand at the left; only one of them is there. */
const listIds = ["tree", "output", "conversation"];

function elementOf(target: FocusTarget): HTMLElement | null {
  switch (target) {
    case "search":
      return document.getElementById("search-field");
    case "details":
      return document.getElementById(detailsId);
    case "list":
      return listIds.map((id) => document.getElementById(id)).find((element) => element !== null) ?? null;
  }
}

/** Moves the focus to what the panel last asked for; at first, and when the page gets the focus back, to the list. */
export function useFocusWish(panel: Panel): void {
  const served = useRef(0);
  useEffect(() => {
    const onFocus = () => {
      // The workbench gives the focus to the page as a whole; keys then go nowhere.
      if (document.activeElement === document.body) elementOf("list")?.focus({ preventScroll: true });
    };
    globalThis.addEventListener("focus", onFocus);
    return () => globalThis.removeEventListener("focus", onFocus);
  }, []);
  const isShown = panel.picture !== undefined;
  const hadFocus = useRef(false);
  useEffect(() => {
    const onFocusIn = () => {
      hadFocus.current = true;
    };
    // A press beside everything lets go of the focus, and a person may mean that.
    const onPress = ({ target }: Event) => {
      hadFocus.current = target instanceof Element && target.closest("button, input, [tabindex]") !== null;
    };
    document.addEventListener("focusin", onFocusIn);
    document.addEventListener("pointerdown", onPress, true);
    return () => {
      document.removeEventListener("focusin", onFocusIn);
      document.removeEventListener("pointerdown", onPress, true);
    };
  }, []);
  const wasShown = useRef(false);
  // After every drawing: what had the focus may have gone with it (a chip, a banner), and keys would go nowhere. The
  // focus is never taken from another part of the workbench.
  useLayoutEffect(() => {
    const isFirst = isShown && !wasShown.current;
    wasShown.current = isShown;
    if (!isShown || (!isFirst && !hadFocus.current) || !document.hasFocus()) return;
    if (document.activeElement !== document.body) return;
    requestAnimationFrame(() => {
      // It may have gone elsewhere in the meantime.
      if (document.activeElement === document.body && document.hasFocus()) {
        elementOf("list")?.focus({ preventScroll: true });
      }
    });
  });
  useLayoutEffect(() => {
    const wish = panel.focusWish;
    if (wish === undefined || wish.serial === served.current) return;
    const element = elementOf(wish.what);
    if (element === null) return;
    served.current = wish.serial;
    // With the focus elsewhere it goes to the list when it comes.
    if (wish.isWithin && !document.hasFocus()) return;
    element.focus({ preventScroll: true });
    if (element instanceof HTMLInputElement) element.select();
  });
}
