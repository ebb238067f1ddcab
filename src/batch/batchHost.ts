// The batches of a trace directory in one process: who triggers, controls, lists or waits for them comes here, and what an
// earlier process left unfinished is gone on with. Each batch is run by the engine that it was created for.

import type { Disposable } from "../base/disposable";
import type { Event } from "../base/event";
import { describeError } from "../base/logger";
import type { BatchSettings, PayloadPlace } from "../trace/batch/batchRecord";
import type { BatchState } from "../trace/batch/batchState";
import { type BatchClock, systemClock } from "./batchClock";
import {
  type BatchChange,
  type BatchEngine,
  BatchOwnedElsewhere,
  BatchRefused,
  type BatchRequest,
  type CreatedBatch,
  type StreamAnswer,
} from "./batchEngine";
import { defaultSettings, resolveSettings } from "./batchRequest";
import { DirectoryStore, type DirectoryStoreOptions } from "./directoryStore";
import type { ItemLine } from "./itemLine";
import { LocalEngine } from "./localEngine";
import type { Endpoint } from "./ownerFile";
import type { Runner } from "./runner";

/** What engines share. */
export interface EngineParts {
  readonly store: DirectoryStore;
  readonly clock: BatchClock;
  readonly settings: BatchSettings;
  onProblem(message: string, error: Error): void;
}

export interface BatchHostOptions extends DirectoryStoreOptions {
  readonly runner: Runner;
  /** What batches have where their request says nothing else. */
  readonly settings?: Partial<BatchSettings> | undefined;
  /** Others than `local`. */
  readonly engines?: readonly ((parts: EngineParts) => BatchEngine)[] | undefined;
  /** Of new batches; `local` where left out. */
  readonly engine?: string | undefined;
}

export interface TakenUp {
  /** Gone on with. */
  readonly ids: readonly string[];
  /** Run by other processes. */
  readonly elsewhere: readonly string[];
  /** Left by processes of other machines: only `goOn` goes on with these. */
  readonly foreign: readonly string[];
}

/** So often a batch of another process is looked at. */
const lookEveryMs = 1_000;

export class BatchHost {
  readonly #store: DirectoryStore;
  readonly #clock: BatchClock;
  readonly #engines: ReadonlyMap<string, BatchEngine>;
  readonly #engine: BatchEngine;
  readonly #onProblem: (message: string, error: Error) => void;

  constructor(options: BatchHostOptions) {
    const { runner, clock = systemClock, engines = [], engine = "local", onProblem } = options;
    this.#clock = clock;
    this.#onProblem = onProblem;
    this.#store = new DirectoryStore(options);
    const settings = resolveSettings(defaultSettings, options.settings);
    const parts: EngineParts = { store: this.#store, clock, settings, onProblem };
    const all = [new LocalEngine({ ...parts, runner }), ...engines.map((make) => make(parts))];
    this.#engines = new Map(all.map((each) => [each.name, each]));
    const chosen = this.#engines.get(engine);
    if (chosen === undefined) throw new BatchRefused(422, `There is no engine ${engine}`);
    this.#engine = chosen;
  }

  /** Absolute path of `D/batches`. */
  get folder(): string {
    return this.#store.folder;
  }

  /** Fires with the id of a batch of which this process has written something. */
  get onDidWrite(): Event<string> {
    return this.#store.onDidWrite;
  }

  /** Where others can ask for batches that are taken from now on. */
  setEndpoint(endpoint: Endpoint | undefined): void {
    this.#store.setEndpoint(endpoint);
  }

  /** Goes on with what is unfinished and nobody else's. */
  async takeUp(): Promise<TakenUp> {
    const ids: string[] = [];
    const elsewhere: string[] = [];
    const foreign: string[] = [];
    for (const id of await this.#store.unfinished()) {
      try {
        const state = await this.#store.state(id);
        // One of which nothing is known was being made when its process was killed.
        if (state === undefined) continue;
        // A log may have come with a repository: nothing of it is run unless somebody asks for this batch.
        if (!this.#store.isOfThisHost(state)) {
          foreign.push(id);
          continue;
        }
        await (await this.#engineOf(id)).goOn(id);
        ids.push(id);
      } catch (error) {
        if (error instanceof BatchOwnedElsewhere) elsewhere.push(id);
        else this.#onProblem(`Batch ${id} can't be gone on with: ${describeError(error)}`, toError(error));
      }
    }
    await this.#store.sweep().catch((error: unknown) => {
      this.#onProblem(`What killed processes left can't be removed: ${describeError(error)}`, toError(error));
    });
    return { ids, elsewhere, foreign };
  }

  /** Goes on with this one. Rejects with `BatchRefused`, of another process with `BatchOwnedElsewhere`. */
  async goOn(id: string): Promise<void> {
    await (await this.#engineOf(id)).goOn(id);
  }

  async create(request: BatchRequest): Promise<CreatedBatch> {
    return await this.#engine.create(request);
  }

  /** See `BatchEngine.streamItems`. */
  async streamItems(id: string, lines: AsyncIterable<ItemLine>, signal: AbortSignal): Promise<StreamAnswer> {
    const engine = this.#engines.get((await this.#store.read(id))?.engine ?? "") ?? this.#engine;
    return await engine.streamItems(id, lines, signal);
  }

  async cancel(id: string, by?: string): Promise<BatchChange> {
    return await (await this.#engineOf(id)).cancel(id, by);
  }

  async pause(id: string, by?: string): Promise<BatchChange> {
    return await (await this.#engineOf(id)).pause(id, by);
  }

  async unpause(id: string, by?: string): Promise<BatchChange> {
    return await (await this.#engineOf(id)).unpause(id, by);
  }

  async retryFailed(id: string, indexes?: readonly number[], by?: string): Promise<BatchChange> {
    return await (await this.#engineOf(id)).retryFailed(id, indexes, by);
  }

  /** Ids of all batches of the directory, whoever runs them. */
  async list(): Promise<readonly string[]> {
    return await this.#store.list();
  }

  /** See `DirectoryStore.state`. */
  async state(id: string): Promise<BatchState | undefined> {
    return await this.#store.state(id);
  }

  /** Undefined where the bytes are not those that came. */
  async payload(id: string, place: PayloadPlace): Promise<Uint8Array | undefined> {
    return await this.#store.payload(id, place);
  }

  /** Resolves when the batch has ended, whoever runs it. Rejects with `BatchRefused`, or with the signal's reason. */
  async whenEnded(id: string, signal?: AbortSignal): Promise<BatchState> {
    for (;;) {
      signal?.throwIfAborted();
      const state = await this.#store.state(id);
      if (state === undefined) throw new BatchRefused(404, `There is no batch ${id}`);
      if (state.isFinal) return state;
      await this.#nextWrite(id, signal);
    }
  }

  /** Lets go of all batches as they are: the next process takes them up. */
  async dispose(): Promise<void> {
    for (const engine of this.#engines.values()) {
      try {
        await engine.dispose();
      } catch (error) {
        this.#onProblem(`The engine ${engine.name} can't be left: ${describeError(error)}`, toError(error));
      }
    }
    await this.#store.dispose();
  }

  async #engineOf(id: string): Promise<BatchEngine> {
    const facts = await this.#store.read(id);
    if (facts === undefined) throw new BatchRefused(404, `There is no batch ${id}`);
    const engine = this.#engines.get(facts.engine);
    if (engine === undefined)
      throw new BatchRefused(409, `Batch ${id} is run by ${facts.engine}, which is not set up here`);
    return engine;
  }

  #nextWrite(id: string, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const owned: Disposable[] = [];
      const done = () => {
        for (const each of owned) each.dispose();
        signal?.removeEventListener("abort", done);
        resolve();
      };
      owned.push(
        this.#store.onDidWrite((written) => {
          if (written === id) done();
        }),
        this.#clock.after(lookEveryMs, done),
      );
      signal?.addEventListener("abort", done, { once: true });
    });
  }
}

function toError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value));
}
