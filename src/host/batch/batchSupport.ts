// Batches in VS Code: what is there, who runs it, and the editor. Costs nothing before a batch is opened or a trace
// directory is watched.

import * as path from "node:path";
import * as vscode from "vscode";
import { DisposableStore } from "../../base/disposable";
import type { Logger } from "../../base/logger";
import { makeProbeLiveness } from "../../recorder/liveness";
import { BatchCatalog } from "../../store/batches/batchCatalog";
import type { FileAccess } from "../../store/fileAccess";
import type { TraceStore } from "../../store/traceStore";
import type { FailingStepNavigator } from "../failures/goToFailingStep";
import { BatchControl } from "./batchControl";
import { BatchEditorProvider } from "./batchEditor";
import { doBatchIntent } from "./batchIntents";
import { BatchRunners } from "./batchRunners";

export interface BatchSupportOptions {
  readonly extensionUri: vscode.Uri;
  readonly store: TraceStore;
  readonly access: FileAccess;
  readonly logger: Logger;
  readonly navigator: FailingStepNavigator;
  /** The extension's own folder. */
  readonly storage: string;
}

export class BatchSupport implements vscode.Disposable {
  readonly editor: BatchEditorProvider;
  readonly catalog: BatchCatalog;
  readonly #owned = new DisposableStore();

  constructor({ extensionUri, store, access, logger, navigator, storage }: BatchSupportOptions) {
    this.catalog = this.#owned.add(new BatchCatalog({ access, logger }));
    const runners = new BatchRunners({ probe: makeProbeLiveness(), mayReadOwner: () => vscode.workspace.isTrusted });
    const program = path.join(extensionUri.fsPath, "dist", "cli.js");
    const control = this.#owned.add(new BatchControl({ runners, logger, program, storage }));
    const isWatched = (directory: string) => store.directories().some((watched) => watched.path === directory);
    this.editor = this.#owned.add(
      new BatchEditorProvider({
        extensionUri,
        catalog: this.catalog,
        runners,
        control,
        logger,
        // Of a directory that is not listed nobody knows which traces it holds.
        hasTrace: (directory, session) =>
          !isWatched(directory) || store.entry(path.join(directory, `${session}.json`)) !== undefined,
        onIntent: (intent, document) => doBatchIntent(intent, document, { navigator, control }),
      }),
    );
  }

  dispose(): void {
    this.#owned.dispose();
  }
}
