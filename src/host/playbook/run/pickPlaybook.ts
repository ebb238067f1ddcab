// Which playbook "Run Playbook…" means: the one in front, else one of the workspace that is picked.

import * as vscode from "vscode";
import { plainText } from "../../../trace/plainText";
import { askFirmly } from "../../firmInput";
import { commandIds } from "../../ids";
import { filePath, isPlaybook } from "../playbookFiles";
import { findPlaybooks, type PlaybookOffer } from "./findPlaybooks";

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
  return await pick(offers, vscode.l10n.t("Run Playbook"), vscode.l10n.t("Pick the playbook to run and record"));
}

/** The playbook of a run whose trace does not tell where it is. Undefined where a person picked none. */
export async function playbookOfMaskedPath(why: string): Promise<string | undefined> {
  const offers = await findPlaybooks();
  if (offers.length === 0) throw new Error(why);
  const ask = vscode.l10n.t("The path of the playbook holds a secret, which no trace holds. Pick the playbook");
  return await pick(offers, vscode.l10n.t("Resume From Failing Step"), ask);
}

async function pick(offers: readonly PlaybookOffer[], title: string, placeHolder: string): Promise<string | undefined> {
  const items = offers.map(({ name, place, path }) => ({
    label: plainText(name),
    description: plainText(place),
    path,
  }));
  return (await askFirmly(() => vscode.window.showQuickPick(items, { title, placeHolder })))?.path;
}
