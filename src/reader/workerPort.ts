// A reader in a worker thread.

import { totalmem } from "node:os";
import { Worker } from "node:worker_threads";
import { errorCode } from "../base/errorCode";
import { describeError } from "../base/logger";
import type { ReaderListener, ReaderPort } from "./readerPort";
import type { FromReader, ToReader } from "./readerProtocol";

export interface WorkerOptions {
  /** See `usualHeapMegabytes`. */
  readonly heapMegabytes?: number | undefined;
  /** Absolute path of a folder of the extension's own, where scans are kept; undefined to keep none. */
  readonly storage?: string | undefined;
}

/** What the worker is told when it starts. */
export interface WorkerData {
  readonly storage: string | undefined;
}

/** @param program path of the built `reader.js` */
export function workerPort(program: string, options: WorkerOptions = {}): ReaderPort {
  const heapMegabytes = options.heapMegabytes ?? usualHeapMegabytes();
  const workerData: WorkerData = { storage: options.storage };
  const worker = new Worker(program, {
    name: "Tracekeeper reader",
    // Flags of the process that starts it, such as those for debugging, are not meant for it.
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: heapMegabytes },
    workerData,
  });
  let listener: ReaderListener | undefined;
  let isOver = false;
  const lose = (reason: string): void => {
    if (isOver) return;
    isOver = true;
    listener?.onLost(reason);
  };
  worker.on("message", (message: FromReader) => listener?.onMessage(message));
  worker.on("messageerror", (error) => lose(describeError(error)));
  worker.on("error", (error: unknown) => lose(reasonOf(error, heapMegabytes)));
  worker.on("exit", (code) => lose(`it ended with code ${code}`));
  // It keeps nobody's process alive.
  worker.unref();
  return {
    post: (message: ToReader) => worker.postMessage(message),
    listen(to) {
      listener = to;
    },
    close() {
      isOver = true;
      void worker.terminate();
    },
  };
}

/**
 * Half of the machine's memory, so that a large trace does not fail where there is room for it. What typed arrays hold
 * does not count, and an engine that compresses pointers takes 4 GB of it at most.
 */
function usualHeapMegabytes(): number {
  return Math.min(16_384, Math.max(1_024, Math.floor(totalmem() / 2 / 1024 / 1024)));
}

function reasonOf(error: unknown, heapMegabytes: number): string {
  if (errorCode(error) === "ERR_WORKER_OUT_OF_MEMORY") return `it ran out of memory (${heapMegabytes} MB)`;
  return describeError(error);
}
