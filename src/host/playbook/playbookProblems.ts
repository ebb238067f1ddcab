// Problems of playbooks that stand in a tab, told again soon after each change and gone with the last tab: a document
// itself lives on for minutes, and others open documents that nobody sees.

import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../../base/disposable";
import { describeError, type Logger } from "../../base/logger";
import { plainText } from "../../trace/plainText";
import type { PlaybookTools } from "./loadPlaybookTools";
import { isPlaybook, toRange } from "./playbookFiles";

/** From the last letter typed to looking at the text. */
const settleMs = 250;
const mostProblems = 200;

export class PlaybookProblems implements Disposable {
  readonly #tools: () => PlaybookTools;
  readonly #logger: Logger;
  readonly #owned = new DisposableStore();
  readonly #collection = this.#owned.add(vscode.languages.createDiagnosticCollection("tracekeeper-playbooks"));
  readonly #timers = new Map<string, NodeJS.Timeout>();
  /** Documents that were looked at and are shown. */
  readonly #told = new Map<string, vscode.Uri>();

  constructor(tools: () => PlaybookTools, logger: Logger) {
    this.#tools = tools;
    this.#logger = logger;
    this.#owned.add(vscode.workspace.onDidOpenTextDocument((document) => this.#soon(document, 0)));
    this.#owned.add(vscode.workspace.onDidChangeTextDocument(({ document }) => this.#soon(document, settleMs)));
    this.#owned.add(vscode.window.tabGroups.onDidChangeTabs(() => this.#followTabs()));
    this.#owned.add({ dispose: () => this.#clearTimers() });
    this.#followTabs();
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #followTabs(): void {
    const shown = shownDocuments();
    for (const key of this.#told.keys()) if (!shown.has(key)) this.#forget(key);
    for (const document of vscode.workspace.textDocuments) {
      const key = document.uri.toString();
      if (shown.has(key) && !this.#told.has(key) && !this.#timers.has(key)) this.#soon(document, 0);
    }
  }

  #soon(document: vscode.TextDocument, afterMs: number): void {
    if (!isPlaybook(document) || !shownDocuments().has(document.uri.toString())) return;
    const key = document.uri.toString();
    clearTimeout(this.#timers.get(key));
    this.#timers.set(
      key,
      setTimeout(() => {
        this.#timers.delete(key);
        this.#look(document);
      }, afterMs),
    );
  }

  #look(document: vscode.TextDocument): void {
    const key = document.uri.toString();
    if (document.isClosed || !shownDocuments().has(key)) return;
    try {
      this.#told.set(key, document.uri);
      const { problems } = this.#tools().parsePlaybook(document.getText(), document.uri.fsPath);
      this.#collection.set(document.uri, problems.slice(0, mostProblems).map(toDiagnostic));
    } catch (error) {
      this.#logger.error(`The playbook ${document.uri.fsPath} could not be looked at: ${describeError(error)}`);
    }
  }

  #forget(key: string): void {
    const uri = this.#told.get(key);
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
    this.#told.delete(key);
    if (uri !== undefined) this.#collection.delete(uri);
  }

  #clearTimers(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}

function shownDocuments(): ReadonlySet<string> {
  const inputs = vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs.map(({ input }) => input));
  return new Set(
    inputs.flatMap((input) => {
      if (input instanceof vscode.TabInputText) return [input.uri.toString()];
      return input instanceof vscode.TabInputTextDiff ? [input.modified.toString()] : [];
    }),
  );
}

function toDiagnostic({ severity, message, range }: ReturnType<PlaybookTools["parsePlaybook"]>["problems"][number]) {
  const { DiagnosticSeverity } = vscode;
  const level = severity === "error" ? DiagnosticSeverity.Error : DiagnosticSeverity.Warning;
  const diagnostic = new vscode.Diagnostic(toRange(range), plainText(message, 500), level);
  diagnostic.source = "Tracekeeper";
  return diagnostic;
}
