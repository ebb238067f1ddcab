// Which engine runs the batches that are triggered from this window, as the settings say. The key of an installation of
// trigger.dev is kept in VS Code's secret storage under its address: another address, whoever has set it, gets none.

import * as vscode from "vscode";
import type { Logger } from "../base/logger";
import { environmentKey, type RemoteEngine, usualTriggerUrl } from "../session/batch/remoteEngineSchema";
import { settingIds } from "./ids";
import type { KeptSecrets, SecretPlace } from "./playbook/run/keptSecrets";
import { askText } from "./playbook/run/questions";

/** The address of trigger.dev; undefined where batches run on this machine. */
export function batchInstallation(logger: Logger, scope: vscode.Uri | undefined): string | undefined {
  const configuration = vscode.workspace.getConfiguration(undefined, scope);
  const engine: unknown = configuration.get(settingIds.batchEngine);
  if (engine !== "trigger.dev") {
    if (engine !== undefined && engine !== "local")
      logger.warn(`Setting ${settingIds.batchEngine} is neither local nor trigger.dev; batches run on this machine.`);
    return undefined;
  }
  const url: unknown = configuration.get(settingIds.batchTriggerUrl);
  const isUrl = typeof url === "string" && URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
  if (isUrl) return url.replace(/\/+$/, "");
  if (url !== undefined && url !== "")
    throw new Error(
      vscode.l10n.t(
        "The setting {0} must be an address that begins with https:// or http://.",
        settingIds.batchTriggerUrl,
      ),
    );
  return usualTriggerUrl;
}

/** With the key that is kept; without one the environment's is used. */
export async function batchEngine(
  logger: Logger,
  scope: vscode.Uri | undefined,
  secrets: KeptSecrets,
): Promise<RemoteEngine | undefined> {
  const url = batchInstallation(logger, scope);
  if (url === undefined) return undefined;
  const key = await secrets.get(placeOf(url));
  return key === undefined ? { url } : { url, key };
}

/** Asks for the key where none is known. @returns false where the person wants nothing of it */
export async function hasEngineKey(url: string, secrets: KeptSecrets): Promise<boolean> {
  const place = placeOf(url);
  if ((await secrets.get(place)) !== undefined || environmentKey(url, process.env) !== undefined) return true;
  const answer = await askText({
    title: vscode.l10n.t("Key of trigger.dev"),
    prompt: vscode.l10n.t("The secret key of {0}. It is kept in VS Code's secret storage.", url),
    placeholder: "tr_dev_…",
    step: 1,
    totalSteps: 1,
    canGoBack: false,
    value: "",
    isPassword: true,
    validate: (value) => (value.trim() === "" ? vscode.l10n.t("A key is needed.") : undefined),
  });
  if (answer === undefined || answer === "back") return false;
  await secrets.keep(place, answer.value.trim());
  return true;
}

function placeOf(url: string): SecretPlace {
  return { type: "engine", name: url };
}
