// Follows the folder `batches` of one trace directory, whether or not it exists yet, and tells which of its files were
// touched. Where the system tells no changes it looks itself.

import type { Disposable } from "../../base/disposable";
import { describeError, type Logger } from "../../base/logger";
import { DirectoryWatch } from "../directoryWatch";
import { type FileAccess, isMissing } from "../fileAccess";
import type { Polling } from "../watchedDirectory";

export interface BatchFolderEvents {
  /** The names in the folder, as they are now; empty where there is none. */
  onListed(names: readonly string[]): void;
  onTouched(name: string): void;
}

export interface BatchFolderOptions {
  readonly access: FileAccess;
  readonly logger: Logger;
  /** Undefined to be told by the system. */
  readonly polling: Polling | undefined;
  readonly fallbackPolling: Polling;
}

export class BatchFolder implements Disposable {
  readonly path: string;
  readonly #options: BatchFolderOptions;
  readonly #events: BatchFolderEvents;
  #watch: DirectoryWatch | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isDisposed = false;

  constructor(path: string, options: BatchFolderOptions, events: BatchFolderEvents) {
    this.path = path;
    this.#options = options;
    this.#events = events;
    if (options.polling === undefined) this.#startWatch();
    else this.#poll(options.polling);
  }

  async list(): Promise<void> {
    try {
      const names = await this.#options.access.list(this.path);
      if (!this.#isDisposed) this.#events.onListed(names);
    } catch (error) {
      if (this.#isDisposed) return;
      if (isMissing(error)) this.#events.onListed([]);
      else this.#options.logger.debug(`${this.path} can't be listed: ${describeError(error)}`);
    }
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#watch?.dispose();
    clearTimeout(this.#timer);
  }

  #startWatch(): void {
    const { access, logger, fallbackPolling } = this.#options;
    const watch = new DirectoryWatch(
      this.path,
      access,
      {
        onTouched: (name) => {
          if (name === undefined) void this.list();
          else this.#events.onTouched(name);
        },
        onPresence: () => void this.list(),
        onUnwatchable: () => {
          if (this.#watch !== watch) return;
          watch.dispose();
          this.#watch = undefined;
          this.#poll(fallbackPolling);
        },
      },
      logger,
    );
    this.#watch = watch;
    watch.start();
  }

  #poll(polling: Polling): void {
    void this.list().then(() => {
      if (this.#isDisposed) return;
      this.#timer = setTimeout(() => this.#poll(polling), polling.intervalMs);
      this.#timer.unref();
    });
  }
}
