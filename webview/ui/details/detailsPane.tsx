// The pane of the selected row: its name at once, the rest as soon as the host has answered.

import { useLayoutEffect, useRef } from "preact/hooks";
import { durationText, formatPoint } from "../../format";
import type { ReadyDetails } from "../../model/detailsModel";
import type { Panel } from "../../model/panel";
import { rowDuration } from "../../model/rowDuration";
import type { DetailsTab } from "../../model/settings";
import type { Picture } from "../../model/traceModel";
import { stringAt } from "../../model/traceModel";
import { text } from "../../text";
import { detailsId } from "../focusWish";
import { Icon } from "../icon";
import { IconButton } from "../iconButton";
import { onDemand } from "../onDemand";
import { kindIcon, OutcomeIcon } from "../statusIcon";
import { Overview } from "./overview";
import { keepLinksReachable, linkKey, makeReachable, openLinkOf } from "./textLinks";
import { Waiting } from "./waiting";

const DataTab = onDemand(async () => (await import("./dataTab")).DataTab);
const RawTab = onDemand(async () => (await import("./rawTab")).RawTab);

const tabs = ["overview", "data", "raw"] as const satisfies readonly DetailsTab[];
const tabText = { overview: "tabOverview", data: "tabData", raw: "tabRaw" } as const;

export function DetailsPane({ panel, picture }: { panel: Panel; picture: Picture }) {
  const row = panel.selectedRow;
  const body = useRef<HTMLDivElement>(null);
  const { state, shown } = panel.details;
  const { tab } = panel.settings;
  // The focus may be on the body itself, so that it stays and only what is in it changes.
  useLayoutEffect(() => {
    body.current?.scrollTo(0, 0);
  }, [shown?.row, tab]);
  // After every drawing: parts of texts come and go.
  useLayoutEffect(() => {
    if (body.current !== null) keepLinksReachable(body.current);
  });
  if (row < 0) {
    return (
      <section class="details" id={detailsId} tabIndex={-1} aria-label={text("details")}>
        <div class="details-none">{text("selectStep")}</div>
      </section>
    );
  }
  return (
    <section class="details" aria-label={text("details")}>
      <DetailsHead panel={panel} picture={picture} row={row} />
      <TabList panel={panel} />
      <div
        ref={body}
        class="details-body"
        role="tabpanel"
        id={detailsId}
        aria-labelledby={`tab-${tab}`}
        aria-busy={state.type === "loading"}
        tabIndex={0}
        // A click that ends the choosing of a part of a text opens nothing.
        onClick={(event) => {
          if (document.getSelection()?.type !== "Range") openLinkOf(panel, shown?.row ?? row, event);
        }}
        onKeyDown={(event) => linkKey(panel, shown?.row ?? row, event)}
        onFocusIn={(event) => {
          const link = (event.target as Element).closest<HTMLElement>("[data-offset]");
          if (link !== null) makeReachable(link);
        }}
      >
        {state.type === "error" ? (
          <div class="details-none" role="alert">
            <Icon name="warning" /> {text("detailsFailed", state.message)}
          </div>
        ) : shown === undefined ? (
          <Waiting />
        ) : (
          <div class={shown.row === row ? undefined : "is-stale"} inert={shown.row !== row}>
            <TabContent
              key={tab === "raw" ? tab : `${shown.row} ${tab}`}
              panel={panel}
              picture={picture}
              shown={shown}
            />
          </div>
        )}
      </div>
    </section>
  );
}

function TabContent({ panel, picture, shown }: { panel: Panel; picture: Picture; shown: ReadyDetails }) {
  const { row, details } = shown;
  switch (panel.settings.tab) {
    case "overview":
      return <Overview panel={panel} picture={picture} details={details} row={row} />;
    case "data":
      return <DataTab panel={panel} picture={picture} details={details} row={row} />;
    case "raw":
      return <RawTab panel={panel} picture={picture} row={row} />;
  }
}

function DetailsHead({ panel, picture, row }: { panel: Panel; picture: Picture; row: number }) {
  const { columns } = picture.model;
  const flags = columns.flags[row] ?? 0;
  const name = stringAt(columns, "name", row);
  const label = stringAt(columns, "label", row);
  const outcome = stringAt(columns, "outcome", row);
  const { times } = picture;
  const start = times.startMs[row] ?? Number.NaN;
  const zone = panel.settings.absoluteTimes ? panel.header?.timeZone : undefined;
  return (
    <div class="details-head">
      <div class="details-title">
        <span class="details-name">
          <Icon
            name={kindIcon(columns.kind[row] ?? 0, flags, name)}
            class={`kind-icon kind-${columns.kind[row] ?? 0}`}
          />
          <h2 title={name}>{name}</h2>
        </span>
        <span class="details-label" title={label}>
          {label}
        </span>
        <span class="details-facts">
          <span class="details-outcome" title={outcome}>
            <OutcomeIcon flags={flags} isError={columns.status[row] === 1} isLive={panel.header?.live === true} />
            <span class="details-outcome-text">{outcome}</span>
          </span>
          <span class="details-times">
            {formatPoint(start, times.firstMs, zone)} · {durationText(rowDuration(picture.model, times, row))}
          </span>
        </span>
      </div>
    </div>
  );
}

function TabList({ panel }: { panel: Panel }) {
  const choose = (tab: DetailsTab, focus: boolean) => {
    panel.settings.tab = tab;
    panel.changed();
    if (focus) document.getElementById(`tab-${tab}`)?.focus();
  };
  const goToSource = (event: MouseEvent) =>
    panel.connection.post({
      type: "openSource",
      epoch: panel.picture?.epoch ?? 0,
      row: panel.selectedRow,
      beside: event.ctrlKey || event.metaKey,
    });
  return (
    <div class="tabs">
      <div class="tab-list" role="tablist" aria-label={text("details")}>
        {tabs.map((tab, index) => (
          <button
            key={tab}
            type="button"
            role="tab"
            id={`tab-${tab}`}
            aria-selected={panel.settings.tab === tab}
            aria-controls={detailsId}
            tabIndex={panel.settings.tab === tab ? 0 : -1}
            onClick={() => choose(tab, false)}
            onKeyDown={(event) => {
              const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
              if (step === 0) return;
              event.preventDefault();
              choose(tabs[(index + step + tabs.length) % tabs.length] ?? tab, true);
            }}
          >
            {text(tabText[tab])}
          </button>
        ))}
      </div>
      <span class="tabs-space" />
      {(panel.details.shown?.details.places.length ?? 0) > 0 ? (
        <button
          type="button"
          class="button button-secondary go-to-source"
          title={text("goToSource")}
          onClick={goToSource}
        >
          <Icon name="go-to-file" />
          <span class="go-to-source-text">{text("goToSource")}</span>
        </button>
      ) : (
        // Without a place known the host still looks, and says what it did not find.
        <IconButton icon="go-to-file" label={text("goToSource")} onClick={goToSource} />
      )}
      <IconButton
        icon="filter"
        label={text("filterBySameName")}
        onClick={() => {
          const columns = panel.picture?.model.columns;
          if (columns === undefined) return;
          panel.setFilters([
            ...panel.rows.filters,
            { type: "name", name: stringAt(columns, "name", panel.selectedRow) },
          ]);
        }}
      />
    </div>
  );
}
