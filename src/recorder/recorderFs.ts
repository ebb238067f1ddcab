// The recorder's view of a file system: the few calls it makes, each once synchronous and once not, so that tests can
// fail, cut short, delay or stop every single one. A task is written once as a generator of calls (`Io`) and run either
// way, so that a crash handler and a background fold do the very same thing.

import {
  close,
  closeSync,
  constants,
  fdatasync,
  fdatasyncSync,
  fstat,
  fstatSync,
  fsync,
  fsyncSync,
  open,
  openSync,
  read,
  readdir,
  readdirSync,
  readSync,
  rename,
  renameSync,
  stat,
  statSync,
  unlink,
  unlinkSync,
  write,
  writeSync,
} from "node:fs";
import { setTimeout as delay, setImmediate as turn } from "node:timers/promises";
import { promisify } from "node:util";
import { makeFolders, makeFoldersSync } from "./makeFolders";
import { renameRetrying, renameSyncRetrying } from "./retryingRename";
import { inSyncQueue, inSyncQueueOnce } from "./syncQueue";

/**
 * `create`: a new file for appending, EEXIST where there is one. `append`: an existing file for appending, ENOENT where
 * there is none. `read`: a file for reading, or a directory for `syncAll`.
 */
export type OpenMode = "create" | "append" | "read";

export interface FileFacts {
  readonly kind: "file" | "directory" | "other";
  readonly sizeBytes: number;
  readonly mtimeMs: number;
  /** With `dev` it tells whether two paths are one file; 0 where the system has no such number. */
  readonly ino: number;
  readonly dev: number;
  /** Names that the file has; 0 once it is removed while it is open. */
  readonly links: number;
}

/** Every call throws (or rejects with) the system's error, whose `code` is an errno name. */
export interface FileCalls {
  /** Files are made with mode 0600. */
  open(path: string, mode: OpenMode): number;
  /** Appends; may write fewer bytes than given, and returns how many. */
  write(fd: number, bytes: Uint8Array): number;
  /** Reads from `offsetBytes`; may read fewer bytes, and 0 only at the end of the file. */
  read(fd: number, into: Uint8Array, offsetBytes: number): number;
  /** The file's data, and what is needed to read it back, are on the disk. */
  syncData(fd: number): void;
  /** The same with all of its metadata; for a directory its entries. */
  syncAll(fd: number): void;
  close(fd: number): void;
  /** Replaces `to`. */
  rename(from: string, to: string): void;
  unlink(path: string): void;
  /** Makes a directory with mode 0700, and those above it; one that exists is no error. */
  mkdir(path: string): void;
  /** Names of a directory's entries, in no order. */
  list(path: string): readonly string[];
  /** Follows symbolic links. */
  stat(path: string): FileFacts;
  statFd(fd: number): FileFacts;
}

export type FileCallName = keyof FileCalls;

export type AsyncFileCalls = {
  readonly [K in FileCallName]: (...args: Parameters<FileCalls[K]>) => Promise<ReturnType<FileCalls[K]>>;
};

export interface RecorderFs {
  readonly sync: FileCalls;
  readonly async: AsyncFileCalls;
}

export type FileCall = { [K in FileCallName]: readonly [name: K, ...args: Parameters<FileCalls[K]>] }[FileCallName];

/**
 * A task that yields the calls it wants made and returns a `T`. What a call throws is thrown at its `yield`. Where it yields
 * nothing, others may have a turn: `Steps` can be part of it.
 */
// biome-ignore lint/suspicious/noExplicitAny: what is sent back in depends on the call that was yielded; `io` types it.
export type Io<T> = Generator<FileCall | undefined, T, any>;

type IoCalls = { readonly [K in FileCallName]: (...args: Parameters<FileCalls[K]>) => Io<ReturnType<FileCalls[K]>> };

function* one<K extends FileCallName>(name: K, args: Parameters<FileCalls[K]>): Io<ReturnType<FileCalls[K]>> {
  return (yield [name, ...args] as unknown as FileCall) as ReturnType<FileCalls[K]>;
}

/** The calls as parts of a task: `const fd = yield* io.open(path, "read")`. */
export const io: IoCalls = {
  open: (...args) => one("open", args),
  write: (...args) => one("write", args),
  read: (...args) => one("read", args),
  syncData: (...args) => one("syncData", args),
  syncAll: (...args) => one("syncAll", args),
  close: (...args) => one("close", args),
  rename: (...args) => one("rename", args),
  unlink: (...args) => one("unlink", args),
  mkdir: (...args) => one("mkdir", args),
  list: (...args) => one("list", args),
  stat: (...args) => one("stat", args),
  statFd: (...args) => one("statFd", args),
};

/** Runs a task without giving up the thread. */
export function runSync<T>(fs: RecorderFs, task: Io<T>): T {
  const calls = fs.sync as unknown as Record<FileCallName, (...args: readonly unknown[]) => unknown>;
  for (let step = task.next(); ; ) {
    if (step.done) return step.value;
    if (step.value === undefined) {
      step = task.next();
      continue;
    }
    const [name, ...args] = step.value;
    let result: unknown;
    try {
      result = calls[name](...args);
    } catch (error) {
      step = task.throw(error);
      continue;
    }
    step = task.next(result);
  }
}

/** Runs a task whose calls are made in other threads, one after the other; its syncs wait for those of the process. */
export function runAsync<T>(fs: RecorderFs, task: Io<T>): Promise<T> {
  return runInThreads(fs, task, (sync, directory) =>
    directory === undefined ? inSyncQueue(fs, sync) : inSyncQueueOnce(fs, directory, sync),
  );
}

/** The same for a task that has its place in the queue of syncs already. */
export function runAsyncInQueue<T>(fs: RecorderFs, task: Io<T>): Promise<T> {
  return runInThreads(fs, task, (sync) => sync());
}

async function runInThreads<T>(
  fs: RecorderFs,
  task: Io<T>,
  queued: (sync: () => Promise<unknown>, directory: string | undefined) => Promise<unknown>,
): Promise<T> {
  /** What is open for reading, of which directories alone are synced. */
  const opened = new Map<unknown, string>();
  const calls = fs.async as unknown as Record<FileCallName, (...args: readonly unknown[]) => Promise<unknown>>;
  let sinceMs = performance.now();
  for (let step = task.next(); ; ) {
    if (step.done) return step.value;
    if (step.value === undefined) {
      if (performance.now() - sinceMs >= sliceMs) {
        await turn();
        sinceMs = performance.now();
      }
      step = task.next();
      continue;
    }
    const [name, ...args] = step.value;
    let result: unknown;
    try {
      const isSync = name === "syncData" || name === "syncAll";
      const directory = isSync ? opened.get(args[0]) : undefined;
      result = await (isSync ? queued(() => calls[name](...args), directory) : calls[name](...args));
      if (name === "open" && args[1] === "read") opened.set(result, String(args[0]));
      else if (name === "close") opened.delete(args[0]);
    } catch (error) {
      sinceMs = performance.now();
      step = task.throw(error);
      continue;
    }
    sinceMs = performance.now();
    step = task.next(result);
  }
}

/** So long a task works between two calls before the program has its turn. */
const sliceMs = 5;

const fileMode = 0o600;
const openFlags: Readonly<Record<OpenMode, number>> = {
  create: constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_EXCL,
  append: constants.O_WRONLY | constants.O_APPEND,
  read: constants.O_RDONLY,
};

interface Stats {
  isFile(): boolean;
  isDirectory(): boolean;
  readonly size: number;
  readonly mtimeMs: number;
  readonly ino: number;
  readonly dev: number;
  readonly nlink: number;
}

function toFacts(stats: Stats): FileFacts {
  return {
    kind: stats.isFile() ? "file" : stats.isDirectory() ? "directory" : "other",
    sizeBytes: stats.size,
    mtimeMs: stats.mtimeMs,
    ino: stats.ino,
    dev: stats.dev,
    links: stats.nlink,
  };
}

const openAsync = promisify(open);
const writeAsync = promisify(write);
const readAsync = promisify(read);
const fdatasyncAsync = promisify(fdatasync);
const fsyncAsync = promisify(fsync);
const closeAsync = promisify(close);
const renameAsync = promisify(rename);
const unlinkAsync = promisify(unlink);
const readdirAsync = promisify(readdir);
const statAsync = promisify(stat);
const fstatAsync = promisify(fstat);

const isWindows = process.platform === "win32";

/** Holds up this thread: a crash handler can't wait in another way. */
function pauseThread(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** The file system of this machine. On macOS Node's fsync and fdatasync are F_FULLFSYNC. */
export const nodeFs: RecorderFs = {
  sync: {
    open: (path, mode) => openSync(path, openFlags[mode], fileMode),
    write: (fd, bytes) => writeSync(fd, bytes),
    read: (fd, into, offsetBytes) => readSync(fd, into, 0, into.length, offsetBytes),
    syncData: (fd) => fdatasyncSync(fd),
    syncAll: (fd) => fsyncSync(fd),
    close: (fd) => closeSync(fd),
    rename: (from, to) =>
      isWindows ? renameSyncRetrying(() => renameSync(from, to), pauseThread) : renameSync(from, to),
    unlink: (path) => unlinkSync(path),
    mkdir: (path) => makeFoldersSync(path),
    list: (path) => readdirSync(path),
    stat: (path) => toFacts(statSync(path)),
    statFd: (fd) => toFacts(fstatSync(fd)),
  },
  async: {
    open: (path, mode) => openAsync(path, openFlags[mode], fileMode),
    write: async (fd, bytes) => (await writeAsync(fd, bytes)).bytesWritten,
    read: async (fd, into, offsetBytes) => (await readAsync(fd, into, 0, into.length, offsetBytes)).bytesRead,
    syncData: (fd) => fdatasyncAsync(fd),
    syncAll: (fd) => fsyncAsync(fd),
    close: (fd) => closeAsync(fd),
    rename: (from, to) => (isWindows ? renameRetrying(() => renameAsync(from, to), delay) : renameAsync(from, to)),
    unlink: (path) => unlinkAsync(path),
    mkdir: (path) => makeFolders(path),
    list: (path) => readdirAsync(path),
    stat: async (path) => toFacts(await statAsync(path)),
    statFd: async (fd) => toFacts(await fstatAsync(fd)),
  },
};
