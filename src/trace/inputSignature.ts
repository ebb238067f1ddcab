// A number for the bytes of a JSON value that is the same for the same value, whatever the order of its fields and its white
// space: so that inputs which differ, as most do, are told apart without making values of them.

import { BYTE } from "./jsonTokens";

/** The value may be written in another way somewhere else, so that its bytes say nothing. */
export const unknownSignature = -1;

const firstHash = 0x811c9dc5 | 0;
const prime = 0x01000193;
const [letterU, slash, letterE, plus] = [0x75, 0x2f, 0x65, 0x2b];
/** Of more digits not all may count. */
const mostDigits = 15;

/**
 * From 0 on, equal for equal values and nearly always another one for others, but for `unknownSignature`: for escapes and
 * numbers that most writers write in another way. A value that names a field twice counts as another one than the value
 * that names it once.
 */
export function signatureOf(bytes: Uint8Array): number {
  // Sums, because the order of fields does not count.
  let sum = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === BYTE.quote) {
      let hash = firstHash;
      for (at++; at < bytes.length && bytes[at] !== BYTE.quote; at++) {
        hash = Math.imul(hash ^ (bytes[at] ?? 0), prime);
        if (bytes[at] !== BYTE.backslash) continue;
        const escaped = bytes[++at] ?? 0;
        if (escaped === letterU || escaped === slash) return unknownSignature;
        hash = Math.imul(hash ^ escaped, prime);
      }
      sum = (sum + (hash ^ (hash >>> 15))) | 0;
    } else if (isWord(byte)) {
      const from = at;
      let hash = ~firstHash;
      let hasDot = false;
      for (; at < bytes.length && isWord(bytes[at] ?? 0); at++) {
        hash = Math.imul(hash ^ (bytes[at] ?? 0), prime);
        if (bytes[at] === BYTE.dot) hasDot = true;
      }
      at--;
      if (isNumber(byte) && mayBeWrittenOtherwise(bytes, from, at, hasDot)) return unknownSignature;
      sum = (sum + (hash ^ (hash >>> 15))) | 0;
    } else if (byte === BYTE.openBrace || byte === BYTE.openBracket) sum = (sum + byte * 0x9e3779b1) | 0;
  }
  return sum >>> 0;
}

/** Of a number, a name of a value, or a sign of the two. */
function isWord(byte: number): boolean {
  return isNumber(byte) || (byte >= 0x61 && byte <= 0x7a) || byte === BYTE.dot || byte === plus || byte === 0x45;
}

function isNumber(byte: number): boolean {
  return byte === BYTE.minus || (byte >= BYTE.zero && byte <= BYTE.nine);
}

/** @param to place of the last byte */
function mayBeWrittenOtherwise(bytes: Uint8Array, from: number, to: number, hasDot: boolean): boolean {
  if (to - from + 1 > mostDigits || (hasDot && bytes[to] === BYTE.zero)) return true;
  if (bytes[from] === BYTE.minus && bytes[from + 1] === BYTE.zero && !hasDot) return true;
  for (let at = from; at <= to; at++) if (((bytes[at] ?? 0) | 0x20) === letterE) return true;
  return false;
}
