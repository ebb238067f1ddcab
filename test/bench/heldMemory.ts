// What is held after a collection: by this process, by a worker of it, by a page. Arrays count with what lies behind them.
import { Session } from "node:inspector/promises";
import type { CDPSession } from "playwright-core";

/** Asks the workers of this process, over the inspector: nobody else can have their garbage collected. */
export class WorkerMemory implements Disposable {
  readonly #session = new Session();
  readonly #workers = new Set<string>();
  readonly #waiting = new Map<number, (result: unknown) => void>();
  #nextId = 1;

  /** Before the first worker is started. */
  async connect(): Promise<void> {
    this.#session.connect();
    this.#session.on("NodeWorker.attachedToWorker", ({ params }) => this.#workers.add(params.sessionId));
    this.#session.on("NodeWorker.detachedFromWorker", ({ params }) => this.#workers.delete(params.sessionId));
    this.#session.on("NodeWorker.receivedMessageFromWorker", ({ params }) => {
      const { id, result } = JSON.parse(params.message) as { id?: number; result?: unknown };
      if (id === undefined) return;
      this.#waiting.get(id)?.(result);
      this.#waiting.delete(id);
    });
    await this.#session.post("NodeWorker.enable", { waitForDebuggerOnStart: false });
  }

  /** Bytes that all workers hold, after a collection. */
  async heldBytes(): Promise<number> {
    let bytes = 0;
    for (const worker of this.#workers) {
      for (let time = 0; time < collections; time++) await this.#ask(worker, "HeapProfiler.collectGarbage");
      bytes += sumOf(await this.#ask(worker, "Runtime.getHeapUsage"));
    }
    return bytes;
  }

  [Symbol.dispose](): void {
    this.#session.disconnect();
  }

  #ask(worker: string, method: string): Promise<unknown> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, resolve);
      const message = JSON.stringify({ id, method });
      this.#session.post("NodeWorker.sendMessageToWorker", { message, sessionId: worker }).catch(reject);
    });
  }
}

/** What finalizers let go of is collected the next time. */
const collections = 3;

export async function pageHeldBytes(cdp: CDPSession): Promise<number> {
  for (let time = 0; time < collections; time++) await cdp.send("HeapProfiler.collectGarbage");
  return sumOf(await cdp.send("Runtime.getHeapUsage"));
}

/** This thread alone; needs --expose-gc. */
export function threadHeldBytes(): number {
  for (let time = 0; time < collections; time++) globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function sumOf(usage: unknown): number {
  const { usedSize, backingStorageSize } = usage as { usedSize: number; backingStorageSize: number };
  return usedSize + backingStorageSize;
}
