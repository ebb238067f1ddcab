// The reader: opened traces by number, and what the host says of them. Runs in a worker of its own; in tests also in the
// process that asks, through the same messages.

import type { Disposable } from "../base/disposable";
import { describeError, type Logger } from "../base/logger";
import { confineAccess } from "../store/confinedAccess";
import { type FileAccess, nodeFileAccess } from "../store/fileAccess";
import { StaleEpochError, supersededMethods } from "./answerRequest";
import { delayedAccess } from "./delayedAccess";
import { withExactArrays } from "./exactArrays";
import { OpenedTrace, type TraceNews } from "./openedTrace";
import { pictureFacts } from "./pictureFacts";
import type { CallName, CallParams, FailureKind, FromReader, ToReader } from "./readerProtocol";
import type { SessionSource } from "./sessionSource";
import { answerCall } from "./traceCalls";

export interface TraceReaderOptions {
  post(message: FromReader, transfer: readonly ArrayBuffer[]): void;
  /** @param key absolute path of the session's `S.json`, which need not exist */
  openSource(key: string, access: FileAccess, logger: Logger): SessionSource;
  now?: (() => number) | undefined;
  /** How long files may leave a call unanswered before it is told. */
  delayMs?: number | undefined;
}

export class TraceReader implements Disposable {
  readonly #options: TraceReaderOptions;
  readonly #traces = new Map<number, OpenedTrace>();
  /** By id of the call. */
  readonly #running = new Map<number, { readonly trace: number; readonly abort: AbortController }>();
  /** The running search of each panel, by panel and method. */
  readonly #searches = new Map<string, AbortController>();
  readonly #access: FileAccess;
  /** Nothing is read before the first word on it. */
  #borders: readonly string[] | undefined = [];

  constructor(options: TraceReaderOptions) {
    this.#options = options;
    this.#access = confineAccess(() => this.#borders, nodeFileAccess);
  }

  /** Files may be read below some folders only: the workspace is not trusted. */
  get isConfined(): boolean {
    return this.#borders !== undefined;
  }

  receive(message: ToReader): void {
    try {
      this.#receive(message);
    } catch (error) {
      // One trace that cannot be dealt with is no reason to lose all of them.
      this.#post({
        type: "log",
        level: "error",
        message: `The reader failed at ${message.type}: ${describeError(error)}`,
      });
    }
  }

  #receive(message: ToReader): void {
    switch (message.type) {
      case "borders":
        this.#borders = message.folders;
        return;
      case "open":
        return this.#open(message);
      case "close":
        return this.#close(message.trace);
      case "refreshState":
        this.#traces.get(message.trace)?.refreshState();
        return;
      case "call":
        void this.#call(message);
        return;
      case "cancel":
        this.#running.get(message.id)?.abort.abort();
        return;
      case "ping":
        return this.#post({ type: "pong" });
    }
  }

  dispose(): void {
    for (const trace of [...this.#traces.keys()]) this.#close(trace);
  }

  #open({ trace, key, firstEpoch }: Extract<ToReader, { type: "open" }>): void {
    this.#close(trace);
    const logger = this.#logger(key);
    const { delayMs } = this.#options;
    const access = delayedAccess(
      this.#access,
      (isDelayed) => {
        if (this.#traces.get(trace) === opened) this.#post({ type: "delay", trace, isDelayed });
      },
      delayMs,
    );
    const opened: OpenedTrace = new OpenedTrace({
      source: this.#options.openSource(key, access, logger),
      firstEpoch,
      logger,
      now: this.#options.now ?? Date.now,
      onNews: (news) => this.#tell(trace, news),
    });
    this.#traces.set(trace, opened);
  }

  #close(trace: number): void {
    for (const running of this.#running.values()) if (running.trace === trace) running.abort.abort();
    this.#traces.get(trace)?.dispose();
    this.#traces.delete(trace);
  }

  #tell(trace: number, news: TraceNews): void {
    if (news.type === "picture") this.#post({ type: "picture", trace, facts: pictureFacts(news.picture) });
    else this.#post({ ...news, trace });
  }

  async #call({ id, trace, name, params }: Extract<ToReader, { type: "call" }>): Promise<void> {
    const abort = new AbortController();
    this.#running.set(id, { trace, abort });
    const search = this.#supersede(trace, name, params, abort);
    try {
      const opened = this.#traces.get(trace);
      if (opened === undefined) throw new StaleEpochError("The trace was closed meanwhile");
      const report = (part: unknown): void => {
        if (!abort.signal.aborted) this.#post({ type: "part", id, part: withExactArrays(part) });
      };
      const result = withExactArrays(await answerCall(opened, name, params as never, abort.signal, report));
      abort.signal.throwIfAborted();
      this.#post({ type: "result", id, result }, handedOver(name, result));
    } catch (error) {
      this.#post({ type: "failed", id, kind: kindOf(error, abort.signal), message: describeError(error) });
    } finally {
      this.#running.delete(id);
      if (search !== undefined && this.#searches.get(search) === abort) this.#searches.delete(search);
    }
  }

  /** A newer search of a panel makes the one before useless. */
  #supersede(trace: number, name: CallName, params: unknown, abort: AbortController): string | undefined {
    if (name !== "request") return undefined;
    const { panel, request } = params as CallParams<"request">;
    if (!supersededMethods.has(request.method)) return undefined;
    const search = `${trace} ${panel}`;
    this.#searches.get(search)?.abort();
    this.#searches.set(search, abort);
    return search;
  }

  #post(message: FromReader, transfer: readonly ArrayBuffer[] = []): void {
    this.#options.post(message, transfer);
  }

  #logger(key: string): Logger {
    const log = (level: "debug" | "info" | "warn" | "error") => (message: string | Error) =>
      this.#post({ type: "log", level, message: `${key}: ${describeError(message)}` });
    return { trace() {}, debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") };
  }
}

function kindOf(error: unknown, signal: AbortSignal): FailureKind {
  if (signal.aborted) return "aborted";
  return error instanceof StaleEpochError ? "stale" : "other";
}

/** Columns are cut for the one who asked, so they change hands; other answers may be kept here and are copied. */
function handedOver(name: CallName, result: unknown): ArrayBuffer[] {
  if ((name !== "columns" && name !== "delta") || typeof result !== "object" || result === null) return [];
  const arrays = Object.values(result).flatMap((value: unknown) =>
    ArrayBuffer.isView(value) ? [value] : typeof value === "object" && value !== null ? Object.values(value) : [],
  );
  return arrays.filter((value) => ArrayBuffer.isView(value)).map(({ buffer }) => buffer as ArrayBuffer);
}
