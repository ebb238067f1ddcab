// A playbook as the session process will read it: saved, and sound. What keeps it from being run is told where it stands.

import { basename } from "node:path";
import * as vscode from "vscode";
import type { Playbook } from "../../../session/playbook/playbook";
import { plainText } from "../../../trace/plainText";
import type { PlaybookTools } from "../loadPlaybookTools";
import { toRange } from "../playbookFiles";

/** Undefined where it can't be run, or a person does not want it; both have been told. */
export async function readyPlaybook(path: string, tools: PlaybookTools): Promise<Playbook | undefined> {
  const document = await vscode.workspace.openTextDocument(vscode.Uri.file(path));
  if (document.isDirty && !(await save(document))) return undefined;
  const { playbook, problems } = tools.parsePlaybook(document.getText(), path);
  if (playbook !== undefined) return playbook;
  const errors = problems.filter(({ severity }) => severity === "error");
  const [first] = errors;
  if (first === undefined) throw new Error(vscode.l10n.t("{0} can't be read as a playbook.", basename(path)));
  const { start } = toRange(first.range);
  await vscode.window.showTextDocument(document, { selection: new vscode.Range(start, start) });
  const { message, range } = first;
  const told =
    errors.length === 1
      ? vscode.l10n.t("{0} can't be run. Line {1}: {2}", basename(path), range.start.line, message)
      : vscode.l10n.t(
          "{0} can't be run: it has {3} errors. Line {1}: {2}",
          basename(path),
          range.start.line,
          message,
          errors.length,
        );
  void vscode.window.showErrorMessage(plainText(told));
  return undefined;
}

/** Another process reads the file, so that what is not saved is not run. */
async function save(document: vscode.TextDocument): Promise<boolean> {
  const when = vscode.workspace.getConfiguration("task").get("saveBeforeRun");
  if (when === "never" || when === "prompt") {
    const saveIt = vscode.l10n.t("Save and Run");
    const question = vscode.l10n.t("{0} has changes that are not saved.", basename(document.uri.fsPath));
    const detail = vscode.l10n.t("What is saved is what is run.");
    const chosen = await vscode.window.showWarningMessage(plainText(question), { modal: true, detail }, saveIt);
    if (chosen !== saveIt) return false;
  }
  if (await document.save()) return true;
  throw new Error(vscode.l10n.t("{0} could not be saved.", basename(document.uri.fsPath)));
}
