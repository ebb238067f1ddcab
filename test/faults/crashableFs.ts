// A file system in memory that can be killed and cut from power: what was synced is always there afterwards, what was
// not may be lost, torn, NUL bytes or there. Errors are those of Linux. Descriptors are never used twice, so that a use
// after close is an error.
//
//   const disk = new CrashableFs({ directories: ["/traces"] });
//   const fs = faultyFs(disk, [{ at: n, stop: "before" }]); ... await fs.stopped;
//   const killed = disk.processKill();                  // all that write returned for is there
//   const rebooted = disk.powerCut(seeded(42));         // or powerCut(chosen(values)) with fc's `choices`
//   const loaded = loadFrom(rebooted, "/traces", "S");  // sessionOnDisk.ts
//
// Strict like POSIX: a new file has a safe name only once its directory was synced with `syncAll`, and so has a directory.

import type {
  AsyncFileCalls,
  FileCallName,
  FileCalls,
  FileFacts,
  OpenMode,
  RecorderFs,
} from "../../src/recorder/recorderFs";
import {
  appendTo,
  type DirectoryNode,
  DiskModel,
  giveUpUnsafe,
  type Node,
  nodesBelow,
  sorted,
  syncFile,
} from "./diskModel";
import { inLaterTurn } from "./laterTurn";
import type { Random } from "./random";
import { type ErrnoName, systemError } from "./systemError";

export interface CrashableOptions {
  /** Directories that are there and safe from the start. */
  readonly directories?: readonly string[] | undefined;
  /** For modification times; a clock that goes on by 1 ms with each change where it is left out. */
  readonly nowMs?: (() => number) | undefined;
  /** Bytes of file data that fit; may be changed at any time. */
  readonly capacityBytes?: number | undefined;
}

interface OpenFile {
  readonly node: Node;
  readonly mode: OpenMode;
}

export class CrashableFs implements RecorderFs {
  readonly sync: FileCalls;
  /** Each call takes effect in a later turn, in the order of calls. */
  readonly async: AsyncFileCalls;
  /** Bytes of file data that fit. */
  capacityBytes: number;
  readonly #disk: DiskModel;
  readonly #nowMs: () => number;
  readonly #open = new Map<number, OpenFile>();
  #lastFd = 2;

  constructor({ directories = [], nowMs, capacityBytes }: CrashableOptions = {}, disk = new DiskModel()) {
    this.#disk = disk;
    this.#nowMs = nowMs ?? countingClock();
    this.capacityBytes = capacityBytes ?? Number.POSITIVE_INFINITY;
    this.sync = {
      open: (path, mode) => this.#openFile(path, mode),
      write: (fd, bytes) => this.#write(fd, bytes),
      read: (fd, into, offsetBytes) => this.#read(fd, into, offsetBytes),
      syncData: (fd) => {
        const { node } = this.#file(fd, "syncData");
        if (node.kind === "file") syncFile(node);
      },
      syncAll: (fd) => {
        const { node } = this.#file(fd, "syncAll");
        if (node.kind === "file") syncFile(node);
        else this.#disk.syncDirectory(node);
      },
      close: (fd) => {
        this.#file(fd, "close");
        this.#open.delete(fd);
      },
      rename: (from, to) => this.#rename(from, to),
      unlink: (path) => this.#unlink(path),
      mkdir: (path) => this.#mkdir(path),
      list: (path) => {
        const node = this.#find(path, "list");
        if (node.kind !== "directory") throw systemError("ENOTDIR", "list", path);
        return [...node.entries.keys()];
      },
      stat: (path) => factsOf(this.#find(path, "stat")),
      statFd: (fd) => factsOf(this.#file(fd, "statFd").node),
    };
    const later = ([name, call]: [string, (...args: never[]) => unknown]) => [
      name,
      (...args: never[]) =>
        new Promise((resolve, reject) => {
          inLaterTurn(() => {
            try {
              resolve(call(...args));
            } catch (error) {
              reject(error);
            }
          });
        }),
    ];
    this.async = Object.fromEntries(Object.entries(this.sync).map(later)) as unknown as AsyncFileCalls;
    for (const path of directories) this.#mkdir(path);
    if (directories.length > 0) this.syncEverything();
  }

  /** Descriptors that are open. */
  get openCount(): number {
    return this.#open.size;
  }

  /** The machine as it is after `kill -9`: everything that was written is there, and what was unsafe still is. */
  processKill(): CrashableFs {
    return this.#with(this.#disk.copy());
  }

  /** The machine as it may be after a power cut and a start. The random source decides what of the unsafe is there. */
  powerCut(random: Random): CrashableFs {
    return this.#with(this.#disk.afterPowerCut(random));
  }

  /** All files by path, with their data as it is read now. */
  snapshotFiles(): Map<string, Uint8Array> {
    const files = new Map<string, Uint8Array>();
    const visit = (directory: DirectoryNode, path: string) => {
      for (const [name, node] of sorted(directory.entries)) {
        if (node.kind === "directory") visit(node, `${path}/${name}`);
        else files.set(`${path}/${name}`, node.room.slice(0, node.sizeBytes));
      }
    };
    visit(this.#disk.root, "");
    return files;
  }

  /** Makes all that is there safe, as the system does by itself after a while. */
  syncEverything(): void {
    this.#disk.syncEverything();
  }

  /** A sync of this file failed: what was unsafe in it will not become safe by a later one. */
  syncFailed(fd: number): void {
    const node = this.#open.get(fd)?.node;
    if (node?.kind === "file") giveUpUnsafe(node);
  }

  #with(disk: DiskModel): CrashableFs {
    return new CrashableFs({ nowMs: this.#nowMs, capacityBytes: this.capacityBytes }, disk);
  }

  #openFile(path: string, mode: OpenMode): number {
    const { directory, name, node } = this.#look(path, "open");
    let opened = node;
    if (mode === "create") {
      if (opened || name === "") throw systemError("EEXIST", "open", path);
      opened = this.#disk.makeFile(this.#nowMs());
      this.#disk.change(opened, undefined, { directory, name });
      directory.mtimeMs = opened.mtimeMs;
    }
    if (!opened) throw systemError("ENOENT", "open", path);
    if (mode === "append" && opened.kind === "directory") throw systemError("EISDIR", "open", path);
    this.#open.set(++this.#lastFd, { node: opened, mode });
    return this.#lastFd;
  }

  #write(fd: number, bytes: Uint8Array): number {
    const { node, mode } = this.#file(fd, "write");
    if (mode === "read" || node.kind !== "file") throw systemError("EBADF", "write");
    const free =
      this.capacityBytes === Number.POSITIVE_INFINITY ? bytes.length : this.capacityBytes - this.#usedBytes();
    if (bytes.length > 0 && free <= 0) throw systemError("ENOSPC", "write");
    const written = Math.min(bytes.length, free);
    appendTo(node, bytes.subarray(0, written), this.#nowMs());
    return written;
  }

  #read(fd: number, into: Uint8Array, offsetBytes: number): number {
    const { node, mode } = this.#file(fd, "read");
    if (mode !== "read") throw systemError("EBADF", "read");
    if (node.kind !== "file") throw systemError("EISDIR", "read");
    const part = node.room.subarray(offsetBytes, Math.min(node.sizeBytes, offsetBytes + into.length));
    into.set(part);
    return part.length;
  }

  #rename(from: string, to: string): void {
    const fail = (code: ErrnoName) => systemError(code, "rename", from, to);
    const source = this.#look(from, "rename", to);
    const target = this.#look(to, "rename", from, true);
    const { node } = source;
    if (!node) throw fail("ENOENT");
    if (node === target.node) return;
    if (target.node?.kind === "directory" && isWithin(source.directory, target.node)) throw fail("ENOTEMPTY");
    if (node.kind === "directory") {
      if (isWithin(target.directory, node)) throw fail("EINVAL");
      if (target.node?.kind === "file") throw fail("ENOTDIR");
      if (target.node && target.node.entries.size > 0) throw fail("ENOTEMPTY");
    } else if (target.node?.kind === "directory") throw fail("EISDIR");
    this.#disk.change(node, source, target);
    source.directory.mtimeMs = this.#nowMs();
    target.directory.mtimeMs = source.directory.mtimeMs;
  }

  #unlink(path: string): void {
    const { directory, name, node } = this.#look(path, "unlink");
    if (!node) throw systemError("ENOENT", "unlink", path);
    if (node.kind === "directory") throw systemError("EISDIR", "unlink", path);
    this.#disk.change(node, { directory, name }, undefined);
    directory.mtimeMs = this.#nowMs();
  }

  #mkdir(path: string): void {
    let directory = this.#disk.root;
    const names = namesOf(path);
    for (const [index, name] of names.entries()) {
      let next = directory.entries.get(name);
      if (next?.kind === "file") throw systemError(index === names.length - 1 ? "EEXIST" : "ENOTDIR", "mkdir", path);
      if (!next) {
        next = this.#disk.makeDirectory(this.#nowMs());
        this.#disk.change(next, undefined, { directory, name });
        directory.mtimeMs = next.mtimeMs;
      }
      directory = next;
    }
  }

  #find(path: string, call: FileCallName): Node {
    const { node } = this.#look(path, call);
    if (!node) throw systemError("ENOENT", call, path);
    return node;
  }

  /** Where a path leads; throws where a directory above is missing or none. `isTarget`: it is the second of two paths. */
  #look(path: string, call: FileCallName, other?: string, isTarget = false): Looked {
    const fail = (code: ErrnoName) =>
      isTarget ? systemError(code, call, other, path) : systemError(code, call, path, other);
    let directory = this.#disk.root;
    const names = namesOf(path);
    const name = names.pop();
    if (name === undefined) return { directory, name: "", node: directory };
    for (const step of names) {
      const next = directory.entries.get(step);
      if (!next) throw fail("ENOENT");
      if (next.kind !== "directory") throw fail("ENOTDIR");
      directory = next;
    }
    return { directory, name, node: directory.entries.get(name) };
  }

  #file(fd: number, call: FileCallName): OpenFile {
    const file = this.#open.get(fd);
    if (!file) throw systemError("EBADF", call);
    return file;
  }

  /** Of all files that have a name or are open. */
  #usedBytes(): number {
    const files = new Set([...nodesBelow(this.#disk.root), ...[...this.#open.values()].map(({ node }) => node)]);
    let used = 0;
    for (const node of files) if (node.kind === "file") used += node.sizeBytes;
    return used;
  }
}

interface Looked {
  readonly directory: DirectoryNode;
  readonly name: string;
  readonly node: Node | undefined;
}

/** Also of paths that Node joined on Windows. */
function namesOf(path: string): string[] {
  const names: string[] = [];
  for (const name of path.replaceAll("\\", "/").split("/")) {
    if (name === "..") names.pop();
    else if (name !== "" && name !== ".") names.push(name);
  }
  return names;
}

function isWithin(directory: DirectoryNode, above: DirectoryNode): boolean {
  if (directory === above) return true;
  for (const node of nodesBelow(above)) if (node === directory) return true;
  return false;
}

function factsOf(node: Node): FileFacts {
  const { kind, ino, mtimeMs } = node;
  const isFile = node.kind === "file";
  return { kind, sizeBytes: isFile ? node.sizeBytes : 4096, mtimeMs, ino, dev: 1, links: isFile ? node.links : 2 };
}

function countingClock(): () => number {
  let nowMs = 1_700_000_000_000;
  return () => ++nowMs;
}
