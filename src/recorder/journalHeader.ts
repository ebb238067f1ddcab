// The first record of a journal.

import type { WriterIdentity } from "../trace/evidence";
import { journalFormat, journalVersion } from "../trace/journalRecord";
import type { TraceMetadata } from "../trace/schema";

export interface HeaderFacts {
  readonly incarnation: number;
  readonly identity: WriterIdentity;
  readonly traceId: string;
  readonly rawId: string;
  readonly metadata: TraceMetadata;
  /** What this incarnation goes on from. */
  readonly continues?:
    | { readonly instance?: string; readonly incarnation?: number; readonly traceId?: string }
    | undefined;
}

/** The header's fields as JSON without the braces. */
export function headerBody({ incarnation, identity, traceId, rawId, metadata, continues }: HeaderFacts): string {
  const writer = { ...identity, rawSessionId: rawId };
  const trace = { traceId, sessionId: rawId, metadata };
  const header = { t: "header", format: journalFormat, version: journalVersion, incarnation, writer, trace, continues };
  return JSON.stringify(header).slice(1, -1);
}
