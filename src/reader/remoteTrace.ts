// A trace that the reader holds, as the host sees it: the facts of its picture, and calls for everything else.

import type { Disposable } from "../base/disposable";
import { Emitter } from "../base/event";
import { describeError, type Logger } from "../base/logger";
import type { CallName, CallParams, CallResult, FromReader, PictureFacts } from "./readerProtocol";

/** A loss so soon after the trace was read again is believed to have the same cause as the one before. */
const sameCauseMs = 60_000;

export type TraceNow =
  | { readonly type: "picture"; readonly facts: PictureFacts }
  /** Nothing of it can be read at the moment. */
  | { readonly type: "unreadable"; readonly message: string; readonly isMissing: boolean }
  /** The reader was lost over it, twice; it is opened again only when somebody asks. */
  | { readonly type: "lost"; readonly message: string };

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Takes parts of the result, ahead of it. */
  readonly onPart?: ((part: unknown) => void) | undefined;
}

/** What does not answer. */
export type Delay = "reader" | "files";

interface Link {
  call<Name extends CallName>(name: Name, params: CallParams<Name>, options?: CallOptions): Promise<CallResult<Name>>;
  post(type: "refreshState"): void;
  /** Opens it in the reader of now, where it is not open yet. */
  reopen(): void;
  close(): void;
  readonly logger: Logger;
}

export class RemoteTrace implements Disposable {
  readonly key: string;
  readonly #link: Link;
  readonly #changes: Emitter<void>;
  readonly #delays: Emitter<void>;
  #now: TraceNow | undefined;
  #facts: PictureFacts | undefined;
  #wasLost = false;
  /** When it was read for the first time after that. */
  #readMs: number | undefined;
  #isReaderSilent = false;
  #areFilesSilent = false;
  #isDisposed = false;

  constructor(key: string, link: Link) {
    this.key = key;
    this.#link = link;
    const onListenerError = (error: unknown) => link.logger.error(`A trace listener failed: ${describeError(error)}`);
    this.#changes = new Emitter(onListenerError);
    this.#delays = new Emitter(onListenerError);
  }

  /** `now` is another one. */
  get onDidChange() {
    return this.#changes.event;
  }

  /** `delay` is another one. */
  get onDidChangeDelay() {
    return this.#delays.event;
  }

  /** What keeps questions about the trace waiting longer than they should; undefined where nothing does. */
  get delay(): Delay | undefined {
    return this.#isReaderSilent ? "reader" : this.#areFilesSilent ? "files" : undefined;
  }

  /** What there is to show; undefined before the first reading has ended. */
  get now(): TraceNow | undefined {
    return this.#now;
  }

  /** Of the last sound picture; undefined before the first one. */
  get facts(): PictureFacts | undefined {
    return this.#facts;
  }

  /** Epochs of a reader that was lost are not used again. */
  get nextEpoch(): number {
    return (this.#facts?.epoch ?? 0) + 1;
  }

  /** @throws ReaderError; the signal's reason where it is aborted already */
  call<Name extends CallName>(name: Name, params: CallParams<Name>, options?: CallOptions): Promise<CallResult<Name>> {
    return this.#link.call(name, params, options);
  }

  /** Reads what is new; settles when `now` says what came of it. Never rejects. */
  async update(): Promise<void> {
    if (this.#isDisposed) return;
    if (this.#now?.type === "lost") {
      this.#wasLost = false;
      this.#now = undefined;
      this.#link.reopen();
    }
    try {
      await this.#link.call("update", {});
    } catch (error) {
      this.#link.logger.debug(`${this.key} was not read: ${describeError(error)}`);
    }
  }

  /** Asks for the state of now where time may have changed it. */
  refreshState(): void {
    if (this.#now?.type === "picture") this.#link.post("refreshState");
  }

  /** After a loss it stays so until there is something of the next reader. */
  setReaderSilent(isSilent: boolean): void {
    this.#setDelay(() => (this.#isReaderSilent = isSilent));
  }

  setFilesSilent(areSilent: boolean): void {
    this.#setDelay(() => (this.#areFilesSilent = areSilent));
  }

  receive(message: Extract<FromReader, { type: "picture" | "unreadable" }>): void {
    if (this.#isDisposed) return;
    this.setReaderSilent(false);
    if (message.type === "picture") {
      this.#facts = message.facts;
      this.#now = { type: "picture", facts: message.facts };
    } else this.#now = { type: "unreadable", message: message.message, isMissing: message.isMissing };
    this.#changes.fire();
  }

  /** The reader has read it and is still there. */
  survived(): void {
    this.#readMs ??= performance.now();
  }

  /** The reader was lost while it worked on this trace. Twice in a row is believed to be the trace's doing. */
  suspect(reason: string): void {
    if (this.#isDisposed) return;
    const nowMs = performance.now();
    const isAgain = this.#wasLost && (this.#readMs === undefined || nowMs - this.#readMs < sameCauseMs);
    this.#wasLost = true;
    this.#readMs = undefined;
    if (!isAgain) return;
    this.setReaderSilent(false);
    this.#now = { type: "lost", message: reason };
    this.#changes.fire();
  }

  /** After a loss: opens it in the next reader and reads it, unless that is believed to end that reader too. */
  async reopenOnce(): Promise<void> {
    if (this.#isDisposed || this.#now?.type === "lost") return;
    this.#link.reopen();
    // Files that do not answer keep no other trace from being opened.
    let endWait = (): void => {};
    const delayed = new Promise<void>((resolve) => (endWait = resolve));
    const subscription = this.onDidChangeDelay(() => {
      if (this.#areFilesSilent) endWait();
    });
    await Promise.race([this.update(), delayed]);
    subscription.dispose();
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#changes.dispose();
    this.#delays.dispose();
    this.#link.close();
  }

  #setDelay(set: () => void): void {
    if (this.#isDisposed) return;
    const before = this.delay;
    set();
    if (this.delay !== before) this.#delays.fire();
  }
}
