// Plain keys that work wherever the focus is, unless it is in a field that takes text.

import { hasModifier } from "../../input/treeKeys";
import type { BatchPage } from "../model/batchPage";

export function batchKey(page: BatchPage, event: KeyboardEvent): void {
  if (event.defaultPrevented || hasModifier(event)) return;
  const target = event.target instanceof HTMLElement ? event.target : undefined;
  if (target !== undefined && (target.isContentEditable || /^(?:input|textarea|select)$/i.test(target.tagName))) return;
  switch (event.key) {
    case "/":
      page.focus("filter");
      break;
    case "?":
      page.navigate("shortcuts");
      break;
    case "f":
      page.toggleFailedOnly();
      break;
    case "m":
      page.focus("matrix");
      break;
    case "Escape":
      if (page.popup !== "none") page.setPopup("none");
      else if (page.isFiltered) page.clearFilters();
      else page.focus("list");
      break;
    default:
      return;
  }
  event.preventDefault();
}
