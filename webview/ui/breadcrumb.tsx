// The ancestors of the selected row, from the top down; each leads to its row.

import type { SpanColumns } from "../../src/trace/spanColumns";
import type { Panel } from "../model/panel";
import type { Picture } from "../model/traceModel";
import { stringAt } from "../model/traceModel";
import { text } from "../text";
import { Icon } from "./icon";

const mostShown = 8;

export function Breadcrumb({ panel, picture }: { panel: Panel; picture: Picture }) {
  const row = panel.selectedRow;
  if (row < 0) return null;
  const { columns } = picture.model;
  const depth = picture.model.forest.depth[row] ?? 0;
  const shown = shownPath(columns, row, depth);
  return (
    <nav class="breadcrumb" aria-label={text("breadcrumb")}>
      <ol>
        {shown.map((step, index) => (
          <li key={step}>
            {index > 0 && <Icon name="chevron-right" />}
            {step < 0 ? (
              <span class="dim">{text("moreLevels", depth + 1 - (shown.length - 1))}</span>
            ) : (
              <button
                type="button"
                class="crumb"
                aria-current={step === row ? "true" : undefined}
                onClick={() => {
                  panel.setView("tree");
                  panel.select(step, { reveal: true });
                }}
              >
                {stringAt(columns, "name", step)}
              </button>
            )}
          </li>
        ))}
      </ol>
    </nav>
  );
}

/** From the top down to the row; of a long path its two ends, with -1 for what is between. */
function shownPath(columns: SpanColumns, row: number, depth: number): number[] {
  const path: number[] = [];
  const isLong = depth + 1 > mostShown;
  let level = depth;
  for (let step = row; step >= 0; step = columns.parent[step] ?? -1, level--) {
    if (!isLong || level < 2 || level > depth - (mostShown - 3)) path.push(step);
    else if (level === 2) path.push(-1);
  }
  return path.reverse();
}
