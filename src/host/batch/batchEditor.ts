// The editor of batches. Its document is the batch's log, which is followed for as long as the editor is open, and never
// written.

import * as vscode from "vscode";
import { DisposableStore } from "../../base/disposable";
import type { Logger } from "../../base/logger";
import { batchTexts } from "../../protocol/batchTexts";
import type { BatchCatalog, BatchHandle } from "../../store/batches/batchCatalog";
import { batchWordLabel } from "../../trace/batch/describeBatch";
import { reportError } from "../commandEdge";
import { editorIds } from "../ids";
import { panelHtml, webviewRoot } from "../panel/panelHtml";
import { notOnThisMachine } from "../panel/traceEditor";
import { BatchConnection, type BatchIntent } from "./batchConnection";
import { type BatchControl, type ControlledBatch, controlledBatch } from "./batchControl";
import type { BatchRunners } from "./batchRunners";

/** How often it is looked whether the process that runs a shown batch is still there. */
const probeMs = 3_000;

/** Where to open a batch. */
export interface BatchPlace {
  readonly index: number;
  /** Number of the attempt. */
  readonly attempt?: number | undefined;
}

export class BatchDocument implements vscode.CustomDocument {
  readonly uri: vscode.Uri;
  /** Path of the log. */
  readonly key: string;
  readonly #handle: BatchHandle;

  constructor(uri: vscode.Uri, handle: BatchHandle) {
    this.uri = uri;
    this.key = handle.batch.key;
    this.#handle = handle;
  }

  get batch() {
    return this.#handle.batch;
  }

  dispose(): void {
    this.#handle.dispose();
  }
}

export interface BatchEditorOptions {
  readonly extensionUri: vscode.Uri;
  readonly catalog: BatchCatalog;
  readonly runners: BatchRunners;
  readonly control: BatchControl;
  readonly logger: Logger;
  /** @param directory the trace directory */
  hasTrace(directory: string, session: string): boolean;
  onIntent(intent: BatchIntent, document: BatchDocument): Promise<void>;
}

interface OpenBatch {
  readonly document: BatchDocument;
  readonly connection: BatchConnection;
  readonly panel: vscode.WebviewPanel;
}

export class BatchEditorProvider implements vscode.CustomReadonlyEditorProvider<BatchDocument>, vscode.Disposable {
  readonly #options: BatchEditorOptions;
  readonly #owned = new DisposableStore();
  readonly #texts = localisedTexts();
  readonly #open = new Set<OpenBatch>();
  /** Where batches that are about to open are to be shown. */
  readonly #places = new Map<string, BatchPlace>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: BatchEditorOptions) {
    this.#options = options;
    this.#owned.add(
      vscode.window.registerCustomEditorProvider(editorIds.batch, this, {
        webviewOptions: { retainContextWhenHidden: false, enableFindWidget: false },
        supportsMultipleEditorsPerDocument: true,
      }),
    );
    this.#owned.add(options.catalog.onDidTouchOwner((key) => void this.#look(key)));
    this.#owned.add(options.control.onDidChange((key) => this.#refresh(key)));
    this.#owned.add(vscode.workspace.onDidGrantWorkspaceTrust(() => void this.#look()));
    this.#owned.add({ dispose: () => clearInterval(this.#timer) });
  }

  /** The page in the active editor, else undefined. */
  get active(): BatchConnection | undefined {
    return [...this.#open].find(({ panel }) => panel.active)?.connection;
  }

  /** The batch in the active editor, else undefined. */
  get activeBatch(): ControlledBatch | undefined {
    const open = [...this.#open].find(({ panel }) => panel.active);
    return open && controlledBatch(open.document);
  }

  openCustomDocument(uri: vscode.Uri): BatchDocument {
    // The path of another scheme's URI may name a file here, which is not the one that was asked for.
    if (uri.scheme !== "file") throw notOnThisMachine(uri);
    return new BatchDocument(uri, this.#options.catalog.follow(uri.fsPath));
  }

  resolveCustomEditor(document: BatchDocument, panel: vscode.WebviewPanel): void {
    const { extensionUri, logger, runners, control, hasTrace, onIntent } = this.#options;
    const { batch, key } = document;
    panel.webview.options = { enableScripts: true, localResourceRoots: [webviewRoot(extensionUri)] };
    const owned = new DisposableStore();
    const connection = owned.add(
      new BatchConnection({
        batch,
        panel,
        logger,
        texts: this.#texts,
        // Asked for when a page is drawn: the first use of `Intl` costs more than all the rest of activation.
        timeZone: () => Intl.DateTimeFormat().resolvedOptions().timeZone,
        circumstances: () => ({
          runner: runners.of(key),
          isTrusted: vscode.workspace.isTrusted,
          underWay: control.underWay(key),
          label: (word) => vscode.l10n.t(batchWordLabel(word)),
        }),
        hasTrace: (session) => hasTrace(directoryOf(key), session),
        onIntent: (intent) => {
          onIntent(intent, document).catch((error: unknown) => reportError(logger, `batch ${intent.type}`, error));
        },
      }),
    );
    const opened: OpenBatch = { document, connection, panel };
    this.#open.add(opened);
    this.#keepTimer();
    owned.add(
      batch.onDidChange(({ isReset }) => {
        if (isReset) void this.#look(key);
      }),
    );
    const place = this.#places.get(key);
    this.#places.delete(key);
    if (place !== undefined) connection.reveal(place.index, place.attempt);
    panel.onDidDispose(() => {
      this.#open.delete(opened);
      if (![...this.#open].some((other) => other.document === document)) runners.forget(key);
      this.#keepTimer();
      owned.dispose();
    });
    panel.webview.html = panelHtml(panel.webview, extensionUri, "batch");
    void batch.update().then(() => this.#look(key));
  }

  /** Opens a batch, or brings it to the front, and shows a run where one is named. */
  async open(key: string, place?: BatchPlace, options: vscode.TextDocumentShowOptions = {}): Promise<void> {
    const open = [...this.#open].find(({ document }) => document.key === key);
    if (open !== undefined) {
      if (place !== undefined) open.connection.reveal(place.index, place.attempt);
      open.panel.reveal(undefined, options.preserveFocus ?? false);
      return;
    }
    if (place !== undefined) this.#places.set(key, place);
    try {
      const uri = vscode.Uri.file(key);
      await vscode.commands.executeCommand("vscode.openWith", uri, editorIds.batch, { preview: true, ...options });
    } finally {
      this.#places.delete(key);
    }
  }

  /** Who runs a batch may be somebody else now. @param key of one batch, or all */
  async #look(key?: string): Promise<void> {
    const documents = new Set([...this.#open].map(({ document }) => document));
    for (const document of documents) {
      if (key !== undefined && document.key !== key) continue;
      const { batch } = document;
      const { type } = await this.#options.runners.look(document.key, batch.state.writer);
      // A batch that is over is written by nobody, although its process may still be there.
      batch.setWritten(type !== "gone");
      this.#refresh(document.key);
    }
  }

  #refresh(key: string): void {
    for (const { document, connection } of this.#open) if (document.key === key) connection.refresh();
  }

  dispose(): void {
    this.#owned.dispose();
  }

  /** A process that ends tells nobody. The timer runs only while a batch that is not over is in view. */
  #keepTimer(): void {
    clearInterval(this.#timer);
    this.#timer = this.#open.size === 0 ? undefined : setInterval(() => this.#probe(), probeMs);
  }

  #probe(): void {
    for (const { document, panel } of this.#open) {
      if (panel.visible && !document.batch.state.isFinal) void this.#look(document.key);
    }
  }
}

/** The trace directory of a batch. @param key path of its log */
export function directoryOf(key: string): string {
  return vscode.Uri.joinPath(vscode.Uri.file(key), "..", "..").fsPath;
}

function localisedTexts(): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [key, english] of Object.entries(batchTexts)) texts[key] = vscode.l10n.t(english);
  return texts;
}
