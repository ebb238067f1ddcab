// The folders some levels below a directory, in which other programs keep the files of their sessions: one a project, a day
// or a session. Only the newest are given, so that years of them cost no more than some; nothing runs before `set`.

import { join } from "node:path";
import type { Disposable } from "../base/disposable";
import { describeError, type Logger } from "../base/logger";
import { type FileAccess, type FolderWatcher, isMissing, mtimeMsOf } from "./fileAccess";

/** Each is watched by the store. */
const mostFolders = 200;
/** Looked into at each level, newest first. */
const mostBranches = 400;
const lookDelayMs = 200;
/** Where the system tells no changes, and for what it leaves out. */
const lookEveryMs = 60_000;

export interface NestedRoot {
  readonly path: string;
  /** How many levels below it the folders are; at least 1. */
  readonly levels: number;
}

interface Branch {
  readonly path: string;
  readonly modifiedMs: number;
}

export class NestedFolders implements Disposable {
  readonly #access: FileAccess;
  readonly #logger: Logger;
  readonly #onChange: () => void;
  #roots: readonly NestedRoot[] = [];
  #folders: readonly string[] = [];
  readonly #watchers = new Map<string, FolderWatcher>();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #isDisposed = false;

  /** @param onChange called when `folders` are others */
  constructor(access: FileAccess, logger: Logger, onChange: () => void) {
    this.#access = access;
    this.#logger = logger;
    this.#onChange = onChange;
  }

  /** Absolute paths, the roots themselves among them, sorted. */
  get folders(): readonly string[] {
    return this.#folders;
  }

  set(roots: readonly NestedRoot[]): void {
    if (JSON.stringify(roots) === JSON.stringify(this.#roots)) return;
    this.#roots = roots;
    for (const [path, watcher] of this.#watchers) {
      if (roots.some((root) => path.startsWith(root.path))) continue;
      watcher.close();
      this.#watchers.delete(path);
    }
    void this.look();
  }

  /** Looks anew at which folders there are. Never rejects. */
  look(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#looking ??= this.#lookOnce().finally(() => {
      this.#looking = undefined;
      if (!this.#isDisposed && this.#roots.length > 0 && this.#timer === undefined) this.#arm(lookEveryMs);
    });
    return this.#looking;
  }

  dispose(): void {
    this.#isDisposed = true;
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  async #lookOnce(): Promise<void> {
    let roots: readonly NestedRoot[];
    const found: Branch[] = [];
    do {
      roots = this.#roots;
      found.length = 0;
      for (const root of roots) found.push(...(await this.#branchesOf(root)));
    } while (roots !== this.#roots && !this.#isDisposed);
    if (this.#isDisposed) return;
    const newest = found.sort((one, other) => other.modifiedMs - one.modifiedMs).slice(0, mostFolders);
    const folders = [...roots.map(({ path }) => path), ...newest.map(({ path }) => path)].sort();
    if (folders.join("\0") === this.#folders.join("\0")) return;
    this.#folders = folders;
    this.#onChange();
  }

  async #branchesOf({ path, levels }: NestedRoot): Promise<Branch[]> {
    let level: Branch[] = [{ path, modifiedMs: 0 }];
    for (let depth = 0; depth < levels; depth++) {
      const below: Branch[] = [];
      for (const branch of level) {
        this.#watch(branch.path);
        below.push(...(await this.#foldersIn(branch.path)));
      }
      level = below.sort((one, other) => other.modifiedMs - one.modifiedMs).slice(0, mostBranches);
    }
    return level;
  }

  async #foldersIn(path: string): Promise<Branch[]> {
    const access = this.#access;
    try {
      const names = await access.list(path);
      const branches = names
        .filter((name) => !name.startsWith("."))
        .map(async (name): Promise<Branch | undefined> => {
          const stamp = await access.stat(join(path, name)).catch(() => undefined);
          return stamp?.kind === "directory" ? { path: join(path, name), modifiedMs: mtimeMsOf(stamp) } : undefined;
        });
      return (await Promise.all(branches)).filter((branch) => branch !== undefined);
    } catch (error) {
      if (!isMissing(error)) this.#logger.debug(`${path} could not be listed: ${describeError(error)}`);
      return [];
    }
  }

  #watch(path: string): void {
    if (this.#watchers.has(path) || this.#isDisposed) return;
    try {
      const stop = () => {
        this.#watchers.get(path)?.close();
        this.#watchers.delete(path);
      };
      const onEvent = (type: "rename" | "change") => {
        if (type === "rename") this.#arm(lookDelayMs);
      };
      this.#watchers.set(path, this.#access.watch(path, onEvent, stop));
    } catch (error) {
      // What is looked at now and then needs no watcher.
      this.#logger.debug(`${path} is not watched: ${describeError(error)}`);
    }
  }

  #arm(delayMs: number): void {
    if (this.#isDisposed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.look(), delayMs).unref();
  }
}
