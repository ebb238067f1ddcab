// What every part of a session's log shares.

import type { SessionRecorder } from "./sessionRecorder";
import type { SessionTally } from "./sessionTally";
import type { SpanAttributes } from "./spanAttributes";
import type { SpanIds } from "./traceIds";

export interface SpanContext {
  readonly recorder: SessionRecorder;
  readonly ids: SpanIds;
  readonly tally: SessionTally;
  readonly attributes: SpanAttributes;
  readonly rootSpanId: string;
  readonly rootName: string;
  readonly rootStartMs: number;
  /** Longest text of a field, in bytes of UTF-8. */
  readonly maxTextBytes: number;
}
