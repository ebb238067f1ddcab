// A quick pick of sessions, newest first, as every command uses it that needs one.

import * as vscode from "vscode";
import type { SessionEntry } from "../../store/sessionEntry";
import { plainText } from "../../trace/plainText";
import { askFirmly } from "../firmInput";
import { entryDescription, entryIcon, entryLabel, entryTimeMs } from "./sessionRows";

export async function pickSession(
  entries: readonly SessionEntry[],
  placeHolder: string,
): Promise<SessionEntry | undefined> {
  const nowMs = Date.now();
  const items = [...entries]
    .sort((a, b) => entryTimeMs(b) - entryTimeMs(a))
    .map((entry) => ({
      label: entryLabel(entry),
      description: entryDescription(entry, nowMs),
      detail: plainText(entry.state.error ?? entry.sessionId),
      iconPath: new vscode.ThemeIcon(entryIcon(entry).icon.replace("~spin", "")),
      entry,
    }));
  const options = { placeHolder, matchOnDescription: true, matchOnDetail: true };
  const picked = await askFirmly(() => vscode.window.showQuickPick(items, options));
  return picked?.entry;
}
