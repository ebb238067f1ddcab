// What the batches of the collector can run: the tasks and playbooks of the window that starts it.

import * as vscode from "vscode";
import type { Logger } from "../../base/logger";
import type { CollectorOrder } from "../../collector/collectorProcess";
import { readBatchTasks } from "../batchTasks";
import { readSettings } from "../settings";

/** @param storage where tasks are at home in a window without a folder */
export function collectorBatches(storage: string, logger: Logger): CollectorOrder["batches"] {
  const folder = vscode.workspace.workspaceFolders?.find(({ uri }) => uri.scheme === "file");
  const tasks = readBatchTasks(logger, folder?.uri);
  return { folder: folder?.uri.fsPath ?? storage, tasks, stop: { ...readSettings(logger, folder?.uri).stopPauses } };
}
