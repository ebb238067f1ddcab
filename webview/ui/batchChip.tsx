// Of which batch the session is a run, in the header: a button that opens the batch there.

import type { PanelHeader } from "../../src/protocol/panelMessages";
import type { Panel } from "../model/panel";
import { formatInteger, text } from "../text";
import { Icon } from "./icon";

export function BatchChip({ panel, header }: { panel: Panel; header: PanelHeader }) {
  const { batch } = header;
  if (batch === undefined) return null;
  const [number, count] = [formatInteger(batch.number), formatInteger(batch.runCount)];
  const words =
    batch.name === undefined ? text("batchRun", number, count) : text("batchRunOf", number, count, batch.name);
  return (
    <button
      type="button"
      class="loop-chip batch-chip"
      title={`${words}\n${text("openBatch")}`}
      aria-label={`${words}. ${text("openBatch")}`}
      onClick={() => panel.connection.post({ type: "openBatch" })}
    >
      <Icon name="list-flat" />
      {/* The name gives way to which run it is. */}
      <span class="batch-chip-number">{text("batchRun", number, count)}</span>
      {batch.name !== undefined && <span class="batch-chip-name">{batch.name}</span>}
    </button>
  );
}
