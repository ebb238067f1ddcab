// The Sessions view: live sessions first, then by day. It asks the store for its index only once it is shown.

import * as vscode from "vscode";
import { DisposableStore } from "../../base/disposable";
import type { BatchEntry } from "../../store/batches/batchCatalog";
import type { SessionEntry } from "../../store/sessionEntry";
import type { TraceStore } from "../../store/traceStore";
import { plainText } from "../../trace/plainText";
import { commandIds, contextKeys, viewIds } from "../ids";
import { canRunAgain, canStop, hasTerminal } from "../start/sessionControl";
import { type BatchListing, type BatchNode, batchChildren, batchesNode, batchItem, mostRunsListed } from "./batchNodes";
import { batchKey, filterBatches, runLabel, runsOfBatch, splitRuns } from "./batchRows";
import type { SeenSessions } from "./seenSessions";
import {
  directoryName,
  entryContext,
  entryDescription,
  entryIcon,
  entryLabel,
  entryTooltip,
  filterEntries,
  type GroupTexts,
  groupEntries,
  isFailed,
  type SessionGroup,
  type SortOrder,
  type TooltipTexts,
} from "./sessionRows";

export type SessionNode =
  | { readonly type: "group"; readonly group: SessionGroup }
  /** Below its group, or below the batch that it is a run of. */
  | { readonly type: "session"; readonly entry: SessionEntry; readonly parent: SessionNode }
  | BatchNode;

/** Ages are shown by the minute. */
const ageRefreshMs = 60_000;
/** Batches that run change many times a second. */
const batchRefreshMs = 500;

export class SessionsView implements vscode.TreeDataProvider<SessionNode>, vscode.Disposable {
  readonly view: vscode.TreeView<SessionNode>;
  readonly #store: TraceStore;
  readonly #seen: SeenSessions;
  readonly #batches: BatchListing;
  readonly #owned = new DisposableStore();
  readonly #changed = this.#owned.add(new vscode.EventEmitter<SessionNode | undefined>());
  #filter = "";
  #order: SortOrder = "newest";
  #groups: SessionGroup[] = [];
  #shownBatches: BatchEntry[] = [];
  #runs: ReadonlyMap<string, SessionEntry[]> = new Map();
  #isStale = true;
  #hasSeveralDirectories = false;
  #ageTimer: NodeJS.Timeout | undefined;
  #batchTimer: NodeJS.Timeout | undefined;

  readonly onDidChangeTreeData = this.#changed.event;

  /**
   * @param onShown called when the view becomes visible, so that nothing is read before.
   * @param drops takes what is dropped onto the view
   */
  constructor(
    store: TraceStore,
    seen: SeenSessions,
    batches: BatchListing,
    onShown: () => void,
    drops?: vscode.TreeDragAndDropController<SessionNode>,
  ) {
    this.#store = store;
    this.#seen = seen;
    this.#batches = batches;
    this.view = this.#owned.add(
      vscode.window.createTreeView(viewIds.sessions, {
        treeDataProvider: this,
        showCollapseAll: true,
        canSelectMany: false,
        ...(drops === undefined ? {} : { dragAndDropController: drops }),
      }),
    );
    this.#owned.add(store.onDidChange(() => this.refresh()));
    this.#owned.add(
      batches.onDidChange(() => {
        this.#batchTimer ??= setTimeout(() => {
          this.#batchTimer = undefined;
          this.refresh();
        }, batchRefreshMs);
      }),
    );
    this.#owned.add(
      this.view.onDidChangeVisibility(({ visible }) => {
        if (visible) onShown();
        this.#keepAgeTimer();
      }),
    );
    this.#owned.add({
      dispose: () => {
        clearInterval(this.#ageTimer);
        clearTimeout(this.#batchTimer);
      },
    });
  }

  get selectedEntry(): SessionEntry | undefined {
    const node = this.view.selection[0];
    return node?.type === "session" ? node.entry : undefined;
  }

  get filter(): string {
    return this.#filter;
  }

  set filter(filter: string) {
    this.#filter = filter.trim();
    this.refresh();
  }

  get order(): SortOrder {
    return this.#order;
  }

  set order(order: SortOrder) {
    this.#order = order;
    this.refresh();
  }

  /** Draws anew from the index and brings badge, message and context keys in line with it. */
  refresh(): void {
    this.#isStale = true;
    const all = this.#store.entries();
    // What failed in a batch is news of the batch.
    const unseen = all.filter((entry) => entry.batch === undefined && this.#seen.isUnseen(entry)).length;
    this.view.badge =
      unseen === 0
        ? undefined
        : { value: unseen, tooltip: vscode.l10n.t("{0} sessions failed or crashed since you last looked", unseen) };
    const shown = this.#filter === "" ? all.length : filterEntries(all, this.#filter).length;
    // An empty text takes the message away; the type has no other word for it.
    this.view.message =
      this.#filter === ""
        ? ""
        : plainText(vscode.l10n.t("Filter “{0}”: {1} of {2} sessions", this.#filter, shown, all.length));
    void setContext(contextKeys.hasSessions, all.length > 0 || this.#batches.entries().length > 0);
    void setContext(contextKeys.hasFailures, all.some(isFailed));
    void setContext(contextKeys.filtered, this.#filter !== "");
    this.#changed.fire(undefined);
  }

  getChildren(node?: SessionNode): SessionNode[] {
    if (!node) {
      if (this.#isStale) this.#read();
      const groups = this.#groups.map((group): SessionNode => ({ type: "group", group }));
      if (this.#shownBatches.length === 0) return groups;
      // What runs now stands first.
      const live = this.#groups[0]?.id === "live" ? 1 : 0;
      return [...groups.slice(0, live), batchesNode(this.#shownBatches), ...groups.slice(live)];
    }
    switch (node.type) {
      case "group":
        return node.group.entries.map((entry) => ({ type: "session", entry, parent: node }));
      case "batches":
      case "olderBatches":
        return batchChildren(node);
      case "batch": {
        const runs = runsOfBatch(this.#runs.get(batchKey(node.batch)) ?? []);
        const shown = runs
          .slice(0, mostRunsListed)
          .map((entry): SessionNode => ({ type: "session", entry, parent: node }));
        const count = runs.length - shown.length;
        return count === 0 ? shown : [...shown, { type: "moreRuns", batch: node.batch, count, parent: node }];
      }
      default:
        return [];
    }
  }

  getParent(node: SessionNode): SessionNode | undefined {
    return node.type === "group" || node.type === "batches" ? undefined : node.parent;
  }

  getTreeItem(node: SessionNode): vscode.TreeItem {
    if (node.type === "group") {
      const item = new vscode.TreeItem(node.group.label, vscode.TreeItemCollapsibleState.Expanded);
      item.id = `group:${node.group.id}`;
      item.contextValue = "group";
      item.description = String(node.group.entries.length);
      return item;
    }
    if (node.type !== "session") {
      const runs = node.type === "batch" ? (this.#runs.get(batchKey(node.batch)) ?? []) : [];
      return batchItem(node, this.#batches, runs);
    }
    const { entry } = node;
    const nowMs = Date.now();
    // Below its batch a run is known by its number.
    const isRun = node.parent.type === "batch";
    const label = isRun ? runLabel(entry) : entryLabel(entry);
    const item = new vscode.TreeItem(label, vscode.TreeItemCollapsibleState.None);
    item.id = `session:${entry.key}`;
    const description = entryDescription(
      isRun ? { ...entry, batch: undefined } : entry,
      nowMs,
      this.#hasSeveralDirectories && !isRun ? directoryName(entry.directory) : "",
    );
    item.description = description;
    const tooltip = new vscode.MarkdownString(entryTooltip(entry, nowMs, tooltipTexts), false);
    tooltip.isTrusted = false;
    item.tooltip = tooltip;
    const { icon, color } = entryIcon(entry);
    item.iconPath = new vscode.ThemeIcon(icon, color ? new vscode.ThemeColor(color) : undefined);
    item.contextValue = entryContext(entry, {
      canStop: canStop(entry.key),
      hasTerminal: hasTerminal(entry.key),
      canRunAgain: canRunAgain(entry.key),
    });
    item.accessibilityInformation = {
      label: `${label}, ${description}`,
      role: "treeitem",
    };
    item.command = { command: commandIds.openTrace, title: vscode.l10n.t("Open Trace"), arguments: [node] };
    return item;
  }

  dispose(): void {
    this.#owned.dispose();
  }

  /** A run stands below its batch; where it was searched for, or its batch is not there, it stands by itself. */
  #read(): void {
    const all = this.#store.entries();
    const batches = this.#batches.entries();
    this.#shownBatches = filterBatches(batches, this.#filter);
    const { others, runs } = splitRuns(all, new Set(this.#shownBatches.map(batchKey)));
    this.#runs = runs;
    const listed = this.#filter === "" ? others : filterEntries(all, this.#filter);
    this.#groups = groupEntries(listed, this.#order, Date.now(), groupTexts);
    this.#hasSeveralDirectories = new Set(all.map(({ directory }) => directory)).size > 1;
    this.#isStale = false;
  }

  #keepAgeTimer(): void {
    clearInterval(this.#ageTimer);
    this.#ageTimer = this.view.visible ? setInterval(() => this.#changed.fire(undefined), ageRefreshMs) : undefined;
  }
}

export function setContext(key: string, value: boolean): Thenable<unknown> {
  return vscode.commands.executeCommand("setContext", key, value);
}

const tooltipTexts: TooltipTexts = {
  state: vscode.l10n.t("State"),
  error: vscode.l10n.t("Error"),
  problem: vscode.l10n.t("Problem"),
  started: vscode.l10n.t("Started"),
  duration: vscode.l10n.t("Duration"),
  prompt: vscode.l10n.t("Prompt"),
  model: vscode.l10n.t("Model"),
  agent: vscode.l10n.t("Agent"),
  tokens: vscode.l10n.t("Tokens"),
  cost: vscode.l10n.t("Cost"),
  failures: vscode.l10n.t("Failures"),
  playbook: vscode.l10n.t("Playbook"),
  resumedFrom: vscode.l10n.t("Resumed from"),
  tags: vscode.l10n.t("Tags"),
  session: vscode.l10n.t("Session"),
  file: vscode.l10n.t("File"),
};

const groupTexts: GroupTexts = {
  live: vscode.l10n.t("Live"),
  today: vscode.l10n.t("Today"),
  yesterday: vscode.l10n.t("Yesterday"),
  allSessions: vscode.l10n.t("All Sessions"),
  noDate: vscode.l10n.t("No Date"),
  day: (ms) =>
    new Date(ms).toLocaleDateString(undefined, { weekday: "long", year: "numeric", month: "long", day: "numeric" }),
};
