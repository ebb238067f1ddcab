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
        {shown.map(({ pattern, message, example, count }) => {
          const isOn = page.pattern === pattern;
          return (
            <li key={pattern}>
              <button
                type="button"
                class="error-group"
                aria-pressed={isOn}
                title={`${text(isOn ? "errorHide" : "errorShow")}\n${example}`}
                onClick={() => page.setFilter({ pattern: isOn ? undefined : pattern })}
              >
                <span class="error-count">{text("errorCount", formatInteger(count))}</span>
                <span class="error-message">{message === "" ? text("errorUnnamed") : message}</span>
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
