// What can be done with a session that was started here: run it again, stop it, go to its terminal.

import type { PanelHeader } from "../../src/protocol/panelMessages";
import type { Panel } from "../model/panel";
import { text } from "../text";
import { IconButton } from "./iconButton";

export function SessionButtons({ panel, header }: { panel: Panel; header: PanelHeader }) {
  const { control, live } = header;
  if (control === undefined) return null;
  return (
    <span class="session-buttons">
      {live && control.canStop && (
        <IconButton
          icon="debug-stop"
          label={text("stopSession")}
          class="stop-button"
          onClick={() => panel.connection.post({ type: "stopSession" })}
        />
      )}
      {live && control.hasTerminal && (
        <IconButton
          icon="terminal"
          label={text("revealTerminal")}
          onClick={() => panel.connection.post({ type: "revealTerminal" })}
        />
      )}
      {!live && control.canRunAgain && (
        <IconButton
          icon="debug-rerun"
          label={text("runAgain")}
          onClick={() => panel.connection.post({ type: "runAgain" })}
        />
      )}
    </span>
  );
}
