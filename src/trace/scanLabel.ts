// A span read from the file by its ranges, for its label, outcome and error, so that nobody holds the payloads. A span of
// usual size is read whole; of a very long field only the beginning is, and of a long text its end, too.

import type { SpanDescription } from "./buildColumns";
import { readDamagedJson } from "./damagedJson";
import { describeSpan } from "./describeSpan";
import { BYTE } from "./jsonTokens";
import { ProblemList } from "./problemList";
import { repairSpan } from "./repairSpan";
import type { ByteRange, RangedField } from "./scanRows";
import type { ScannedTrace } from "./scanTrace";
import type { TraceSpan } from "./schema";
import { isPlainlySound } from "./soundSpan";

/** A longer span is read in pieces. */
const wholeSpanBytes = 128 * 1024;
/** Of a field that is longer than both together only the beginning and the end are read. */
const headBytes = 64 * 1024;
const tailBytes = 8 * 1024;

type Ranges = Pick<ScannedTrace, "idOf" | "spanRange" | "fieldRanges">;

/** What a span needs to be read: one piece that is all of it, or its pieces between and within its long fields. */
export function pieceRanges(scanned: Ranges, row: number): ByteRange[] {
  const span = scanned.spanRange(row);
  const ranges: ByteRange[] = [];
  let from = span.startBytes;
  for (const { startBytes, endBytes } of longFields(scanned, row)) {
    ranges.push({ startBytes: from, endBytes: startBytes }, { startBytes, endBytes: startBytes + headBytes });
    ranges.push({ startBytes: endBytes - tailBytes, endBytes });
    from = endBytes;
  }
  ranges.push({ startBytes: from, endBytes: span.endBytes });
  return ranges;
}

/** @param pieces the bytes of `pieceRanges`, in their order, from the file that was scanned. */
export function spanFromPieces(scanned: Ranges, row: number, pieces: readonly Uint8Array[]): TraceSpan {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const fields = longFields(scanned, row);
  let text = decoder.decode(pieces[0]);
  for (let index = 0; index < fields.length; index++) text += `null${decoder.decode(pieces[index * 3 + 3])}`;
  const value = JSON.parse(text) as Record<string, unknown>;
  for (const [index, { field }] of fields.entries()) {
    if (field === "other") continue;
    value[field] = shortened(pieces[index * 3 + 1] ?? new Uint8Array(), pieces[index * 3 + 2] ?? new Uint8Array());
  }
  if (isPlainlySound(value)) return value;
  return repairSpan(value, row, { problems: new ProblemList(), makeSpanId: () => scanned.idOf(row) });
}

/** The span as the tree needs it; its long fields are not whole. */
export function shortSpanOf(scanned: Ranges, row: number, read: (range: ByteRange) => Uint8Array): TraceSpan {
  return spanFromPieces(scanned, row, pieceRanges(scanned, row).map(read));
}

/** Label and outcome of a row that is a span, as `describeSpan` gives them. */
export function labelOf(scanned: Ranges, row: number, read: (range: ByteRange) => Uint8Array): SpanDescription {
  return describeSpan(shortSpanOf(scanned, row, read));
}

function longFields(scanned: Ranges, row: number): (ByteRange & { readonly field: RangedField })[] {
  const { startBytes, endBytes } = scanned.spanRange(row);
  if (endBytes - startBytes <= wholeSpanBytes) return [];
  return scanned
    .fieldRanges(row)
    .filter((range) => range.endBytes - range.startBytes > headBytes + tailBytes)
    .sort((a, b) => a.startBytes - b.startBytes);
}

function shortened(head: Uint8Array, tail: Uint8Array): unknown {
  // What the head holds of an object or a list, as of a file that was cut there.
  if (head[0] !== BYTE.quote) return readDamagedJson(head).value;
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const begin = decoder.decode(head.subarray(0, wholeCharacters(head)));
  const end = decoder.decode(tail.subarray(firstBoundary(tail)));
  return JSON.parse(`${begin} \\u2026 ${end}`);
}

/** How many bytes of a string, from its quote on, end neither within an escape nor within a character. */
function wholeCharacters(bytes: Uint8Array): number {
  let at = 1;
  for (;;) {
    const next = at + (bytes[at] !== BYTE.backslash ? 1 : bytes[at + 1] === 0x75 ? 6 : 2);
    if (next > bytes.length) break;
    at = next;
  }
  // The last character may lack bytes; one less does no harm.
  let end = at;
  while (end > 1 && ((bytes[end - 1] ?? 0) & 0xc0) === 0x80) end--;
  return end < at || (bytes[end - 1] ?? 0) >= 0xc0 ? end - 1 : at;
}

/** A place in the middle of a string that is within no escape: behind a byte that no escape holds. */
function firstBoundary(bytes: Uint8Array): number {
  for (let at = 0; at < bytes.length - 1; at++) {
    const byte = bytes[at] ?? 0;
    const isPlain = byte < 0x80 && !/[\\"/a-fnrtu0-9A-F]/.test(String.fromCharCode(byte));
    if (isPlain) return at + 1;
  }
  return bytes.length - 1;
}
