// The menu behind "⋯".

import type { Panel } from "../model/panel";
import { text } from "../text";
import { MenuItem } from "./menuItem";
import { Popup } from "./popup";

export function OverflowMenu({ panel }: { panel: Panel }) {
  const close = () => panel.setPopup("none");
  const run = (action: () => void) => () => {
    close();
    action();
  };
  return (
    <Popup label={text("moreActions")} role="menu" class="menu overflow-menu" onClose={close}>
      <MenuItem icon="json" label={text("openJson")} onRun={run(() => panel.connection.post({ type: "openJson" }))} />
      <MenuItem
        icon="folder-opened"
        label={text("revealInOs")}
        onRun={run(() => panel.connection.post({ type: "revealInOs" }))}
      />
      <MenuItem icon="refresh" label={text("reload")} onRun={run(() => panel.connection.post({ type: "reload" }))} />
      <div class="menu-line" />
      {panel.header?.output !== undefined && panel.header.output.lineCount > 0 && (
        <MenuItem
          icon="output"
          label={text("openOutput")}
          onRun={run(() => panel.connection.post({ type: "openOutput", epoch: panel.picture?.epoch ?? 0 }))}
        />
      )}
      {panel.header?.output?.isOnly === true && panel.hidesStepsCard && (
        <MenuItem icon="lightbulb" label={text("stepsShow")} onRun={run(() => panel.setStepsCard(true))} />
      )}
      <MenuItem icon="expand-all" label={text("expandAll")} onRun={run(() => panel.setAllExpanded(true))} />
      <MenuItem icon="collapse-all" label={text("collapseAll")} onRun={run(() => panel.setAllExpanded(false))} />
      <div class="menu-line" />
      <MenuItem
        icon="watch"
        label={text("absoluteTimes")}
        checked={panel.settings.absoluteTimes}
        onRun={run(() => panel.navigate("toggleAbsoluteTimes"))}
      />
      <MenuItem icon="graph" label={text("summary")} onRun={() => panel.setPopup("summary")} />
      <MenuItem icon="keyboard" label={text("shortcuts")} onRun={() => panel.setPopup("shortcuts")} />
    </Popup>
  );
}
