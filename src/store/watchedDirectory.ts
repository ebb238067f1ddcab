// One directory of the store: its watcher, or its polling where the file system has no events, and its index. Keeps
// the index in step with the directory, whatever becomes of that.

import type { Disposable } from "../base/disposable";
import { describeError } from "../base/logger";
import { DirectoryIndex, type IndexContext, type IndexSink } from "./directoryIndex";
import { DirectoryWatch } from "./directoryWatch";
import { isMissing } from "./fileAccess";
import { recheckDelayMs } from "./sessionRow";

export interface Polling {
  readonly intervalMs: number;
}

export interface DirectoryContext extends IndexContext {
  /** Where the system refuses to watch, and nothing else was asked for. */
  readonly fallbackPolling: Polling;
}

export interface DirectorySink extends IndexSink {
  /** The directory appeared or is gone. */
  onPresence(exists: boolean): void;
  /** The system told that a file of that name, or any for undefined, was touched; nothing was read yet. */
  onTouched(name: string | undefined): void;
}

/** Every so many rounds of polling look at all files, the others only at recent ones. */
const fullRound = 10;

export class WatchedDirectory implements Disposable {
  readonly path: string;
  readonly index: DirectoryIndex;
  /** Settles when the directory was read for the first time, or is known not to exist. */
  readonly ready: Promise<void>;
  readonly #context: DirectoryContext;
  readonly #sink: DirectorySink;
  #watch: DirectoryWatch | undefined;
  #pollTimer: NodeJS.Timeout | undefined;
  #goneTimer: NodeJS.Timeout | undefined;
  #polling: Polling | undefined;
  #round = 0;
  #exists = false;
  #markReady: () => void = () => undefined;
  #disposed = false;

  /** Opens nothing before `start`. */
  constructor(path: string, context: DirectoryContext, sink: DirectorySink) {
    this.path = path;
    this.#context = context;
    this.#sink = sink;
    this.index = new DirectoryIndex(path, context, sink);
    this.ready = new Promise((resolve) => {
      this.#markReady = resolve;
    });
  }

  get exists(): boolean {
    return this.#exists;
  }

  /** @param polling undefined to be told by the system */
  start(polling: Polling | undefined): void {
    this.stop();
    this.#polling = polling;
    if (polling) this.#poll();
    else this.#startWatch();
  }

  /** Lets go of watchers and timers; the rows stay. */
  stop(): void {
    this.#watch?.dispose();
    this.#watch = undefined;
    clearTimeout(this.#pollTimer);
    this.#pollTimer = undefined;
    clearTimeout(this.#goneTimer);
    this.#polling = undefined;
  }

  dispose(): void {
    this.#disposed = true;
    this.stop();
    this.index.dispose();
    this.#markReady();
  }

  #startWatch(): void {
    const { access, logger, fallbackPolling } = this.#context;
    const watch = new DirectoryWatch(
      this.path,
      access,
      {
        onTouched: (name) => {
          this.index.touch(name);
          this.#sink.onTouched(name);
        },
        onPresence: (exists) => this.#onPresence(exists),
        onUnwatchable: () => {
          if (this.#watch !== watch) return;
          logger.warn(`${this.path} is looked at every ${fallbackPolling.intervalMs} ms instead`);
          this.start(fallbackPolling);
        },
      },
      logger,
    );
    this.#watch = watch;
    watch.start();
  }

  #onPresence(exists: boolean): void {
    clearTimeout(this.#goneTimer);
    const hadIt = this.#exists;
    if (exists) {
      this.#exists = true;
      if (!hadIt) this.#sink.onPresence(true);
      void this.index.scan().then(this.#markReady);
      return;
    }
    if (!hadIt) {
      this.#markReady();
      return;
    }
    // A directory that is replaced is missing for a moment; its rows need not flicker for that.
    this.#goneTimer = setTimeout(() => {
      this.#exists = false;
      this.#sink.onPresence(false);
      void this.index.clear();
    }, recheckDelayMs);
  }

  /** One round after the other: a slow network folder is never asked twice at once. */
  #poll(): void {
    const polling = this.#polling;
    void this.#pollOnce()
      .catch((error) => this.#context.logger.warn(`Polling ${this.path} failed: ${describeError(error)}`))
      .then(() => {
        this.#markReady();
        if (this.#disposed || polling === undefined || this.#polling !== polling) return;
        this.#pollTimer = setTimeout(() => this.#poll(), polling.intervalMs);
        this.#pollTimer.unref();
      });
  }

  async #pollOnce(): Promise<void> {
    const exists = await this.#statDirectory();
    if (this.#disposed) return;
    if (exists !== this.#exists) {
      this.#exists = exists;
      this.#sink.onPresence(exists);
    }
    if (!exists) await this.index.clear();
    else await this.index.scan(this.#round++ % fullRound === 0 ? "all" : "recent");
  }

  /** Rejects where that can't be told: a network folder that does not answer still has its sessions. */
  async #statDirectory(): Promise<boolean> {
    try {
      return (await this.#context.access.stat(this.path)).kind === "directory";
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }
}
