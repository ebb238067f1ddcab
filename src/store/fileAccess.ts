// The store's view of a file system: the few calls it makes, so that tests can count, delay and fail them.
// Nothing here blocks: a pipe or a device in a trace directory is never opened for its content.

import { constants, readSync, watch } from "node:fs";
import { open, readdir, readlink, stat } from "node:fs/promises";
import { errorCode } from "../base/errorCode";

/** What tells one version of a file from another. Two equal stamps mean that the content need not be read again. */
export interface FileStamp {
  readonly kind: "file" | "directory" | "other";
  readonly sizeBytes: number;
  readonly mtimeNs: bigint;
  /** Of the last change of anything about it; nobody can set it, as `mtimeNs` can be set. */
  readonly ctimeNs: bigint;
  readonly dev: bigint;
  readonly ino: bigint;
  /** Time of creation where the file system keeps it; with `ino`, which is reused, it identifies a directory. */
  readonly birthNs: bigint;
}

/** What of a stamp outlives a restart: the numbers of devices do not. */
export type FileVersion = Pick<FileStamp, "sizeBytes" | "mtimeNs" | "ctimeNs" | "ino">;

export interface OpenFile {
  stat(): Promise<FileStamp>;
  /** Reads up to `into.length` bytes at `offsetBytes`; may return fewer, and 0 only at the end of the file. */
  read(into: Uint8Array, offsetBytes: number): Promise<number>;
  /** As `read`, for a thread of its own that waits for nothing else meanwhile. */
  readSync(into: Uint8Array, offsetBytes: number): number;
  close(): Promise<void>;
}

export interface FolderWatcher {
  close(): void;
}

/** All calls reject, and `watch` throws, with the system's error (`code` as in errno). */
export interface FileAccess {
  /** Names in a directory, without `.` and `..`, in no order. */
  list(directory: string): Promise<string[]>;
  /** Follows symbolic links. */
  stat(path: string): Promise<FileStamp>;
  /** The target as the symbolic link at `path` names it, whether or not that exists; undefined where there is no link. */
  readLink(path: string): Promise<string | undefined>;
  open(path: string): Promise<OpenFile>;
  /**
   * Tells what happens in a folder, not below: `rename` where an entry appears, goes or is replaced, `change` where it is
   * written. What happens to the folder itself comes as `rename` with the folder's own name. After `onError` it is dead.
   */
  watch(
    folder: string,
    onEvent: (type: "rename" | "change", name: string | undefined) => void,
    onError: (error: unknown) => void,
  ): FolderWatcher;
}

interface BigStats {
  isFile(): boolean;
  isDirectory(): boolean;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly birthtimeNs: bigint;
  readonly dev: bigint;
  readonly ino: bigint;
}

function toStamp(stats: BigStats): FileStamp {
  return {
    kind: stats.isFile() ? "file" : stats.isDirectory() ? "directory" : "other",
    sizeBytes: Number(stats.size),
    mtimeNs: stats.mtimeNs,
    ctimeNs: stats.ctimeNs,
    dev: stats.dev,
    ino: stats.ino,
    birthNs: stats.birthtimeNs,
  };
}

// Opening a pipe without a writer would wait for one for ever, in a thread of which a process has four.
const openFlags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

export const nodeFileAccess: FileAccess = {
  list: (directory) => readdir(directory),
  stat: async (path) => toStamp(await stat(path, { bigint: true })),
  async readLink(path) {
    try {
      return await readlink(path);
    } catch (error) {
      // EINVAL: there is something, and it is no link. Windows says UNKNOWN for some of them.
      if (isMissing(error) || errorCode(error) === "EINVAL" || errorCode(error) === "UNKNOWN") return undefined;
      throw error;
    }
  },
  async open(path) {
    const handle = await open(path, openFlags);
    return {
      stat: async () => toStamp(await handle.stat({ bigint: true })),
      read: async (into, offsetBytes) => (await handle.read(into, 0, into.length, offsetBytes)).bytesRead,
      readSync: (into, offsetBytes) => readSync(handle.fd, into, 0, into.length, offsetBytes),
      close: () => handle.close(),
    };
  },
  watch(folder, onEvent, onError) {
    const watcher = watch(folder, (type, name) => onEvent(type === "rename" ? "rename" : "change", name ?? undefined));
    watcher.on("error", onError);
    return watcher;
  },
};

export function sameStamp(one: FileStamp, other: FileStamp): boolean {
  return sameVersion(one, other) && one.dev === other.dev && one.kind === other.kind;
}

export function sameVersion(one: FileVersion, other: FileVersion): boolean {
  return (
    one.mtimeNs === other.mtimeNs &&
    one.ctimeNs === other.ctimeNs &&
    one.sizeBytes === other.sizeBytes &&
    one.ino === other.ino
  );
}

/** File systems keep times in steps of up to two seconds; clocks of servers are not quite ours. */
const settledNs = 4_000_000_000n;

/**
 * Whether a file that is read at `nowMs` was last changed so long before that no later change can give it the same stamp.
 * Only what was read of such a file may be kept for another day.
 */
export function isSettled(version: FileVersion, nowMs: number): boolean {
  const nowNs = BigInt(Math.floor(nowMs)) * 1_000_000n;
  return nowNs - version.mtimeNs >= settledNs && nowNs - version.ctimeNs >= settledNs;
}

export function mtimeMsOf(stamp: FileStamp): number {
  return Number(stamp.mtimeNs) / 1e6;
}

/** The path or a folder above it does not exist. */
export function isMissing(error: unknown): boolean {
  const code = errorCode(error);
  return code === "ENOENT" || code === "ENOTDIR";
}

/** Why a file could not be read, in words, without a trailing period. */
export function describeFileError(error: unknown): string {
  const code = errorCode(error);
  switch (code) {
    case "EACCES":
    case "EPERM":
      return "No permission to read it";
    case "EISDIR":
      return "It is a folder, not a file";
    case "ENOTSUP":
      return "It is a pipe, a socket or a device, not a file";
    case "ELOOP":
      return "Its symbolic links form a circle";
    case "ENOENT":
    case "ENOTDIR":
      return "Its symbolic link points to nothing";
    case "EOUTSIDE":
      return "Its link leads out of the workspace, which is not trusted";
    case "EMFILE":
    case "ENFILE":
      return "Too many files are open";
    case "EIO":
      return "The disk or the network reported an error (EIO)";
    case undefined:
      return error instanceof Error ? error.message : String(error);
    default:
      return `The system refused to read it (${code})`;
  }
}
