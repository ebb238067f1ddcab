// Removes old sessions of ours where the person has set a limit of age or size: never by number, never those of other
// programs, never one that has not ended. Once a window, when the list of sessions has been read.

import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../base/disposable";
import type { Logger } from "../base/logger";
import { pruneByAgeAndSize } from "../recorder/prune";
import { inBackground } from "./commandEdge";
import { readSettings, settingChanged } from "./settings";

const dayMs = 24 * 60 * 60 * 1000;

export interface RetentionParts {
  readonly logger: Logger;
  directories(): readonly string[];
  /** The list of sessions has been read. */
  readonly ready: Promise<void>;
}

export class Retention implements Disposable {
  readonly #parts: RetentionParts;
  readonly #owned = new DisposableStore();

  constructor(parts: RetentionParts) {
    this.#parts = parts;
    const run = () => inBackground(parts.logger, "Removing old sessions", () => this.#prune());
    this.#owned.add(vscode.workspace.onDidGrantWorkspaceTrust(run));
    this.#owned.add(
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (settingChanged(event, "retentionDays", "retentionMegabytes")) run();
      }),
    );
    parts.ready.then(run, () => undefined);
  }

  dispose(): void {
    this.#owned.dispose();
  }

  async #prune(): Promise<void> {
    const { logger } = this.#parts;
    const { retentionDays, retentionMegabytes } = readSettings(logger);
    if (this.#owned.isDisposed || !vscode.workspace.isTrusted) return;
    if (retentionDays === 0 && retentionMegabytes === 0) return;
    for (const directory of this.#parts.directories()) {
      const { removed, failed } = await pruneByAgeAndSize({
        directory,
        maxAgeMs: retentionDays > 0 ? retentionDays * dayMs : undefined,
        maxBytes: retentionMegabytes > 0 ? retentionMegabytes * 1_000_000 : undefined,
      }).catch((error: unknown) => ({ removed: [], failed: [{ safeId: directory, error }] }));
      for (const safeId of removed) logger.info(`Removed ${safeId}: it is beyond the limits that the settings set`);
      for (const { safeId, error } of failed) logger.warn(`${safeId} could not be removed: ${String(error)}`);
    }
  }
}
