// The line at the bottom: how many runs are shown, whether the batch lives, and what was just done.

import type { BatchHeader } from "../../../src/protocol/batchMessages";
import { formatInteger, text } from "../../text";
import { Icon } from "../../ui/icon";
import type { BatchPage } from "../model/batchPage";

export function BatchStatusLine({ page, header }: { page: BatchPage; header: BatchHeader }) {
  const total = formatInteger(header.runCount);
  const words = page.isFiltered ? text("countShown", formatInteger(page.order.length), total) : text("countAll", total);
  return (
    <footer class="status-line">
      <span class="status-counts">{words}</span>
      {page.isFiltered && (
        <button type="button" class="status-button" onClick={() => page.clearFilters()}>
          {text("showAll")}
        </button>
      )}
      {!header.isFinal && header.runner.type === "alive" && (
        <span class="status-live">
          <Icon name="circle-filled" />
          {text("live")}
        </span>
      )}
      <span
        // What stands at the left already is only read aloud.
        class={page.announcement === words ? "visually-hidden" : "status-announcement"}
        role="status"
        aria-live="polite"
      >
        {page.announcement}
      </span>
      <span class="status-zone">{page.timeZone}</span>
    </footer>
  );
}
