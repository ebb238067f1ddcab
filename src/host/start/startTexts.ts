// The words of the pick that starts a session.

import * as vscode from "vscode";
import { assertNever } from "../../base/assert";
import type { StartGroup, StartTexts } from "./startRows";

export const groupLabels: Readonly<Record<StartGroup, string>> = {
  "": "",
  recent: vscode.l10n.t("Recent"),
  playbooks: vscode.l10n.t("Playbooks"),
  scripts: vscode.l10n.t("npm scripts"),
  tasks: vscode.l10n.t("Tasks"),
  file: vscode.l10n.t("Active file"),
  command: vscode.l10n.t("Command"),
  refused: vscode.l10n.t("Can't be traced"),
};

export const startTexts: StartTexts = {
  runAgain: (title) => vscode.l10n.t("Run again: {0}", title),
  typedHint: vscode.l10n.t("run this command"),
  typeCommand: vscode.l10n.t("Type a Command…"),
  typeCommandHint: vscode.l10n.t("any command line of your shell"),
  activeFile: vscode.l10n.t("run this file"),
  outcome(status, age) {
    switch (status) {
      case "failed":
        return vscode.l10n.t("last run failed {0}", age);
      case "crashed":
        return vscode.l10n.t("last run crashed {0}", age);
      case "completed":
        return vscode.l10n.t("last run completed {0}", age);
      case "running":
      case "waiting":
        return vscode.l10n.t("runs, started {0}", age);
      case "unknown":
        return vscode.l10n.t("last run {0}", age);
      default:
        return assertNever(status, "status");
    }
  },
  started: (age) => vscode.l10n.t("last run {0}", age),
  because(reason) {
    switch (reason.type) {
      case "dependsOn":
        return vscode.l10n.t("it first runs other tasks ({0}); start those one by one", reason.names.join(", "));
      case "custom":
        return vscode.l10n.t("it runs inside the extension that brings it");
      case "none":
        return vscode.l10n.t("VS Code does not say which command it runs");
      default:
        return assertNever(reason, "reason");
    }
  },
};
