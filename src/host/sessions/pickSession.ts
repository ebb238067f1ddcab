// A quick pick of sessions, newest first, as every command uses it that needs one.

import * as vscode from "vscode";
import type { SessionEntry } from "../../store/sessionEntry";
import { plainText } from "../../trace/plainText";
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
  const picked = await vscode.window.showQuickPick(items, {
    placeHolder,
    matchOnDescription: true,
    matchOnDetail: true,
  });
  return picked?.entry;
}
