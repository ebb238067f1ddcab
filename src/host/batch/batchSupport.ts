// Batches in VS Code: what is there, who runs it, the editor and the commands. Costs nothing before a trace directory is
// watched or a batch is opened.

import * as path from "node:path";
import * as vscode from "vscode";
import { DisposableStore } from "../../base/disposable";
import type { Logger } from "../../base/logger";
import { batchNavigateTargets } from "../../protocol/batchMessages";
import { makeProbeLiveness } from "../../recorder/liveness";
import { BatchCatalog } from "../../store/batches/batchCatalog";
import type { FileAccess } from "../../store/fileAccess";
import type { TraceStore } from "../../store/traceStore";
import { batchFileNames, batchFolder } from "../../trace/batch/batchIds";
import type { BatchRunRef } from "../../trace/batch/batchRun";
import { safeId } from "../../trace/safeId";
import { inBackground } from "../commandEdge";
import type { FailingStepNavigator } from "../failures/goToFailingStep";
import { readSettings } from "../settings";
import { type BatchCommands, batchCommands } from "./batchCommands";
import { BatchControl } from "./batchControl";
import { BatchEditorProvider } from "./batchEditor";
import { doBatchIntent } from "./batchIntents";
import { ListedBatches } from "./batchListing";
import { BatchRunners } from "./batchRunners";

export interface BatchSupportOptions {
  readonly extensionUri: vscode.Uri;
  readonly store: TraceStore;
  readonly access: FileAccess;
  readonly logger: Logger;
  readonly navigator: FailingStepNavigator;
  /** The extension's own folder. */
  readonly storage: string;
  /** Starts watching the trace directories. */
  start(): void;
}

export class BatchSupport implements vscode.Disposable {
  readonly listed: ListedBatches;
  readonly commands: BatchCommands;
  readonly #editor: BatchEditorProvider;
  readonly #owned = new DisposableStore();

  constructor({ extensionUri, store, access, logger, navigator, storage, start }: BatchSupportOptions) {
    const catalog = this.#owned.add(new BatchCatalog({ access, logger }));
    const runners = new BatchRunners({ probe: makeProbeLiveness(), mayReadOwner: () => vscode.workspace.isTrusted });
    const program = path.join(extensionUri.fsPath, "dist", "cli.js");
    const control = this.#owned.add(new BatchControl({ runners, logger, program, storage }));
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
