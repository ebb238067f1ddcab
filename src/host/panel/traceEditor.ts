// The trace editor. Its identity is the session's `S.json`, whichever file of the session was picked and also while that
// file does not exist yet; a pick of a companion file closes itself in favour of that editor.

import * as path from "node:path";
import * as vscode from "vscode";
import { DisposableStore } from "../../base/disposable";
import { describeError, type Logger } from "../../base/logger";
import type { PanelHeader } from "../../protocol/panelMessages";
import { webviewTexts } from "../../protocol/webviewTexts";
import type { ReaderClient } from "../../reader/readerClient";
import { sessionKeyOf } from "../../store/sessionKey";
import type { TraceStore } from "../../store/traceStore";
import type { GuardrailSettings } from "../../trace/guardrails/guardrail";
import { reportError } from "../commandEdge";
import { readGuardrails } from "../guardrailSettings";
import { editorIds } from "../ids";
import { isResumable } from "../playbook/run/resumable";
import { canRunAgain, canStop, hasTerminal, onDidChangeSessionControl } from "../start/sessionControl";
import { PanelConnection, type PanelIntent } from "./panelConnection";
import type { HeaderTexts } from "./panelHeader";
import { panelHtml, webviewRoot } from "./panelHtml";
import type { PanelRegistry } from "./panelRegistry";
import { RememberedLooks } from "./payloadLooks";
import { StepsCard } from "./stepsCard";
import { TraceModel } from "./traceModel";

/** How often ages and time-dependent states of visible panels are looked at. */
const refreshMs = 10_000;

export class TraceDocument implements vscode.CustomDocument {
  readonly uri: vscode.Uri;
  /** Path of the session's `S.json`. */
  readonly key: string;
  readonly model: TraceModel;

  constructor(uri: vscode.Uri, key: string, model: TraceModel) {
    this.uri = uri;
    this.key = key;
    this.model = model;
  }

  dispose(): void {
    this.model.dispose();
  }
}

export interface TraceEditorOptions {
  readonly extensionUri: vscode.Uri;
  readonly store: TraceStore;
  readonly reader: ReaderClient;
  readonly registry: PanelRegistry;
  readonly logger: Logger;
  /** Where it is remembered over windows what the person has put away. */
  readonly memento?: vscode.Memento | undefined;
  onIntent(intent: PanelIntent, connection: PanelConnection): Promise<void>;
}

export class TraceEditorProvider implements vscode.CustomReadonlyEditorProvider<TraceDocument>, vscode.Disposable {
  readonly #options: TraceEditorOptions;
  readonly #owned = new DisposableStore();
  readonly #texts = localisedTexts();
  readonly #stepsCard: StepsCard;
  readonly #looks: RememberedLooks;
  #refreshTimer: NodeJS.Timeout | undefined;

  constructor(options: TraceEditorOptions) {
    this.#options = options;
    this.#stepsCard = new StepsCard(options.memento);
    this.#looks = new RememberedLooks(options.memento);
    for (const viewType of [editorIds.trace, editorIds.traceFile])
      this.#owned.add(
        vscode.window.registerCustomEditorProvider(viewType, this, {
          webviewOptions: { retainContextWhenHidden: false, enableFindWidget: false },
          supportsMultipleEditorsPerDocument: true,
        }),
      );
    this.#owned.add(options.registry.onDidChange(() => this.#keepTimer()));
    this.#owned.add(
      onDidChangeSessionControl(() => {
        for (const connection of options.registry.connections) connection.refreshHeader();
      }),
    );
    this.#owned.add(
      options.store.onDidChange(({ changed }) => {
        // The list may learn later than the panel that a run can be resumed.
        const keys = new Set(changed.filter(isResumable).map(({ key }) => key));
        if (keys.size === 0) return;
        for (const connection of options.registry.connections)
          if (keys.has(connection.model.key)) connection.refreshHeader();
      }),
    );
    this.#owned.add({ dispose: () => clearInterval(this.#refreshTimer) });
  }

  openCustomDocument(uri: vscode.Uri): TraceDocument {
    // The path of another scheme's URI may name a file here, which is not the one that was asked for.
    if (uri.scheme !== "file") throw notOnThisMachine(uri);
    const key = sessionKeyOf(uri.fsPath);
    return new TraceDocument(uri, key, new TraceModel(key, this.#options.reader, this.#options.store));
  }

  async resolveCustomEditor(document: TraceDocument, panel: vscode.WebviewPanel): Promise<void> {
    if (document.uri.fsPath !== document.key) {
      const viewColumn = panel.viewColumn ?? vscode.ViewColumn.Active;
      panel.dispose();
      await openTraceEditor(document.key, { viewColumn });
      return;
    }
    const { extensionUri, registry, logger } = this.#options;
    panel.webview.options = { enableScripts: true, localResourceRoots: [webviewRoot(extensionUri)] };
    const owned = new DisposableStore();
    let guardrails: GuardrailSettings | undefined;
    owned.add(
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration("tracekeeper.guardrails")) guardrails = undefined;
      }),
    );
    const connection = owned.add(
      new PanelConnection({
        model: document.model,
        panel,
        logger,
        texts: this.#texts,
        headerTexts,
        control: (key) => controlOf(key, this.#options.store),
        hidesStepsCard: () => this.#stepsCard.isHidden,
        payloadLooks: () => this.#looks.looks,
        guardrails: () => {
          guardrails ??= readGuardrails(logger, document.uri);
          return guardrails;
        },
        onIntent: (intent, from) => {
          this.#onIntent(intent, from).catch((error: unknown) => reportError(logger, `panel ${intent.type}`, error));
        },
      }),
    );
    const reveal = registry.takeReveal(document.key);
    if (reveal) connection.reveal(reveal);
    owned.add(registry.add(connection, panel));
    panel.onDidDispose(() => owned.dispose());
    panel.webview.html = panelHtml(panel.webview, extensionUri);
    document.model.reload().catch((error: unknown) => logger.error(describeError(error)));
  }

  dispose(): void {
    this.#owned.dispose();
  }

  async #onIntent(intent: PanelIntent, connection: PanelConnection): Promise<void> {
    if (intent.type === "hideStepsCard") await this.#stepsCard.setHidden(intent.hidden);
    else if (intent.type === "rememberLooks") await this.#looks.remember(intent.looks);
    else await this.#options.onIntent(intent, connection);
  }

  /** The timer runs only while a live session is visible. */
  #keepTimer(): void {
    const isWanted = [...this.#options.registry.connections].some(
      (connection) => connection.panel.visible && isLive(connection),
    );
    if (isWanted && !this.#refreshTimer) this.#refreshTimer = setInterval(() => this.#refresh(), refreshMs);
    if (!isWanted && this.#refreshTimer) {
      clearInterval(this.#refreshTimer);
      this.#refreshTimer = undefined;
    }
  }

  #refresh(): void {
    for (const connection of this.#options.registry.connections) {
      if (!connection.panel.visible) continue;
      connection.model.refreshState();
      connection.refreshHeader();
    }
  }
}

/** Opens the trace editor of a session, also when its `S.json` does not exist yet. */
export async function openTraceEditor(key: string, options: vscode.TextDocumentShowOptions = {}): Promise<void> {
  const uri = vscode.Uri.file(key);
  const viewType = isInTraceDirectory(key) ? editorIds.trace : editorIds.traceFile;
  await vscode.commands.executeCommand("vscode.openWith", uri, viewType, { preview: true, ...options });
}

/** Traces are files: several of a directory make one session, and they are watched. */
export function notOnThisMachine(uri: vscode.Uri): Error {
  return new Error(vscode.l10n.t("Only files on this machine can be opened as traces, not {0}.", uri.scheme));
}

/** Whether the static globs of the default editor hold this path. */
function isInTraceDirectory(key: string): boolean {
  const directory = path.dirname(key).split(path.sep);
  const [parent, name] = directory.slice(-2);
  return name === "traces" && (parent === ".tracekeeper" || parent === "altimate-code");
}

function isLive(connection: PanelConnection): boolean {
  const status = connection.model.facts?.state.status;
  return status === "running" || status === "waiting";
}

function controlOf(key: string, store: TraceStore): PanelHeader["control"] {
  const control = {
    canRunAgain: canRunAgain(key),
    canStop: canStop(key),
    hasTerminal: hasTerminal(key),
    canResume: vscode.workspace.isTrusted && isResumable(store.entry(key)),
  };
  return Object.values(control).includes(true) ? control : undefined;
}

const headerTexts: HeaderTexts = {
  // Asked for when a panel is drawn: the first use of `Intl` costs more than all the rest of activation.
  get timeZone() {
    return Intl.DateTimeFormat().resolvedOptions().timeZone;
  },
  statusLabel: (_status, fallback) => vscode.l10n.t(fallback),
  shortPlace: (place) => vscode.workspace.asRelativePath(place),
};

function localisedTexts(): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [key, english] of Object.entries(webviewTexts)) texts[key] = vscode.l10n.t(english);
  return texts;
}
