// Journals for tests, made by the encoder that the recorder uses. Times are small: the header's wall time is 1,000,000 ms.

import { crc32 } from "../../src/trace/crc32";
import { encodeRecord, writerTag } from "../../src/trace/journalFrame";
import type { JournalHeader, JournalRecord } from "../../src/trace/journalRecord";

export const baseMs = 1_000_000;

export interface JournalSetup {
  readonly instance?: string;
  readonly incarnation?: number;
  readonly continues?: JournalHeader["continues"];
  readonly firstSeq?: number;
  readonly metadata?: JournalHeader["trace"]["metadata"];
  readonly fsync?: string;
}

export function headerOf({
  instance = "aaaa-1",
  incarnation = 1,
  continues,
  metadata,
  fsync,
}: JournalSetup = {}): JournalHeader {
  return {
    t: "header",
    format: "tracekeeper-journal",
    version: 1,
    incarnation,
    writer: { instance, host: "box", pid: 42, rawSessionId: "ses/1" },
    trace: { traceId: "trace-1", sessionId: "ses/1", ...(metadata ? { metadata } : {}) },
    ...(fsync === undefined ? {} : { fsync }),
    ...(continues ? { continues } : {}),
  };
}

/** One line for each record, the header's first; record n has sequence number n and is written n ms after the header. */
export function linesOf(records: readonly JournalRecord[], setup: JournalSetup = {}): Uint8Array[] {
  const header = headerOf(setup);
  const tag = writerTag(header.writer.instance);
  return [header, ...records].map((record, index) => {
    const seq = index === 0 ? 0 : index - 1 + (setup.firstSeq ?? 1);
    return encodeRecord(record, { seq, wallMs: baseMs + seq, monoMs: seq, tag }, crc32);
  });
}

export function journalOf(records: readonly JournalRecord[], setup?: JournalSetup): Uint8Array {
  return concat(linesOf(records, setup));
}

export function concat(parts: readonly (Uint8Array | string)[]): Uint8Array {
  const bytes = parts.map((part) => (typeof part === "string" ? new TextEncoder().encode(part) : part));
  const whole = new Uint8Array(bytes.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of bytes) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export const root: JournalRecord = {
  t: "begin",
  span: { spanId: "root", parentSpanId: null, name: "ses/1", kind: "session", status: "ok", input: "Do it" },
};

export function beginTool(id: string, input: unknown = { command: id }): JournalRecord {
  return { t: "begin", span: { spanId: id, parentSpanId: "root", name: "bash", kind: "tool", status: "ok", input } };
}
