// The tools that a generation called; each leads to its row.

import { kindCodes } from "../../../src/trace/spanColumns";
import type { DetailsCall } from "../../../src/trace/spanDetails";
import type { Panel } from "../../model/panel";
import { formatInteger, text } from "../../text";
import { Icon } from "../icon";
import { kindIcon } from "../statusIcon";

const tool = kindCodes.indexOf("tool");

export interface CallListProps {
  readonly panel: Panel;
  readonly calls: readonly DetailsCall[];
  /** Calls that are not among them. */
  readonly leftOut: number;
}

export function CallList({ panel, calls, leftOut }: CallListProps) {
  return (
    <section class="section">
      <h3>{text("toolCalls")}</h3>
      <ul class="calls">
        {calls.map((call, index) => (
          <li key={index}>
            <button
              type="button"
              class={`call ${call.isFailed ? "is-failed" : ""}`}
              disabled={call.row === undefined}
              onClick={() => {
                if (call.row !== undefined) panel.select(call.row, { reveal: true });
              }}
            >
              <Icon name={kindIcon(tool, 0, call.name)} class="kind-icon" />
              <span class="call-name">{call.name}</span>
              <span class="call-label">{call.label}</span>
              <span class="call-outcome">{call.outcome}</span>
              {call.isFailed && <Icon name="error" class="failed-icon" />}
            </button>
          </li>
        ))}
      </ul>
      {leftOut > 0 && <p class="cut-mark">{text("callsLeftOut", formatInteger(leftOut))}</p>}
    </section>
  );
}
