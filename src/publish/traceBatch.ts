// The trace batch of one session while that runs: takes events at any time without waiting for anything, begins a batch in
// the background, and ends it once. Whatever happens on the way, each end leaves it as it was when it was made, by one
// `#reset`; only that publishing failed is remembered, and then nothing more leaves in this session.

import { describeError } from "../base/logger";
import type { BatchEnd } from "./batchState";
import { type PublishClock, within } from "./publishClock";
import type { PublishLog } from "./publishLog";
import type { BatchStart, Family, NewPublishRecord } from "./publishRecord";
import { runBatch } from "./runBatch";
import { compareTraceEvents, type TraceEvent } from "./traceEvent";
import type { UploadApi } from "./uploadApi";

/** On which endpoints, and as whom. */
export interface Access {
  readonly family: Family;
  readonly token?: string | undefined;
}

export interface BatchBegin {
  /** What begins it, for whoever asks which of two it was. */
  readonly owner: string;
  readonly start: BatchStart;
  /** A person has said yes to this very publication. */
  readonly isExplicit?: boolean | undefined;
  /** Asked once, after the batch is taken: nobody else begins one meanwhile. See `consent.ts`. */
  access(): Promise<Access>;
}

type Job = Extract<NewPublishRecord, { readonly type: "job" }>;

export interface TraceBatchOptions {
  /** As the trace's list names it. */
  readonly session: string;
  readonly baseUrl: string;
  readonly clock: PublishClock;
  api(token: string | undefined): UploadApi;
  /** A log whose first record is the job. */
  openLog(job: Job): Promise<PublishLog>;
  newTraceId(): string;
  isEnabled(): boolean;
  /** So long handlers that still run are waited for at the end. */
  readonly handlersMs?: number | undefined;
}

/** What is kept on this machine, whatever became of the publication. */
export interface KeptFacts {
  readonly events: number;
  readonly durationMs: number;
}

export type PublishResult =
  | { readonly type: "none" }
  | (BatchEnd & { readonly kept: KeptFacts })
  /** What is to be known after a kill could not be written, so nothing more was sent. */
  | { readonly type: "broken"; readonly reason: string; readonly kept: KeptFacts };

/** All that a batch is made of; equal to that of a new one after every end. */
export interface BatchFacts {
  readonly batchId: string | undefined;
  readonly family: Family | undefined;
  readonly isInitialised: boolean;
  readonly isEnding: boolean;
  readonly owner: string | undefined;
  readonly events: number;
  readonly handlers: number;
  readonly startedMs: number | undefined;
}

interface Current {
  readonly owner: string;
  readonly startedMs: number;
  readonly isExplicit: boolean;
  /** Of those who came later, before there was a log. */
  metadata: BatchStart["metadata"];
  log: PublishLog | undefined;
  api: UploadApi | undefined;
  /** Resolves when it is initialised or never will be; never rejects. */
  begun: Promise<void>;
  /** Why nothing of it can be written. */
  broken: string | undefined;
}

/** Who asks for the access may hang. */
const accessMs = 10_000;
const defaultHandlersMs = 2_000;
export const handlersTimeout = "Timeout waiting for event handlers - events incomplete";

export class TraceBatch {
  readonly #options: TraceBatchOptions;
  #current: Current | undefined;
  #ending: Promise<PublishResult> | undefined;
  #events: TraceEvent[] = [];
  #firstMs: number | undefined;
  readonly #handlers = new Set<Promise<unknown>>();
  /** What is sent is fixed: nothing is added to it. */
  #isCaptured = false;
  #isOff = false;

  constructor(options: TraceBatchOptions) {
    this.#options = options;
  }

  /** A publication of this session has failed: no other one is begun by itself. */
  get isOff(): boolean {
    return this.#isOff;
  }

  get facts(): BatchFacts {
    const state = this.#current?.log?.state;
    const hasId = state?.type === "open" || state?.type === "failing";
    return {
      batchId: hasId ? state.id : undefined,
      family: state === undefined || state.type === "idle" || state.type === "ended" ? undefined : state.family,
      isInitialised: state?.type === "open",
      isEnding: this.#ending !== undefined,
      owner: this.#current?.owner,
      events: this.#events.length,
      handlers: this.#handlers.size,
      startedMs: this.#current?.startedMs ?? this.#firstMs,
    };
  }

  /** Resolves when the batch is initialised or never will be, with whether it is. */
  async begun(): Promise<boolean> {
    await this.#current?.begun;
    return this.facts.isInitialised;
  }

  /** Waits for nothing and never throws. What comes once the end has captured the events belongs to no batch. */
  add(event: TraceEvent): void {
    if (this.#isCaptured) return;
    this.#firstMs ??= this.#options.clock.nowMs();
    this.#events.push(event);
  }

  /** Something that may still add events; the end waits for it. */
  during(handler: Promise<unknown>): void {
    const settled: Promise<unknown> = handler.then(
      () => this.#handlers.delete(settled),
      () => this.#handlers.delete(settled),
    );
    this.#handlers.add(settled);
  }

  /**
   * Begins the batch in the background. Where one is begun already, what the caller knows of the run is merged into it.
   * @returns false where nothing is begun, because publishing has failed in this session
   */
  begin(begin: BatchBegin): boolean {
    if (this.#ending !== undefined || (this.#isOff && begin.isExplicit !== true)) return false;
    if (this.#current !== undefined) {
      this.#merge(this.#current, begin.start.metadata);
      return true;
    }
    const startedMs = begin.start.startedMs;
    // Taken before anything is waited for, so that of two who begin at the same time one does.
    const current: Current = {
      owner: begin.owner,
      startedMs,
      isExplicit: begin.isExplicit === true,
      metadata: {},
      log: undefined,
      api: undefined,
      begun: Promise.resolve(),
      broken: undefined,
    };
    this.#current = current;
    current.begun = this.#initialise(current, begin).catch((error: unknown) => {
      current.broken = describeError(error);
    });
    return true;
  }

  /** Ends what was begun; the same end for all who ask while it is under way, and nothing afterwards. Never rejects. */
  end(): Promise<PublishResult> {
    if (this.#ending !== undefined) return this.#ending;
    const current = this.#current;
    if (current === undefined) {
      this.#reset();
      return Promise.resolve({ type: "none" });
    }
    // Set before it runs: what it does first is not to be done twice.
    this.#ending = Promise.resolve().then(() => this.#end(current));
    return this.#ending;
  }

  async #initialise(current: Current, { start, access }: BatchBegin): Promise<void> {
    const { session, baseUrl, clock } = this.#options;
    const asked = access().catch((): Access => ({ family: "ephemeral" }));
    const { family, token } = await within<Access, Access>(clock, accessMs, asked, { family: "ephemeral" });
    current.api = this.#options.api(token);
    const merged = { ...start, metadata: { ...current.metadata, ...start.metadata } };
    current.metadata = {};
    const { isExplicit } = current;
    const traceId = this.#options.newTraceId();
    const log = await this.#options.openLog({
      type: "job",
      traceId,
      session,
      family,
      isExplicit,
      baseUrl,
      start: merged,
    });
    current.log = log;
    const { metadata } = current;
    if (Object.keys(metadata).length > 0) await log.append({ type: "merge", metadata });
    await this.#run(current);
  }

  #merge(current: Current, metadata: BatchStart["metadata"]): void {
    if (current.log === undefined) {
      current.metadata = { ...metadata, ...current.metadata };
      return;
    }
    current.log.append({ type: "merge", metadata }).catch(() => {
      // The batch is begun without it; the log's next record fails too, and that is told.
    });
  }

  async #run({ log, api }: Current): Promise<void> {
    const { clock, isEnabled } = this.#options;
    if (log !== undefined && api !== undefined) await runBatch({ log, api, clock, isEnabled });
  }

  async #end(current: Current): Promise<PublishResult> {
    const startedMs = Math.min(current.startedMs, this.#firstMs ?? current.startedMs);
    // Of which handlers may still add some.
    let kept: KeptFacts = { events: this.#events.length, durationMs: this.#options.clock.nowMs() - startedMs };
    try {
      const areAllHere = await this.#handlersEnded();
      // Captured before anything of it is consumed.
      this.#isCaptured = true;
      const events = this.#events.toSorted(compareTraceEvents);
      kept = { events: events.length, durationMs: this.#options.clock.nowMs() - startedMs };
      await current.begun;
      const { log, broken } = current;
      if (log === undefined || broken !== undefined) return this.#broken(broken ?? "It was not begun", kept);
      if (areAllHere) await log.store(events, kept.durationMs);
      else await log.append({ type: "cut", reason: handlersTimeout });
      await this.#run(current);
      const { state } = log;
      if (state.type !== "ended") return this.#broken("It did not end", kept);
      if (state.end.type !== "published") this.#isOff = true;
      return { ...state.end, kept };
    } catch (error) {
      return this.#broken(describeError(error), kept);
    } finally {
      await current.log?.close().catch(() => undefined);
      this.#reset();
    }
  }

  #broken(reason: string, kept: KeptFacts): PublishResult {
    this.#isOff = true;
    return { type: "broken", reason, kept };
  }

  async #handlersEnded(): Promise<boolean> {
    const { clock, handlersMs = defaultHandlersMs } = this.#options;
    const ended = async () => {
      // One may begin another.
      while (this.#handlers.size > 0) await Promise.all(this.#handlers);
      return true;
    };
    return await within(clock, handlersMs, ended(), false);
  }

  #reset(): void {
    this.#current = undefined;
    this.#ending = undefined;
    this.#events = [];
    this.#firstMs = undefined;
    this.#handlers.clear();
    this.#isCaptured = false;
  }
}
