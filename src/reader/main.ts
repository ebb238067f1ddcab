// The program of the reader worker.

import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { silentLogger } from "../base/logger";
import { makeProbeLiveness } from "../recorder/liveness";
import { programHash } from "../store/programHash";
import { AnySource } from "./anySource";
import type { FromReader, ToReader } from "./readerProtocol";
import { WorkerCrew } from "./scanCrew";
import { ScannedSource } from "./scannedSource";
import { ScanStorage } from "./scanStorage";
import { TailedSource } from "./tailedSource";
import { TraceReader } from "./traceReader";
import type { WorkerData } from "./workerPort";

/** When whoever opened a trace is past waiting for it. */
const pruneDelayMs = 30_000;
/** Beside this thread. More are of little use to a file that has to come from a disk. */
const mostScanners = 3;

const port = parentPort;
if (port === null) throw new Error("The reader runs as a worker.");

const post = (message: FromReader, transfer: readonly ArrayBuffer[]): void => port.postMessage(message, transfer);
const probe = makeProbeLiveness();
const { storage } = workerData as WorkerData;
const memory = storage === undefined ? undefined : keptScans(storage);
const crew = new WorkerCrew({
  program: join(dirname(__filename), "partScanner.js"),
  size: Math.min(mostScanners, availableParallelism() - 1),
});
const reader = new TraceReader({
  post,
  openSource: (key, access) =>
    new AnySource({
      key,
      access,
      openTrace: () =>
        new ScannedSource({
          key,
          access,
          probe,
          memory,
          crew,
          journaled: new TailedSource({ key, access, probe, memory, crew }),
        }),
    }),
});
port.on("message", (message: ToReader) => reader.receive(message));

function keptScans(folder: string): ScanStorage {
  const scans = new ScanStorage({
    folder,
    producer: programHash(__filename),
    mayWrite: () => !reader.isConfined,
    logger: { ...silentLogger, debug: (message) => post({ type: "log", level: "debug", message }, []) },
  });
  setTimeout(() => void scans.prune(), pruneDelayMs).unref();
  return scans;
}
