// Takes the items of one stream into a batch: a bounded number of them at once, so that the body waits while the disk is
// slow, and nothing after the first fault. It never rejects; what went wrong is its result.

import type { BatchFacts, BatchStore } from "./batchStore";
import { type ItemLine, ItemLineError } from "./itemLine";

/** Items in flight: they go into the files together. */
export const mostItemsInFlight = 64;
/** And their payloads, unless one alone is larger. */
const mostBytes = 8 * 1024 * 1024;

export type IntakeEnd =
  | { readonly type: "whole" }
  /** The batch takes no items any more. */
  | { readonly type: "closed" }
  | { readonly type: "line"; readonly error: ItemLineError }
  /** The client is gone, or the body could not be read. */
  | { readonly type: "cut"; readonly error: unknown }
  /** An item could not be kept. */
  | { readonly type: "store"; readonly error: unknown };

export class ItemIntake {
  readonly #store: BatchStore;
  readonly #batch: BatchFacts;
  readonly #inFlight = new Set<Promise<void>>();
  #bytes = 0;
  #accepted = 0;
  #deduplicated = 0;
  #end: IntakeEnd | undefined;
  #wake: (() => void) | undefined;

  constructor(store: BatchStore, batch: BatchFacts) {
    this.#store = store;
    this.#batch = batch;
  }

  get accepted(): number {
    return this.#accepted;
  }

  get deduplicated(): number {
    return this.#deduplicated;
  }

  async take(lines: AsyncIterable<ItemLine>, signal: AbortSignal): Promise<IntakeEnd> {
    const iterator = lines[Symbol.asyncIterator]();
    const onAbort = () => this.#stop({ type: "cut", error: signal.reason });
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    try {
      while (this.#end === undefined) {
        const next = await this.#orStopped(iterator.next());
        if (next === undefined || next.done === true) break;
        this.#add(next.value);
        while (this.#isFull() && this.#end === undefined) await this.#orStopped(Promise.race(this.#inFlight));
      }
    } catch (error) {
      this.#stop(error instanceof ItemLineError ? { type: "line", error } : { type: "cut", error });
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
    if (this.#end !== undefined) leave(iterator);
    await Promise.all(this.#inFlight);
    return this.#end ?? { type: "whole" };
  }

  /** Undefined where the stream is stopped meanwhile, however long the work takes. */
  #orStopped<T>(work: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      this.#wake = () => resolve(undefined);
      work.then(resolve, reject);
    });
  }

  /** The first reason counts. */
  #stop(end: IntakeEnd): void {
    this.#end ??= end;
    this.#wake?.();
  }

  #isFull(): boolean {
    return this.#inFlight.size >= mostItemsInFlight || (this.#inFlight.size > 0 && this.#bytes > mostBytes);
  }

  #add(item: ItemLine): void {
    const { runCount } = this.#batch;
    if (item.index >= runCount) {
      const message = `Index ${item.index} is outside a batch of ${runCount} ${runCount === 1 ? "run" : "runs"}`;
      this.#stop({ type: "line", error: new ItemLineError(422, item.line, message) });
      return;
    }
    const bytes = item.payload?.length ?? 0;
    this.#bytes += bytes;
    const adding = this.#store.addItem(this.#batch.id, item).then(
      (result) => {
        if (result === "added") this.#accepted++;
        else if (result === "there") this.#deduplicated++;
        else this.#stop({ type: "closed" });
      },
      (error: unknown) => {
        this.#stop({ type: "store", error });
      },
    );
    const counted: Promise<void> = adding.finally(() => {
      this.#bytes -= bytes;
      this.#inFlight.delete(counted);
    });
    this.#inFlight.add(counted);
  }
}

/** What reads the body is told that nobody listens any more; it may take its time, or fail. */
function leave(iterator: AsyncIterator<ItemLine>): void {
  try {
    void Promise.resolve(iterator.return?.()).catch(() => {
      // Nothing is read from it any more.
    });
  } catch {
    // As above.
  }
}
