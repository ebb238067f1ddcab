// The context menu of a row.

import { kindCodes } from "../../src/trace/spanColumns";
import { formatRound } from "../format";
import type { Panel } from "../model/panel";
import { rowDuration } from "../model/rowDuration";
import type { Picture } from "../model/traceModel";
import { stringAt } from "../model/traceModel";
import { text } from "../text";
import { kindText } from "./filterMenu";
import { MenuItem } from "./menuItem";
import { Popup } from "./popup";

export interface RowMenuTarget {
  readonly row: number;
  readonly x: number;
  readonly y: number;
}

export function RowMenu(props: { panel: Panel; picture: Picture; target: RowMenuTarget; onClose: () => void }) {
  const { panel, picture, target, onClose } = props;
  const { row } = target;
  const { columns } = picture.model;
  const ref = { epoch: picture.epoch, row };
  const name = stringAt(columns, "name", row);
  const kind = kindCodes[columns.kind[row] ?? 0] ?? "span";
  const duration = rowDuration(picture.model, picture.times, row);
  const durationMs = "ms" in duration ? duration.ms : 0;
  const run = (action: () => void) => () => {
    onClose();
    action();
    panel.focus("list");
  };
  const filter = (added: Parameters<Panel["setFilters"]>[0][number]) =>
    run(() => panel.setFilters([...panel.rows.filters, added]));
  return (
    <Popup
      label={text("rowActions", name)}
      role="menu"
      class="menu row-menu"
      onClose={() => {
        onClose();
        panel.focus("list");
      }}
      style={{ left: `min(${target.x}px, calc(100vw - 260px))`, top: `min(${target.y}px, calc(100vh - 300px))` }}
    >
      <MenuItem
        icon="go-to-file"
        label={text("goToSource")}
        onRun={run(() => panel.connection.post({ type: "openSource", ...ref }))}
      />
      <MenuItem
        icon="copy"
        label={text("copyRaw")}
        onRun={run(() => panel.connection.post({ type: "copy", ...ref, field: "raw" }))}
      />
      <MenuItem
        icon="link-external"
        label={text("openRaw")}
        onRun={run(() => panel.connection.post({ type: "openText", ...ref, field: "raw" }))}
      />
      <div class="menu-line" />
      <MenuItem icon="filter" label={text("filterByName", name)} onRun={filter({ type: "name", name })} />
      <MenuItem
        icon="filter"
        label={text("filterByThisKind", text(kindText[kind]))}
        onRun={filter({ type: "kind", kind })}
      />
      {durationMs >= 1 && (
        <MenuItem
          icon="filter"
          label={text("filterByLonger", formatRound(Math.floor(durationMs)))}
          onRun={filter({ type: "longerThan", ms: Math.floor(durationMs) })}
        />
      )}
      <div class="menu-line" />
      <MenuItem icon="target" label={text("zoomToSpan")} onRun={run(() => zoomTo(panel, picture, row))} />
      <MenuItem icon="expand-all" label={text("expandSiblings")} onRun={run(() => panel.expandSiblings(row))} />
    </Popup>
  );
}

function zoomTo(panel: Panel, picture: Picture, row: number): void {
  const start = picture.times.startMs[row] ?? 0;
  const end = picture.times.endMs[row] ?? start;
  const marginMs = Math.max(0.5, (end - start) * 0.05);
  panel.timeView.restore([start - marginMs, end + marginMs]);
  panel.changed();
}
