// Whether a place in the bytes of a span's field, where a probe hit, is a match for sure, none for sure, or has to be
// verified by parsing.

import type { ByteRange } from "../trace/scanRows";
import { isWithinWord, type SearchQuery } from "../trace/searchQuery";

export type HitVerdict = "match" | "none" | "unsure";

export interface HitRule {
  /**
   * @param offset of the hit in `bytes`, which begin at `baseBytes` of the file
   * @param field all bytes of the value
   * @param firstByte of the value, which may be none of `bytes`
   */
  judge(bytes: Buffer, offset: number, baseBytes: number, field: ByteRange, firstByte: () => number): HitVerdict;
}

const quote = 0x22;
const backslash = 0x5c;
const letterU = 0x75;

/** @param isOnlyInStrings the text can't stand outside of a string */
export function makeHitRule({ text, wholeWord }: SearchQuery, isOnlyInStrings: boolean): HitRule {
  const lengthBytes = Buffer.byteLength(JSON.stringify(text)) - 2;
  // A neighbour of the same word is a letter; what is none ends every word.
  const isWordAtStart = isWithinWord(`a${text}`, 1);
  const isWordAtEnd = isWithinWord(`${text}a`, text.length);
  return {
    judge(bytes, offset, baseBytes, { startBytes, endBytes }, firstByte) {
      const end = offset + lengthBytes;
      if (baseBytes + offset < startBytes || baseBytes + end > endBytes) return "unsure";
      if (!isOnlyInStrings && firstByte() !== quote) return "unsure";
      // What an escape is, is told by what stands before; the first byte of a text is its quote.
      if (offset < farthestBack || end >= bytes.length || isInEscape(bytes, offset)) return "unsure";
      if (!wholeWord) return "match";
      const before = isWordAtStart ? neighbour(bytes[offset - 1] ?? 0) : "none";
      const after = isWordAtEnd ? neighbour(bytes[end] ?? 0) : "none";
      if (after === "word") return "none";
      if (before === "none" && after === "none") return "match";
      return before === "word" && !isInEscape(bytes, offset - 1) ? "none" : "unsure";
    },
  };
}

/** So many bytes are looked at before a hit, and twice as many for its neighbour. */
const farthestBack = 64;

/** Whether the byte is, or may be, part of an escape that began before it. */
function isInEscape(bytes: Buffer, at: number): boolean {
  let backslashes = 0;
  while (backslashes < farthestBack / 2 && bytes[at - 1 - backslashes] === backslash) backslashes++;
  if (backslashes % 2 === 1 || backslashes === farthestBack / 2) return true;
  for (let back = 1; back <= 4; back++) {
    if (bytes[at - back] === letterU && bytes[at - back - 1] === backslash) return true;
  }
  return false;
}

function neighbour(byte: number): "word" | "none" | "unsure" {
  if (byte >= 0x80 || byte === backslash) return "unsure";
  const lower = byte | 0x20;
  if ((lower >= 0x61 && lower <= 0x7a) || (byte >= 0x30 && byte <= 0x39) || byte === 0x5f) return "word";
  return "none";
}
