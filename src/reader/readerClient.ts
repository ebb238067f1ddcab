// The host's end of the reader: starts it with the first opened trace, ends it a while after the last one was closed, and
// replaces it when it is lost. Every call settles, whatever becomes of the reader.

import type { Disposable } from "../base/disposable";
import type { Logger } from "../base/logger";
import type { ReaderPort } from "./readerPort";
import type { CallName, CallParams, CallResult, FailureKind, FromReader, ToReader } from "./readerProtocol";
import { type CallOptions, RemoteTrace } from "./remoteTrace";

/** A minute: whoever closes one trace often opens the next. */
const usualIdleMs = 60_000;

/** A call that the reader could not answer. */
export class ReaderError extends Error {
  override readonly name = "ReaderError";
  readonly kind: FailureKind | "lost";

  constructor(kind: FailureKind | "lost", message: string) {
    super(message);
    this.kind = kind;
  }
}

export interface ReaderClientOptions {
  connect(): ReaderPort;
  /** Asked before each message: where files may be read, undefined for everywhere. */
  borders(): readonly string[] | undefined;
  readonly logger: Logger;
  readonly idleMs?: number | undefined;
}

interface Shared {
  readonly trace: RemoteTrace;
  readonly isRead: Promise<void>;
  users: number;
}

interface Pending {
  readonly trace: RemoteTrace;
  readonly onPart: CallOptions["onPart"];
  resolve(result: unknown): void;
  reject(error: ReaderError): void;
}

export class ReaderClient implements Disposable {
  readonly #options: ReaderClientOptions;
  readonly #traces = new Map<number, RemoteTrace>();
  /** In which reader a trace is open. */
  readonly #openIn = new WeakMap<RemoteTrace, ReaderPort>();
  /** By key: traces that are open for single questions. */
  readonly #shared = new Map<string, Shared>();
  readonly #pending = new Map<number, Pending>();
  #port: ReaderPort | undefined;
  #sentBorders = "";
  #nextTrace = 1;
  #nextCall = 1;
  #idle: NodeJS.Timeout | undefined;
  #isDisposed = false;
  /** Traces are opened again one after the other, so that the next loss shows which of them it was. */
  #reopening: Promise<void> = Promise.resolve();

  constructor(options: ReaderClientOptions) {
    this.#options = options;
  }

  /** Whether there is a reader now. */
  get isRunning(): boolean {
    return this.#port !== undefined;
  }

  /** Opens a session; nothing is read before the first `update`. */
  open(key: string): RemoteTrace {
    const id = this.#nextTrace++;
    const trace = new RemoteTrace(key, {
      call: (name, params, options) => this.#call(id, trace, name, params, options),
      post: (type) => this.#post({ type, trace: id }),
      reopen: () => this.#open(id, trace),
      close: () => this.#close(id),
      logger: this.#options.logger,
    });
    this.#traces.set(id, trace);
    this.#open(id, trace);
    return trace;
  }

  /**
   * What one question needs of a session: of the trace that somebody looks at, else of one that is opened for it.
   * Questions at the same time share one reading.
   */
  async once<Result>(key: string, use: (trace: RemoteTrace) => Promise<Result>): Promise<Result> {
    const open = this.#shared.has(key) ? undefined : this.#shown(key);
    if (open !== undefined) return use(open);
    const shared = this.#shared.get(key) ?? this.#share(key);
    shared.users++;
    try {
      await shared.isRead;
      return await use(shared.trace);
    } finally {
      if (--shared.users === 0) {
        this.#shared.delete(key);
        shared.trace.dispose();
      }
    }
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#end();
    this.#rejectAll("the window is closing");
    this.#traces.clear();
  }

  #shown(key: string): RemoteTrace | undefined {
    for (const trace of this.#traces.values()) if (trace.key === key && trace.now?.type === "picture") return trace;
    return undefined;
  }

  #share(key: string): Shared {
    const trace = this.open(key);
    const shared = { trace, isRead: trace.update(), users: 0 };
    this.#shared.set(key, shared);
    return shared;
  }

  #open(id: number, trace: RemoteTrace): void {
    if (this.#isDisposed || !this.#traces.has(id)) return;
    if (this.#port !== undefined && this.#openIn.get(trace) === this.#port) return;
    this.#post({ type: "open", trace: id, key: trace.key, firstEpoch: trace.nextEpoch });
    if (this.#port !== undefined) this.#openIn.set(trace, this.#port);
  }

  #close(id: number): void {
    if (!this.#traces.delete(id)) return;
    this.#port?.post({ type: "close", trace: id });
    if (this.#traces.size > 0 || this.#port === undefined) return;
    this.#idle = setTimeout(() => this.#end(), this.#options.idleMs ?? usualIdleMs);
    this.#idle.unref();
  }

  #end(): void {
    clearTimeout(this.#idle);
    this.#port?.close();
    this.#port = undefined;
  }

  #post(message: ToReader): void {
    if (this.#isDisposed) return;
    clearTimeout(this.#idle);
    this.#port ??= this.#connect();
    const folders = this.#options.borders();
    const borders = JSON.stringify(folders ?? null);
    if (borders !== this.#sentBorders) {
      this.#sentBorders = borders;
      this.#port.post({ type: "borders", folders });
    }
    this.#port.post(message);
  }

  #connect(): ReaderPort {
    const port = this.#options.connect();
    this.#sentBorders = "";
    port.listen({
      onMessage: (message) => {
        if (port === this.#port) this.#receive(message);
      },
      onLost: (reason) => {
        if (port === this.#port) this.#lost(reason);
      },
      onSilence: (isSilent) => {
        if (port !== this.#port) return;
        this.#options.logger.warn(isSilent ? "The reader does not answer" : "The reader answers again");
        for (const trace of this.#traces.values()) trace.setReaderSilent(isSilent);
      },
    });
    this.#options.logger.debug("The reader was started");
    return port;
  }

  async #call<Name extends CallName>(
    id: number,
    trace: RemoteTrace,
    name: Name,
    params: CallParams<Name>,
    { signal, onPart }: CallOptions = {},
  ): Promise<CallResult<Name>> {
    signal?.throwIfAborted();
    if (this.#isDisposed || !this.#traces.has(id)) throw new ReaderError("aborted", "The trace is closed");
    const call = this.#nextCall++;
    const cancel = (): void => {
      this.#port?.post({ type: "cancel", id: call });
      this.#take(call)?.reject(new ReaderError("aborted", "Nobody waits for it any more"));
    };
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      return await new Promise<CallResult<Name>>((resolve, reject) => {
        const settle = { resolve: (result: unknown) => resolve(result as CallResult<Name>), reject };
        this.#pending.set(call, { trace, onPart, ...settle });
        this.#post({ type: "call", id: call, trace: id, name, params });
      });
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  }

  #receive(message: FromReader): void {
    switch (message.type) {
      case "picture":
      case "unreadable":
        return this.#traces.get(message.trace)?.receive(message);
      case "delay":
        return this.#traces.get(message.trace)?.setFilesSilent(message.isDelayed);
      case "result": {
        const pending = this.#take(message.id);
        pending?.trace.survived();
        return pending?.resolve(message.result);
      }
      case "part":
        return this.#pending.get(message.id)?.onPart?.(message.part);
      case "failed":
        return this.#take(message.id)?.reject(new ReaderError(message.kind, message.message));
      case "pong":
        return;
      case "log":
        return this.#options.logger[message.level](message.message);
    }
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  #lost(reason: string): void {
    this.#port = undefined;
    this.#options.logger.error(`The reader was lost: ${reason}`);
    const working = new Set([...this.#pending.values()].map(({ trace }) => trace));
    this.#rejectAll(reason);
    const open = [...this.#traces.values()];
    // What nothing was asked of cannot be what it died of, unless nothing was asked at all.
    const suspects = open.filter((trace) => working.size === 0 || working.has(trace));
    for (const trace of suspects) trace.suspect(reason);
    for (const trace of open) this.#reopening = this.#reopening.then(() => trace.reopenOnce());
  }

  #rejectAll(reason: string): void {
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of pending) reject(new ReaderError("lost", `The reader stopped: ${reason}`));
  }
}
