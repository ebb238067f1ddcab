// A trace that the reader holds, as the host sees it: the facts of its picture, and calls for everything else.

import type { Disposable } from "../base/disposable";
import { Emitter } from "../base/event";
import { describeError, type Logger } from "../base/logger";
import type { CallName, CallParams, CallResult, FromReader, PictureFacts } from "./readerProtocol";

/** A loss so soon after the one before is believed to have the same cause. */
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
  #now: TraceNow | undefined;
  #facts: PictureFacts | undefined;
  #lostMs: number | undefined;
  #wasReadSince = false;
  #isDisposed = false;

  constructor(key: string, link: Link) {
    this.key = key;
    this.#link = link;
    this.#changes = new Emitter((error) => link.logger.error(`A trace listener failed: ${describeError(error)}`));
  }

  /** `now` is another one. */
  get onDidChange() {
    return this.#changes.event;
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
      this.#lostMs = undefined;
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

  receive(message: Extract<FromReader, { type: "picture" | "unreadable" }>): void {
    if (this.#isDisposed) return;
    if (message.type === "picture") {
      this.#facts = message.facts;
      this.#now = { type: "picture", facts: message.facts };
    } else this.#now = { type: "unreadable", message: message.message, isMissing: message.isMissing };
    this.#changes.fire();
  }

  /** The reader has read it and is still there. */
  survived(): void {
    this.#wasReadSince = true;
  }

  /** The reader was lost while it worked on this trace. Twice in a row is believed to be the trace's doing. */
  suspect(reason: string): void {
    if (this.#isDisposed) return;
    const nowMs = performance.now();
    const isAgain = this.#lostMs !== undefined && (!this.#wasReadSince || nowMs - this.#lostMs < sameCauseMs);
    this.#lostMs = nowMs;
    this.#wasReadSince = false;
    if (!isAgain) return;
    this.#now = { type: "lost", message: reason };
    this.#changes.fire();
  }

  /** After a loss: opens it in the next reader and reads it, unless that is believed to end that reader too. */
  async reopenOnce(): Promise<void> {
    if (this.#isDisposed || this.#now?.type === "lost") return;
    this.#link.reopen();
    await this.update();
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#changes.dispose();
    this.#link.close();
  }
}
