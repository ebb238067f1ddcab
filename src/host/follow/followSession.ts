// "Follow Session in Terminal": what a running session does as it does it, whichever window or command line started it.

import * as vscode from "vscode";
import type { TraceStore } from "../../store/traceStore";
import { oneLine, plainText } from "../../trace/plainText";
import { pickSession } from "../sessions/pickSession";
import { entryLabel, isLive } from "../sessions/sessionRows";
import { FollowTerminal } from "./followTerminal";

const longestName = 60;

/** @param asked key of a session; one that does not run is not followed, but another one picked */
export async function followSession(asked: string | undefined, store: TraceStore): Promise<void> {
  if (!vscode.workspace.isTrusted) {
    // Where a session can be followed stands in a file of the workspace.
    void vscode.window.showInformationMessage(vscode.l10n.t("In Restricted Mode no session is followed."));
    return;
  }
  await store.ready;
  const live = store.entries().filter(isLive);
  const named = live.find(({ key }) => key === asked);
  const [first, ...others] = live;
  if (first === undefined) {
    void vscode.window.showInformationMessage(vscode.l10n.t("No session runs that could be followed."));
    return;
  }
  const entry =
    named ?? (others.length === 0 ? first : await pickSession(live, vscode.l10n.t("Follow which running session?")));
  if (entry === undefined) return;
  const label = plainText(entryLabel(entry));
  const terminal = vscode.window.createTerminal({
    name: oneLine(vscode.l10n.t("Follow: {0}", label), longestName),
    iconPath: new vscode.ThemeIcon("eye"),
    pty: new FollowTerminal(entry.key),
    isTransient: true,
  });
  terminal.show();
}
