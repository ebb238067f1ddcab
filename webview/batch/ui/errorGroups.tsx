// The errors of the runs, those that look alike together. A group shows its runs alone.

import { formatInteger, text } from "../../text";
import type { BatchPage } from "../model/batchPage";

const mostGroups = 50;

export function ErrorGroups({ page }: { page: BatchPage }) {
  const { groups } = page.errors;
  if (groups.length === 0) return null;
  const shown = groups.slice(0, mostGroups);
  return (
    <section class="side-section">
      <h2>{text("errors")}</h2>
      <ul class="error-groups">
        {shown.map(({ message, count }) => {
          const isOn = page.message === message;
          return (
            <li key={message}>
              <button
                type="button"
                class="error-group"
                aria-pressed={isOn}
                title={text(isOn ? "errorHide" : "errorShow")}
                onClick={() => page.setFilter({ message: isOn ? undefined : message })}
              >
                <span class="error-count">{text("errorCount", formatInteger(count))}</span>
                <span class="error-message">{message}</span>
              </button>
            </li>
          );
        })}
      </ul>
      {groups.length > shown.length && (
        <p class="dim">{text("moreErrors", formatInteger(groups.length - shown.length))}</p>
      )}
    </section>
  );
}
