// Spans as columns: typed arrays indexed by row. A row is the span's index in `TraceFile.spans`; rows that stand for
// something that is not a span (`FLAG.synthetic`) come after them. `parent` never holds a cycle and never a row that is
// missing, so that every row hangs in one forest and none can disappear.

export const kindCodes = ["session", "generation", "tool", "text", "span", "user-message"] as const;
export const statusCodes = ["ok", "error"] as const;

export const FLAG = {
  /** The span has no end. */
  open: 1 << 0,
  /** Closed by a restart of its producer: not a failure. */
  interrupted: 1 << 1,
  /** Its parent id names no span of this trace; the row hangs under the synthetic row "parent not received". */
  orphan: 1 << 2,
  /** Not a span but a place for others to hang from. */
  synthetic: 1 << 3,
  /** An earlier span has the same id. */
  duplicateId: 1 << 4,
  /** No usable start time: drawn at its parent's start. */
  noStart: 1 << 5,
  /** It ended before it started: the end is drawn at the start. */
  negativeDuration: 1 << 6,
  /** Its parents form a cycle that was cut here. */
  cycleCut: 1 << 7,
  /** Its output was cut by its producer. */
  cutOutput: 1 << 8,
  /** It stands for spans that its producer left out. */
  elided: 1 << 9,
  /** A failure that counts: F8 stops here. Set by `findFailures`. */
  failure: 1 << 10,
  /** A failure that a later success of the same action made good. Set by `findFailures`. */
  recovered: 1 << 11,
  /** The failing step of the trace. Set by `findFailures`. */
  failingStep: 1 << 12,
  /** A program's output: a burst of it, or the span above all of them. What it is part of is the command. */
  output: 1 << 13,
  /** A step of a playbook: see `stepAttribute`. */
  step: 1 << 14,
  /** An attempt at what is above it: see `attemptAttribute`. */
  attempt: 1 << 15,
  /** A step of a playbook that was not run in this session: taken over from an earlier one, or skipped. */
  notRun: 1 << 16,
} as const;

export interface SpanColumns {
  readonly count: number;
  /** Milliseconds since the epoch; NaN where unknown. */
  readonly startMs: Float64Array;
  /** Milliseconds since the epoch; NaN while open or unknown. Never before `startMs`. */
  readonly endMs: Float64Array;
  /** Row of the parent, -1 at the top. */
  readonly parent: Int32Array;
  /** Index into `kindCodes`. */
  readonly kind: Uint8Array;
  /** Index into `statusCodes`. */
  readonly status: Uint8Array;
  /** Bits of `FLAG`. */
  readonly flags: Uint32Array;
  /** Index into `strings`: the span's name. */
  readonly name: Uint32Array;
  /** Index into `strings`: what the step is about, in one line (a command, a path, a model); 0 is the empty text. */
  readonly label: Uint32Array;
  /** Index into `strings`: what came of it, in a few words ("exit 1", "interrupted"); 0 is the empty text. */
  readonly outcome: Uint32Array;
  /** Texts of the three columns above, each once; `strings[0]` is empty. */
  readonly strings: readonly string[];
}

/** The forest over `SpanColumns.parent`: children in order of start time, then of row. */
export interface SpanTree {
  /** First row at the top level, -1 when there is none. */
  readonly firstRoot: number;
  /** -1: none. */
  readonly firstChild: Int32Array;
  readonly nextSibling: Int32Array;
  /** 0 at the top. */
  readonly depth: Int32Array;
  /** Rows in the order in which a fully expanded tree shows them. */
  readonly preorder: Int32Array;
  /** For each row: how many rows its subtree has, itself included. */
  readonly subtreeSize: Int32Array;
}
