// The store: the sessions of several directories as one list that follows the disk, and whole sessions on request. The
// directory is the only meeting point with those who write, so everything here follows from what is on disk.
// Nothing runs before `start`, and nothing is left after `dispose`.

import { join, resolve } from "node:path";
import type { Disposable } from "../base/disposable";
import { Emitter } from "../base/event";
import { describeError, type Logger } from "../base/logger";
import { makeProbeLiveness } from "../recorder/liveness";
import { isOfResumeClaim, resumedFolder } from "../trace/resumeClaimNames";
import { parseTraceFileName } from "../trace/safeId";
import type { LoadedSession, ProbeLiveness } from "../trace/sessionFiles";
import { type MemoryOptions, pruneListings } from "./directoryMemory";
import { type FileAccess, isMissing, nodeFileAccess } from "./fileAccess";
import { type ForeignFiles, rowIdOfKey } from "./foreignFiles";
import { Limiter } from "./limiter";
import { loadSession } from "./loadSession";
import type { SessionEntry } from "./sessionEntry";
import { parseSessionKey } from "./sessionKey";
import { SessionWatches } from "./sessionWatches";
import { type DirectoryContext, type Polling, WatchedDirectory } from "./watchedDirectory";

export interface StoreOptions {
  /** Absolute paths; they need not exist. */
  readonly directories: readonly string[];
  /** For file systems that tell no changes, as network folders; undefined to be told by the system. */
  readonly polling?: Polling | undefined;
  /** How often to look where the system refuses to tell changes; every 5 s where left out. */
  readonly fallbackPolling?: Polling | undefined;
  readonly logger: Logger;
  readonly now?: (() => number) | undefined;
  readonly probe?: ProbeLiveness | undefined;
  readonly access?: FileAccess | undefined;
  /** Who knows files of other programs; undefined to list none. */
  readonly foreign?: ForeignFiles | undefined;
  /** Where to remember what was listed, for the next window; undefined to remember nothing. */
  readonly memory?: MemoryOptions | undefined;
}

export interface StoreChange {
  readonly changed: readonly SessionEntry[];
  /** Keys. */
  readonly removed: readonly string[];
  /** Part of the first index: sessions that were there before. */
  readonly initial: boolean;
}

export interface DirectoryState {
  readonly path: string;
  readonly exists: boolean;
}

/** Changes of so long are reported together. */
const reportDelayMs = 50;
/** How often the state of live sessions is derived anew: the time passes, and processes vanish without a word. */
const stateIntervalMs = 5000;
const concurrentFiles = 8;
/** From the first index to looking for what is remembered in vain: nobody waits for that. */
const pruneDelayMs = 60_000;

export class TraceStore implements Disposable {
  readonly #changes: Emitter<StoreChange>;
  readonly #directoryChanges: Emitter<readonly DirectoryState[]>;
  readonly #context: DirectoryContext;
  readonly #directories = new Map<string, WatchedDirectory>();
  readonly #sessionWatches: SessionWatches;
  /** Changes that are not reported yet; undefined for a removed row. */
  readonly #pending = new Map<string, SessionEntry | undefined>();
  #configured: readonly string[];
  #polling: Polling | undefined;
  #reportTimer: NodeJS.Timeout | undefined;
  #stateTimer: NodeJS.Timeout | undefined;
  #pruneTimer: NodeJS.Timeout | undefined;
  #entries: readonly SessionEntry[] | undefined;
  #state: "new" | "indexing" | "ready" | "disposed" = "new";
  #markReady: () => void = () => undefined;

  /** Settles when every directory was read once; after `dispose` in any case. */
  readonly ready: Promise<void>;

  constructor(options: StoreOptions) {
    const { logger } = options;
    this.#configured = normalise(options.directories);
    this.#polling = options.polling;
    const onListenerError = (error: unknown) => logger.error(`A listener of the store failed: ${describeError(error)}`);
    this.#changes = new Emitter(onListenerError);
    this.#directoryChanges = new Emitter(onListenerError);
    this.#context = {
      access: options.access ?? nodeFileAccess,
      limiter: new Limiter(concurrentFiles),
      probe: options.probe ?? makeProbeLiveness(),
      now: options.now ?? Date.now,
      logger,
      fallbackPolling: options.fallbackPolling ?? { intervalMs: 5000 },
      foreign: options.foreign,
      memory: options.memory,
    };
    this.#sessionWatches = new SessionWatches(this.#context.access, this.#context.fallbackPolling, logger);
    this.ready = new Promise((settle) => {
      this.#markReady = settle;
    });
  }

  /** Rows that changed or are gone, coalesced: at most one event in 50 ms. */
  get onDidChange() {
    return this.#changes.event;
  }

  /** A directory appeared, is gone, or another set of directories was configured. */
  get onDidChangeDirectories() {
    return this.#directoryChanges.event;
  }

  /** Starts watching and indexing. Later calls do nothing. */
  start(): void {
    if (this.#state !== "new") return;
    this.#state = "indexing";
    this.#applyDirectories();
    void this.#finishIndex();
  }

  /** Takes another set of directories; rows of those that are left out are removed. Nothing runs before `start`. */
  setDirectories(directories: readonly string[], polling?: Polling): void {
    if (this.#state === "disposed") return;
    const pollingChanged = this.#polling?.intervalMs !== polling?.intervalMs;
    this.#configured = normalise(directories);
    this.#polling = polling;
    if (this.#state === "new") return;
    if (pollingChanged) for (const directory of this.#directories.values()) directory.start(polling);
    this.#applyDirectories();
    this.#directoryChanges.fire(this.directories());
  }

  directories(): readonly DirectoryState[] {
    return this.#configured.map((path) => ({ path, exists: this.#directories.get(path)?.exists ?? false }));
  }

  /** All rows, in no order. The array is the same one until something changes. */
  entries(): readonly SessionEntry[] {
    this.#entries ??= [...this.#directories.values()].flatMap(({ index }) => [...index.entries()]);
    return this.#entries;
  }

  entry(key: string): SessionEntry | undefined {
    const { directory } = parseSessionKey(key);
    const rowId = rowIdOfKey(key);
    return rowId === undefined ? undefined : this.#directories.get(directory)?.index.entry(rowId);
  }

  /** Reads everything again, whether or not it seems unchanged. */
  async refresh(): Promise<void> {
    await Promise.all([...this.#directories.values()].map(({ index }) => index.refresh()));
    this.#report();
  }

  /** Derives the states of live sessions anew; the store does so by itself every few seconds while there are any. */
  refreshStates(nowMs: number = this.#context.now()): void {
    let live = false;
    for (const { index } of this.#directories.values()) live = index.refreshStates(nowMs) || live;
    if (live) this.#armStateTimer();
  }

  /**
   * The whole session, from any directory, also before `start`.
   * @throws the system's error where the directory can't be read, and the signal's reason
   */
  load(key: string, signal?: AbortSignal): Promise<LoadedSession> {
    return loadSession(key, this.#context.probe, signal, this.#context.access);
  }

  /** Calls `listener` at most 100 ms after any change of the session's files, in any directory, also before they exist. */
  watchSession(key: string, listener: () => void): Disposable {
    if (this.#state === "disposed") return { dispose() {} };
    return this.#sessionWatches.watch(key, listener, this.#context.foreign?.companionsOf(key));
  }

  /**
   * Absolute paths of all files that belong to a session, its temps and what says who resumed it included; empty where there
   * are none.
   */
  async deleteFiles(key: string): Promise<readonly string[]> {
    const { directory, name, safeId } = parseSessionKey(key);
    const namesIn = async (folder: string) => {
      try {
        return await this.#context.access.list(folder);
      } catch (error) {
        if (isMissing(error)) return [];
        throw error;
      }
    };
    const isOfSession = (candidate: string) => {
      if (safeId === undefined) return candidate === name;
      const parsed = parseTraceFileName(candidate);
      return parsed.type !== "other" && parsed.safeId === safeId;
    };
    const names = (await namesIn(directory)).filter(isOfSession).sort();
    const resumed = join(directory, resumedFolder);
    const isClaim = (candidate: string) => safeId !== undefined && isOfResumeClaim(candidate, safeId);
    const claims = safeId === undefined ? [] : (await namesIn(resumed)).filter(isClaim).sort();
    return [
      ...names.map((candidate) => join(directory, candidate)),
      ...claims.map((candidate) => join(resumed, candidate)),
    ];
  }

  dispose(): void {
    if (this.#state === "disposed") return;
    this.#state = "disposed";
    clearTimeout(this.#reportTimer);
    clearTimeout(this.#stateTimer);
    clearTimeout(this.#pruneTimer);
    this.#sessionWatches.dispose();
    for (const directory of this.#directories.values()) directory.dispose();
    this.#directories.clear();
    this.#pending.clear();
    this.#entries = [];
    this.#changes.dispose();
    this.#directoryChanges.dispose();
    this.#markReady();
  }

  async #finishIndex(): Promise<void> {
    // Directories may be added while others are read.
    let count = -1;
    while (count !== this.#directories.size) {
      count = this.#directories.size;
      await Promise.all([...this.#directories.values()].map((directory) => directory.ready));
    }
    if (this.#state !== "indexing") return;
    this.#report();
    this.#state = "ready";
    this.#markReady();
    const { memory } = this.#context;
    if (memory) this.#pruneTimer = setTimeout(() => void this.#prune(memory), pruneDelayMs).unref();
  }

  async #prune(memory: MemoryOptions): Promise<void> {
    const { access, now, logger } = this.#context;
    if (!memory.mayWrite()) return;
    try {
      await pruneListings(memory, access, now());
    } catch (error) {
      logger.debug(`Old listings could not be removed: ${describeError(error)}`);
    }
  }

  #applyDirectories(): void {
    for (const [path, directory] of this.#directories) {
      if (this.#configured.includes(path)) continue;
      this.#onRows(
        [],
        [...directory.index.entries()].map((entry) => entry.key),
      );
      directory.dispose();
      this.#directories.delete(path);
    }
    for (const path of this.#configured) {
      if (this.#directories.has(path)) continue;
      const directory = new WatchedDirectory(path, this.#context, {
        onRows: (changed, removed) => this.#onRows(changed, removed),
        onFileChanged: (name) => this.#sessionWatches.touched(path, name),
        onTouched: (name) => this.#sessionWatches.touched(path, name),
        onPresence: (exists) => this.#onPresence(path, exists),
      });
      this.#directories.set(path, directory);
      directory.start(this.#polling);
    }
    this.#sessionWatches.configure((path) => this.#directories.has(path), this.#polling);
  }

  #onPresence(path: string, exists: boolean): void {
    this.#context.logger.debug(`${path} ${exists ? "is there" : "is gone"}`);
    this.#sessionWatches.touched(path, undefined);
    this.#directoryChanges.fire(this.directories());
  }

  #onRows(changed: readonly SessionEntry[], removed: readonly string[]): void {
    this.#entries = undefined;
    for (const entry of changed) {
      this.#pending.set(entry.key, entry);
      if (isLive(entry)) this.#armStateTimer();
    }
    for (const key of removed) this.#pending.set(key, undefined);
    this.#reportTimer ??= setTimeout(() => this.#report(), reportDelayMs);
  }

  #report(): void {
    clearTimeout(this.#reportTimer);
    this.#reportTimer = undefined;
    if (this.#pending.size === 0) return;
    const changed: SessionEntry[] = [];
    const removed: string[] = [];
    for (const [key, entry] of this.#pending) {
      if (entry === undefined) removed.push(key);
      else changed.push(entry);
    }
    this.#pending.clear();
    this.#changes.fire({ changed, removed, initial: this.#state === "indexing" });
  }

  #armStateTimer(): void {
    if (this.#stateTimer !== undefined || this.#state === "disposed") return;
    this.#stateTimer = setTimeout(() => {
      this.#stateTimer = undefined;
      this.refreshStates();
    }, stateIntervalMs);
    this.#stateTimer.unref();
  }
}

function isLive(entry: SessionEntry): boolean {
  return entry.state.status === "running" || entry.state.status === "waiting";
}

function normalise(directories: readonly string[]): readonly string[] {
  return [...new Set(directories.map((directory) => resolve(directory)))];
}
