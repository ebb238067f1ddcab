// Starts the store as late as possible: when a watched directory exists once the window is idle, when the view is shown,
// or when a command needs it. Until then the extension holds no watcher, worker or timer.

import { sep } from "node:path";
import * as vscode from "vscode";
import * as z from "zod/mini";
import { type Disposable, DisposableStore } from "../base/disposable";
import type { Logger } from "../base/logger";
import type { FileAccess } from "../store/fileAccess";
import { NestedFolders } from "../store/nestedFolders";
import type { TraceStore } from "../store/traceStore";
import { inBackground } from "./commandEdge";
import { anyExists, levelsBelow, watchedDirectories } from "./directories";
import { contextKeys } from "./ids";
import { setContext } from "./sessions/sessionsView";
import { readSettings, settingChanged } from "./settings";

const includedKey = "tracekeeper.includedDirectories";
const includedSchema = z.array(z.string());

export class StoreStarter implements Disposable {
  readonly #store: TraceStore;
  readonly #logger: Logger;
  readonly #storage: vscode.Uri;
  readonly #memento: Pick<vscode.Memento, "get" | "update">;
  readonly #owned = new DisposableStore();
  /** Directories that the log names, with whether they were there. */
  readonly #logged = new Map<string, boolean>();
  #directories: readonly string[] = [];
  /** Directories that sessions of this window are written to, beside those that are watched anyway. */
  readonly #included: Set<string>;
  readonly #nested: NestedFolders;
  #isStarted = false;

  constructor(
    store: TraceStore,
    access: FileAccess,
    logger: Logger,
    storage: vscode.Uri,
    memento: Pick<vscode.Memento, "get" | "update">,
  ) {
    this.#store = store;
    this.#logger = logger;
    this.#storage = storage;
    this.#memento = memento;
    this.#nested = this.#owned.add(new NestedFolders(access, logger, () => this.#setDirectories()));
    this.#included = new Set(includedSchema.safeParse(memento.get(includedKey)).data);
    this.#owned.add(store.onDidChangeDirectories(() => this.#logDirectories()));
    this.#configure();
    this.#owned.add(
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (settingChanged(event, "directories", "pollingIntervalMs")) this.#reconfigure();
      }),
    );
    this.#owned.add(vscode.workspace.onDidChangeWorkspaceFolders(() => this.#reconfigure()));
    this.#owned.add(vscode.workspace.onDidGrantWorkspaceTrust(() => this.#reconfigure()));
    // A directory that a first run makes is found when the person comes back to the window: no watcher, no timer.
    this.#owned.add(
      vscode.window.onDidChangeWindowState(({ focused }) => {
        if (focused && !this.#isStarted) this.#startIfAnyExists();
      }),
    );
    const idle = setImmediate(() => this.#startIfAnyExists());
    this.#owned.add({ dispose: () => clearImmediate(idle) });
  }

  get directories(): readonly string[] {
    return this.#directories;
  }

  /** Starts watching and listing; later calls do nothing. */
  readonly start = (): void => {
    if (this.#isStarted || this.#owned.isDisposed) return;
    this.#isStarted = true;
    const isNested = this.#setDirectories();
    if (!isNested) this.#store.start();
    inBackground(this.#logger, "First index", async () => {
      if (isNested) await this.#nested.look();
      if (this.#owned.isDisposed) return;
      this.#store.start();
      await this.#store.ready;
      this.#logDirectories();
      await setContext(contextKeys.indexReady, true);
    });
  };

  /** Watches a directory that a session is written to, now and whenever this workspace is opened again. */
  include(directory: string): void {
    if (!this.#directories.includes(directory)) {
      this.#included.add(directory);
      void this.#memento.update(includedKey, [...this.#included]);
      this.#configure();
    }
    this.start();
  }

  dispose(): void {
    this.#owned.dispose();
  }

  /** Says of each directory once whether it is there, and again when that changes. */
  #logDirectories(): void {
    for (const { path, exists } of this.#store.directories()) {
      if (this.#logged.get(path) === exists) continue;
      this.#logged.set(path, exists);
      this.#logger.info(exists ? `Watching ${path}` : `${path} does not exist; it is watched as soon as it does`);
    }
  }

  #configure(): void {
    const settings = readSettings(this.#logger);
    const { directories, refused } = watchedDirectories(settings.directories, this.#storage);
    for (const { entry, reason } of refused)
      this.#logger.warn(`Setting tracekeeper.directories: "${entry}" is not watched: ${reason}.`);
    const included = vscode.workspace.isTrusted ? this.#included : [];
    this.#directories = [...new Set([...directories, ...included])];
    this.#setDirectories(settings);
  }

  /**
   * Of programs that keep their sessions in folders of folders, those with the newest of them are watched. True where there
   * is any such program.
   */
  #setDirectories({ pollingIntervalMs } = readSettings(this.#logger)): boolean {
    const nested = this.#directories
      .map((path) => ({ path, levels: levelsBelow(path) }))
      .filter(({ levels }) => levels > 0);
    if (this.#isStarted) this.#nested.set(nested);
    const isNested = (directory: string) => nested.some(({ path }) => path === directory);
    const below = this.#nested.folders.filter((folder) =>
      nested.some(({ path }) => folder === path || folder.startsWith(path + sep)),
    );
    this.#store.setDirectories(
      [...this.#directories.filter((directory) => !isNested(directory)), ...below],
      pollingIntervalMs > 0 ? { intervalMs: pollingIntervalMs } : undefined,
    );
    return nested.length > 0;
  }

  #reconfigure(): void {
    this.#configure();
    if (!this.#isStarted) this.#startIfAnyExists();
  }

  #startIfAnyExists(): void {
    inBackground(this.#logger, "Looking for trace directories", async () => {
      if (await anyExists(this.#directories)) this.start();
    });
  }
}
