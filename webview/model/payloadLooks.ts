// How payloads are shown: changed here, told to the host, which remembers it for all traces.

import type { PayloadLooks } from "../../src/protocol/payloadMessages";
import type { ShownAs } from "../../src/trace/payload";
import type { Panel } from "./panel";

export function changeLooks(panel: Panel, change: Partial<PayloadLooks>): void {
  Object.assign(panel.settings, change);
  const { payloadViews, wrapText, sideBySide } = panel.settings;
  panel.connection.post({ type: "rememberLooks", looks: { payloadViews, wrapText, sideBySide } });
  panel.changed();
}

/** @param isBest what would be shown anyway, so that nothing is remembered */
export function changeView(panel: Panel, sort: string, view: ShownAs, isBest: boolean): void {
  const { [sort]: _, ...others } = panel.settings.payloadViews;
  changeLooks(panel, { payloadViews: isBest ? others : { ...others, [sort]: view } });
}
