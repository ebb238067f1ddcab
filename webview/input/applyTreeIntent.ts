// Carries out what a key of the tree asks for.

import { assertNever } from "../../src/base/assert";
import type { Panel } from "../model/panel";
import { hasChildren } from "../model/traceModel";
import type { TreeIntent } from "./treeKeys";

/** @param pageRows rows that a page moves by. */
export function applyTreeIntent(panel: Panel, intent: TreeIntent, pageRows: number): void {
  const { picture, rows } = panel;
  if (picture === undefined || rows.count === 0) return;
  const { model } = picture;
  const last = rows.count - 1;
  const shown = panel.nearestShown(panel.selectedRow);
  const position = shown < 0 ? -1 : rows.positionOf(shown);
  const goTo = (wanted: number) => panel.select(rows.rowAt(Math.min(last, Math.max(0, wanted))), { reveal: true });
  switch (intent.type) {
    case "move":
      return goTo(position < 0 ? 0 : position + intent.by);
    case "page":
      return goTo(position < 0 ? 0 : position + intent.direction * pageRows);
    case "first":
      return goTo(0);
    case "last":
      return goTo(last);
    case "collapseOrParent": {
      if (shown < 0) return;
      if (hasChildren(model, shown) && rows.isExpanded(shown)) {
        panel.select(shown, { reveal: true });
        return panel.setExpanded(shown, false);
      }
      const parent = model.columns.parent[shown] ?? -1;
      if (parent >= 0) panel.select(parent, { reveal: true });
      return;
    }
    case "expandOrChild":
      if (shown < 0 || !hasChildren(model, shown)) return;
      if (!rows.isExpanded(shown)) return panel.setExpanded(shown, true);
      return goTo(position + 1);
    case "expandSiblings":
      return panel.expandSiblings(shown);
    case "details":
      return panel.focus("details");
    default:
      return assertNever(intent, "tree intent");
  }
}
