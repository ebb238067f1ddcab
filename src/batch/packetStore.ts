// Payloads that a client uploads before it names them in an item: a file for each below the trace directory, under a hash
// of its name, so that no name leads anywhere else. A packet is needed until its item is in the batch, which has its own
// copy; it is removed an hour after it was sent or read last, and by then an unsealed batch has been aborted.

import { createHash, randomUUID } from "node:crypto";
import { type FileHandle, open, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { isMissing } from "../recorder/fileTasks";
import { listOrMake } from "../recorder/listOrMake";
import { nodeFs, runAsync } from "../recorder/recorderFs";

export interface PacketStoreOptions {
  /** Made when the first packet comes. */
  readonly folder: string;
  readonly nowMs?: (() => number) | undefined;
  /** Of one packet. */
  readonly packetBytes?: number | undefined;
  /** Of all packets. */
  readonly allBytes?: number | undefined;
}

export interface Packet {
  /** A media type. */
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** `status` is that of HTTP: 413 for one that is too large, 507 where there is no room. */
export class PacketRefused extends Error {
  override readonly name = "PacketRefused";
  readonly status: 413 | 507;

  constructor(status: 413 | 507, message: string) {
    super(message);
    this.status = status;
  }
}

export const packetsFolder = "packets";
/** More than half an hour, after which a batch takes no items any more. */
export const packetLifeMs = 60 * 60_000;
export const mostPacketBytes = 64 * 1024 * 1024;
const mostAllBytes = 4 * 1024 * 1024 * 1024;
const mostTypeBytes = 200;

export class PacketStore {
  readonly #folder: string;
  readonly #nowMs: () => number;
  readonly #packetBytes: number;
  readonly #allBytes: number;
  /** What is in the folder, and what is on its way into it. */
  #usedBytes: Promise<number> | undefined;
  #addedBytes = 0;

  constructor({
    folder,
    nowMs = Date.now,
    packetBytes = mostPacketBytes,
    allBytes = mostAllBytes,
  }: PacketStoreOptions) {
    this.#folder = folder;
    this.#nowMs = nowMs;
    this.#packetBytes = packetBytes;
    this.#allBytes = allBytes;
  }

  /** Names a packet without its name, in a path. */
  keyOf(name: string): string {
    return createHash("sha256").update(name).digest("hex");
  }

  /** Resolves once it can be read. Rejects with `PacketRefused`, with what the body throws, or with the system's error. */
  async put(key: string, type: string, body: AsyncIterable<Uint8Array>): Promise<void> {
    await runAsync(nodeFs, listOrMake(this.#folder));
    this.#usedBytes ??= this.#countBytes();
    const used = await this.#usedBytes;
    const temp = join(this.#folder, `${key}.${randomUUID()}.tmp`);
    const file = await open(temp, "wx", 0o600);
    let written = 0;
    try {
      try {
        await writeWhole(file, Buffer.from(`${typeText(type)}\n`));
        for await (const chunk of body) {
          written += chunk.length;
          this.#addedBytes += chunk.length;
          if (written > this.#packetBytes) {
            throw new PacketRefused(413, `A payload may have ${this.#packetBytes} bytes at most`);
          }
          if (used + this.#addedBytes > this.#allBytes) {
            throw new PacketRefused(507, "There is no room for more payloads; they are kept for an hour");
          }
          await writeWhole(file, chunk);
        }
      } finally {
        await file.close();
      }
      await this.#touch(temp);
      await rename(temp, this.#pathOf(key));
    } catch (error) {
      this.#addedBytes -= written;
      await rm(temp, { force: true });
      throw error;
    }
  }

  async has(key: string): Promise<boolean> {
    try {
      await stat(this.#pathOf(key));
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  /** Undefined where there is none. */
  async get(key: string): Promise<Packet | undefined> {
    const path = this.#pathOf(key);
    let file: FileHandle;
    try {
      file = await open(path, "r");
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
    try {
      const bytes = await file.readFile();
      await this.#touch(path).catch(() => {
        // It is removed earlier than it might be.
      });
      const end = bytes.indexOf(0x0a);
      return { type: bytes.toString("latin1", 0, end), bytes: bytes.subarray(end + 1) };
    } finally {
      await file.close();
    }
  }

  /** Removes those that nobody can need any more. Rejects with the system's error. */
  async sweep(): Promise<void> {
    const names = await this.#names();
    for (const name of names) {
      const path = join(this.#folder, name);
      const facts = await stat(path).catch(() => undefined);
      if (facts !== undefined && this.#nowMs() - facts.mtimeMs > packetLifeMs) await rm(path, { force: true });
    }
    this.#usedBytes = undefined;
    this.#addedBytes = 0;
  }

  async #countBytes(): Promise<number> {
    let bytes = 0;
    for (const name of await this.#names())
      bytes += (await stat(join(this.#folder, name)).catch(() => undefined))?.size ?? 0;
    return bytes;
  }

  async #names(): Promise<string[]> {
    try {
      return (await readdir(this.#folder)).filter((name) => /^[0-9a-f]{64}(?:\.[0-9a-f-]{36}\.tmp)?$/.test(name));
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  #touch(path: string): Promise<void> {
    const now = new Date(this.#nowMs());
    return utimes(path, now, now);
  }

  #pathOf(key: string): string {
    if (!/^[0-9a-f]{64}$/.test(key)) throw new Error("A packet's key is a hash");
    return join(this.#folder, key);
  }
}

/** What stands in the first line of the file. */
function typeText(type: string): string {
  return /^[\w.+-]+\/[\w.+-]+(?:; ?[\w=.+-]+)*$/.test(type) && type.length <= mostTypeBytes
    ? type
    : "application/octet-stream";
}

async function writeWhole(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    written += (await file.write(bytes, written)).bytesWritten;
  }
}
