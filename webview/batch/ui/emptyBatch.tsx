// What is shown when there is no batch to show: loading, or why it can't be shown. Never blank.

import { useEffect, useState } from "preact/hooks";
import { text } from "../../text";
import { Icon } from "../../ui/icon";
import type { BatchPage } from "../model/batchPage";

/** What flashes up for a moment is worse than nothing. */
const delayMs = 150;

export function LoadingBatch({ page }: { page: BatchPage }) {
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), delayMs);
    return () => clearTimeout(timer);
  }, []);
  if (!isLate) return <div class="app" aria-busy="true" />;
  const part = page.loadingPart ?? 0;
  const words = part > 0 ? text("loadingPart", String(Math.round(100 * part))) : text("loading");
  return (
    <div class="app loading" aria-busy="true">
      <div class="progress" role="progressbar" aria-label={words} />
      <div class="loading-title">{words}</div>
    </div>
  );
}

export function UnavailableBatch(props: { page: BatchPage; unavailable: NonNullable<BatchPage["unavailable"]> }) {
  const { page, unavailable } = props;
  const isMissing = unavailable.reason === "missing";
  return (
    <main class="app notice-page">
      <div class="notice" role="alert">
        <Icon name={isMissing ? "search" : "error"} class="notice-icon" />
        <h1>{text(isMissing ? "missingTitle" : "unreadableTitle")}</h1>
        {unavailable.message !== "" && <p class="notice-message">{unavailable.message}</p>}
        <p>{text(isMissing ? "missingHelp" : "unreadableHelp")}</p>
        <div class="notice-actions">
          <button type="button" class="button" onClick={() => page.host.post({ type: "reload" })}>
            {text("reload")}
          </button>
          {!isMissing && (
            <button type="button" class="button button-secondary" onClick={() => page.host.post({ type: "openLog" })}>
              {text("openLog")}
            </button>
          )}
        </div>
      </div>
    </main>
  );
}
