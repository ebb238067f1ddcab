// One session as its panels see it. What it holds is small: the reader has the rest. Shared by all panels of a document.

import { type Disposable, DisposableStore } from "../../base/disposable";
import type { ReaderClient } from "../../reader/readerClient";
import type { CallName, CallParams, CallResult, PictureFacts } from "../../reader/readerProtocol";
import type { CallOptions, Delay, RemoteTrace, TraceNow } from "../../reader/remoteTrace";
import type { TraceStore } from "../../store/traceStore";
import { deriveState } from "../../trace/state";

export class TraceModel implements Disposable {
  readonly key: string;
  readonly #trace: RemoteTrace;
  readonly #now: () => number;
  readonly #owned = new DisposableStore();

  constructor(
    key: string,
    reader: Pick<ReaderClient, "open">,
    store: Pick<TraceStore, "watchSession">,
    now: () => number = Date.now,
  ) {
    this.key = key;
    this.#now = now;
    this.#trace = this.#owned.add(reader.open(key));
    this.#owned.add(store.watchSession(key, () => void this.reload()));
  }

  /** `now` is another one. */
  get onDidChange() {
    return this.#trace.onDidChange;
  }

  /** `delay` is another one. */
  get onDidChangeDelay() {
    return this.#trace.onDidChangeDelay;
  }

  /** What keeps questions waiting; undefined where nothing does. */
  get delay(): Delay | undefined {
    return this.#trace.delay;
  }

  /** What there is to show; undefined before the first reading has ended. */
  get now(): TraceNow | undefined {
    return this.#trace.now;
  }

  /** Of the last sound picture; undefined before the first one. */
  get facts(): PictureFacts | undefined {
    return this.#trace.facts;
  }

  /** @throws ReaderError; the signal's reason where it is aborted already */
  call<Name extends CallName>(name: Name, params: CallParams<Name>, options?: CallOptions): Promise<CallResult<Name>> {
    return this.#trace.call(name, params, options);
  }

  /** Reads what is new. Never rejects. */
  reload(): Promise<void> {
    return this.#trace.update();
  }

  /**
   * Time alone can change the state (silence turns Running into Unknown), and with it the failures. Of a live session the
   * process that writes it may have gone, which no file tells, so that it is looked at again.
   */
  refreshState(): void {
    const { facts } = this;
    if (facts === undefined) return;
    if (facts.header.live) return void this.reload();
    const state = deriveState(facts.evidence, this.#now());
    if (JSON.stringify(state) !== JSON.stringify(facts.state)) this.#trace.refreshState();
  }

  dispose(): void {
    this.#owned.dispose();
  }
}
