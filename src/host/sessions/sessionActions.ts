// What a person can do with a session from the view or the palette: filter, sort, open as text, reveal, copy, delete.

import * as path from "node:path";
import * as vscode from "vscode";
import { describeError, type Logger } from "../../base/logger";
import type { SessionEntry } from "../../store/sessionEntry";
import type { TraceStore } from "../../store/traceStore";
import { plainText } from "../../trace/plainText";
import { askFirmly, showFirmly } from "../firmInput";
import type { PanelRegistry } from "../panel/panelRegistry";
import { openTraceEditor } from "../panel/traceEditor";
import { pickSession } from "./pickSession";
import type { SortOrder } from "./sessionRows";
import { entryLabel } from "./sessionRows";
import type { SessionNode, SessionsView } from "./sessionsView";

export interface SessionActionsOptions {
  readonly store: TraceStore;
  readonly view: SessionsView;
  readonly registry: PanelRegistry;
  readonly logger: Logger;
}

export class SessionActions {
  readonly #options: SessionActionsOptions;

  constructor(options: SessionActionsOptions) {
    this.#options = options;
  }

  /** The session that a menu was opened on, else the one selected in the focused view, else undefined. */
  entryOf(argument: unknown): SessionEntry | undefined {
    const node = argument as SessionNode | undefined;
    if (node?.type === "session") return this.#options.store.entry(node.entry.key) ?? node.entry;
    return undefined;
  }

  async pickAny(placeHolder: string): Promise<SessionEntry | undefined> {
    await this.#options.store.ready;
    const entries = this.#options.store.entries();
    if (entries.length === 0) {
      void vscode.window.showInformationMessage(vscode.l10n.t("There are no sessions yet."));
      return undefined;
    }
    return pickSession(entries, placeHolder);
  }

  /** Path of the trace that a command is about: the clicked session, else the panel in front, else a pick. */
  async keyFor(argument: unknown, placeHolder: string): Promise<string | undefined> {
    return (
      this.entryOf(argument)?.key ?? this.#options.registry.active?.model.key ?? (await this.pickAny(placeHolder))?.key
    );
  }

  async filter(): Promise<void> {
    const { view } = this.#options;
    const before = view.filter;
    const input = vscode.window.createInputBox();
    input.title = vscode.l10n.t("Filter Sessions");
    input.placeholder = vscode.l10n.t("Words of the title, prompt, state, agent, model or error");
    input.value = before;
    const accepted = await new Promise<boolean>((resolve) => {
      input.onDidChangeValue((value) => {
        view.filter = value;
      });
      input.onDidAccept(() => resolve(true));
      showFirmly(input, () => resolve(false));
    });
    input.dispose();
    if (!accepted) view.filter = before;
  }

  async sort(): Promise<void> {
    const labels: Record<SortOrder, string> = {
      newest: vscode.l10n.t("Newest first"),
      oldest: vscode.l10n.t("Oldest first"),
      longest: vscode.l10n.t("Longest first"),
      title: vscode.l10n.t("By title"),
    };
    const { view } = this.#options;
    const items = (Object.keys(labels) as SortOrder[]).map((order) => ({
      label: labels[order],
      order,
      ...(order === view.order ? { description: vscode.l10n.t("current") } : {}),
    }));
    const placeHolder = vscode.l10n.t("Sort sessions; live ones stay on top");
    const picked = await askFirmly(() => vscode.window.showQuickPick(items, { placeHolder }));
    if (picked) view.order = picked.order;
  }

  /** Opens the trace's JSON, or another file of the session, as text, at a byte offset where one is given. */
  async openAsText(
    key: string,
    at: { readonly file?: string | undefined; readonly offsetBytes?: number | undefined } = {},
  ): Promise<void> {
    const file = await this.#existingFile(key, at.file);
    if (!file) {
      void vscode.window.showWarningMessage(
        plainText(vscode.l10n.t("No file of this session is there any more: {0}", key)),
      );
      return;
    }
    const selection = at.offsetBytes === undefined ? undefined : await positionAt(file, at.offsetBytes);
    await vscode.commands.executeCommand("vscode.openWith", vscode.Uri.file(file), "default", {
      preview: true,
      ...(selection ? { selection: new vscode.Range(selection, selection) } : {}),
    } satisfies vscode.TextDocumentShowOptions);
  }

  /** @param from key of the session that names it: one of the same directory goes before others */
  async openById(sessionId: string, from: string): Promise<void> {
    const found = this.#options.store.entries().filter((entry) => entry.sessionId === sessionId);
    const entry = found.find(({ key }) => path.dirname(key) === path.dirname(from)) ?? found[0];
    if (entry !== undefined) await openTraceEditor(entry.key);
    else void vscode.window.showInformationMessage(vscode.l10n.t("That session is not listed here any more."));
  }

  async revealInOs(key: string): Promise<void> {
    const file = (await this.#existingFile(key, undefined)) ?? path.dirname(key);
    await vscode.commands.executeCommand("revealFileInOS", vscode.Uri.file(file));
  }

  async copyId(entry: SessionEntry): Promise<void> {
    await vscode.env.clipboard.writeText(entry.sessionId);
    vscode.window.setStatusBarMessage(vscode.l10n.t("Session id copied"), 3_000);
  }

  /** Asks, then removes all files of the session: to the trash, or for good where there is none. */
  async delete(entry: SessionEntry): Promise<void> {
    if (!vscode.workspace.isTrusted) throw new Error(vscode.l10n.t("Nothing is deleted in Restricted Mode."));
    // A remote machine or a browser has no trash that VS Code could use.
    const hasTrash = vscode.env.remoteName === undefined && vscode.env.uiKind === vscode.UIKind.Desktop;
    if (!(await this.#confirm(entry, hasTrash))) return;
    const files = await this.#options.store.deleteFiles(entry.key);
    const failed = await this.#remove(files, hasTrash);
    if (failed.length > 0 && hasTrash && (await this.#confirm(entry, false)))
      failed.splice(0, failed.length, ...(await this.#remove(failed, false)));
    await this.#options.store.refresh();
    if (failed.length > 0)
      throw new Error(vscode.l10n.t("Could not delete {0}", failed.map((file) => path.basename(file)).join(", ")));
  }

  async #confirm(entry: SessionEntry, hasTrash: boolean): Promise<boolean> {
    const action = hasTrash ? vscode.l10n.t("Move to Trash") : vscode.l10n.t("Delete Permanently");
    const question = hasTrash
      ? vscode.l10n.t("Delete the session “{0}”?", entryLabel(entry))
      : vscode.l10n.t("Delete the session “{0}” permanently?", entryLabel(entry));
    const detail = hasTrash
      ? vscode.l10n.t("Its files can be restored from the trash.")
      : vscode.l10n.t("There is no trash here. This cannot be undone.");
    return (await vscode.window.showWarningMessage(plainText(question), { modal: true, detail }, action)) === action;
  }

  /** Returns the files that are still there. */
  async #remove(files: readonly string[], useTrash: boolean): Promise<string[]> {
    const failed: string[] = [];
    for (const file of files)
      try {
        await vscode.workspace.fs.delete(vscode.Uri.file(file), { useTrash, recursive: false });
      } catch (error) {
        if (error instanceof vscode.FileSystemError && error.code === "FileNotFound") continue;
        this.#options.logger.warn(`Could not delete ${file}: ${describeError(error)}`);
        failed.push(file);
      }
    return failed;
  }

  /** The named file of the session, else `S.json`, else whatever is there of it. A name cannot lead out of the directory. */
  async #existingFile(key: string, name: string | undefined): Promise<string | undefined> {
    const directory = path.dirname(key);
    const named = name === undefined || path.basename(name) !== name ? [] : [path.join(directory, name)];
    const companions = (this.#options.store.entry(key)?.files ?? []).map((file) => path.join(directory, file));
    for (const candidate of [...named, key, ...companions])
      try {
        if ((await vscode.workspace.fs.stat(vscode.Uri.file(candidate))).type & vscode.FileType.File) return candidate;
      } catch {
        // Not there; the next one may be.
      }
    return undefined;
  }
}

/** Line and column of a byte; undefined when the file cannot be read or is too large to look for it. */
export async function positionAt(file: string, offsetBytes: number): Promise<vscode.Position | undefined> {
  const uri = vscode.Uri.file(file);
  if ((await vscode.workspace.fs.stat(uri)).size > 50_000_000) return undefined;
  const bytes = (await vscode.workspace.fs.readFile(uri)).subarray(0, offsetBytes);
  let line = 0;
  let lineStart = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) {
    line++;
    lineStart = at + 1;
  }
  return new vscode.Position(line, new TextDecoder().decode(bytes.subarray(lineStart)).length);
}
