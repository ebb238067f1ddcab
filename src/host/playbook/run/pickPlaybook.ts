// Which playbook "Run Playbook…" means: the one in front, else one of the workspace that is picked.

import * as vscode from "vscode";
import { plainText } from "../../../trace/plainText";
import { commandIds } from "../../ids";
import { filePath, isPlaybook } from "../playbookFiles";
import { findPlaybooks } from "./findPlaybooks";

/** Undefined where a person picked none. */
export async function playbookToRun(): Promise<string | undefined> {
  const document = vscode.window.activeTextEditor?.document;
  if (document !== undefined && isPlaybook(document)) {
    const path = filePath(document.uri);
    if (path !== undefined) return path;
  }
  const offers = await findPlaybooks();
  if (offers.length === 0) {
    const create = vscode.l10n.t("New Playbook…");
    const none = vscode.l10n.t("There is no playbook in this workspace: a file whose name ends in .playbook.yaml.");
    const chosen = await vscode.window.showInformationMessage(plainText(none), create);
    if (chosen === create) await vscode.commands.executeCommand(commandIds.newPlaybook);
    return undefined;
  }
  const picked = await vscode.window.showQuickPick(
    offers.map(({ name, place, path }) => ({ label: plainText(name), description: plainText(place), path })),
    { title: vscode.l10n.t("Run Playbook"), placeHolder: vscode.l10n.t("Pick the playbook to run and record") },
  );
  return picked?.path;
}
