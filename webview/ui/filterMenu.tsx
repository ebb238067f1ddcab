// The filter button with its menu of kinds, states and durations, and the chips of what is filtered.

import { useMemo } from "preact/hooks";
import type { WebviewTextKey } from "../../src/protocol/webviewTexts";
import { kindCodes } from "../../src/trace/spanColumns";
import { formatPoint, formatRound } from "../format";
import { countFacets, type Filter, outcomeFilters, sameFilter } from "../model/filters";
import type { Panel } from "../model/panel";
import { formatInteger, text } from "../text";
import { Icon, type IconName } from "./icon";
import { IconButton } from "./iconButton";
import { MenuItem } from "./menuItem";
import { Popup } from "./popup";
import { kindIcon } from "./statusIcon";

const durationChoices = [1_000, 10_000, 60_000];

export const kindText: Readonly<Record<(typeof kindCodes)[number], WebviewTextKey>> = {
  session: "kindSession",
  generation: "kindGeneration",
  tool: "kindTool",
  text: "kindText",
  span: "kindSpan",
  "user-message": "kindUserMessage",
};

const outcomeText: Readonly<Record<(typeof outcomeFilters)[number], WebviewTextKey>> = {
  failed: "outcomeFailed",
  recovered: "outcomeRecovered",
  open: "outcomeOpen",
  interrupted: "outcomeInterrupted",
  notRun: "outcomeNotRun",
  ok: "outcomeOk",
};

const outcomeIcons: Readonly<Record<(typeof outcomeFilters)[number], IconName>> = {
  failed: "error",
  recovered: "history",
  open: "sync",
  interrupted: "circle-slash",
  notRun: "debug-step-over",
  ok: "pass",
};

export function FilterMenu({ panel }: { panel: Panel }) {
  const isOpen = panel.popup === "filters";
  const isFiltered = panel.rows.filters.length > 0;
  return (
    <div class="popup-anchor">
      <IconButton
        icon={isFiltered ? "filter-filled" : "filter"}
        label={text("filters")}
        class={isFiltered ? "is-on" : ""}
        expanded={isOpen}
        onClick={() => panel.setPopup(isOpen ? "none" : "filters")}
      />
      {isOpen && <FilterPopup panel={panel} />}
    </div>
  );
}

function FilterPopup({ panel }: { panel: Panel }) {
  const model = panel.picture?.model;
  const { filters } = panel.rows;
  const toggle = (filter: Filter) => toggleFilter(panel, filter);
  const isOn = (filter: Filter) => filters.some((other) => sameFilter(filter, other));
  const { kinds, outcomes } = useMemo(() => countFacets(model?.columns), [model]);
  return (
    <Popup label={text("filters")} role="menu" class="menu filter-menu" onClose={() => panel.setPopup("none")}>
      <div class="menu-heading">{text("filterByStatus")}</div>
      {outcomeFilters.map((status, index) =>
        (outcomes[index] ?? 0) === 0 ? null : (
          <MenuItem
            key={status}
            icon={outcomeIcons[status]}
            label={text(outcomeText[status])}
            detail={formatInteger(outcomes[index] ?? 0)}
            checked={isOn({ type: "status", status })}
            onRun={() => toggle({ type: "status", status })}
          />
        ),
      )}
      <div class="menu-heading">{text("filterByKind")}</div>
      {kindCodes.map((kind, index) =>
        (kinds[index] ?? 0) === 0 ? null : (
          <MenuItem
            key={kind}
            icon={kindIcon(index, 0, "")}
            label={text(kindText[kind])}
            detail={formatInteger(kinds[index] ?? 0)}
            checked={isOn({ type: "kind", kind })}
            onRun={() => toggle({ type: "kind", kind })}
          />
        ),
      )}
      <div class="menu-heading">{text("filterByDuration")}</div>
      {durationChoices.map((ms) => (
        <MenuItem
          key={ms}
          icon="clock"
          label={text("longerThan", formatRound(ms))}
          checked={isOn({ type: "longerThan", ms })}
          onRun={() => toggle({ type: "longerThan", ms })}
        />
      ))}
    </Popup>
  );
}

export function toggleFilter(panel: Panel, filter: Filter): void {
  const { filters } = panel.rows;
  const without = filters.filter((other) => !sameFilter(filter, other));
  if (without.length < filters.length) panel.setFilters(without);
  // One least duration at a time.
  else
    panel.setFilters([
      ...filters.filter((other) => filter.type !== "longerThan" || other.type !== "longerThan"),
      filter,
    ]);
}

export function FilterChips({ panel }: { panel: Panel }) {
  const { filters, progress } = panel.rows;
  const columns = panel.picture?.model.columns;
  if (filters.length === 0 || columns === undefined) return null;
  return (
    <div class="chips" role="group" aria-label={text("activeFilters")}>
      {filters.map((filter) => (
        <button
          key={JSON.stringify(filter)}
          type="button"
          class="chip"
          title={text("removeFilter", filterText(panel, filter))}
          aria-label={text("removeFilter", filterText(panel, filter))}
          onClick={() => panel.setFilters(filters.filter((other) => other !== filter))}
        >
          <span class="chip-text">{filterText(panel, filter)}</span>
          <Icon name="close" />
        </button>
      ))}
      <span class="chips-count" aria-live="polite">
        {progress === undefined
          ? text("countOf", formatInteger(panel.rows.matchCount), formatInteger(columns.count))
          : text("filtering", Math.floor(100 * progress))}
      </span>
      <button type="button" class="link-button" onClick={() => panel.setFilters([])}>
        {text("clearFilters")}
      </button>
    </div>
  );
}

function filterText(panel: Panel, filter: Filter): string {
  switch (filter.type) {
    case "kind":
      return text(kindText[filter.kind]);
    case "status":
      return text(outcomeText[filter.status]);
    case "name":
      return text("filterName", filter.name);
    case "longerThan":
      return text("longerThan", formatRound(filter.ms));
    case "shorterThan":
      return text("shorterThan", formatRound(filter.ms));
    case "within": {
      const zone = panel.settings.absoluteTimes ? panel.header?.timeZone : undefined;
      const point = (ms: number) => formatPoint(ms, panel.picture?.times.firstMs ?? 0, zone);
      return text("beganWithin", point(filter.fromMs), point(filter.toMs));
    }
  }
}
