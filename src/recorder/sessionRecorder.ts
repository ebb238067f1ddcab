// What one incarnation of a session offers to whoever records it: spans begin, change and end, each call one record of
// the journal. Nothing here throws; texts of JSON are made by the caller at the time of the call, so nothing of the
// caller's is kept.

import type { TraceSource } from "./traceTypes";

/** A JSON object as text, compact as `JSON.stringify` makes it. */
export type JsonObjectText = string;

/** What a finished span adds to the totals. */
export interface SpanTotals {
  readonly kind: "session" | "generation" | "tool" | "text" | "span" | "user-message";
  /** Name of the span: tools are counted by it. */
  readonly name: string;
  /** Failed, and not merely interrupted. */
  readonly isFailed: boolean;
  readonly durationMs: number;
  readonly tokens?: TokenSums | undefined;
  readonly cost?: number | undefined;
  /** It began as a span of kind `span`, because nobody knew better: it counts as what it is from its end on. */
  readonly isCountedLate?: true | undefined;
}

/** What totals count from the beginning of a span. */
export interface SpanBeginFacts extends Pick<SpanTotals, "kind" | "name"> {
  /** The end of the JSON before its last brace, as far as the span's end says it again. */
  readonly replacedByEnd?: string | undefined;
}

export interface TokenSums {
  readonly input: number;
  readonly output: number;
  readonly reasoning: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
}

export interface SessionEnd {
  /** What ends the root span, recorded together with the end of the session. */
  readonly root?: { readonly spanId: string; readonly json: JsonObjectText; readonly totals: SpanTotals } | undefined;
  readonly status: "completed" | "error";
  readonly error?: string | undefined;
  /** Fields of the summary that spans do not tell: `loops` and `narrative`. */
  readonly summary?: Readonly<Record<string, unknown>> | undefined;
}

export interface SessionHealth {
  /** `degraded`: appends are not waited for, and `sync()` alone acknowledges. `failed`: nothing can be written. */
  readonly state: "ok" | "degraded" | "failed";
  /** The first error since it was `ok`. */
  readonly error?: Error | undefined;
  readonly droppedRecords: number;
}

export interface SessionRecorder {
  readonly safeId: string;
  readonly rawId: string;
  readonly traceId: string;
  readonly incarnation: number;
  /** Path of `S.json`. */
  readonly path: string;
  readonly phase: "recording" | "ended" | "crashed";
  readonly health: SessionHealth;
  /** Now in ms since the epoch with a fraction, by the monotonic clock since the session's start. */
  nowMs(): number;

  /**
   * A span begins. Ids are the caller's: one that was used for a span that has ended begins another span.
   * @param json its `spanId`, `parentSpanId`, `name`, `kind`, `startTime` and whatever else is known, without `status`,
   *   `statusMessage`, `endTime`, `output`, `events` and `links`
   * @param facts what totals count from the beginning
   */
  begin(spanId: string, json: JsonObjectText, facts: SpanBeginFacts): void;
  /**
   * A span ends.
   * @param json `endTime`, `status` and what else was not in `begin`; a field that was goes through `set` before
   */
  end(spanId: string, json: JsonObjectText, totals: SpanTotals): void;
  /** A finished span as a whole. */
  span(spanId: string, json: JsonObjectText, totals: SpanTotals): void;
  /** Sets fields of a span, open or not; null takes one away. */
  set(spanId: string, json: JsonObjectText): void;
  /** Adds to a span's attributes, open or not; null takes one away. */
  attributes(spanId: string, json: JsonObjectText): void;
  /** @param json `{name, timeMs?, attributes?}` */
  event(spanId: string, json: JsonObjectText): void;
  /** @param json `{spanId, traceId?, attributes?}` */
  link(spanId: string, json: JsonObjectText): void;
  /** Appends to the output of a span. */
  text(spanId: string, text: string): void;
  /** Adds to the trace's metadata; null takes one away. */
  metadata(json: JsonObjectText): void;
  /** `waiting`, `resumed` or `process-exit` with its fields; see docs/trace-format.md. */
  note(type: "waiting" | "resumed" | "process-exit", fields: Readonly<Record<string, unknown>>): void;

  /** Appends what is pending, in this thread: acknowledged before the turn ends. */
  appendNow(): void;
  /** From now on no snapshot begins by itself: the session is about to end. */
  stopSnapshots(): void;
  /** Resolves when what was recorded before is on the disk; rejects with the system's error where it can't be. */
  sync(): Promise<void>;
  /** Resolves when the journal is on the disk and `S.json` holds what was recorded before the call. Rejects as `sync` does. */
  flush(): Promise<void>;
  /**
   * Ends the session: end record, sync, fold. Resolves with the path of `S.json` once the end is durable and the fold has
   * had five seconds; with the path too after a crash; with undefined where the end can't be written.
   */
  finish(end: SessionEnd): Promise<string | undefined>;
  /**
   * Makes the crash safe, synchronously. Does nothing after the end.
   */
  crash(reason: string, options?: { readonly signal?: string | undefined }): void;
  /** The trace as it would be after `finish(end)`; `dispose` removes what was made for it. */
  source(end: SessionEnd): Promise<(TraceSource & { dispose(): Promise<void> }) | undefined>;
}
