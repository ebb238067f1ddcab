// The ancestors of the selected row, from the top down; each leads to its row.

import type { Panel } from "../model/panel";
import type { Picture } from "../model/traceModel";
import { ancestors, stringAt } from "../model/traceModel";
import { text } from "../text";
import { Icon } from "./icon";

const mostShown = 8;

export function Breadcrumb({ panel, picture }: { panel: Panel; picture: Picture }) {
  const row = panel.selectedRow;
  if (row < 0) return null;
  const { columns } = picture.model;
  const path = [...ancestors(columns, row), row];
  const shown = path.length <= mostShown ? path : [...path.slice(0, 2), -1, ...path.slice(3 - mostShown)];
  return (
    <nav class="breadcrumb" aria-label={text("breadcrumb")}>
      <ol>
        {shown.map((step, index) => (
          <li key={step}>
            {index > 0 && <Icon name="chevron-right" />}
            {step < 0 ? (
              <span class="dim">{text("moreLevels", path.length - shown.length + 1)}</span>
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
