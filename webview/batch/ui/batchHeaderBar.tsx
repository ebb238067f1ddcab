// The line at the top: which batch it is, how it stands, with the flags that decide, and what can be done with it.

import type { BatchAction, BatchHeader, BatchHindrance } from "../../../src/protocol/batchMessages";
import type { BatchTextKey } from "../../../src/protocol/batchTexts";
import { runStates } from "../../../src/trace/batch/runColumns";
import { formatClock, formatDateTime, formatDuration } from "../../format";
import { formatInteger, text } from "../../text";
import { Icon, type IconName } from "../../ui/icon";
import { IconButton } from "../../ui/iconButton";
import { MenuItem } from "../../ui/menuItem";
import { Popup } from "../../ui/popup";
import type { BatchPage } from "../model/batchPage";

const wordIcons: Readonly<Record<BatchHeader["word"], readonly [icon: IconName, look: string]>> = {
  waitingForItems: ["watch", "waiting"],
  creatingRuns: ["loading", "running"],
  running: ["loading", "running"],
  paused: ["debug-pause", "waiting"],
  cancelling: ["debug-stop", "waiting"],
  interrupted: ["debug-disconnect", "failed"],
  unknown: ["question", "unknown"],
  completed: ["pass", "completed"],
  partlyFailed: ["error", "failed"],
  failed: ["error", "failed"],
  cancelled: ["circle-slash", "unknown"],
  aborted: ["error", "failed"],
};

const hindranceTexts: Readonly<Record<BatchHindrance, BatchTextKey>> = {
  over: "whyOver",
  cancelled: "whyCancelled",
  isPaused: "whyIsPaused",
  isNotPaused: "whyIsNotPaused",
  nothingFailed: "whyNothingFailed",
  notCreated: "whyNotCreated",
  nobodyRuns: "whyNobodyRuns",
  runsAlready: "whyRunsAlready",
  elsewhere: "whyElsewhere",
  unreachable: "whyUnreachable",
  restricted: "whyRestricted",
  underWay: "whyUnderWay",
  engine: "whyEngine",
};

export interface BatchHeaderBarProps {
  readonly page: BatchPage;
  readonly header: BatchHeader;
}

export function BatchHeaderBar({ page, header }: BatchHeaderBarProps) {
  const [icon, look] = wordIcons[header.word];
  const title = header.name ?? text("batchOf", formatInteger(header.runCount));
  const ended = endedCount(header);
  const created = formatDateTime(header.createdMs, page.timeZone);
  const flags = flagsText(page, { ...header, completedMs: header.changes.at(-1)?.completedMs });
  return (
    <header class="header">
      <div class="header-facts">
        <h1 class="batch-title" title={header.id}>
          {title}
        </h1>
        <span class={`fact fact-status session-${look}`}>
          <Icon name={icon} spin={icon === "loading"} class={`session-${look}`} />
          <span class="fact-word">{header.label}</span>
        </span>
        <span class="fact" title={text("doneOfTitle", formatInteger(ended), formatInteger(header.runCount))}>
          {text("doneOf", formatInteger(ended), formatInteger(header.runCount))}
        </span>
        {header.createdMs > 0 && (
          <span class="fact fact-duration" title={text("startedAt", created, page.timeZone)}>
            {durationText(page, header)}
          </span>
        )}
        <span class="fact fact-flags" title={flags}>
          {flags}
        </span>
      </div>
      <div class="header-tools">
        {header.word === "interrupted" ? (
          <ActionButton page={page} header={header} action="goOn" label="goOn" help="goOnHelp" isPrimary />
        ) : header.isPaused ? (
          <ActionButton page={page} header={header} action="unpause" label="unpause" help="unpauseHelp" isPrimary />
        ) : (
          !header.isFinal && <ActionButton page={page} header={header} action="pause" label="pause" help="pauseHelp" />
        )}
        {!header.isFinal && (
          <ActionButton page={page} header={header} action="cancel" label="cancel" help="cancelHelp" />
        )}
        <RetryButton page={page} header={header} />
        <IconButton
          icon="ellipsis"
          label={text("moreActions")}
          class="overflow-button"
          expanded={page.popup === "overflow"}
          onClick={() => page.setPopup(page.popup === "overflow" ? "none" : "overflow")}
        />
        {page.popup === "overflow" && <BatchMenu page={page} header={header} />}
      </div>
    </header>
  );
}

interface ActionButtonProps {
  readonly page: BatchPage;
  readonly header: BatchHeader;
  readonly action: BatchAction;
  readonly label: BatchTextKey;
  readonly help: BatchTextKey;
  readonly words?: string;
  readonly isPrimary?: boolean;
}

/** A button that can't act keeps its place and says why. It can be reached by keys, so that the reason can be read. */
export function ActionButton({ page, header, action, label, help, words, isPrimary }: ActionButtonProps) {
  const { hindrance } = header.controls[action];
  const why = hindrance === undefined ? text(help) : text(hindranceTexts[hindrance]);
  return (
    <button
      type="button"
      class={`button ${isPrimary === true ? "" : "button-secondary"}`}
      aria-disabled={hindrance !== undefined}
      title={why}
      aria-description={why}
      onClick={() => {
        if (hindrance === undefined) page.control(action);
        else page.announce(why);
      }}
    >
      {words ?? text(label)}
    </button>
  );
}

/** There is nothing to retry in a batch without a failure, and no button then. */
function RetryButton({ page, header }: { page: BatchPage; header: BatchHeader }) {
  const count = page.count("failed") + page.count("prefailed") + page.count("cancelled");
  if (count === 0 || header.status === "ABORTED") return null;
  return (
    <ActionButton
      page={page}
      header={header}
      action="retryFailed"
      label="retryFailed"
      help="retryFailedHelp"
      words={text("retryFailedCount", formatInteger(count))}
      isPrimary={header.isFinal}
    />
  );
}

function BatchMenu({ page, header }: { page: BatchPage; header: BatchHeader }) {
  const run = (action: () => void) => () => {
    page.setPopup("none");
    action();
  };
  const { host } = page;
  return (
    <Popup label={text("moreActions")} role="menu" class="menu overflow-menu" onClose={() => page.setPopup("none")}>
      <MenuItem icon="json" label={text("openLog")} onRun={run(() => host.post({ type: "openLog" }))} />
      <MenuItem icon="folder-opened" label={text("revealLog")} onRun={run(() => host.post({ type: "revealLog" }))} />
      <MenuItem icon="copy" label={text("copyId")} onRun={run(() => host.post({ type: "copyId" }))} />
      {header.hasParent && (
        <MenuItem icon="list-tree" label={text("openParent")} onRun={run(() => host.post({ type: "openParent" }))} />
      )}
      <MenuItem icon="refresh" label={text("reload")} onRun={run(() => host.post({ type: "reload" }))} />
      <div class="menu-line" />
      <MenuItem icon="keyboard" label={text("shortcuts")} onRun={() => page.setPopup("shortcuts")} />
    </Popup>
  );
}

/** "PENDING, sealed, completed 14:02:11". */
export function flagsText(
  page: Pick<BatchPage, "timeZone">,
  of: Pick<BatchHeader["changes"][number], "status" | "sealed"> & { readonly completedMs?: number | undefined },
): string {
  return [
    of.status,
    ...(of.sealed ? [text("flagSealed")] : []),
    ...(of.completedMs === undefined ? [] : [text("flagCompleted", formatClock(of.completedMs, page.timeZone, false))]),
  ].join(", ");
}

export function endedCount(header: BatchHeader): number {
  return runStates.reduce(
    (sum, state, at) =>
      sum + (/^(?:succeeded|failed|cancelled|prefailed|uncreated)$/.test(state) ? (header.counts[at] ?? 0) : 0),
    0,
  );
}

function durationText(page: BatchPage, header: BatchHeader): string {
  if (header.endedMs !== undefined) return formatDuration(Math.max(0, header.endedMs - header.createdMs));
  // How long nobody has run it is no part of how long it took.
  if (header.runner.type !== "alive") return formatDuration(Math.max(0, header.updatedMs - header.createdMs));
  return text("tookSoFar", formatDuration(Math.max(0, page.nowMs - header.createdMs)));
}
