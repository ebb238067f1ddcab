// The program of a reader that hangs over a trace when a file beside it says so: `.loop` makes it loop for ever, `.pipe`,
// a pipe, makes it read what never comes. `.hangs` is there as soon as it does.
import { existsSync, openSync, readSync, writeFileSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import type { FromReader, ToReader } from "../../src/reader/readerProtocol";
import { ScannedSource } from "../../src/reader/scannedSource";
import { TailedSource } from "../../src/reader/tailedSource";
import { TraceReader } from "../../src/reader/traceReader";

const port = parentPort;
if (port === null) throw new Error("The reader runs as a worker.");

function hangWhereTold(key: string): void {
  const [loop, pipe] = [`${key}.loop`, `${key}.pipe`];
  if (!existsSync(loop) && !existsSync(pipe)) return;
  writeFileSync(`${key}.hangs`, "");
  while (existsSync(pipe)) readSync(openSync(pipe, "r+"), new Uint8Array(1));
  for (; existsSync(loop); );
  for (;;);
}

const probe = () => "unknown" as const;
const reader = new TraceReader({
  post: (message: FromReader, transfer) => port.postMessage(message, transfer),
  openSource(key, access) {
    const source = new ScannedSource({ key, access, probe, journaled: new TailedSource({ key, access, probe }) });
    return {
      read(signal) {
        hangWhereTold(key);
        return source.read(signal);
      },
      forget: () => source.forget(),
      dispose: () => source.dispose(),
    };
  },
});
port.on("message", (message: ToReader) => reader.receive(message));
