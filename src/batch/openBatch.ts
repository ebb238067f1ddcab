// One batch that this process owns: its log, its payloads and its owner file. Items are claimed by index while they are
// being written, so that two streams at once keep one payload for each.

import { join } from "node:path";
import { errorCode } from "../base/errorCode";
import { describeError } from "../base/logger";
import { isMissing } from "../recorder/fileTasks";
import { listOrMake } from "../recorder/listOrMake";
import { type RecorderFs, runAsync } from "../recorder/recorderFs";
import { settledWithin } from "../recorder/settledWithin";
import type { FsyncMode } from "../recorder/traceTypes";
import { batchFileNames } from "../trace/batch/batchIds";
import type { BatchWriter, PayloadPlace } from "../trace/batch/batchRecord";
import type { BatchState } from "../trace/batch/batchState";
import { writerTag } from "../trace/journalFrame";
import { BatchLog, type BatchLogContext, type Records } from "./batchLog";
import type { NewBatch } from "./batchStore";
import type { ItemLine } from "./itemLine";
import { giveBackOwnership, type OwnIdentity, takeOwnership } from "./ownerFile";
import { PayloadFile, readPayload } from "./payloadFile";

/** A disk that hangs holds nobody up. */
const syncWithinMs = 5_000;
const mostSyncs = 3;

export interface OpenBatchContext {
  readonly fs: RecorderFs;
  readonly fsync: FsyncMode;
  /** Absolute path of `D/batches`. */
  readonly folder: string;
  /** This process, as its owner files name it; asked each time, because its endpoint may come late. */
  own(): OwnIdentity;
  readonly writer: BatchWriter;
  nowMs(): number;
  onWritten(id: string): void;
  onProblem(message: string, error: Error): void;
}

export class OpenBatch {
  readonly id: string;
  readonly #context: OpenBatchContext;
  readonly #log: BatchLog;
  readonly #payloads: PayloadFile;
  readonly #claimed = new Map<number, Promise<unknown>>();
  /** Items that an earlier process wrote: a power cut may have left the record of one without its payload. */
  readonly #unproven: Set<number>;

  private constructor(id: string, context: OpenBatchContext, log: BatchLog, payloads: PayloadFile) {
    this.id = id;
    this.#context = context;
    this.#log = log;
    this.#payloads = payloads;
    this.#unproven = itemsWithPayload(log.state);
  }

  /** Undefined where there is a batch of this id already. Rejects as `open` does. */
  static async create(batch: NewBatch, context: OpenBatchContext): Promise<OpenBatch | undefined> {
    await runAsync(context.fs, listOrMake(context.folder));
    return await OpenBatch.#own(batch.id, context, async (log) => {
      // A log without any record is that of a process which was killed while it made the batch.
      const isFresh = (state: BatchState) => state.created === undefined && state.revision === 0;
      return await log.update(isFresh, [{ type: "created", ...batch, writer: context.writer }]);
    });
  }

  /** Undefined where there is no such batch. Rejects with `BatchOwnedElsewhere`, or with the system's error. */
  static async open(id: string, context: OpenBatchContext): Promise<OpenBatch | undefined> {
    if (!(await exists(context.fs, pathsOf(id, context).log))) return undefined;
    return await OpenBatch.#own(id, context, async (log) => {
      if (log.state.created === undefined) return false;
      const isAnothers = (state: BatchState) => !state.isFinal && state.writer?.instance !== context.writer.instance;
      await log.update(isAnothers, [{ type: "opened", writer: context.writer }]);
      return true;
    });
  }

  /** @param isWanted judges the log; where it does not want it, everything is given back */
  static async #own(
    id: string,
    context: OpenBatchContext,
    isWanted: (log: BatchLog) => Promise<boolean>,
  ): Promise<OpenBatch | undefined> {
    const paths = pathsOf(id, context);
    const own = context.own();
    await takeOwnership(paths.owner, own);
    let log: BatchLog | undefined;
    try {
      const payloads = new PayloadFile(context.fs, paths.items);
      log = await openLog(id, paths.log, payloads, context);
      if (await isWanted(log)) return new OpenBatch(id, context, log, payloads);
    } catch (error) {
      await log?.close();
      await giveBackOwnership(paths.owner, own.identity);
      throw error;
    }
    await log.close();
    await giveBackOwnership(paths.owner, own.identity);
    return undefined;
  }

  /** See `BatchLog.state`. */
  get state(): BatchState {
    return this.#log.state;
  }

  settled(): Promise<void> {
    return this.#log.settled();
  }

  update(condition: (state: BatchState) => boolean, records: Records): Promise<boolean> {
    return this.#log.update(condition, records);
  }

  async addItem(item: ItemLine): Promise<"added" | "there" | "closed"> {
    const { index } = item;
    for (let claim = this.#claimed.get(index); claim !== undefined; claim = this.#claimed.get(index)) {
      await claim.catch(() => {
        // Whose write it was is told; this one tries in its place.
      });
    }
    const adding = this.#add(item);
    this.#claimed.set(index, adding);
    try {
      return await adding;
    } finally {
      this.#claimed.delete(index);
    }
  }

  async #add(item: ItemLine): Promise<"added" | "there" | "closed"> {
    const { index, task, payload, payloadType, idempotencyKey, options, problem } = item;
    const again = (await this.#isLost(index)) ? (true as const) : undefined;
    const isWanted = (state: BatchState) =>
      state.status === "PENDING" && !state.sealed && (again ?? !state.hasItem(index));
    if (isWanted(this.state)) {
      const place = payload === undefined ? undefined : await this.#payloads.append(payload);
      const record = {
        type: "item" as const,
        index,
        task,
        place,
        payloadType,
        idempotencyKey,
        options,
        problem,
        again,
      };
      if (await this.update(isWanted, [record])) {
        this.#unproven.delete(index);
        if (place !== undefined && this.#payloads.isDoubtful(place)) return await this.#add(item);
        return "added";
      }
    } else if (this.#context.fsync === "always") await this.#log.sync();
    else await this.settled();
    return this.state.hasItem(index) ? "there" : "closed";
  }

  /** Looked at once, when it comes again. */
  async #isLost(index: number): Promise<boolean> {
    if (this.state.sealed || !this.state.hasItem(index)) return false;
    const place = this.state.run(index)?.place;
    if (place !== undefined && this.#payloads.isDoubtful(place)) return true;
    if (!this.#unproven.has(index)) return false;
    const isThere = place === undefined || (await this.#hasPayload(place));
    if (isThere) this.#unproven.delete(index);
    return !isThere;
  }

  async #hasPayload(place: PayloadPlace): Promise<boolean> {
    try {
      return (await this.payload(place)) !== undefined;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  /** Rejects never: what can't be brought to the disk is told. */
  async sync(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await settledWithin(this.#log.sync(), syncWithinMs);
        if (!this.#hasDoubts()) return;
      } catch (thrown) {
        if (attempt === mostSyncs) {
          const error = thrown instanceof Error ? thrown : new Error(String(thrown));
          return this.#context.onProblem(`A batch can't be brought to the disk: ${describeError(thrown)}`, error);
        }
      }
      if (attempt === mostSyncs) return;
      await this.#writeDoubtfulAgain();
    }
  }

  /** While items can still be written. */
  #hasDoubts(): boolean {
    const { state } = this;
    if (!this.#payloads.hasDoubts || state.sealed || state.status !== "PENDING") return false;
    return this.#doubtfulItems().length > 0;
  }

  #doubtfulItems(): number[] {
    const indexes: number[] = [];
    for (let index = 0; index < this.state.runCount; index++) {
      const place = this.state.run(index)?.place;
      if (place !== undefined && this.#payloads.isDoubtful(place)) indexes.push(index);
    }
    return indexes;
  }

  /** Of payloads whose sync failed nobody knows whether the disk has them. Rejects never: it is tried again. */
  async #writeDoubtfulAgain(): Promise<void> {
    if (!this.#hasDoubts()) return;
    for (const index of this.#doubtfulItems()) {
      try {
        const run = this.state.run(index);
        const payload = run?.place && (await this.payload(run.place));
        if (payload === undefined || run === undefined) continue;
        const place = await this.#payloads.append(payload);
        const { task, payloadType, idempotencyKey, options, problem } = run;
        const record = { type: "item" as const, index, task, place, payloadType, idempotencyKey, options, problem };
        await this.update((state) => state.status === "PENDING" && !state.sealed, [{ ...record, again: true }]);
      } catch {
        // It stays doubtful.
      }
    }
  }

  payload(place: PayloadPlace): Promise<Uint8Array | undefined> {
    return readPayload(this.#context.fs, pathsOf(this.id, this.#context).items, place);
  }

  /** For when nothing is under way any more: the batch is anybody's afterwards. */
  async close(): Promise<void> {
    await this.#log.close();
    this.#payloads.close();
    await giveBackOwnership(pathsOf(this.id, this.#context).owner, this.#context.own().identity);
  }
}

/** None of a batch that takes no items any more. */
function itemsWithPayload(state: BatchState): Set<number> {
  const indexes = new Set<number>();
  if (state.sealed || state.itemCount === 0) return indexes;
  for (let index = 0; index < state.runCount; index++) if (state.hasItem(index)) indexes.add(index);
  return indexes;
}

function pathsOf(id: string, { folder }: OpenBatchContext): Readonly<Record<keyof typeof batchFileNames, string>> {
  return {
    log: join(folder, batchFileNames.log(id)),
    items: join(folder, batchFileNames.items(id)),
    owner: join(folder, batchFileNames.owner(id)),
  };
}

async function openLog(id: string, path: string, payloads: PayloadFile, context: OpenBatchContext): Promise<BatchLog> {
  const logContext: BatchLogContext = {
    fs: context.fs,
    fsync: context.fsync,
    tag: writerTag(context.own().identity.instance),
    nowMs: () => context.nowMs(),
    syncBefore: () => payloads.sync(),
    onWritten: () => context.onWritten(id),
    onProblem: (message, error) => context.onProblem(message, error),
  };
  return (await BatchLog.open(logContext, path)) ?? BatchLog.create(logContext, path);
}

async function exists(fs: RecorderFs, path: string): Promise<boolean> {
  try {
    await fs.async.stat(path);
    return true;
  } catch (error) {
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return false;
    throw error;
  }
}
