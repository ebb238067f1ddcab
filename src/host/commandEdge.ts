// The edge between VS Code and our code: the one place where a command's error is caught, logged and told once.

import * as vscode from "vscode";
import { describeError, type Logger } from "../base/logger";
import { plainText } from "../trace/plainText";
import { commandIds } from "./ids";

export type CommandName = keyof typeof commandIds;
export type CommandTable = { readonly [K in CommandName]: (...args: unknown[]) => unknown };

/** Registers all commands; the type makes a command without a handler a compile error. */
export function registerCommands(table: CommandTable, logger: Logger): vscode.Disposable {
  const names = Object.keys(commandIds) as CommandName[];
  return vscode.Disposable.from(
    ...names.map((name) =>
      vscode.commands.registerCommand(commandIds[name], async (...args: unknown[]) => {
        try {
          return await table[name](...args);
        } catch (error) {
          reportError(logger, commandIds[name], error);
          return undefined;
        }
      }),
    ),
  );
}

/** Logs with context and tells the person once, with a way to see more. */
export function reportError(logger: Logger, context: string, error: unknown): void {
  logger.error(
    error instanceof Error
      ? new Error(`${context}: ${error.message}`, { cause: error })
      : `${context}: ${String(error)}`,
  );
  const showLog = vscode.l10n.t("Show Log");
  void vscode.window
    .showErrorMessage(plainText(vscode.l10n.t("Tracekeeper: {0}", describeError(error))), showLog)
    .then((choice) => {
      if (choice === showLog) void vscode.commands.executeCommand(commandIds.showLog);
    });
}

/** Runs what an event handler starts and reports what it throws to the log only: no person asked for it. */
export function inBackground(logger: Logger, context: string, run: () => Promise<unknown>): void {
  run().catch((error: unknown) => logger.error(`${context}: ${describeError(error)}`));
}
