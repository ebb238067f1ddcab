// Who wants to hear of changes of single sessions, in watched directories and elsewhere. A directory that the store does
// not watch is watched, or polled, for as long as somebody listens to one of its sessions.

import { join } from "node:path";
import { type Disposable, toDisposable } from "../base/disposable";
import { describeError, type Logger } from "../base/logger";
import { parseTraceFileName } from "../trace/safeId";
import { DirectoryWatch } from "./directoryWatch";
import { type FileAccess, type FileStamp, sameStamp } from "./fileAccess";
import type { Companions } from "./foreignFiles";
import { parseSessionKey } from "./sessionKey";
import type { Polling } from "./watchedDirectory";

/** From the first event of a burst to the call. */
const notifyDelayMs = 50;

interface Listener {
  readonly key: string;
  isOwn(directory: string, name: string): boolean;
  readonly call: () => void;
  timer: NodeJS.Timeout | undefined;
}

export class SessionWatches implements Disposable {
  readonly #access: FileAccess;
  readonly #fallbackPolling: Polling;
  readonly #logger: Logger;
  /** By directory. */
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #outside = new Map<string, Disposable>();
  #isIndexed: (directory: string) => boolean = () => false;
  #polling: Polling | undefined;

  /** @param fallbackPolling where the system refuses to tell changes */
  constructor(access: FileAccess, fallbackPolling: Polling, logger: Logger) {
    this.#access = access;
    this.#fallbackPolling = fallbackPolling;
    this.#logger = logger;
  }

  /** Tells which directories report through `touched` by themselves; all others are watched here. */
  configure(isIndexed: (directory: string) => boolean, polling: Polling | undefined): void {
    this.#isIndexed = isIndexed;
    const pollingChanged = this.#polling?.intervalMs !== polling?.intervalMs;
    this.#polling = polling;
    for (const directory of this.#listeners.keys()) {
      if (pollingChanged || isIndexed(directory)) this.#stopOutside(directory);
      this.#ensureWatched(directory);
    }
  }

  /** @param companions where else there may be files of the session */
  watch(key: string, call: () => void, companions?: Companions): Disposable {
    const { directory } = parseSessionKey(key);
    const isOwn = (touched: string, name: string) =>
      (touched === directory && belongsTo(key, name)) ||
      (companions?.folders.includes(touched) === true && companions.isOne(name));
    const listener: Listener = { key, isOwn, call, timer: undefined };
    const directories = [...new Set([directory, ...(companions?.folders ?? [])])];
    for (const each of directories) {
      const group = this.#listeners.get(each);
      if (group) group.add(listener);
      else this.#listeners.set(each, new Set([listener]));
      this.#ensureWatched(each);
    }
    return toDisposable(() => {
      for (const each of directories) this.#remove(each, listener);
    });
  }

  /** A file was touched; undefined where it could be any. */
  touched(directory: string, name: string | undefined): void {
    const group = this.#listeners.get(directory);
    if (!group) return;
    for (const listener of group) {
      if (listener.timer === undefined && (name === undefined || listener.isOwn(directory, name)))
        this.#notify(listener);
    }
  }

  dispose(): void {
    for (const group of this.#listeners.values()) for (const listener of group) clearTimeout(listener.timer);
    this.#listeners.clear();
    for (const directory of [...this.#outside.keys()]) this.#stopOutside(directory);
  }

  #notify(listener: Listener): void {
    listener.timer = setTimeout(() => {
      listener.timer = undefined;
      try {
        listener.call();
      } catch (error) {
        this.#logger.error(`A listener of ${listener.key} failed: ${describeError(error)}`);
      }
    }, notifyDelayMs);
  }

  #remove(directory: string, listener: Listener): void {
    clearTimeout(listener.timer);
    const group = this.#listeners.get(directory);
    group?.delete(listener);
    if (group?.size !== 0) return;
    this.#listeners.delete(directory);
    this.#stopOutside(directory);
  }

  #stopOutside(directory: string): void {
    this.#outside.get(directory)?.dispose();
    this.#outside.delete(directory);
  }

  #ensureWatched(directory: string): void {
    if (this.#outside.has(directory) || this.#isIndexed(directory)) return;
    this.#outside.set(
      directory,
      this.#polling ? this.#poll(directory, this.#polling) : this.#watchDirectory(directory),
    );
  }

  #watchDirectory(directory: string): Disposable {
    // Whoever listens loads the session at once; what changes from then on until the watcher stands must not be missed.
    let before: Promise<ReadonlyMap<string, FileStamp>> | undefined = this.#stampsOf(directory);
    const watch = new DirectoryWatch(
      directory,
      this.#access,
      {
        onTouched: (name) => this.touched(directory, name),
        onPresence: () => {
          if (before !== undefined) void this.#tellChanges(directory, before);
          else this.touched(directory, undefined);
          before = undefined;
        },
        onUnwatchable: () => {
          if (!this.#outside.has(directory)) return;
          this.#stopOutside(directory);
          this.#outside.set(directory, this.#poll(directory, this.#fallbackPolling));
        },
      },
      this.#logger,
    );
    watch.start();
    return watch;
  }

  /** Compares the files of the sessions that are listened to, and of no others. */
  #poll(directory: string, polling: Polling): Disposable {
    let before: ReadonlyMap<string, FileStamp> | undefined;
    let disposed = false;
    let timer: NodeJS.Timeout | undefined;
    const round = async () => {
      const now = await this.#stampsOf(directory);
      if (disposed) return;
      if (before) for (const name of changedNames(before, now)) this.touched(directory, name);
      before = now;
      timer = setTimeout(() => void round(), polling.intervalMs);
      timer.unref();
    };
    void round();
    return toDisposable(() => {
      disposed = true;
      clearTimeout(timer);
    });
  }

  async #tellChanges(directory: string, before: Promise<ReadonlyMap<string, FileStamp>>): Promise<void> {
    const now = await this.#stampsOf(directory);
    for (const name of changedNames(await before, now)) this.touched(directory, name);
  }

  /** Of the files that are listened to; of none where the directory can't be read. */
  async #stampsOf(directory: string): Promise<ReadonlyMap<string, FileStamp>> {
    const listeners = [...(this.#listeners.get(directory) ?? [])];
    const stamps = new Map<string, FileStamp>();
    for (const name of await this.#access.list(directory).catch(() => [])) {
      if (!listeners.some((listener) => listener.isOwn(directory, name))) continue;
      const stamp = await this.#access.stat(join(directory, name)).catch(() => undefined);
      if (stamp) stamps.set(name, stamp);
    }
    return stamps;
  }
}

/** Temps and the mark that a session was seen change nothing that a viewer shows. */
function belongsTo(key: string, name: string): boolean {
  const { name: ownName, safeId } = parseSessionKey(key);
  if (name === ownName) return true;
  const parsed = parseTraceFileName(name);
  if (parsed.type === "other" || parsed.type === "temp" || parsed.type === "seen") return false;
  return parsed.safeId === safeId;
}

function* changedNames(before: ReadonlyMap<string, FileStamp>, now: ReadonlyMap<string, FileStamp>): Generator<string> {
  for (const [name, stamp] of now) {
    const old = before.get(name);
    if (old === undefined || !sameStamp(old, stamp)) yield name;
  }
  for (const name of before.keys()) if (!now.has(name)) yield name;
}
