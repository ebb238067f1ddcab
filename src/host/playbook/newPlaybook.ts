// "New Playbook": asks for a name, writes a commented playbook where there is no file of that name, and opens it.

import * as vscode from "vscode";
import { plainText } from "../../trace/plainText";
import { askFirmly } from "../firmInput";
import { newPlaybookText } from "./newPlaybookText";

const ending = ".playbook.yaml";

/** @param clicked the folder of the explorer that the command was used on */
export async function newPlaybook(clicked: unknown): Promise<void> {
  if (!vscode.workspace.isTrusted) {
    void vscode.window.showInformationMessage(vscode.l10n.t("In Restricted Mode no playbook is written."));
    return;
  }
  const folder = clicked instanceof vscode.Uri ? await folderOf(clicked) : await pickFolder();
  if (folder === undefined) return;
  const question: vscode.InputBoxOptions = {
    title: vscode.l10n.t("New Playbook"),
    prompt: vscode.l10n.t(
      "The name of the playbook, and of its file in {0}",
      plainText(vscode.workspace.asRelativePath(folder)),
    ),
    placeHolder: vscode.l10n.t("Nightly check"),
    validateInput: (value) => problemOf(value, folder),
  };
  const name = await askFirmly(() => vscode.window.showInputBox(question));
  if (name === undefined) return;
  const uri = vscode.Uri.joinPath(folder, playbookFileName(name));
  const edit = new vscode.WorkspaceEdit();
  // It fails where a file is there by now: nothing is ever overwritten.
  edit.createFile(uri, {
    overwrite: false,
    ignoreIfExists: false,
    contents: new TextEncoder().encode(newPlaybookText(name.trim())),
  });
  if (!(await vscode.workspace.applyEdit(edit)))
    throw new Error(vscode.l10n.t("{0} could not be written", vscode.workspace.asRelativePath(uri)));
  await vscode.window.showTextDocument(uri);
}

/** `Nightly check` is kept in `nightly-check.playbook.yaml`. */
export function playbookFileName(name: string): string {
  const word = name
    .trim()
    .replace(/\.playbook\.ya?ml$/i, "")
    .toLowerCase()
    .normalize("NFC")
    .replaceAll(/[^\p{L}\p{N}]+/gu, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 80);
  return `${word}${ending}`;
}

async function problemOf(name: string, folder: vscode.Uri): Promise<string | undefined> {
  const file = playbookFileName(name);
  if (file === ending) return vscode.l10n.t("A name needs a letter or a digit.");
  if (!(await isThere(vscode.Uri.joinPath(folder, file)))) return undefined;
  return vscode.l10n.t("{0} is there already.", plainText(file));
}

async function isThere(uri: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(uri);
    return true;
  } catch {
    return false;
  }
}

async function folderOf(uri: vscode.Uri): Promise<vscode.Uri> {
  const { type } = await vscode.workspace.fs.stat(uri);
  return (type & vscode.FileType.Directory) === 0 ? vscode.Uri.joinPath(uri, "..") : uri;
}

async function pickFolder(): Promise<vscode.Uri | undefined> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  if (folders.length === 0) {
    void vscode.window.showInformationMessage(vscode.l10n.t("Open a folder first: a playbook is a file in it."));
    return undefined;
  }
  if (folders.length === 1) return folders[0]?.uri;
  const picked = await vscode.window.showWorkspaceFolderPick({
    placeHolder: vscode.l10n.t("The folder of the new playbook"),
  });
  return picked?.uri;
}
