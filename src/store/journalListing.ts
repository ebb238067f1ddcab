// What the two ends of a journal tell: who writes it and what it is about from the header, and from its last records
// whether the session ended, crashed or waits. Records that lie between are not read and not called lost.

import { readBatchRun } from "../trace/batch/batchRun";
import type { JournalFacts, WriterIdentity } from "../trace/evidence";
import { readJournal } from "../trace/journal";
import type { Problem } from "../trace/problem";
import { lastStepAttribute } from "../trace/runAttributes";
import type { FileEdges } from "./fileEdges";
import { readLaunchedPlaybook } from "./launchedPlaybook";
import { readMetadata, type SessionHeader } from "./sessionHeader";

export interface JournalListing extends SessionHeader {
  /** The journal is of a version that is not read here; then its facts say nothing. */
  readonly problem: Problem | undefined;
  readonly facts: JournalFacts;
  /** All records from this one on were read, so that nothing newer is said in between; undefined where there are none. */
  readonly wholeFromSeq?: number | undefined;
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
  const { attributes, wholeFromSeq } = rootOf(records);
  const startedMs = trace?.startedAt === undefined ? Number.NaN : Date.parse(trace.startedAt);
  return {
    // Of a newer version no record is read, so that nothing can be concluded from it.
    problem: isNewerVersion ? problems.find((problem) => problem.code === "newer-version") : undefined,
    facts: edges.isWhole
      ? facts
      : { ...facts, lengthBytes: edges.stamp.sizeBytes, recordCount: Math.max(0, facts.lastSeq), lostCount: 0 },
    wholeFromSeq,
    identity: header?.header.writer,
    sessionId: header?.header.writer.rawSessionId ?? trace?.sessionId,
    ...readMetadata(metadata),
    startedMs: Number.isFinite(startedMs) ? startedMs : header?.wallMs,
    playbook: readLaunchedPlaybook(attributes),
    batch: readBatchRun(attributes),
  };
}

/** As far as the ends of the journal tell them. */
function rootOf(records: ReturnType<typeof readJournal>["records"]) {
  const attributes: Record<string, unknown> = {};
  let rootId: string | undefined;
  let wholeFromSeq: number | undefined;
  let lastSeq: number | undefined;
  for (const { record, seq } of records) {
    if (lastSeq === undefined || seq > lastSeq + 1) {
      wholeFromSeq = seq;
      // What lies between may have said otherwise.
      delete attributes[lastStepAttribute];
    }
    lastSeq = seq;
    if ((record.t === "begin" || record.t === "span") && record.span["parentSpanId"] === null) {
      rootId ??= record.span.spanId;
      if (rootId === record.span.spanId) Object.assign(attributes, record.span["attributes"]);
    } else if (record.t === "attributes" && record.id === rootId) Object.assign(attributes, record.attributes);
  }
  return { attributes, wholeFromSeq };
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
