// A reader in this process, at the other end of the very messages: copied and transferred as those of the worker are.
//
//   using reader = localReader(() => wholeSource(async () => session));
import { MessageChannel } from "node:worker_threads";
import { type Logger, silentLogger } from "../../src/base/logger";
import { ReaderClient } from "../../src/reader/readerClient";
import type { ReaderPort } from "../../src/reader/readerPort";
import type { FromReader, ToReader } from "../../src/reader/readerProtocol";
import { TraceReader, type TraceReaderOptions } from "../../src/reader/traceReader";

export interface LocalReaderOptions {
  readonly logger?: Logger | undefined;
  readonly now?: (() => number) | undefined;
}

export function localReader(
  openSource: TraceReaderOptions["openSource"],
  options: LocalReaderOptions = {},
): ReaderClient {
  return new ReaderClient({
    connect: () => localPort(openSource, options.now),
    borders: () => undefined,
    logger: options.logger ?? silentLogger,
  });
}

function localPort(openSource: TraceReaderOptions["openSource"], now: (() => number) | undefined): ReaderPort {
  const { port1: here, port2: there } = new MessageChannel();
  const reader = new TraceReader({
    post: (message, transfer) => there.postMessage(message, transfer),
    openSource,
    now,
  });
  there.on("message", (message: ToReader) => reader.receive(message));
  return {
    post: (message) => here.postMessage(message),
    listen: (listener) => {
      here.on("message", (message: FromReader) => listener.onMessage(message));
    },
    close: () => {
      reader.dispose();
      here.close();
    },
  };
}
