// Nothing is started in Restricted Mode, and whoever tries is told why.

import * as vscode from "vscode";

/** False, with a message, in an untrusted workspace. */
export function requireTrust(): boolean {
  if (vscode.workspace.isTrusted) return true;
  const manage = vscode.l10n.t("Manage Workspace Trust");
  void vscode.window
    .showInformationMessage(
      vscode.l10n.t("In Restricted Mode no session is started: it would run programs of this workspace."),
      manage,
    )
    .then((choice) => {
      if (choice === manage) void vscode.commands.executeCommand("workbench.trust.manage");
    });
  return false;
}
