// Plain keys that work wherever the focus is, unless it is in a field that takes text.

import { hasModifier } from "../input/treeKeys";
import { goToLoop } from "../model/loopWalk";
import type { Panel } from "../model/panel";
import { toggleTimeline } from "../timeline/timelineSettings";

export function pageKey(panel: Panel, event: KeyboardEvent): void {
  if (event.defaultPrevented || hasModifier(event)) return;
  const target = event.target instanceof HTMLElement ? event.target : undefined;
  if (target !== undefined && (target.isContentEditable || /^(?:input|textarea|select)$/i.test(target.tagName))) return;
  switch (event.key) {
    case "/":
      panel.focus("search");
      break;
    case "?":
      panel.setPopup(panel.popup === "shortcuts" ? "none" : "shortcuts");
      break;
    case "l":
      toggleTimeline(panel);
      break;
    case "o":
      goToLoop(panel, 1);
      break;
    case "O":
      goToLoop(panel, -1);
      break;
    case "Escape":
      if (panel.popup !== "none") panel.setPopup("none");
      else if (panel.searchText !== "" && target?.closest("[role='treegrid'], [role='grid']") != null)
        panel.setSearch("");
      else panel.focus("list");
      break;
    default:
      return;
  }
  event.preventDefault();
}
