// The batches of several trace directories as one list that follows the disk. Of a batch that is over, and that nobody
// looks at, only the summary is kept. Nothing runs before `setDirectories`.

import { basename, dirname, join, resolve } from "node:path";
import { type Disposable, toDisposable } from "../../base/disposable";
import { Emitter } from "../../base/event";
import { describeError, type Logger } from "../../base/logger";
import { batchFileNames, batchFolder, parseBatchLogName } from "../../trace/batch/batchIds";
import { type BatchSummary, summarizeBatch } from "../../trace/batch/batchSummary";
import { type FileAccess, type FileStamp, sameStamp } from "../fileAccess";
import type { Polling } from "../watchedDirectory";
import { BatchFolder } from "./batchFolder";
import { FollowedBatch } from "./followedBatch";

export interface BatchEntry {
  /** Path of `B.batch.ndjson`. */
  readonly key: string;
  /** The trace directory. */
  readonly directory: string;
  /** `B`. */
  readonly safeId: string;
  readonly summary: BatchSummary;
  /** The log holds damage, or could not be read. */
  readonly isDamaged: boolean;
}

/** A batch that is followed until this is disposed. */
export interface BatchHandle extends Disposable {
  readonly batch: FollowedBatch;
}

export interface BatchCatalogOptions {
  readonly access: FileAccess;
  readonly logger: Logger;
  /** Where the system refuses to tell changes; every 5 s where left out. */
  readonly fallbackPolling?: Polling | undefined;
}

interface Known {
  readonly key: string;
  readonly batch: FollowedBatch;
  /** How many look at it. */
  handles: number;
  timer: NodeJS.Timeout | undefined;
}

/** From the first event of a burst to the look, and from a change to the event. */
const delayMs = 50;

export class BatchCatalog implements Disposable {
  readonly #options: BatchCatalogOptions;
  readonly #changes: Emitter<void>;
  readonly #touches: Emitter<string>;
  readonly #folders = new Map<string, BatchFolder>();
  /** Folders of batches that were opened by their path, by how many. */
  readonly #outside = new Map<string, number>();
  readonly #known = new Map<string, Known>();
  readonly #entries = new Map<string, BatchEntry>();
  /** Of logs of which only the summary is kept. */
  readonly #stamps = new Map<string, FileStamp>();
  /** Read one after the other: a list of many must not hold the process. */
  readonly #queue = new Set<string>();
  #directories: readonly string[] = [];
  #polling: Polling | undefined;
  #reading: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isDisposed = false;

  constructor(options: BatchCatalogOptions) {
    this.#options = options;
    const onError = (error: unknown) =>
      options.logger.error(`A listener of the batches failed: ${describeError(error)}`);
    this.#changes = new Emitter(onError);
    this.#touches = new Emitter(onError);
  }

  /** Batches came, went or changed; coalesced. */
  get onDidChange() {
    return this.#changes.event;
  }

  /** The file that says who runs a batch was touched: the path of the batch's log. */
  get onDidTouchOwner() {
    return this.#touches.event;
  }

  /** In no order. */
  entries(): readonly BatchEntry[] {
    return [...this.#entries.values()];
  }

  entry(key: string): BatchEntry | undefined {
    return this.#entries.get(key);
  }

  /** @param directories trace directories, absolute; they need not exist */
  setDirectories(directories: readonly string[], polling?: Polling): void {
    if (this.#isDisposed) return;
    const isOtherPolling = this.#polling?.intervalMs !== polling?.intervalMs;
    this.#polling = polling;
    this.#directories = directories.map((directory) => join(resolve(directory), batchFolder));
    for (const path of [...this.#folders.keys()]) if (isOtherPolling || !this.#isWanted(path)) this.#close(path);
    for (const path of [...this.#directories, ...this.#outside.keys()]) this.#open(path);
    for (const key of [...this.#entries.keys()]) if (!this.#directories.includes(dirname(key))) this.#remove(key);
  }

  /** The batch of that log, read and followed until the handle is disposed, wherever it lies. */
  follow(key: string): BatchHandle {
    const known = this.#knownBatch(key);
    const folder = dirname(key);
    known.handles++;
    this.#outside.set(folder, (this.#outside.get(folder) ?? 0) + 1);
    this.#open(folder);
    void known.batch.update();
    const end = toDisposable(() => {
      known.handles--;
      const others = (this.#outside.get(folder) ?? 1) - 1;
      if (others > 0) this.#outside.set(folder, others);
      else this.#outside.delete(folder);
      if (!this.#isWanted(folder)) this.#close(folder);
      this.#letGo(known);
    });
    return { batch: known.batch, dispose: () => end.dispose() };
  }

  /** Reads everything that may have changed. */
  async refresh(): Promise<void> {
    await Promise.all([...this.#folders.values()].map((folder) => folder.list()));
    await this.#reading;
  }

  dispose(): void {
    this.#isDisposed = true;
    clearTimeout(this.#timer);
    for (const path of [...this.#folders.keys()]) this.#close(path);
    for (const { batch, timer } of this.#known.values()) {
      clearTimeout(timer);
      batch.dispose();
    }
    this.#known.clear();
    this.#changes.dispose();
    this.#touches.dispose();
  }

  #isWanted(folder: string): boolean {
    return this.#directories.includes(folder) || this.#outside.has(folder);
  }

  #open(path: string): void {
    if (this.#folders.has(path)) return;
    const { access, logger, fallbackPolling = { intervalMs: 5_000 } } = this.#options;
    const folder = new BatchFolder(
      path,
      { access, logger, polling: this.#polling, fallbackPolling },
      { onListed: (names) => this.#listed(path, names), onTouched: (name) => this.#touched(path, name) },
    );
    this.#folders.set(path, folder);
  }

  #close(path: string): void {
    this.#folders.get(path)?.dispose();
    this.#folders.delete(path);
  }

  #listed(folder: string, names: readonly string[]): void {
    const keys = new Set(
      names.filter((name) => parseBatchLogName(name) !== undefined).map((name) => join(folder, name)),
    );
    for (const key of [...this.#entries.keys()]) if (dirname(key) === folder && !keys.has(key)) this.#remove(key);
    for (const key of keys) this.#look(key);
    for (const known of this.#known.values()) if (dirname(known.key) === folder) this.#touches.fire(known.key);
  }

  #touched(folder: string, name: string): void {
    const safeId = parseBatchLogName(name);
    if (safeId !== undefined) return this.#lookSoon(join(folder, name));
    const owned = /^(.+)\.owner$/s.exec(name)?.[1];
    if (owned !== undefined) this.#touches.fire(join(folder, batchFileNames.log(owned)));
  }

  /** The first event of a burst is acted on a moment later; those that follow until then cost nothing. */
  #lookSoon(key: string): void {
    const known = this.#knownBatch(key);
    known.timer ??= setTimeout(() => {
      known.timer = undefined;
      this.#look(key);
    }, delayMs);
  }

  #look(key: string): void {
    const known = this.#known.get(key);
    if (known !== undefined && known.handles > 0) void known.batch.update();
    this.#queue.add(key);
    this.#reading ??= this.#readAll().finally(() => {
      this.#reading = undefined;
    });
  }

  async #readAll(): Promise<void> {
    for (const key of this.#queue) {
      this.#queue.delete(key);
      if (this.#isDisposed || (await this.#isUnchanged(key))) continue;
      const known = this.#knownBatch(key);
      await known.batch.update();
      this.#enter(known);
      this.#letGo(known);
    }
  }

  async #isUnchanged(key: string): Promise<boolean> {
    const before = this.#stamps.get(key);
    if (before === undefined || this.#known.has(key)) return false;
    const now = await this.#options.access.stat(key).catch(() => undefined);
    return now !== undefined && sameStamp(now, before);
  }

  #knownBatch(key: string): Known {
    let known = this.#known.get(key);
    if (known === undefined) {
      const { access, logger } = this.#options;
      const onListenerError = (error: unknown) => logger.error(`A listener of ${key} failed: ${describeError(error)}`);
      known = { key, batch: new FollowedBatch(key, { access, onListenerError }), handles: 0, timer: undefined };
      this.#known.set(key, known);
    }
    return known;
  }

  #enter({ key, batch }: Known): void {
    if (batch.availability.type === "missing") return this.#remove(key);
    const folder = dirname(key);
    if (!this.#directories.includes(folder)) return;
    this.#entries.set(key, {
      key,
      directory: dirname(folder),
      safeId: parseBatchLogName(basename(key)) ?? "",
      summary: summarizeBatch(batch.state),
      isDamaged:
        batch.availability.type === "unreadable" || batch.problems.some(({ severity }) => severity === "error"),
    });
    this.#changeSoon();
  }

  /** What is over, or is no more, is not kept in memory for the list alone. */
  #letGo(known: Known): void {
    const { batch, handles, timer, key } = known;
    if (handles > 0 || timer !== undefined || this.#known.get(key) !== known) return;
    if (batch.availability.type === "read" && !batch.state.isFinal && this.#entries.has(key)) return;
    if (batch.availability.type === "unread") return;
    if (batch.stamp !== undefined && this.#entries.has(key)) this.#stamps.set(key, batch.stamp);
    batch.dispose();
    this.#known.delete(key);
  }

  #remove(key: string): void {
    this.#stamps.delete(key);
    if (this.#entries.delete(key)) this.#changeSoon();
  }

  #changeSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#changes.fire();
    }, delayMs);
  }
}
