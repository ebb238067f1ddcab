// The commands about batches: on the batch that was clicked, else on the one in front, else on one that is picked.

import * as vscode from "vscode";
import type { BatchAction } from "../../protocol/batchMessages";
import type { BatchCatalog, BatchEntry } from "../../store/batches/batchCatalog";
import { plainText } from "../../trace/plainText";
import type { CommandTable } from "../commandEdge";
import { batchDescription, batchIcon, batchLabel, sortBatches } from "../sessions/batchRows";
import type { BatchControl, ControlledBatch } from "./batchControl";
import type { BatchEditorProvider } from "./batchEditor";
import type { ListedBatches } from "./batchListing";

export interface BatchCommandParts {
  readonly catalog: BatchCatalog;
  readonly listed: ListedBatches;
  readonly control: BatchControl;
  readonly editor: BatchEditorProvider;
  /** Makes the batches be listed, where they are not yet. */
  start(): Promise<void>;
}

export type BatchCommands = Pick<
  CommandTable,
  "openBatch" | "cancelBatch" | "pauseBatch" | "unpauseBatch" | "retryFailedRuns" | "continueBatch" | "revealBatchLog"
>;

export function batchCommands(parts: BatchCommandParts): BatchCommands {
  const { editor, control } = parts;
  const run = (action: BatchAction, question: string) => async (node: unknown) => {
    const batch = await target(parts, node, question, action);
    if (batch !== undefined) await control.run(batch, action);
  };
  return {
    openBatch: async (node) => {
      const key = clicked(node)?.key ?? (await pick(parts, vscode.l10n.t("Open which batch?")))?.key;
      if (key !== undefined) await editor.open(key);
    },
    cancelBatch: run("cancel", vscode.l10n.t("Cancel which batch?")),
    pauseBatch: run("pause", vscode.l10n.t("Pause which batch?")),
    unpauseBatch: run("unpause", vscode.l10n.t("Resume which batch?")),
    retryFailedRuns: run("retryFailed", vscode.l10n.t("Retry the failed runs of which batch?")),
    continueBatch: run("goOn", vscode.l10n.t("Continue which batch?")),
    revealBatchLog: async (node) => {
      const batch = await target(parts, node, vscode.l10n.t("Reveal the log of which batch?"));
      if (batch !== undefined) await vscode.commands.executeCommand("revealFileInOS", vscode.Uri.file(batch.key));
    },
  };
}

function clicked(node: unknown): BatchEntry | undefined {
  const { type, batch } = (node ?? {}) as { readonly type?: unknown; readonly batch?: BatchEntry };
  return type === "batch" ? batch : undefined;
}

/** @param action that can be done with those that are offered */
async function target(
  parts: BatchCommandParts,
  node: unknown,
  question: string,
  action?: BatchAction,
): Promise<ControlledBatch | undefined> {
  const entry = clicked(node);
  const active = entry === undefined ? parts.editor.activeBatch : undefined;
  if (active !== undefined) return active;
  const chosen = entry ?? (await pick(parts, question, action));
  if (chosen === undefined) return undefined;
  const { key, summary } = parts.catalog.entry(chosen.key) ?? chosen;
  const now = () => parts.catalog.entry(key)?.summary ?? summary;
  return { key, writer: () => now().writer, summary: now };
}

async function pick(
  { listed, start }: BatchCommandParts,
  placeHolder: string,
  action?: BatchAction,
): Promise<BatchEntry | undefined> {
  await start();
  const batches = sortBatches(listed.entries()).filter((batch) => action === undefined || listed.can(batch, action));
  if (batches.length === 0) {
    const nothing =
      action === undefined
        ? vscode.l10n.t("There are no batches yet.")
        : vscode.l10n.t("There is no batch with which that could be done now.");
    void vscode.window.showInformationMessage(plainText(nothing));
    return undefined;
  }
  const nowMs = Date.now();
  const items = batches.map((batch) => {
    const runner = listed.runner(batch.key);
    return {
      label: batchLabel(batch),
      description: batchDescription(batch, runner, nowMs),
      detail: plainText(batch.summary.id),
      iconPath: new vscode.ThemeIcon(batchIcon(batch, runner).icon.replace("~spin", "")),
      batch,
    };
  });
  return (await vscode.window.showQuickPick(items, { placeHolder, matchOnDescription: true, matchOnDetail: true }))
    ?.batch;
}
