// What the batches of the collector can run: the tasks and playbooks of the window that starts it.

import * as vscode from "vscode";
import type { Logger } from "../../base/logger";
import type { CollectorOrder } from "../../collector/collectorProcess";
import { isOwnAddress } from "../../session/batch/remoteEngineSchema";
import { batchEngine } from "../batchEngine";
import { readBatchTasks } from "../batchTasks";
import type { KeptSecrets } from "../playbook/run/keptSecrets";
import { readSettings } from "../settings";

/**
 * @param storage where tasks are at home in a window without a folder
 * Rejects with words for the person.
 */
export async function collectorBatches(
  storage: string,
  port: number,
  secrets: KeptSecrets,
  logger: Logger,
): Promise<CollectorOrder["batches"]> {
  const folder = vscode.workspace.workspaceFolders?.find(({ uri }) => uri.scheme === "file");
  const tasks = readBatchTasks(logger, folder?.uri);
  const engine = await batchEngine(logger, folder?.uri, secrets);
  if (engine !== undefined && isOwnAddress(engine.url, port))
    throw new Error(
      vscode.l10n.t("{0} is the collector's own address: it would hand batches on to itself.", engine.url),
    );
  return {
    folder: folder?.uri.fsPath ?? storage,
    tasks,
    stop: { ...readSettings(logger, folder?.uri).stopPauses },
    ...(engine === undefined ? {} : { engine }),
  };
}
