// The public types of the recorder, under the names that altimate-code's recorder (v0.8.10) gives them. They are spelled
// out here so that the library's declarations need no other package; a test holds them to the schema in src/trace.

/** Tokens of one generation; `total` is the sum of the others. */
export interface TokenUsage {
  input: number;
  output: number;
  reasoning: number;
  cacheRead: number;
  cacheWrite: number;
  total: number;
}

/** One span of a trace. Times are in ms since the epoch and may have a fraction; a span without `endTime` is open. */
export interface TraceSpan {
  spanId: string;
  parentSpanId: string | null;
  name: string;
  kind: "session" | "generation" | "tool" | "text" | "span" | "user-message";
  startTime: number;
  endTime?: number;
  status: "ok" | "error";
  statusMessage?: string;
  /** Closed by a restart of its producer, which is not a failure. */
  interrupted?: boolean;
  model?: { modelId?: string; providerId?: string; variant?: string };
  finishReason?: string;
  tokens?: TokenUsage;
  cost?: number;
  tool?: { callId?: string; durationMs?: number };
  input?: unknown;
  output?: unknown;
  attributes?: Record<string, unknown>;
  events?: { name: string; timeMs: number; attributes?: Record<string, unknown> }[];
  links?: { spanId: string; traceId?: string; attributes?: Record<string, unknown> }[];
}

export interface TraceMetadata {
  title?: string;
  model?: string;
  providerId?: string;
  agent?: string;
  variant?: string;
  prompt?: string;
  userId?: string;
  environment?: string;
  version?: string;
  tags?: string[];
}

/** A trace as it stands in `S.json`. */
export interface TraceFile {
  version: 2;
  traceId: string;
  sessionId: string;
  /** ISO 8601. */
  startedAt: string;
  endedAt?: string;
  metadata: TraceMetadata;
  spans: TraceSpan[];
  summary: {
    totalTokens: number;
    totalCost: number;
    totalToolCalls: number;
    totalGenerations: number;
    /** Milliseconds. */
    duration: number;
    status: "completed" | "error" | "running" | "crashed";
    error?: string;
    tokens: { input: number; output: number; reasoning: number; cacheRead: number; cacheWrite: number };
    loops?: { tool: string; inputHash?: string; count: number; description: string }[];
    narrative?: string;
    topTools?: { name: string; count: number; totalDuration: number }[];
    failures?: number;
    openSpans?: number;
  };
}

/** The finished trace, to be read from disk as often as wanted while `exportFrom` runs. */
export interface TraceSource {
  /** The raw session id. */
  readonly sessionId: string;
  readonly sizeBytes: number;
  /** The bytes of the trace as JSON, in chunks that are the reader's own. */
  open(): AsyncIterable<Uint8Array>;
}

/** Receives a session's trace when it ends. */
export interface TraceExporter {
  readonly name: string;
  /** A path or URL, or undefined where nothing was exported. The trace is the exporter's own: nobody else changes it. */
  export(trace: TraceFile): Promise<string | undefined>;
  /** Told before the crash of a session is written; takes the raw id. What an exporter does later must not hide the crash. */
  markCrashed?(sessionId: string): void;
  /** Called in place of `export` where it is there: for traces that are too large to be held. */
  exportFrom?(source: TraceSource, signal: AbortSignal): Promise<string | undefined>;
}

/** When the journal is made safe against a power cut: never, about once a second, or before anything is acknowledged. */
export type FsyncMode = "never" | "interval" | "always";
