// What the two ends of a journal tell: who writes it and what it is about from the header, and from its last records
// whether the session ended, crashed or waits. Records that lie between are not read and not called lost.

import { readBatchRun } from "../trace/batch/batchRun";
import type { JournalFacts, WriterIdentity } from "../trace/evidence";
import { readJournal } from "../trace/journal";
import type { Problem } from "../trace/problem";
import type { FileEdges } from "./fileEdges";
import { readLaunchedPlaybook } from "./launchedPlaybook";
import { readMetadata, type SessionHeader } from "./sessionHeader";

export interface JournalListing extends SessionHeader {
  /** The journal is of a version that is not read here; then its facts say nothing. */
  readonly problem: Problem | undefined;
  readonly facts: JournalFacts;
  /** Undefined where the header is damaged. */
  readonly identity: WriterIdentity | undefined;
}

/** Never throws for bad bytes. */
export function listJournal(edges: FileEdges, fileName: string): JournalListing {
  const bytes = edges.isWhole ? edges.head : joinLines(edges.head, edges.tail);
  const { header, facts, records, problems, isNewerVersion } = readJournal(bytes, fileName);
  const trace = header?.header.trace;
  const metadata: Record<string, unknown> = { ...trace?.metadata };
  for (const { record } of records) if (record.t === "metadata") Object.assign(metadata, record.metadata);
  const attributes = rootAttributes(records);
  const startedMs = trace?.startedAt === undefined ? Number.NaN : Date.parse(trace.startedAt);
  return {
    // Of a newer version no record is read, so that nothing can be concluded from it.
    problem: isNewerVersion ? problems.find((problem) => problem.code === "newer-version") : undefined,
    facts: edges.isWhole
      ? facts
      : { ...facts, lengthBytes: edges.stamp.sizeBytes, recordCount: Math.max(0, facts.lastSeq), lostCount: 0 },
    identity: header?.header.writer,
    sessionId: header?.header.writer.rawSessionId ?? trace?.sessionId,
    ...readMetadata(metadata),
    startedMs: Number.isFinite(startedMs) ? startedMs : header?.wallMs,
    playbook: readLaunchedPlaybook(attributes),
    batch: readBatchRun(attributes),
  };
}

/** As far as the ends of the journal tell them. */
function rootAttributes(records: ReturnType<typeof readJournal>["records"]): Record<string, unknown> {
  const attributes: Record<string, unknown> = {};
  let rootId: string | undefined;
  for (const { record } of records) {
    if ((record.t === "begin" || record.t === "span") && record.span["parentSpanId"] === null) {
      rootId ??= record.span.spanId;
      if (rootId === record.span.spanId) Object.assign(attributes, record.span["attributes"]);
    } else if (record.t === "attributes" && record.id === rootId) Object.assign(attributes, record.attributes);
  }
  return attributes;
}

/** The whole lines of the head and of the tail: the line in which the head ends and that in which the tail begins are cut. */
function joinLines(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const headEnd = head.lastIndexOf(0x0a) + 1;
  const tailStart = tail.indexOf(0x0a) + 1;
  const rest = tailStart === 0 ? new Uint8Array(0) : tail.subarray(tailStart);
  const joined = new Uint8Array(headEnd + rest.length);
  joined.set(head.subarray(0, headEnd));
  joined.set(rest, headEnd);
  return joined;
}
