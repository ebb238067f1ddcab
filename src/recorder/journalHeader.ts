// The first record of a journal.

import type { WriterIdentity } from "../trace/evidence";
import { journalFormat, journalVersion } from "../trace/journalRecord";
import type { TraceMetadata } from "../trace/schema";
import type { FsyncMode } from "./traceTypes";

export interface HeaderFacts {
  readonly incarnation: number;
  readonly identity: WriterIdentity;
  readonly traceId: string;
  readonly rawId: string;
  readonly metadata: TraceMetadata;
  readonly fsync: FsyncMode;
  /** What this incarnation goes on from. */
  readonly continues?:
    | { readonly instance?: string; readonly incarnation?: number; readonly traceId?: string }
    | undefined;
}

/** The header's fields as JSON without the braces. */
export function headerBody(facts: HeaderFacts): string {
  const { incarnation, identity, traceId, rawId, metadata, fsync, continues } = facts;
  const writer = { ...identity, rawSessionId: rawId };
  const trace = { traceId, sessionId: rawId, metadata };
  const format = { t: "header", format: journalFormat, version: journalVersion };
  const header = { ...format, incarnation, writer, trace, fsync, continues };
  return JSON.stringify(header).slice(1, -1);
}
