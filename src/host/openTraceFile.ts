// "Open Trace File": any file of a session, wherever it is, in the trace editor.

import * as vscode from "vscode";
import { sessionKeyOf } from "../store/sessionKey";
import { notOnThisMachine, openTraceEditor } from "./panel/traceEditor";

/** @param uri the file that a menu was opened on; without it the person chooses one. */
export async function openTraceFile(uri: unknown): Promise<void> {
  const chosen = uri instanceof vscode.Uri ? uri : await chooseFile();
  if (!chosen) return;
  if (chosen.scheme !== "file") throw notOnThisMachine(chosen);
  await openTraceEditor(sessionKeyOf(chosen.fsPath));
}

async function chooseFile(): Promise<vscode.Uri | undefined> {
  const chosen = await vscode.window.showOpenDialog({
    canSelectMany: false,
    openLabel: vscode.l10n.t("Open Trace"),
    filters: { [vscode.l10n.t("Traces")]: ["json", "jsonl", "ndjson"] },
  });
  return chosen?.[0];
}
