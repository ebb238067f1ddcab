// The one line at the top: what ran, how it ended, what it took; the switch of views, search, filters and the menu.

import type { PanelHeader } from "../../src/protocol/panelMessages";
import { formatCost, formatCount, formatDateTime, formatDuration } from "../format";
import type { Panel } from "../model/panel";
import type { PanelView } from "../model/settings";
import { formatInteger, text } from "../text";
import { bannerMessage } from "./banners";
import { FilterMenu } from "./filterMenu";
import { Icon } from "./icon";
import { IconButton } from "./iconButton";
import { onDemand } from "./onDemand";
import { SearchField } from "./searchField";
import { SessionButtons } from "./sessionButtons";
import { SessionStatusIcon } from "./statusIcon";

const BatchChip = onDemand(async () => (await import("./batchChip")).BatchChip);
const LoopChip = onDemand(async () => (await import("./loopChip")).LoopChip);
const OverflowMenu = onDemand(async () => (await import("./overflowMenu")).OverflowMenu);
const SummaryPopover = onDemand(async () => (await import("./summaryPopover")).SummaryPopover);

export function HeaderBar({ panel, header }: { panel: Panel; header: PanelHeader }) {
  const duration = sessionDuration(panel, header);
  const isErrorInBanner = header.status === "failed" || bannerMessage(header) === header.error;
  const detail = [header.statusDetail, isErrorInBanner ? "" : (header.error ?? "")].filter(Boolean).join(" · ");
  const started = header.startedMs === undefined ? "" : formatDateTime(header.startedMs, header.timeZone);
  // Of the others nobody knows when they ended.
  const hasEnded = header.status === "completed" || header.status === "failed";
  return (
    <header class="header">
      <div class="header-facts">
        <div class="popup-anchor header-title-anchor">
          <button
            type="button"
            class="header-title"
            id="summary-button"
            aria-haspopup="dialog"
            aria-expanded={panel.popup === "summary"}
            title={text("openSummaryOf", header.title)}
            aria-label={text("openSummaryOf", header.title)}
            onClick={() => panel.setPopup(panel.popup === "summary" ? "none" : "summary")}
          >
            <span class="title-text">{header.title}</span>
            <Icon name="info" class="title-icon" />
          </button>
          {panel.popup === "summary" && <SummaryPopover panel={panel} header={header} />}
        </div>
        <span class={`fact fact-status session-${header.status}`} title={detail}>
          <SessionStatusIcon status={header.status} />
          <span class="fact-word">{header.statusLabel}</span>
        </span>
        {detail !== "" && (
          <span class="fact-detail" title={detail}>
            {detail}
          </span>
        )}
        {duration !== undefined && (
          <span
            class="fact fact-duration"
            title={[
              hasEnded || header.live ? "" : text("durationRecorded"),
              started === "" ? "" : text("startedAt", started, header.timeZone),
            ]
              .filter(Boolean)
              .join("\n")}
          >
            {formatDuration(duration)}
          </span>
        )}
        {header.totalTokens !== undefined && header.totalTokens > 0 && (
          <span class="fact fact-tokens" title={text("tokensTitle", formatInteger(header.totalTokens))}>
            {text("tokensShort", formatCount(header.totalTokens))}
          </span>
        )}
        {header.totalCost !== undefined && header.totalCost > 0 && (
          <span class="fact fact-cost">{formatCost(header.totalCost)}</span>
        )}
        <BatchChip panel={panel} header={header} />
        <LoopChip panel={panel} />
      </div>
      <div class="header-tools">
        <ViewSwitch panel={panel} header={header} />
        <SessionButtons panel={panel} header={header} />
        <SearchField panel={panel} />
        {panel.settings.view !== "output" && <FilterMenu panel={panel} />}
        <IconButton
          icon="ellipsis"
          label={text("moreActions")}
          class="overflow-button"
          expanded={panel.popup === "overflow"}
          onClick={() => panel.setPopup(panel.popup === "overflow" ? "none" : "overflow")}
        />
        {panel.popup === "overflow" && <OverflowMenu panel={panel} />}
      </div>
    </header>
  );
}

/** Undefined where nobody knows when it ended. */
export function sessionDuration(panel: Panel, header: PanelHeader): number | undefined {
  if (header.startedMs === undefined) return undefined;
  const end = header.live ? panel.nowMs : (header.endedMs ?? panel.picture?.times.lastMs);
  return end === undefined || Number.isNaN(end) ? undefined : Math.max(0, end - header.startedMs);
}

/** Only what the trace has. */
export function viewsOf(header: PanelHeader): readonly PanelView[] {
  return [
    "tree",
    ...(header.hasConversation ? (["conversation"] as const) : []),
    ...(header.output === undefined ? [] : (["output"] as const)),
  ];
}

const viewTexts = { tree: "tree", conversation: "conversation", output: "outputView" } as const;

function ViewSwitch({ panel, header }: { panel: Panel; header: PanelHeader }) {
  const views = viewsOf(header);
  if (views.length < 2) return null;
  return (
    <div class="segmented" role="group" aria-label={text("viewSwitch")}>
      {views.map((view) => (
        <button
          key={view}
          type="button"
          aria-pressed={panel.settings.view === view}
          onClick={() => panel.setView(view)}
        >
          {text(viewTexts[view])}
        </button>
      ))}
    </div>
  );
}
