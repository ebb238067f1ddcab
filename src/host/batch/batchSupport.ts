// Batches in VS Code: what is there, who runs it, the editor and the commands. Costs nothing before a trace directory is
// watched or a batch is opened.

import * as path from "node:path";
import * as vscode from "vscode";
import { DisposableStore } from "../../base/disposable";
import type { Logger } from "../../base/logger";
import { batchNavigateTargets } from "../../protocol/batchMessages";
import { makeProbeLiveness } from "../../recorder/liveness";
import { isTriggerPlaybook } from "../../session/batch/triggerPlaybook";
import { BatchCatalog } from "../../store/batches/batchCatalog";
import type { FileAccess } from "../../store/fileAccess";
import type { SessionEntry } from "../../store/sessionEntry";
import type { TraceStore } from "../../store/traceStore";
import { batchFileNames, batchFolder } from "../../trace/batch/batchIds";
import type { BatchRunRef } from "../../trace/batch/batchRun";
import { plainText } from "../../trace/plainText";
import { safeId } from "../../trace/safeId";
import { batchEngine } from "../batchEngine";
import { inBackground, reportError } from "../commandEdge";
import type { FailingStepNavigator } from "../failures/goToFailingStep";
import type { KeptSecrets } from "../playbook/run/keptSecrets";
import { entryLabel } from "../sessions/sessionRows";
import { readSettings } from "../settings";
import type { LaunchedSession } from "../start/launchRequest";
import { type BatchCommands, batchCommands } from "./batchCommands";
import { BatchControl, controlledBatch } from "./batchControl";
import { BatchEditorProvider } from "./batchEditor";
import { doBatchIntent } from "./batchIntents";
import { ListedBatches } from "./batchListing";
import { BatchNotices } from "./batchNotices";
import { batchNotifications } from "./batchNotifications";
import { BatchRunners } from "./batchRunners";
import { StartedBatches } from "./startedBatches";

/** Logs of the batches that this workspace's window tells of. */
const toldKey = "tracekeeper.toldBatches";

export interface BatchSupportOptions {
  readonly extensionUri: vscode.Uri;
  readonly store: TraceStore;
  readonly access: FileAccess;
  readonly logger: Logger;
  readonly navigator: FailingStepNavigator;
  /** The extension's own folder. */
  readonly storage: string;
  readonly secrets: KeptSecrets;
  readonly workspaceState: Pick<vscode.Memento, "get" | "update">;
  /** Starts watching the trace directories. */
  start(): void;
}

export class BatchSupport implements vscode.Disposable {
  readonly listed: ListedBatches;
  readonly commands: BatchCommands;
  readonly #editor: BatchEditorProvider;
  readonly #started: StartedBatches;
  readonly #owned = new DisposableStore();

  constructor(options: BatchSupportOptions) {
    const { extensionUri, store, access, logger, navigator, storage, secrets, workspaceState, start } = options;
    const catalog = this.#owned.add(new BatchCatalog({ access, logger }));
    const runners = new BatchRunners({ probe: makeProbeLiveness(), mayReadOwner: () => vscode.workspace.isTrusted });
    const program = path.join(extensionUri.fsPath, "dist", "cli.js");
    const control = this.#owned.add(
      new BatchControl({
        runners,
        logger,
        program,
        storage,
        remote: (folder) => batchEngine(logger, vscode.Uri.file(folder), secrets),
      }),
    );
    this.listed = this.#owned.add(new ListedBatches(catalog, runners, control));
    const isWatched = (directory: string) => store.directories().some((watched) => watched.path === directory);
    this.#editor = this.#owned.add(
      new BatchEditorProvider({
        extensionUri,
        catalog,
        runners,
        control,
        logger,
        // Of a directory that is not listed nobody knows which traces it holds.
        hasTrace: (directory, session) =>
          !isWatched(directory) || store.entry(path.join(directory, `${session}.json`)) !== undefined,
        onIntent: (intent, document) => doBatchIntent(intent, document, { navigator, control }),
      }),
    );
    const watch = (): void => {
      const { pollingIntervalMs } = readSettings(logger);
      const present = store.directories().filter(({ exists }) => exists);
      catalog.setDirectories(
        present.map((directory) => directory.path),
        pollingIntervalMs > 0 ? { intervalMs: pollingIntervalMs } : undefined,
      );
    };
    this.#owned.add(store.onDidChangeDirectories(watch));
    inBackground(logger, "Listing batches", async () => {
      await store.ready;
      if (!this.#owned.isDisposed) watch();
    });
    const kept = () => workspaceState.get<unknown>(toldKey);
    const notices = this.#owned.add(
      new BatchNotices({
        catalog,
        control: (batch, action) => control.run(controlledBatch({ batch }), action),
        surface: batchNotifications,
        logger,
        kept: {
          get: () => keptKeys(kept()),
          set: (keys) => void workspaceState.update(toldKey, keys.length === 0 ? undefined : keys),
        },
        runner: (key) => runners.of(key).type,
        onDidChangeRunners: (listener) => this.listed.onDidChange(listener),
        open: (key) => this.#editor.open(key),
        onError: (error) => reportError(logger, "batch", error),
      }),
    );
    this.#started = this.#owned.add(
      new StartedBatches({
        catalog,
        store,
        logger,
        onBatch: ({ key }, isTriggered) => {
          notices.follow(key, undefined);
          if (isTriggered)
            inBackground(logger, "Opening a batch", () => this.#editor.open(key, undefined, { preview: false }));
        },
        onNone: (session) => tellNone(session, navigator, logger),
      }),
    );
    // Whoever has a batch go on from here wants to know what comes of it.
    this.#owned.add(
      control.onDidChange((key) => {
        const action = control.underWay(key);
        const entry = catalog.entry(key);
        if (entry !== undefined && (action === "goOn" || action === "retryFailed"))
          notices.follow(key, entry.summary.endedAt);
      }),
    );
    if (keptKeys(kept()).length > 0) {
      const idle = setImmediate(() => {
        start();
        notices.goOn();
      });
      this.#owned.add({ dispose: () => clearImmediate(idle) });
    }
    this.commands = batchCommands({
      catalog,
      listed: this.listed,
      control,
      editor: this.#editor,
      start: async () => {
        start();
        await store.ready;
        watch();
        await catalog.refresh();
      },
    });
  }

  /** A session is started in this window: batches that it triggers are told of. */
  onLaunched(session: LaunchedSession): void {
    this.#started.add(session);
  }

  /** The session is nothing but a batch that was triggered by a person, who is told of that. */
  isTold({ key, playbook }: SessionEntry): boolean {
    if (this.#started.isBatch(key)) return true;
    // While its files are put in order the playbook may not be known.
    const isTrigger = playbook === undefined || isTriggerPlaybook(playbook.path);
    return isTrigger && this.#started.hasBatch(key);
  }

  /** Opens the batch that a session is a run of, with that run selected. @param from key of the session */
  async openRun(run: Pick<BatchRunRef, "id" | "attempt"> & { readonly number: number }, from: string): Promise<void> {
    const log = path.join(path.dirname(from), batchFolder, batchFileNames.log(safeId(run.id)));
    await this.#editor.open(log, { index: run.number - 1, attempt: run.attempt });
  }

  /** In the page in front, where it is that of a batch and has such a place. */
  navigate(target: string): void {
    const known = batchNavigateTargets.find((each) => each === target);
    if (known !== undefined) this.#editor.active?.navigate(known);
  }

  dispose(): void {
    this.#owned.dispose();
  }
}

function keptKeys(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((key) => typeof key === "string") : [];
}

function tellNone(session: SessionEntry, navigator: FailingStepNavigator, logger: Logger): void {
  inBackground(logger, "Telling of a batch", async () => {
    const goTo = vscode.l10n.t("Go to Failing Step");
    const why = session.state.error ?? vscode.l10n.t("its session failed");
    const words = vscode.l10n.t("{0} could not be triggered: {1}", entryLabel(session), why);
    if ((await vscode.window.showErrorMessage(plainText(words, 300), goTo)) === goTo) await navigator.go(session);
  });
}
