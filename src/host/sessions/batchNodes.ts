// Batches in the Sessions view: one node for all of them, one for each, and the runs of a batch below it. A batch of
// thousands shows the runs that need a look; the others are in its editor.

import * as vscode from "vscode";
import type { BatchAction } from "../../protocol/batchMessages";
import type { BatchEntry } from "../../store/batches/batchCatalog";
import type { SessionEntry } from "../../store/sessionEntry";
import type { BatchRunner } from "../../trace/batch/describeBatch";
import { formatCount } from "../../trace/formatValue";
import { commandIds } from "../ids";
import { batchContext, batchDescription, batchIcon, batchLabel, batchTooltip, sortBatches } from "./batchRows";

/** What the view needs to know of batches. */
export interface BatchListing {
  entries(): readonly BatchEntry[];
  runner(key: string): BatchRunner;
  can(batch: BatchEntry, action: BatchAction): boolean;
  readonly onDidChange: (listener: () => void) => { dispose(): void };
}

export type BatchNode =
  | { readonly type: "batches"; readonly batches: readonly BatchEntry[] }
  | { readonly type: "batch"; readonly batch: BatchEntry; readonly parent: BatchNode }
  | { readonly type: "olderBatches"; readonly batches: readonly BatchEntry[]; readonly parent: BatchNode }
  | { readonly type: "moreRuns"; readonly batch: BatchEntry; readonly count: number; readonly parent: BatchNode };

/** Older ones are one node that is closed. */
const mostBatches = 10;
/** Of a batch. */
export const mostRunsListed = 100;

export function batchesNode(batches: readonly BatchEntry[]): BatchNode {
  return { type: "batches", batches: sortBatches(batches) };
}

export function batchChildren(node: Extract<BatchNode, { type: "batches" | "olderBatches" }>): BatchNode[] {
  const { batches } = node;
  const asNode = (batch: BatchEntry, parent: BatchNode): BatchNode => ({ type: "batch", batch, parent });
  if (node.type === "olderBatches") return batches.map((batch) => asNode(batch, node));
  const shown = batches.filter(({ summary }, at) => at < mostBatches || !summary.isFinal);
  const older = batches.slice(shown.length);
  const nodes = shown.map((batch) => asNode(batch, node));
  return older.length === 0 ? nodes : [...nodes, { type: "olderBatches", batches: older, parent: node }];
}

export function batchItem(node: BatchNode, listing: BatchListing, runs: readonly SessionEntry[]): vscode.TreeItem {
  const { Expanded, Collapsed, None } = vscode.TreeItemCollapsibleState;
  switch (node.type) {
    case "batches": {
      const item = new vscode.TreeItem(vscode.l10n.t("Batches"), Expanded);
      item.id = "group:batches";
      item.contextValue = "batches";
      item.description = String(node.batches.length);
      return item;
    }
    case "olderBatches": {
      const item = new vscode.TreeItem(vscode.l10n.t("Older Batches"), Collapsed);
      item.id = "group:olderBatches";
      item.contextValue = "group";
      item.description = String(node.batches.length);
      return item;
    }
    case "moreRuns": {
      const item = new vscode.TreeItem(vscode.l10n.t("{0} more in the batch", formatCount(node.count)), None);
      item.id = `runs:${node.batch.key}`;
      item.iconPath = new vscode.ThemeIcon("ellipsis");
      item.command = openCommand(node.batch, node.parent);
      return item;
    }
    case "batch": {
      const { batch } = node;
      const runner = listing.runner(batch.key);
      const label = batchLabel(batch);
      const item = new vscode.TreeItem(label, runs.length === 0 ? None : Collapsed);
      item.id = `batch:${batch.key}`;
      const description = batchDescription(batch, runner, Date.now());
      item.description = description;
      const tooltip = new vscode.MarkdownString(batchTooltip(batch, runner), false);
      tooltip.isTrusted = false;
      item.tooltip = tooltip;
      const { icon, color } = batchIcon(batch, runner);
      item.iconPath = new vscode.ThemeIcon(icon, color ? new vscode.ThemeColor(color) : undefined);
      item.contextValue = batchContext((action) => listing.can(batch, action));
      item.accessibilityInformation = {
        label: vscode.l10n.t("Batch {0}, {1}", label, description),
        role: "treeitem",
      };
      item.command = openCommand(batch, node);
      return item;
    }
  }
}

function openCommand(batch: BatchEntry, node: BatchNode): vscode.Command {
  const owner = node.type === "batch" ? node : { type: "batch", batch };
  return { command: commandIds.openBatch, title: vscode.l10n.t("Open Batch"), arguments: [owner] };
}
