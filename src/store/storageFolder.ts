// A folder in the extension's own storage for files that can be made anew at any time. Each is replaced whole or not at
// all, so that windows which write at once don't harm each other; whatever is wrong with one, it counts as not there.

import { createHash, randomBytes } from "node:crypto";
import { closeSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { open, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { makeFolders, makeFoldersSync } from "../recorder/makeFolders";
import { nodeFileAccess } from "./fileAccess";
import { readFully } from "./fileEdges";

const hourMs = 60 * 60_000;
const dayMs = 24 * hourMs;
/** A writer is done long before, or gone. */
const temporaryMs = hourMs;
/** What nobody has used for so long is removed. */
const keptMs = 30 * dayMs;
const pruneEveryMs = dayMs;
const pruneMark = "pruned";

export interface PruneOptions {
  readonly nowMs: number;
  /** Of all files together; those that were used least lately go first. */
  readonly mostBytes: number;
  /** Whether what the file was made from is still there. */
  readonly isOfUse: (path: string) => Promise<boolean>;
}

export class StorageFolder {
  readonly path: string;
  readonly #ending: string;

  /**
   * @param path absolute; made when the first file is written
   * @param ending of the files' names, with its dot
   */
  constructor(path: string, ending: string) {
    this.path = path;
    this.#ending = ending;
  }

  /** Where the file about `subject`, any text, is kept. */
  pathFor(subject: string): string {
    const name = createHash("sha256").update(subject).digest("hex").slice(0, 32);
    return join(this.path, name + this.#ending);
  }

  /** The file's bytes; undefined where there is none, or a larger one, or no way to read it. */
  async read(path: string, mostBytes: number): Promise<Uint8Array | undefined> {
    try {
      const file = await nodeFileAccess.open(path);
      try {
        const { kind, sizeBytes } = await file.stat();
        if (kind !== "file" || sizeBytes > mostBytes) return undefined;
        return await readFully(file.read, 0, sizeBytes);
      } finally {
        await file.close();
      }
    } catch {
      return undefined;
    }
  }

  /** The first bytes of a file, however large that is. */
  async readStart(path: string, lengthBytes: number): Promise<Uint8Array | undefined> {
    try {
      const file = await nodeFileAccess.open(path);
      try {
        if ((await file.stat()).kind !== "file") return undefined;
        return await readFully(file.read, 0, lengthBytes);
      } finally {
        await file.close();
      }
    } catch {
      return undefined;
    }
  }

  /** Tells `prune` that the file is in use. */
  async touch(path: string, nowMs: number): Promise<void> {
    try {
      if (nowMs - (await stat(path)).mtimeMs > dayMs) await utimes(path, nowMs / 1000, nowMs / 1000);
    } catch {
      // It is gone, or another user's: then it is not ours to keep.
    }
  }

  /**
   * Rejects with the system's error; then the old file is as it was.
   * @param isWanted asked at the last moment
   */
  async replace(
    path: string,
    chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
    isWanted: () => boolean = () => true,
  ): Promise<void> {
    await makeFolders(this.path);
    const temporary = temporaryFor(path);
    try {
      const file = await open(temporary, "wx", 0o600);
      try {
        for await (const chunk of chunks)
          await writeFully(chunk, async (rest) => (await file.write(rest)).bytesWritten);
      } finally {
        await file.close();
      }
      if (isWanted()) await rename(temporary, path);
      else await rm(temporary, { force: true });
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw error;
    }
  }

  /** The same for a process that is about to end. */
  replaceSync(path: string, chunks: Iterable<Uint8Array>): void {
    makeFoldersSync(this.path);
    const temporary = temporaryFor(path);
    try {
      const file = openSync(temporary, "wx", 0o600);
      try {
        for (const chunk of chunks) {
          for (let at = 0; at < chunk.length; ) at += writeSync(file, chunk, at);
        }
      } finally {
        closeSync(file);
      }
      renameSync(temporary, path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  }

  async remove(path: string): Promise<void> {
    await rm(path, { force: true });
  }

  /** At most once a day: removes what is of no use any more, what writers left behind, and what exceeds the limit. */
  async pruneDaily(options: PruneOptions): Promise<void> {
    const mark = join(this.path, pruneMark);
    const prunedMs = await stat(mark).then(
      ({ mtimeMs }) => mtimeMs,
      () => Number.NEGATIVE_INFINITY,
    );
    if (Math.abs(options.nowMs - prunedMs) < pruneEveryMs) return;
    const names = await readdir(this.path).catch(() => []);
    if (names.length === 0) return;
    // First of all, so that of several windows that come back together one does it.
    await (await open(mark, "a", 0o600)).close();
    await utimes(mark, options.nowMs / 1000, options.nowMs / 1000);
    await this.#prune(names, options);
  }

  /** Removes the files that were used least lately, until all together have no more bytes than this. */
  async limit(mostBytes: number): Promise<void> {
    const kept: { readonly path: string; readonly usedMs: number; readonly sizeBytes: number }[] = [];
    for (const name of await readdir(this.path)) {
      if (this.#kindOf(name) !== "own") continue;
      const path = join(this.path, name);
      const stats = await stat(path).catch(() => undefined);
      if (stats?.isFile()) kept.push({ path, usedMs: stats.mtimeMs, sizeBytes: stats.size });
    }
    kept.sort((one, other) => other.usedMs - one.usedMs);
    let sumBytes = 0;
    for (const { path, sizeBytes } of kept) {
      sumBytes += sizeBytes;
      if (sumBytes > mostBytes) await rm(path, { force: true });
    }
  }

  async #prune(names: readonly string[], { nowMs, mostBytes, isOfUse }: PruneOptions): Promise<void> {
    for (const name of names) {
      const kind = this.#kindOf(name);
      if (kind === "other") continue;
      const path = join(this.path, name);
      const stats = await stat(path).catch(() => undefined);
      if (!stats?.isFile()) continue;
      const isOld = nowMs - stats.mtimeMs > (kind === "temporary" ? temporaryMs : keptMs);
      if (isOld || (kind === "own" && !(await isOfUse(path)))) await rm(path, { force: true });
    }
    await this.limit(mostBytes);
  }

  #kindOf(name: string): "own" | "temporary" | "other" {
    const match = /^[0-9a-f]{32}(\.[a-z]+)(\.[0-9]+\.[0-9a-f]+\.tmp)?$/.exec(name);
    if (match?.[1] !== this.#ending) return "other";
    return match[2] === undefined ? "own" : "temporary";
  }
}

/** Where the reader keeps scans, each by the path of its trace. */
export function scansIn(path: string): StorageFolder {
  return new StorageFolder(path, ".scan");
}

function temporaryFor(path: string): string {
  return `${path}.${process.pid}.${randomBytes(6).toString("hex")}.tmp`;
}

async function writeFully(bytes: Uint8Array, write: (rest: Uint8Array) => Promise<number>): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += await write(bytes.subarray(at));
}
