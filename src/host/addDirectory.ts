// "Add Trace Directory": a folder, or a known directory of another recorder, becomes an entry of the setting.

import * as vscode from "vscode";
import { plainText } from "../trace/plainText";
import { offeredDirectories } from "./directories";
import { settingIds } from "./ids";

export async function addDirectory(watched: readonly string[]): Promise<void> {
  const browse = { label: `$(folder-opened) ${vscode.l10n.t("Choose a Folder…")}`, directory: undefined };
  const known = (await offeredDirectories(watched)).map((offer) => ({
    label: vscode.l10n.t("Traces of {0}", offer.recorder),
    description: offer.path,
    directory: offer.path,
  }));
  const picked =
    known.length === 0
      ? browse
      : await vscode.window.showQuickPick([...known, browse], {
          placeHolder: vscode.l10n.t("Which directory holds traces?"),
        });
  if (!picked) return;
  const directory = picked.directory ?? (await chooseFolder());
  if (!directory) return;
  const configuration = vscode.workspace.getConfiguration();
  const inspected = configuration.inspect<string[]>(settingIds.directories);
  const target = inspected?.workspaceValue ? vscode.ConfigurationTarget.Workspace : vscode.ConfigurationTarget.Global;
  const before =
    (target === vscode.ConfigurationTarget.Workspace ? inspected?.workspaceValue : inspected?.globalValue) ?? [];
  if (!before.includes(directory)) await configuration.update(settingIds.directories, [...before, directory], target);
  const openSettings = vscode.l10n.t("Open Settings");
  const choice = await vscode.window.showInformationMessage(
    plainText(
      target === vscode.ConfigurationTarget.Workspace
        ? vscode.l10n.t("Watching {0}, as the settings of this workspace say.", directory)
        : vscode.l10n.t("Watching {0} in every window, as your user settings say.", directory),
    ),
    openSettings,
  );
  if (choice === openSettings)
    await vscode.commands.executeCommand("workbench.action.openSettings", settingIds.directories);
}

async function chooseFolder(): Promise<string | undefined> {
  const chosen = await vscode.window.showOpenDialog({
    canSelectFiles: false,
    canSelectFolders: true,
    openLabel: vscode.l10n.t("Watch This Directory"),
  });
  return chosen?.[0]?.fsPath;
}
