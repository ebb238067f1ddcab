// One row of the tree: twisty, icon, name, what it is about, failures within it, what came of it.

import { FLAG } from "../../src/trace/spanColumns";
import { durationText, shortDurationText } from "../format";
import { rowPx } from "../layout/rowWindow";
import type { Panel } from "../model/panel";
import { rowDuration } from "../model/rowDuration";
import type { Picture } from "../model/traceModel";
import { hasChildren, stringAt } from "../model/traceModel";
import { formatInteger, text } from "../text";
import { Highlighted } from "./highlighted";
import { Icon } from "./icon";
import { kindIcon, OutcomeIcon } from "./statusIcon";

/** Deeper rows are not indented further but carry their depth as a number. */
const mostIndented = 12;
const indentPx = 14;

export function rowId(row: number): string {
  return `row-${row}`;
}

export interface TreeRowProps {
  readonly panel: Panel;
  readonly picture: Picture;
  readonly row: number;
  readonly position: number;
  readonly isSelected: boolean;
  readonly isNarrow: boolean;
}

export function TreeRow({ panel, picture, row, position, isSelected, isNarrow }: TreeRowProps) {
  const { model, times } = picture;
  const { columns } = model;
  const flags = columns.flags[row] ?? 0;
  const isError = columns.status[row] === 1;
  const depth = model.tree.depth[row] ?? 0;
  const isParent = hasChildren(model, row);
  const isExpanded = isParent && panel.rows.isExpanded(row);
  const name = stringAt(columns, "name", row);
  const label = stringAt(columns, "label", row);
  const outcome = stringAt(columns, "outcome", row);
  const failuresBelow = isParent && !isExpanded ? (model.failuresBelow[row] ?? 0) : 0;
  const duration = rowDuration(model, times, row);
  const isLive = panel.header?.live === true;
  const { search, marks } = panel;
  const classes = [
    "row",
    stateClass(flags, isError),
    isSelected ? "is-selected" : "",
    search.isMatch(row) ? "is-match" : "",
  ];
  return (
    <div
      id={rowId(row)}
      class={classes.filter(Boolean).join(" ")}
      role="row"
      aria-level={depth + 1}
      aria-posinset={panel.rows.ordinalOf(row)}
      aria-setsize={panel.rows.siblingCount(row)}
      aria-expanded={isParent ? isExpanded : undefined}
      aria-selected={isSelected}
      aria-rowindex={position + 2}
      style={{ top: `${position * rowPx}px` }}
    >
      <div class="cell-name" role="gridcell">
        <span class="indent" style={{ width: `${Math.min(depth, mostIndented) * indentPx}px` }} />
        {depth > mostIndented && (
          <span class="depth" title={text("depthTitle", depth)}>
            {depth}
          </span>
        )}
        <span class="twisty" data-twisty={isParent ? "" : undefined}>
          {isParent && <Icon name={isExpanded ? "chevron-down" : "chevron-right"} />}
        </span>
        <Icon name={kindIcon(columns.kind[row] ?? 0, flags, name)} class={`kind-icon kind-${columns.kind[row] ?? 0}`} />
        <span class="row-texts" title={label === "" ? name : `${name} ${label}`}>
          <span class="row-name">
            <Highlighted value={name} marks={marks} />
          </span>{" "}
          {label !== "" && (
            <span class="row-label">
              <Highlighted value={label} marks={marks} />
            </span>
          )}
        </span>
        {failuresBelow > 0 && (
          <span class="badge-failures" title={text("failuresWithin", formatInteger(failuresBelow))}>
            <Icon name="warning" />
            <span class="visually-hidden">{text("failuresWithin", formatInteger(failuresBelow))}</span>
            <span aria-hidden="true">{formatInteger(failuresBelow)}</span>
          </span>
        )}
        {outcome !== "" && (
          <span class="row-outcome">
            <Highlighted value={outcome} marks={marks} />
          </span>
        )}
        <OutcomeIcon flags={flags} isError={isError} isLive={isLive} />
      </div>
      <div class="cell-bars" role="gridcell">
        <span class="visually-hidden">{durationText(duration)}</span>
        {isNarrow && (
          <span class={`row-duration is-${duration.type}`} title={durationText(duration)} aria-hidden="true">
            {shortDurationText(duration)}
          </span>
        )}
      </div>
    </div>
  );
}

function stateClass(flags: number, isError: boolean): string {
  if ((flags & FLAG.failingStep) !== 0) return "is-failure is-failing-step";
  if ((flags & FLAG.failure) !== 0) return "is-failure";
  if ((flags & FLAG.recovered) !== 0) return "is-recovered";
  if ((flags & FLAG.interrupted) !== 0) return "is-interrupted";
  if ((flags & (FLAG.synthetic | FLAG.elided)) !== 0) return "is-synthetic";
  return isError ? "is-error" : "";
}
