// The tasks that a person has registered for batches. Those that can't be kept are named in the log.

import * as vscode from "vscode";
import type { Logger } from "../base/logger";
import { type Tasks, tasksOf } from "../session/batch/tasks";
import { settingIds } from "./ids";

export function readBatchTasks(logger: Logger, scope: vscode.Uri | undefined): Tasks {
  const value: unknown = vscode.workspace.getConfiguration(undefined, scope).get(settingIds.batchTasks);
  const { tasks, problems } = tasksOf(value);
  for (const { task, message } of problems) {
    const what = task === "" ? "" : `the task "${task}" `;
    logger.warn(`Setting ${settingIds.batchTasks}: ${what}${message}; it is left out.`);
  }
  return tasks;
}
