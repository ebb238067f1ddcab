// A line of a journal in bytes: `{ "s":<seq>,"w":<wall ms>,"m":<monotonic ms>,"i":"<tag>","t":...,"c": "<CRC-32>"}` and a
// line feed. It is one JSON object, so any tool reads it. The two spaces make it recoverable: compact JSON holds a space
// only within a string, and there a quote is escaped, so `{ "s":` and `,"c": "` stand nowhere else and no text of a
// trace can look like the start or the end of a record.

import { type Crc32, crc32 as plainCrc32 } from "./crc32";
import type { JournalHeader, JournalRecord } from "./journalRecord";

const encoder = new TextEncoder();
const startMark = encoder.encode('{ "s":');
const endMark = encoder.encode(',"c": "');
/** `,"c": "` with eight digits and `"}`. */
const endLength = endMark.length + 8 + 2;
const emptyEnd = ',"c": "00000000"}\n';
const lineFeed = 0x0a;

export interface RecordStamp {
  /** 0 for the header, then one more for each record. */
  readonly seq: number;
  /** Milliseconds since the epoch by the wall clock. */
  readonly wallMs: number;
  /** Milliseconds since the header by the monotonic clock; kept to the microsecond. */
  readonly monoMs: number;
  /** `writerTag` of the instance that writes. */
  readonly tag: string;
}

/** Marks every record with its writer, so that a second writer's records are told apart even where a header is lost. */
export function writerTag(instance: string): string {
  return instance.slice(0, 4);
}

/**
 * One line with its line feed. Throws what `JSON.stringify` throws: the caller hands in what can be serialised.
 * @param crc32 the platform's own where it has one
 */
export function encodeRecord(
  record: JournalRecord | JournalHeader,
  stamp: RecordStamp,
  crc32: Crc32 = plainCrc32,
): Uint8Array {
  return encodeFrame(JSON.stringify(record).slice(1, -1), stamp, crc32);
}

/** The same of any record. @param body its fields as compact JSON without the braces */
export function encodeFrame(body: string, stamp: RecordStamp, crc32: Crc32 = plainCrc32): Uint8Array {
  const { seq, wallMs, monoMs, tag } = stamp;
  const start = `{ "s":${seq},"w":${wallMs},"m":${Math.round(monoMs * 1000) / 1000},"i":${JSON.stringify(tag)},`;
  const line = encoder.encode(start + body + emptyEnd);
  const checkedBytes = line.length - emptyEnd.length;
  writeHex(line, checkedBytes + endMark.length, crc32(line, 0, checkedBytes));
  return line;
}

/** Checksum of the record in `bytes[start..end)`, without its line feed; -1 where it is damaged or none. */
export function checkFrame(bytes: Uint8Array, start: number, end: number, crc32: Crc32): number {
  const checkedEnd = end - endLength;
  if (checkedEnd < start + startMark.length) return -1;
  if (!matches(bytes, start, startMark) || !matches(bytes, checkedEnd, endMark)) return -1;
  if (bytes[end - 2] !== 0x22 || bytes[end - 1] !== 0x7d) return -1;
  const named = readHex(bytes, checkedEnd + endMark.length);
  return named >= 0 && crc32(bytes, start, checkedEnd) === named ? named : -1;
}

/** Offset of the next place where a record starts in `bytes[from..end)`, or `end`. */
export function findRecordStart(bytes: Uint8Array, from: number, end: number): number {
  return find(bytes, startMark, from, end);
}

/** Offset just after the first end of a record in `bytes[from..end)`, or -1. */
export function findRecordEnd(bytes: Uint8Array, from: number, end: number): number {
  const at = find(bytes, endMark, from, end);
  return at + endLength <= end ? at + endLength : -1;
}

export function isLineFeed(byte: number | undefined): boolean {
  return byte === lineFeed;
}

function find(bytes: Uint8Array, mark: Uint8Array, from: number, end: number): number {
  const first = mark[0] ?? 0;
  for (let at = bytes.indexOf(first, from); at >= 0 && at + mark.length <= end; at = bytes.indexOf(first, at + 1)) {
    if (matches(bytes, at, mark)) return at;
  }
  return end;
}

function matches(bytes: Uint8Array, at: number, mark: Uint8Array): boolean {
  for (let index = 0; index < mark.length; index++) if (bytes[at + index] !== mark[index]) return false;
  return true;
}

/** Lower case only: a digit in upper case is a flipped bit. */
function readHex(bytes: Uint8Array, at: number): number {
  let value = 0;
  for (let index = at; index < at + 8; index++) {
    const byte = bytes[index] ?? 0;
    const isDigit = byte >= 0x30 && byte <= 0x39;
    if (!isDigit && (byte < 0x61 || byte > 0x66)) return -1;
    value = value * 16 + (isDigit ? byte - 0x30 : byte - 0x57);
  }
  return value;
}

function writeHex(bytes: Uint8Array, at: number, value: number): void {
  for (let index = 0; index < 8; index++) {
    const digit = (value >>> (28 - 4 * index)) & 0xf;
    bytes[at + index] = digit < 10 ? 0x30 + digit : 0x57 + digit;
  }
}
