// The keys of models that a playbook takes from VS Code's secret storage: asked for once, and kept there.

import * as vscode from "vscode";
import type { KeptSecrets } from "./keptSecrets";
import { askText } from "./questions";

/**
 * @param names as `key_secret` gives them
 * @returns by name; undefined where the person wants nothing of it any more
 */
export async function modelKeys(
  names: readonly string[],
  title: string,
  secrets: KeptSecrets,
): Promise<Readonly<Record<string, string>> | undefined> {
  const keys = new Map<string, string>();
  const missing: string[] = [];
  for (const name of names) {
    const kept = await secrets.get({ type: "key", name });
    if (kept === undefined) missing.push(name);
    else keys.set(name, kept);
  }
  for (let index = 0; index < missing.length; ) {
    const name = missing[index] as string;
    const answer = await askText({
      title,
      prompt: vscode.l10n.t("The key “{0}” of a model. It is kept in VS Code's secret storage.", name),
      step: index + 1,
      totalSteps: missing.length,
      canGoBack: index > 0,
      value: "",
      isPassword: true,
      validate: (value) => (value.trim() === "" ? vscode.l10n.t("A key is needed.") : undefined),
    });
    if (answer === undefined) return undefined;
    if (answer === "back") {
      index--;
      continue;
    }
    keys.set(name, answer.value.trim());
    index++;
  }
  for (const name of missing) await secrets.keep({ type: "key", name }, keys.get(name) ?? "");
  return Object.fromEntries(keys);
}
