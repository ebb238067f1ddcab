// The bytes that the scanner of traces looks at: a piece of the file with a NUL behind it, so that loops over bytes end
// without asking for the length. Chunks are copied in, and what is left of a token moves to the front.
// Offsets are places in `bytes`; `baseBytes` is the place of `bytes[0]` in the file.

import { BYTE } from "./jsonTokens";

const PLAIN = 0;
const QUOTE = 1;
const BACKSLASH = 2;
const LEAD_2 = 3;
const LEAD_3 = 4;
const LEAD_4 = 5;
/** Control characters, and bytes that begin no character. The NUL behind the bytes is one of them. */
const BAD = 6;

const letterU = 0x75;

/** What a byte is within a string. */
const stringClass = new Uint8Array(256).fill(PLAIN);
stringClass.fill(BAD, 0, 0x20);
stringClass[BYTE.quote] = QUOTE;
stringClass[BYTE.backslash] = BACKSLASH;
stringClass.fill(BAD, 0x80);
stringClass.fill(LEAD_2, 0xc2, 0xe0);
stringClass.fill(LEAD_3, 0xe0, 0xf0);
stringClass.fill(LEAD_4, 0xf0, 0xf5);

const isHex = new Uint8Array(256);
for (const digit of "0123456789abcdefABCDEF") isHex[digit.charCodeAt(0)] = 1;

/** Bytes that make an escape with the backslash before them; "u" takes four more. */
const isEscape = new Uint8Array(256);
for (const name of '"\\/bfnrt') isEscape[name.charCodeAt(0)] = 1;

// Beyond the NUL, so that a word that begins before it ends within the array.
const paddingBytes = 8;

export class ScanWindow {
  bytes: Uint8Array;
  /** Place of the next token. */
  at = 0;
  /** Place of the NUL. */
  end = 0;
  baseBytes = 0;
  /** Escapes that `skipString` has passed since somebody set this to 0. */
  escapes = 0;
  /** By how many bytes the strings that `skipString` has passed are longer than their text in UTF-16 units. */
  surplus = 0;
  /** The same bytes. */
  view: DataView;

  constructor(windowBytes: number) {
    const buffer = new ArrayBuffer((windowBytes + paddingBytes + 3) & ~3);
    this.bytes = new Uint8Array(buffer);
    this.view = new DataView(buffer);
  }

  get isFull(): boolean {
    return this.end + paddingBytes >= this.bytes.length;
  }

  /** Takes bytes of a chunk from `from` on while there is room, and returns how many. */
  fill(chunk: Uint8Array, from: number): number {
    const taken = Math.min(this.bytes.length - paddingBytes - this.end, chunk.length - from);
    this.bytes.set(chunk.subarray(from, from + taken), this.end);
    this.end += taken;
    this.bytes[this.end] = BYTE.nul;
    return taken;
  }

  /** Forgets all bytes; the next one stands there in the file. */
  moveTo(offsetBytes: number): void {
    this.at = 0;
    this.end = 0;
    this.baseBytes = offsetBytes;
    this.bytes[0] = BYTE.nul;
  }

  /** Moves what is not read yet to the front; a token that needs all of the room gets twice as much. */
  slide(): void {
    if (this.at > 0) {
      this.bytes.copyWithin(0, this.at, this.end);
      this.baseBytes += this.at;
      this.end -= this.at;
      this.at = 0;
    } else if (this.isFull) {
      const old = this.bytes;
      const buffer = new ArrayBuffer(old.length * 2);
      this.bytes = new Uint8Array(buffer);
      this.view = new DataView(buffer);
      this.bytes.set(old.subarray(0, this.end));
    }
    this.bytes[this.end] = BYTE.nul;
  }

  /**
   * Goes from a place within a string to its closing quote and returns that place; where it can't, the complement (`~`)
   * of the place at which it stopped, of which `faultIn` tells why.
   */
  skipString(from: number): number {
    const bytes = this.bytes;
    const view = this.view;
    let at = from;
    for (;;) {
      for (;;) {
        // Four bytes at once: one below 0x20, a quote, a backslash or one above 0x7f sets its high bit. The lowest bit
        // that is set is that of the first such byte; a borrow can only set bits above it.
        const word = view.getInt32(at, true);
        const found = (word - 0x20202020) | ((word ^ 0x22222222) - 0x01010101) | ((word ^ 0x5c5c5c5c) - 0x01010101);
        const high = (found | word) & 0x80808080;
        if (high !== 0) {
          at += (31 - Math.clz32(high & -high)) >> 3;
          break;
        }
        at += 4;
      }
      switch (stringClass[bytes[at] ?? 0]) {
        case QUOTE:
          return at;
        case BACKSLASH:
          if (isEscape[bytes[at + 1] ?? 0] === 1) {
            at += 2;
            this.surplus++;
          } else if (
            bytes[at + 1] === letterU &&
            isHex[bytes[at + 2] ?? 0] === 1 &&
            isHex[bytes[at + 3] ?? 0] === 1 &&
            isHex[bytes[at + 4] ?? 0] === 1 &&
            isHex[bytes[at + 5] ?? 0] === 1
          ) {
            at += 6;
            this.surplus += 5;
          } else return ~at;
          this.escapes++;
          break;
        case LEAD_2:
          if (!isFollower(bytes[at + 1] ?? 0)) return ~at;
          at += 2;
          this.surplus++;
          break;
        case LEAD_3:
          if (!isSecond(bytes[at] ?? 0, bytes[at + 1] ?? 0) || !isFollower(bytes[at + 2] ?? 0)) return ~at;
          at += 3;
          this.surplus += 2;
          break;
        case LEAD_4:
          if (
            !isSecond(bytes[at] ?? 0, bytes[at + 1] ?? 0) ||
            !isFollower(bytes[at + 2] ?? 0) ||
            !isFollower(bytes[at + 3] ?? 0)
          ) {
            return ~at;
          }
          at += 4;
          this.surplus += 2;
          break;
        default:
          return ~at;
      }
    }
  }

  /** The place of the byte that makes a string unsound at which `skipString` stopped; -1 where the bytes just end. */
  faultIn(stopped: number): number {
    const { bytes, end } = this;
    if (stopped >= end) return -1;
    const first = bytes[stopped] ?? 0;
    const kind = stringClass[first];
    if (kind === BAD) return stopped;
    let at = stopped + 1;
    if (kind === BACKSLASH) {
      if (at >= end) return -1;
      if (bytes[at] !== letterU) return at;
      for (at++; at < end; at++) if (isHex[bytes[at] ?? 0] !== 1) return at;
      return -1;
    }
    if (at < end && !isSecond(first, bytes[at] ?? 0)) return at;
    for (at++; at < end; at++) if (!isFollower(bytes[at] ?? 0)) return at;
    return -1;
  }

  /** The place behind the number that begins at `from`; the complement of the place where it is none. */
  skipNumber(from: number): number {
    const bytes = this.bytes;
    let at = from;
    if (bytes[at] === BYTE.minus) at++;
    if (bytes[at] === BYTE.zero) at++;
    else if (isDigit(bytes[at] ?? 0)) at = this.#skipDigits(at + 1);
    else return ~at;
    if (bytes[at] === BYTE.dot) {
      if (!isDigit(bytes[at + 1] ?? 0)) return ~(at + 1);
      at = this.#skipDigits(at + 2);
    }
    if (((bytes[at] ?? 0) | 0x20) === 0x65) {
      at++;
      if (bytes[at] === BYTE.plus || bytes[at] === BYTE.minus) at++;
      if (!isDigit(bytes[at] ?? 0)) return ~at;
      at = this.#skipDigits(at + 1);
    }
    // Where the bytes end, the number may go on.
    return at >= this.end ? ~at : at;
  }

  #skipDigits(from: number): number {
    let at = from;
    while (isDigit(this.bytes[at] ?? 0)) at++;
    return at;
  }

  /** The place behind `true`, `false` or `null`; the complement of the place where it is none of them. */
  skipLiteral(from: number): number {
    const first = this.bytes[from] ?? 0;
    const word = first === 0x74 ? "true" : first === 0x66 ? "false" : first === 0x6e ? "null" : "";
    for (let index = 0; index < word.length; index++) {
      if (this.bytes[from + index] !== word.charCodeAt(index)) return ~(from + index);
    }
    return word === "" ? ~from : from + word.length;
  }
}

/** The value of a sound number; the engine reads what does not fit a product of exact numbers. */
export function numberIn(bytes: Uint8Array, from: number, to: number): number {
  let digits = 0;
  let fraction = -1;
  const start = bytes[from] === BYTE.minus ? from + 1 : from;
  // Up to 15 digits and a power of ten up to 22 are exact, so that one division rounds as the engine does.
  if (to - start <= 16) {
    let at = start;
    for (; at < to; at++) {
      const byte = bytes[at] ?? 0;
      if (byte === BYTE.dot) fraction = 0;
      else if (isDigit(byte)) {
        digits = digits * 10 + byte - BYTE.zero;
        if (fraction >= 0) fraction++;
      } else break;
    }
    if (at === to && digits <= Number.MAX_SAFE_INTEGER) {
      const value = fraction > 0 ? digits / 10 ** fraction : digits;
      return start > from ? -value : value;
    }
  }
  let text = "";
  for (let at = from; at < to; at++) text += String.fromCharCode(bytes[at] ?? 0);
  return Number(text);
}

function isDigit(byte: number): boolean {
  return byte >= BYTE.zero && byte <= BYTE.nine;
}

function isFollower(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

/** The second byte of some characters is limited: no overlong forms, no surrogates, nothing above U+10FFFF. */
function isSecond(lead: number, byte: number): boolean {
  if (!isFollower(byte)) return false;
  if (lead === 0xe0) return byte >= 0xa0;
  if (lead === 0xed) return byte < 0xa0;
  if (lead === 0xf0) return byte >= 0x90;
  return lead !== 0xf4 || byte < 0x90;
}
