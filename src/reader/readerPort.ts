// The line to a reader, whatever it runs in.

import type { FromReader, ToReader } from "./readerProtocol";

export interface ReaderPort {
  post(message: ToReader): void;
  /** Set once, before the first message. */
  listen(listener: ReaderListener): void;
  /** Ends the reader; `onLost` is not called for that. */
  close(): void;
}

export interface ReaderListener {
  onMessage(message: FromReader): void;
  /** The reader has ended by itself, and nothing comes any more. */
  onLost(reason: string): void;
  /** It does not answer for longer than its work takes, or does again. */
  onSilence?(isSilent: boolean): void;
}
