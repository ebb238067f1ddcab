// The batches of one trace directory. Those that have not ended stay open while this process works on them; one that has
// ended is opened for a single update and given back. A batch is open once at most, whoever asks for it.

import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { errorCode } from "../base/errorCode";
import { Emitter, type Event } from "../base/event";
import { isMissing } from "../recorder/fileTasks";
import { makeProbeLiveness, thisMachine } from "../recorder/liveness";
import { nodeFs, type RecorderFs } from "../recorder/recorderFs";
import { ownIdentity, randomInstance } from "../recorder/recoveryIdentity";
import type { FsyncMode } from "../recorder/traceTypes";
import { batchFileNames, batchFolder } from "../trace/batch/batchIds";
import type { BatchWriter, PayloadPlace } from "../trace/batch/batchRecord";
import type { BatchState } from "../trace/batch/batchState";
import type { WriterIdentity } from "../trace/evidence";
import { writerTag } from "../trace/journalFrame";
import { safeId } from "../trace/safeId";
import type { ProbeLiveness } from "../trace/sessionFiles";
import { type BatchClock, systemClock } from "./batchClock";
import { BatchRefused } from "./batchEngine";
import { type Records, readLog } from "./batchLog";
import { type BatchFacts, type BatchStore, factsOf, type NewBatch } from "./batchStore";
import { ItemKeys } from "./itemKeys";
import type { ItemLine } from "./itemLine";
import { OpenBatch, type OpenBatchContext } from "./openBatch";
import type { Endpoint } from "./ownerFile";
import { readPayload } from "./payloadFile";
import { sweepLeftovers } from "./sweepLeftovers";
import { listBatches, mayBeUnfinished } from "./unfinishedBatches";

export interface DirectoryStoreOptions {
  /** The trace directory. */
  readonly directory: string;
  readonly fs?: RecorderFs | undefined;
  readonly fsync?: FsyncMode | undefined;
  readonly clock?: BatchClock | undefined;
  /** Of Tracekeeper. */
  readonly version?: string | undefined;
  /** Who this process is, where tests play several. */
  readonly identity?: WriterIdentity | undefined;
  readonly probe?: ProbeLiveness | undefined;
  onProblem(message: string, error: Error): void;
}

interface Entry {
  readonly opened: Promise<OpenBatch | undefined>;
  users: number;
  closing: Promise<void> | undefined;
}

interface View {
  readonly sizeBytes: number;
  readonly mtimeMs: number;
  readonly state: BatchState;
}

/** A payload that can't be read is tried again, after pauses up to this one. */
const mostPauseMs = 1_500;
/** Batches that are not open and were read lately. */
const mostViews = 4;

export class DirectoryStore implements BatchStore {
  readonly folder: string;
  readonly keys: ItemKeys;
  readonly #context: OpenBatchContext;
  readonly #entries = new Map<string, Entry>();
  readonly #live = new Map<string, OpenBatch>();
  readonly #views = new Map<string, View>();
  readonly #changed: Emitter<string>;
  #endpoint: Endpoint | undefined;
  #isDisposed = false;

  constructor(options: DirectoryStoreOptions) {
    const { directory, fs = nodeFs, fsync = "interval", clock = systemClock, version, onProblem } = options;
    this.folder = join(directory, batchFolder);
    const identity = options.identity ?? ownIdentity(thisMachine(), randomInstance());
    const probe = options.probe ?? makeProbeLiveness();
    this.keys = new ItemKeys(fs, this.folder, writerTag(identity.instance));
    const { instance, host, pid, processStart, bootId, pidNamespace } = identity;
    const writer: BatchWriter = { instance, host, pid, processStart, bootId, pidNamespace, version };
    this.#changed = new Emitter((error) => onProblem("A listener to batches failed", toError(error)));
    this.#context = {
      fs,
      fsync,
      folder: this.folder,
      own: () => ({ identity, probe, endpoint: this.#endpoint }),
      writer,
      nowMs: () => clock.nowMs(),
      onWritten: (id) => this.#changed.fire(id),
      onProblem,
    };
  }

  /** Fires with the id of a batch of which something was written by this process. */
  get onDidWrite(): Event<string> {
    return this.#changed.event;
  }

  /** Where batches that are opened from now on say that this process can be asked. */
  setEndpoint(endpoint: Endpoint | undefined): void {
    this.#endpoint = endpoint;
  }

  async create(batch: NewBatch): Promise<boolean> {
    const id = batch.id;
    if (id !== safeId(id)) throw new BatchRefused(422, "The id of a batch can't be a file name");
    let isNew = false;
    await this.#use(
      id,
      async () => true,
      async () => {
        const open = await OpenBatch.create(batch, this.#context);
        isNew = open !== undefined;
        return open ?? (await OpenBatch.open(id, this.#context));
      },
    );
    return isNew;
  }

  async read(id: string): Promise<BatchFacts | undefined> {
    const state = await this.state(id);
    return state && factsOf(state);
  }

  /** The process that worked on it last was one of this machine, by what it says of itself. */
  isOfThisHost(state: BatchState): boolean {
    return state.writer?.host === this.#context.writer.host;
  }

  async countItems(id: string): Promise<number> {
    return (await this.state(id))?.itemCount ?? 0;
  }

  /**
   * The batch as it is in its log; undefined where there is none. One that is open goes on changing, so that nobody may
   * keep it beyond a wait. Whoever runs it, it is only read here.
   */
  async state(id: string): Promise<BatchState | undefined> {
    const entry = this.#entries.get(id);
    const open = entry?.closing === undefined ? await entry?.opened.catch(() => undefined) : undefined;
    if (open === undefined || entry?.closing !== undefined) return await this.#view(id);
    await open.settled();
    return open.state;
  }

  /** Of a batch that is open here, also what is just being written; for what can't change, such as an item. */
  live(id: string): BatchState | undefined {
    return this.#live.get(id)?.state;
  }

  async addItem(id: string, item: ItemLine): Promise<"added" | "there" | "closed"> {
    return await this.#owned(id, (open) => open.addItem(item));
  }

  async update(id: string, condition: (state: BatchState) => boolean, records: Records): Promise<boolean> {
    return await this.#owned(id, (open) => open.update(condition, records));
  }

  async sync(id: string): Promise<void> {
    const open = await this.#entries.get(id)?.opened.catch(() => undefined);
    await open?.sync();
  }

  async payload(id: string, place: PayloadPlace): Promise<Uint8Array | undefined> {
    const path = join(this.folder, batchFileNames.items(id));
    for (let pauseMs = 20; ; pauseMs *= 4) {
      try {
        return await readPayload(this.#context.fs, path, place);
      } catch (error) {
        // A disk or a process that has no room just then costs no run an attempt.
        if (pauseMs > mostPauseMs || isMissing(error)) throw error;
      }
      await delay(pauseMs);
    }
  }

  /** Takes the batch over where it has not ended; false where there is none. Rejects with `BatchOwnedElsewhere`. */
  async take(id: string): Promise<boolean> {
    return (await this.#use(id, async () => true)) ?? false;
  }

  /** Ids of all batches of the directory. */
  async list(): Promise<readonly string[]> {
    return await listBatches(this.#context.fs, this.folder);
  }

  /** Ids of those that have not ended. */
  async unfinished(): Promise<readonly string[]> {
    const found: string[] = [];
    for (const id of await this.list()) {
      if (await mayBeUnfinished(this.#context.fs, this.folder, id)) found.push(id);
    }
    return found;
  }

  /** See `sweepLeftovers`. */
  async sweep(): Promise<readonly string[]> {
    return await sweepLeftovers(this.#context);
  }

  /** Everything is written, and each batch is anybody's. */
  async dispose(): Promise<void> {
    this.#isDisposed = true;
    this.#changed.dispose();
    await Promise.all(
      [...this.#entries.values()].map(async (entry) => {
        const open = await entry.opened.catch(() => undefined);
        await (entry.closing ?? open?.close());
      }),
    );
    this.#entries.clear();
  }

  async #owned<T>(id: string, action: (open: OpenBatch) => Promise<T>): Promise<T> {
    let result: { readonly value: T } | undefined;
    await this.#use(id, async (open) => {
      result = { value: await action(open) };
    });
    if (result === undefined) throw new BatchRefused(404, `There is no batch ${id}`);
    return result.value;
  }

  /** @returns undefined where there is no such batch */
  async #use<T>(
    id: string,
    action: (open: OpenBatch) => Promise<T>,
    make: () => Promise<OpenBatch | undefined> = () => OpenBatch.open(id, this.#context),
  ): Promise<T | undefined> {
    for (;;) {
      if (this.#isDisposed) throw new BatchRefused(503, "Batches are no longer run here");
      const known = this.#entries.get(id);
      if (known?.closing !== undefined) {
        await known.closing;
        continue;
      }
      const entry = known ?? { opened: make(), users: 0, closing: undefined };
      if (known === undefined) {
        this.#entries.set(id, entry);
        this.#views.delete(id);
      }
      entry.users++;
      let open: OpenBatch | undefined;
      try {
        open = await entry.opened;
        if (open !== undefined) this.#live.set(id, open);
        return open && (await action(open));
      } finally {
        entry.users--;
        this.#leave(id, entry, open);
      }
    }
  }

  #leave(id: string, entry: Entry, open: OpenBatch | undefined): void {
    if (entry.users > 0 || this.#entries.get(id) !== entry || this.#isDisposed) return;
    if (open === undefined) this.#entries.delete(id);
    else if (open.state.isFinal) {
      entry.closing = open
        .close()
        .catch((error: unknown) => this.#context.onProblem("A batch can't be closed", toError(error)));
      entry.closing = entry.closing.then(() => {
        this.#entries.delete(id);
      });
    }
  }

  async #view(id: string): Promise<BatchState | undefined> {
    if (id !== safeId(id)) return undefined;
    const { fs } = this.#context;
    const path = join(this.folder, batchFileNames.log(id));
    try {
      const { sizeBytes, mtimeMs } = await fs.async.stat(path);
      const known = this.#views.get(id);
      this.#views.delete(id);
      let view = known;
      if (known?.sizeBytes !== sizeBytes || known.mtimeMs !== mtimeMs) {
        const reader = await readLog(fs, path);
        view = reader && { sizeBytes, mtimeMs, state: reader.state };
      }
      if (view?.state.created === undefined) return undefined;
      this.#views.set(id, view);
      for (const oldest of this.#views.keys()) {
        if (this.#views.size <= mostViews) break;
        this.#views.delete(oldest);
      }
      return view.state;
    } catch (error) {
      if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return undefined;
      throw error;
    }
  }
}

function toError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value));
}
