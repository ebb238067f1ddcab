// Follows one directory through its life: missing, created later, removed, renamed away, replaced, behind a symbolic
// link. It costs two watchers where the directory exists (itself and the folder of its name) and one where it does not
// (the nearest folder above that exists), whatever the number of files.
//
// `fs.watch` and not chokidar, measured on Linux in a directory of 2,000 files: chokidar opens 2,001 inotify watches
// where one is enough; with all files ignored it opens one, but stats every file after every event, a hundred times the
// CPU that this takes. `npm run bench -- watchDirectory` measures it.

import { basename, dirname, relative, resolve } from "node:path";
import type { Disposable } from "../base/disposable";
import { describeError, type Logger } from "../base/logger";
import { type FileAccess, type FileStamp, type FolderWatcher, isMissing } from "./fileAccess";

export interface DirectoryWatchEvents {
  /**
   * Something happened to the file of that name, or, for undefined, to any. Comes often and says little: the receiver
   * coalesces and looks for itself.
   */
  onTouched(name: string | undefined): void;
  /** The directory appeared, was replaced by another one (again `true`) or is gone. Called once at first in any case. */
  onPresence(exists: boolean): void;
  /** Watching is impossible (no more watchers, a file system without events): from now on the receiver must look itself. */
  onUnwatchable(reason: string): void;
}

/** Events of one instant lead to one look. */
const verifyDelayMs = 20;
/** A watcher that failed is opened again no more often than this. */
const retryDelayMs = 1000;
/** A folder that is there and can't be reached (permissions, a network that is down) is looked at so often. */
const unreachableDelayMs = 5000;

/** A watched folder in which the directory, or what leads to it, has one of `names`. */
interface Guard {
  readonly watcher: FolderWatcher;
  names: ReadonlySet<string>;
}

export class DirectoryWatch implements Disposable {
  readonly #path: string;
  readonly #access: FileAccess;
  readonly #events: DirectoryWatchEvents;
  readonly #logger: Logger;
  readonly #guards = new Map<string, Guard>();
  #content: { readonly watcher: FolderWatcher; readonly identity: string } | undefined;
  /** Undefined until the first look. */
  #exists: boolean | undefined;
  #timer: { readonly handle: NodeJS.Timeout; readonly dueMs: number } | undefined;
  #verifying = false;
  #verifyAgain = false;
  #disposed = false;

  /** Opens nothing before `start`. */
  constructor(path: string, access: FileAccess, events: DirectoryWatchEvents, logger: Logger) {
    this.#path = resolve(path);
    this.#access = access;
    this.#events = events;
    this.#logger = logger;
  }

  start(): void {
    void this.#verify();
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#timer?.handle);
    this.#closeContent();
    for (const { watcher } of this.#guards.values()) watcher.close();
    this.#guards.clear();
  }

  #scheduleVerify(delayMs = verifyDelayMs): void {
    const dueMs = performance.now() + delayMs;
    if (this.#disposed || (this.#timer && this.#timer.dueMs <= dueMs)) return;
    clearTimeout(this.#timer?.handle);
    const handle = setTimeout(() => {
      this.#timer = undefined;
      void this.#verify();
    }, delayMs);
    this.#timer = { handle, dueMs };
  }

  async #verify(): Promise<void> {
    if (this.#verifying) {
      this.#verifyAgain = true;
      return;
    }
    this.#verifying = true;
    try {
      do {
        this.#verifyAgain = false;
        await this.#settle();
      } while (this.#verifyAgain && !this.#disposed);
    } catch (error) {
      this.#logger.error(`Watching ${this.#path} failed: ${describeError(error)}`);
    } finally {
      this.#verifying = false;
    }
  }

  /**
   * Makes the watchers fit what is on disk. What is on disk may change between the look and the watching, so it is
   * looked at again until two looks agree with watchers in place.
   */
  async #settle(): Promise<void> {
    for (let round = 0; round < 20 && !this.#disposed; round++) {
      const stamp = await this.#statDirectory(this.#path);
      const guards = await this.#findGuards();
      if (this.#disposed) return;
      const contentChanged = this.#applyContent(stamp);
      const guardsChanged = this.#applyGuards(guards);
      if (!contentChanged && !guardsChanged) return;
    }
    if (!this.#disposed) this.#scheduleVerify();
  }

  async #statDirectory(path: string): Promise<FileStamp | undefined> {
    try {
      const stamp = await this.#access.stat(path);
      return stamp.kind === "directory" ? stamp : undefined;
    } catch (error) {
      // What can't be reached is not there for us. Only of what is missing the guards tell when that changes.
      if (!isMissing(error)) this.#scheduleVerify(unreachableDelayMs);
      return undefined;
    }
  }

  /**
   * Which folders tell that the directory appears or is replaced, with the names to look for: the folder of its name,
   * or the nearest that exists; where a symbolic link is on the way, the same for its target.
   */
  async #findGuards(): Promise<Map<string, ReadonlySet<string>>> {
    const guards = new Map<string, Set<string>>();
    let path = this.#path;
    for (let links = 0; links < 8; links++) {
      let child = path;
      let parent = dirname(child);
      while (parent !== child && (await this.#statDirectory(parent)) === undefined) {
        child = parent;
        parent = dirname(child);
      }
      if (parent === child) break;
      const names = guards.get(parent) ?? new Set();
      guards.set(parent, names.add(basename(child)));
      const target = await this.#access.readLink(child).catch(() => undefined);
      if (target === undefined) break;
      path = resolve(parent, target, relative(child, path));
    }
    return guards;
  }

  #applyContent(stamp: FileStamp | undefined): boolean {
    const identity = stamp && `${stamp.dev}:${stamp.ino}:${stamp.birthNs}`;
    if (identity === undefined) {
      this.#closeContent();
      if (this.#exists === false) return false;
      this.#announce(false);
      return true;
    }
    if (this.#content?.identity === identity) return false;
    this.#closeContent();
    const ownName = basename(this.#path);
    const watcher = this.#open(this.#path, true, (type, name) => {
      // A folder's own removal or renaming is reported under its own name. The watcher then follows the wrong folder.
      if (type === "rename" && (name === ownName || name === undefined)) {
        this.#closeContent();
        this.#scheduleVerify();
      }
      this.#events.onTouched(name);
    });
    if (watcher) this.#content = { watcher, identity };
    // Only now, so that whoever reads the directory on this call misses nothing that happens afterwards.
    this.#announce(true);
    return watcher !== undefined;
  }

  #announce(exists: boolean): void {
    if (this.#disposed) return;
    this.#exists = exists;
    this.#events.onPresence(exists);
  }

  #applyGuards(wanted: ReadonlyMap<string, ReadonlySet<string>>): boolean {
    let changed = false;
    for (const path of [...this.#guards.keys()]) if (!wanted.has(path)) this.#dropGuard(path);
    for (const [path, names] of wanted) {
      const guard = this.#guards.get(path);
      if (guard) {
        guard.names = names;
        continue;
      }
      const ownName = basename(path);
      const watcher = this.#open(path, this.#content === undefined, (type, name) => {
        if (type !== "rename") return;
        const isChild = name === undefined || (this.#guards.get(path)?.names.has(name) ?? false);
        if (!isChild && name !== ownName) return;
        if (!isChild || name === undefined) this.#dropGuard(path);
        this.#scheduleVerify();
      });
      if (!watcher) continue;
      this.#guards.set(path, { watcher, names });
      changed = true;
    }
    return changed;
  }

  #dropGuard(path: string): void {
    this.#guards.get(path)?.watcher.close();
    this.#guards.delete(path);
  }

  #closeContent(): boolean {
    if (!this.#content) return false;
    this.#content.watcher.close();
    this.#content = undefined;
    return true;
  }

  /** @param isVital without it a change of the directory could be missed */
  #open(
    path: string,
    isVital: boolean,
    onEvent: (type: "rename" | "change", name: string | undefined) => void,
  ): FolderWatcher | undefined {
    if (this.#disposed) return undefined;
    try {
      const watcher = this.#access.watch(
        path,
        (type, name) => {
          if (!this.#disposed) onEvent(type, name);
        },
        (error) => {
          // Windows reports the removal of a watched folder as EPERM.
          this.#logger.debug(`Watcher of ${path}: ${describeError(error)}`);
          if (this.#content?.watcher === watcher) this.#closeContent();
          else if (this.#guards.get(path)?.watcher === watcher) this.#dropGuard(path);
          this.#scheduleVerify(retryDelayMs);
        },
      );
      return watcher;
    } catch (error) {
      if (isMissing(error)) {
        this.#scheduleVerify();
      } else if (isVital) {
        this.#logger.warn(`Can't watch ${path}: ${describeError(error)}`);
        this.#events.onUnwatchable(describeError(error));
      } else {
        this.#logger.debug(`Can't watch ${path}: ${describeError(error)}`);
      }
      return undefined;
    }
  }
}
