// JSON of a request from bytes that anybody may have sent. What would take far more memory than its bytes (lists in lists,
// empty objects by the million) is refused before the engine makes values of it.

import { OtlpFault } from "./otlpFault";

/**
 * Levels of lists and objects. An attribute of a span's event stands 12 deep, and each of the 64 levels that a value may
 * have takes two more in a map (`values`, and the entry) and one more for its `kvlistValue`.
 */
const deepest = 12 + 64 * 4;
/** The smallest attribute takes 34 bytes and two objects: a request of 64 MiB that is sound has no more. */
const mostParts = 4 * 1024 * 1024;
/** Whatever so few bytes hold does no harm. */
const alwaysParsedBytes = 256 * 1024;

/** Throws an `OtlpFault` for what is no JSON. */
export function parseOtlpJson(bytes: Buffer): unknown {
  if (bytes.length > alwaysParsedBytes) checkShape(bytes);
  const text = bytes.toString("utf8", hasByteOrderMark(bytes) ? 3 : 0);
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new OtlpFault(`is not JSON: ${message.slice(0, 200)}`);
  }
}

function hasByteOrderMark(bytes: Buffer): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

function checkShape(bytes: Buffer): void {
  let depth = 0;
  let parts = 0;
  for (let at = 0; at < bytes.length; at++) {
    switch (bytes[at]) {
      case 0x22: {
        at = endOfString(bytes, at + 1);
        break;
      }
      case 0x5b:
      case 0x7b:
        if (++depth > deepest) throw new OtlpFault(`is nested deeper than ${deepest} levels at byte ${at}`);
        if (++parts > mostParts) throw new OtlpFault(`has more than ${mostParts} objects and lists`);
        break;
      case 0x5d:
      case 0x7d:
        depth--;
    }
  }
}

/** Offset of the quote that ends the string; the length where none does. */
function endOfString(bytes: Buffer, from: number): number {
  // Most strings are short, and a call for each costs more than it saves.
  const near = Math.min(from + 32, bytes.length);
  for (let at = from; at < near; at++) {
    const byte = bytes[at];
    if (byte === 0x22) return at;
    if (byte === 0x5c) at++;
  }
  for (let at = bytes.indexOf(0x22, from); at >= 0; at = bytes.indexOf(0x22, at + 1)) {
    let first = at;
    while (first > from && bytes[first - 1] === 0x5c) first--;
    if ((at - first) % 2 === 0) return at;
  }
  return bytes.length;
}
