// The program of the reader worker.

import { parentPort } from "node:worker_threads";
import { makeProbeLiveness } from "../recorder/liveness";
import { loadSession } from "../store/loadSession";
import type { ToReader } from "./readerProtocol";
import { wholeSource } from "./readingInMemory";
import { ScannedSource } from "./scannedSource";
import { TraceReader } from "./traceReader";

const port = parentPort;
if (port === null) throw new Error("The reader runs as a worker.");

const probe = makeProbeLiveness();
const reader = new TraceReader({
  post: (message, transfer) => port.postMessage(message, transfer),
  openSource: (key, access) =>
    new ScannedSource({
      key,
      access,
      probe,
      journaled: wholeSource((signal) => loadSession(key, probe, signal, access)),
    }),
});
port.on("message", (message: ToReader) => reader.receive(message));
