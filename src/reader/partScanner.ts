// A thread that scans parts of trace files for the reader.

import { parentPort } from "node:worker_threads";
import { nodeFileAccess, sameStamp } from "../store/fileAccess";
import type { ScannedPart } from "../trace/scanTrace";
import type { FromPartScanner, ToPartScanner } from "./scanCrew";
import { type PartToScan, scanPart } from "./scanFile";
import { TraceBytes } from "./scannedBytes";

const port = parentPort;
if (port === null) throw new Error("The scanner of parts runs as a worker.");

const running = new Map<number, AbortController>();

port.on("message", (message: ToPartScanner) => {
  if (message.type === "cancel") running.get(message.id)?.abort();
  else void answer(message.id, message.part);
});

async function answer(id: number, part: PartToScan): Promise<void> {
  const abort = new AbortController();
  running.set(id, abort);
  // Whatever is wrong with the part, who asked finds it out and says it.
  const scanned = await scan(part, abort.signal).catch(() => undefined);
  running.delete(id);
  const reply: FromPartScanner = { id, scanned };
  port?.postMessage(reply, scanned === undefined ? [] : buffersOf(scanned));
}

async function scan(part: PartToScan, signal: AbortSignal): Promise<ScannedPart | undefined> {
  const file = await TraceBytes.open(nodeFileAccess, part.path);
  try {
    return sameStamp(file.version, part.version) ? await scanPart(file, part, signal) : undefined;
  } finally {
    await file.close();
  }
}

/** The columns of the findings, which are not needed here any more. */
function buffersOf({ findings }: ScannedPart): ArrayBuffer[] {
  const columns = [findings.rows, findings.ids, findings.names, findings.models, findings.usage].flatMap((part) =>
    Object.values(part),
  );
  return columns.filter((column) => ArrayBuffer.isView(column)).map(({ buffer }) => buffer as ArrayBuffer);
}
