// Which run has an idempotency key of an item, for all batches of a directory and all processes that run them. Claims are
// only appended to one file, and the first one for a key counts: whoever reads the file comes to the same answer.

import { createHash } from "node:crypto";
import { join } from "node:path";
import { errorCode } from "../base/errorCode";
import { closeQuietly, isMissing, readFully, writeAll } from "../recorder/fileTasks";
import { nativeCrc32 } from "../recorder/recordBuffer";
import { type Io, io, type RecorderFs, runAsync } from "../recorder/recorderFs";
import { FramedLineReader, type FramedLineSink } from "../trace/framedLine";
import { encodeFrame } from "../trace/journalFrame";

const fileName = "item-keys.ndjson";
/** A key without a time of its own counts for so long. */
const usualTtlMs = 30 * 86_400_000;
const readBytes = 256 * 1024;
const decoder = new TextDecoder();

export interface KeyClaim {
  readonly task: string;
  readonly key: string;
  readonly runId: string;
  readonly ttlMs: number | undefined;
}

interface Holder {
  readonly runId: string;
  readonly untilMs: number;
}

export class ItemKeys {
  readonly #fs: RecorderFs;
  readonly #path: string;
  readonly #tag: string;
  readonly #holders = new Map<string, Holder>();
  readonly #lines = new FramedLineReader(nativeCrc32);
  #reading: Promise<void> | undefined;
  #claims = 0;

  /** @param folder `D/batches`; @param tag marks the lines of this process */
  constructor(fs: RecorderFs, folder: string, tag: string) {
    this.#fs = fs;
    this.#path = join(folder, fileName);
    this.#tag = tag;
  }

  /**
   * The run that has the key: that of the claim, or an earlier one. Rejects with the system's error.
   * @param isFree whether the run that has the key need not be kept to, because it failed or is gone
   */
  async claim(claim: KeyClaim, nowMs: number, isFree: (runId: string) => Promise<boolean>): Promise<string> {
    const hash = createHash("sha256").update(`${claim.task}\0${claim.key}`).digest("base64url").slice(0, 22);
    for (;;) {
      await this.#catchUp();
      const holder = this.#holders.get(hash);
      if (holder?.runId === claim.runId) return claim.runId;
      const isKept = holder !== undefined && nowMs < holder.untilMs && !(await isFree(holder.runId));
      if (isKept) return holder.runId;
      // Who was faster may have claimed it meanwhile: then this line is passed over, and that run is judged next.
      if (this.#holders.get(hash) === holder) await this.#append(hash, claim, holder?.runId, nowMs);
    }
  }

  async #append(hash: string, { runId, ttlMs }: KeyClaim, after: string | undefined, nowMs: number): Promise<void> {
    const body = JSON.stringify({ t: "key", k: hash, r: runId, a: after, u: nowMs + (ttlMs ?? usualTtlMs) }).slice(
      1,
      -1,
    );
    const stamp = { seq: this.#claims++, wallMs: nowMs, monoMs: 0, tag: this.#tag };
    const line = encodeFrame(body, stamp, nativeCrc32);
    await runAsync(this.#fs, appendLine(this.#path, line));
  }

  /** Reads what has come since; for all who ask meanwhile once more. */
  async #catchUp(): Promise<void> {
    // What is being read may have begun before the caller's own line was written.
    await this.#reading;
    this.#reading ??= runAsync(this.#fs, this.#read()).finally(() => {
      this.#reading = undefined;
    });
    await this.#reading;
  }

  *#read(): Io<void> {
    let fd: number;
    try {
      fd = yield* io.open(this.#path, "read");
    } catch (error) {
      if (isMissing(error)) return;
      throw error;
    }
    try {
      const buffer = new Uint8Array(readBytes);
      for (;;) {
        const count = yield* readFully(fd, buffer, this.#lines.lengthBytes);
        this.#lines.feed(buffer.subarray(0, count), this.#sink);
        if (count < buffer.length) return;
      }
    } finally {
      yield* closeQuietly(fd);
    }
  }

  readonly #sink: FramedLineSink = {
    addRecord: (bytes) => {
      const { k: hash, r: runId, a: after, u: untilMs } = parse(bytes);
      if (typeof hash !== "string" || typeof runId !== "string" || typeof untilMs !== "number") return;
      if (this.#holders.get(hash)?.runId === after) this.#holders.set(hash, { runId, untilMs });
    },
    addDamage() {
      // A claim that is lost is made again: at worst a run exists twice, which is what its damage means.
    },
  };
}

function* appendLine(path: string, line: Uint8Array): Io<void> {
  let fd: number;
  try {
    fd = yield* io.open(path, "append");
  } catch (error) {
    if (!isMissing(error)) throw error;
    try {
      fd = yield* io.open(path, "create");
    } catch (again) {
      if (errorCode(again) !== "EEXIST") throw again;
      fd = yield* io.open(path, "append");
    }
  }
  try {
    yield* writeAll(fd, line);
  } finally {
    yield* closeQuietly(fd);
  }
}

function parse(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(decoder.decode(bytes)) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}
