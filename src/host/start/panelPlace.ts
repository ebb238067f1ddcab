// Where the panel of a started session opens: where another trace is in view, else beside the code. The keyboard stays
// where it is.

import * as vscode from "vscode";
import type { PanelRegistry } from "../panel/panelRegistry";
import { openTraceEditor } from "../panel/traceEditor";

export async function openStarted(
  key: string,
  registry: PanelRegistry,
  how: "beside" | "background" | "never",
): Promise<void> {
  if (how === "never") return;
  const shown = [...registry.connections].find(({ panel }) => panel.visible)?.panel.viewColumn;
  if (how === "background") {
    const viewColumn = shown ?? vscode.ViewColumn.Active;
    // In preview it would take the place of what is in front, where that is in preview itself.
    const background = { viewColumn, preserveFocus: true, background: true, preview: false };
    await openTraceEditor(key, background);
    return;
  }
  const beside = vscode.window.activeTextEditor ? vscode.ViewColumn.Beside : vscode.ViewColumn.Active;
  await openTraceEditor(key, { viewColumn: shown ?? beside, preserveFocus: true });
}
