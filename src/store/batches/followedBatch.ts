// One batch as its log tells it, followed while the log grows: what is new is read and folded, never the whole again. A log
// that got shorter, or is another file, is read anew, and `epoch` counts up.

import { basename } from "node:path";
import { setImmediate } from "node:timers/promises";
import { crc32 } from "node:zlib";
import type { Disposable } from "../../base/disposable";
import { Emitter } from "../../base/event";
import type { BatchRecord } from "../../trace/batch/batchRecord";
import type { BatchState } from "../../trace/batch/batchState";
import { BatchLogReader } from "../../trace/batch/readBatchLog";
import type { Problem } from "../../trace/problem";
import { describeFileError, type FileAccess, type FileStamp, isMissing, type OpenFile } from "../fileAccess";

/** Read and folded in one go: some milliseconds of work, after which others have their turn. */
const sliceBytes = 64 * 1024;
const lineFeed = 0x0a;

export type BatchAvailability =
  /** Nothing was read yet. */
  | { readonly type: "unread" }
  | { readonly type: "read" }
  | { readonly type: "missing" }
  | { readonly type: "unreadable"; readonly message: string };

/** What the last piece of the log changed. */
export interface BatchNews {
  /** Another epoch: everything may be different. */
  readonly isReset: boolean;
  /** Runs that changed; may hold an index more than once. */
  readonly indexes: readonly number[];
}

export interface FollowedBatchOptions {
  readonly access: FileAccess;
  readonly onListenerError?: ((error: unknown) => void) | undefined;
}

export class FollowedBatch implements Disposable {
  /** Path of `B.batch.ndjson`. */
  readonly key: string;
  readonly #access: FileAccess;
  readonly #changes: Emitter<BatchNews>;
  #reader: BatchLogReader;
  #epoch = 1;
  #availability: BatchAvailability = { type: "unread" };
  #stamp: FileStamp | undefined;
  #problems:
    | { readonly lengthBytes: number; readonly isTailOver: boolean; readonly list: readonly Problem[] }
    | undefined;
  #underWay: Promise<void> | undefined;
  #isAskedAgain = false;
  /** Nobody writes any more: the last line is as whole as it will be. */
  #isTailOver = false;
  /** The log ends without a line feed, and what stands there was taken as its last line. */
  #isTailTaken = false;
  #isDisposed = false;

  constructor(key: string, { access, onListenerError }: FollowedBatchOptions) {
    this.key = key;
    this.#access = access;
    this.#changes = new Emitter(onListenerError);
    this.#reader = this.#newReader();
  }

  get onDidChange() {
    return this.#changes.event;
  }

  get state(): BatchState {
    return this.#reader.state;
  }

  /** Indexes and revisions are those of one epoch. */
  get epoch(): number {
    return this.#epoch;
  }

  get availability(): BatchAvailability {
    return this.#availability;
  }

  /** Part of the log that is folded, from 0 to 1. */
  get progress(): number {
    const sizeBytes = this.#stamp?.sizeBytes ?? 0;
    return sizeBytes === 0 ? 1 : Math.min(1, this.#reader.lengthBytes / sizeBytes);
  }

  /** Of the file, from before it was read last. */
  get stamp(): FileStamp | undefined {
    return this.#stamp;
  }

  /** What is wrong with the log. A last line that is still being written is no damage. */
  get problems(): readonly Problem[] {
    const { lengthBytes } = this.#reader;
    const known = this.#problems;
    if (known?.lengthBytes === lengthBytes && known.isTailOver === this.#isTailOver) return known.list;
    const all = this.#reader.result().problems;
    const list = this.#isTailOver ? all : withoutOpenTail(all, this.#reader);
    this.#problems = { lengthBytes, isTailOver: this.#isTailOver, list };
    return list;
  }

  /** Reads what is new. Never rejects. Calls while one is under way lead to one more look. */
  update(): Promise<void> {
    if (this.#underWay !== undefined) {
      this.#isAskedAgain = true;
      return this.#underWay;
    }
    this.#underWay = this.#updateAll().finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }

  /**
   * Whether somebody may still be writing to the log. Where nobody does, a last line without a line feed counts, or is
   * damage.
   */
  setWritten(isWritten: boolean): void {
    if (this.#isTailOver === !isWritten) return;
    this.#isTailOver = !isWritten;
    // A tail that counts already can't be taken back; more of it has the log read anew.
    this.#changes.fire({ isReset: false, indexes: isWritten ? [] : this.#takeTail() });
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#changes.dispose();
  }

  #newReader(): BatchLogReader {
    return new BatchLogReader(basename(this.key), {
      crc32: (bytes, start, end) => crc32(bytes.subarray(start, end)),
    });
  }

  async #updateAll(): Promise<void> {
    do {
      this.#isAskedAgain = false;
      await this.#updateOnce();
    } while (this.#isAskedAgain && !this.#isDisposed);
  }

  async #updateOnce(): Promise<void> {
    let file: OpenFile | undefined;
    try {
      file = await this.#access.open(this.key);
      const stamp = await file.stat();
      if (stamp.kind !== "file") throw Object.assign(new Error("No file"), { code: "ENOTSUP" });
      const before = this.#stamp;
      const isOther = before !== undefined && (before.dev !== stamp.dev || before.ino !== stamp.ino);
      this.#stamp = stamp;
      if (isOther || stamp.sizeBytes < this.#reader.lengthBytes) this.#reset();
      await this.#readOn(file);
      this.#setAvailability({ type: "read" });
    } catch (error) {
      // What was read stays: a log that is gone for a moment is no other batch.
      this.#setAvailability(
        isMissing(error) ? { type: "missing" } : { type: "unreadable", message: describeFileError(error) },
      );
    } finally {
      await file?.close().catch(() => undefined);
    }
  }

  async #readOn(file: OpenFile): Promise<void> {
    const slice = new Uint8Array(sliceBytes);
    for (;;) {
      const read = await file.read(slice, this.#reader.lengthBytes);
      if (this.#isDisposed) return;
      if (read === 0) break;
      const bytes = slice.subarray(0, read);
      if (this.#contradictsTail(bytes)) {
        this.#reset();
        continue;
      }
      const records = this.#reader.feed(bytes);
      this.#isTailTaken = false;
      this.#changes.fire({ isReset: false, indexes: indexesOf(records) });
      if (read === slice.length) await setImmediate();
    }
    if (!this.#isTailOver) return;
    const indexes = this.#takeTail();
    if (indexes.length > 0) this.#changes.fire({ isReset: false, indexes });
  }

  #takeTail(): number[] {
    const records = this.#reader.takeTail();
    this.#isTailTaken = this.#reader.result().isTailOpen;
    return indexesOf(records);
  }

  /** The last line was taken as whole, and is gone on with. */
  #contradictsTail(bytes: Uint8Array): boolean {
    return this.#isTailTaken && bytes[0] !== lineFeed;
  }

  #reset(): void {
    this.#reader = this.#newReader();
    this.#problems = undefined;
    this.#isTailTaken = false;
    this.#epoch++;
    this.#changes.fire({ isReset: true, indexes: [] });
  }

  #setAvailability(availability: BatchAvailability): void {
    const before = this.#availability;
    if (JSON.stringify(before) === JSON.stringify(availability)) return;
    this.#availability = availability;
    this.#changes.fire({ isReset: false, indexes: [] });
  }
}

/** What is wrong only because the last line is not complete yet. */
function withoutOpenTail(problems: readonly Problem[], reader: BatchLogReader): readonly Problem[] {
  if (!reader.result().isTailOpen) return problems;
  const torn = problems.find(({ code }) => code === "truncated");
  return problems.filter((problem) => problem !== torn && !(torn?.offsetBytes === 0 && problem.offsetBytes === 0));
}

function indexesOf(records: readonly BatchRecord[]): number[] {
  const indexes: number[] = [];
  for (const record of records) {
    if ("index" in record) indexes.push(record.index);
    else if (record.type === "retried") for (const index of record.indexes) indexes.push(index);
  }
  return indexes;
}
