// "Forget Kept Secret": what is kept for playbooks is listed, and what is picked is forgotten: a key that is wrong, or that
// is not to be used any more, is asked for again.

import * as vscode from "vscode";
import { plainText } from "../../../trace/plainText";
import { askFirmly } from "../../firmInput";
import type { KeptSecrets, SecretPlace } from "./keptSecrets";

export async function forgetSecret(secrets: KeptSecrets): Promise<void> {
  const items = secrets.places.map((place) => ({ ...wordsOf(place), place }));
  if (items.length === 0) {
    void vscode.window.showInformationMessage(vscode.l10n.t("No secret is kept for a playbook."));
    return;
  }
  const placeHolder = vscode.l10n.t("Forget which secret? It is asked for when it is needed again");
  const picked = await askFirmly(() =>
    vscode.window.showQuickPick(items, {
      title: vscode.l10n.t("Forget Kept Secret"),
      placeHolder,
      matchOnDescription: true,
    }),
  );
  if (picked === undefined) return;
  await secrets.forget(picked.place);
  vscode.window.setStatusBarMessage(plainText(vscode.l10n.t("{0} is forgotten.", picked.label)), 5_000);
}

function wordsOf(place: SecretPlace): { readonly label: string; readonly description: string } {
  const label = plainText(place.name);
  if (place.type === "engine") return { label, description: vscode.l10n.t("key of trigger.dev") };
  return place.type === "key"
    ? { label, description: vscode.l10n.t("key of a model") }
    : { label, description: plainText(vscode.workspace.asRelativePath(place.path)) };
}
