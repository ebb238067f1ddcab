// The store of a directory with a test's hands between the service and it: before a call is made, instead of it, or before
// its result comes back, anything else may happen. That is how interleavings are chosen.

import type { Records } from "../../src/batch/batchLog";
import type { BatchFacts, NewBatch } from "../../src/batch/batchStore";
import type { DirectoryStore } from "../../src/batch/directoryStore";
import type { ItemLine } from "../../src/batch/itemLine";
import type { LocalStore } from "../../src/batch/localContext";
import type { PayloadPlace } from "../../src/trace/batch/batchRecord";
import type { BatchState } from "../../src/trace/batch/batchState";

export interface StoreHooks {
  /** @param number of the call of this sort, from 1 on; @param real makes the call */
  read?(real: () => Promise<BatchFacts | undefined>, number: number): Promise<BatchFacts | undefined>;
  countItems?(real: () => Promise<number>, number: number): Promise<number>;
  addItem?(real: () => Promise<"added" | "there" | "closed">, item: ItemLine): Promise<"added" | "there" | "closed">;
  /** @param type of the first record where the records do not follow from the state */
  update?(real: () => Promise<boolean>, type: string | undefined): Promise<boolean>;
}

export class WrappedStore implements LocalStore {
  readonly #store: DirectoryStore;
  readonly #numbers = { read: 0, countItems: 0 };
  hooks: StoreHooks = {};
  /** "read", "update sealed", in the order of the calls. */
  readonly calls: string[] = [];

  constructor(store: DirectoryStore) {
    this.#store = store;
  }

  get keys() {
    return this.#store.keys;
  }

  create(batch: NewBatch): Promise<boolean> {
    this.calls.push("create");
    return this.#store.create(batch);
  }

  read(id: string): Promise<BatchFacts | undefined> {
    this.calls.push("read");
    const real = () => this.#store.read(id);
    return this.hooks.read?.(real, ++this.#numbers.read) ?? real();
  }

  countItems(id: string): Promise<number> {
    this.calls.push("countItems");
    const real = () => this.#store.countItems(id);
    return this.hooks.countItems?.(real, ++this.#numbers.countItems) ?? real();
  }

  addItem(id: string, item: ItemLine): Promise<"added" | "there" | "closed"> {
    this.calls.push("addItem");
    const real = () => this.#store.addItem(id, item);
    return this.hooks.addItem?.(real, item) ?? real();
  }

  update(id: string, condition: (state: BatchState) => boolean, records: Records): Promise<boolean> {
    const type = typeof records === "function" ? undefined : records[0]?.type;
    this.calls.push(type === undefined ? "update" : `update ${type}`);
    const real = () => this.#store.update(id, condition, records);
    return this.hooks.update?.(real, type) ?? real();
  }

  sync(id: string): Promise<void> {
    return this.#store.sync(id);
  }

  payload(id: string, place: PayloadPlace): Promise<Uint8Array | undefined> {
    return this.#store.payload(id, place);
  }

  state(id: string): Promise<BatchState | undefined> {
    return this.#store.state(id);
  }

  live(id: string): BatchState | undefined {
    return this.#store.live(id);
  }

  take(id: string): Promise<boolean> {
    return this.#store.take(id);
  }
}
