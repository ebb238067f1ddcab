// The tokens of JSON, read from bytes: strings, numbers and the three literals. A token that the bytes cut in the
// middle is `cut`; one that is not JSON is `bad`. Offsets are bytes from the start of the file.

export type Token<T> =
  | { readonly type: "ok"; readonly value: T; readonly endBytes: number }
  /** The bytes end before the token does. */
  | { readonly type: "cut" }
  | { readonly type: "bad"; readonly atBytes: number };

export const BYTE = {
  nul: 0x00,
  tab: 0x09,
  lineFeed: 0x0a,
  carriageReturn: 0x0d,
  space: 0x20,
  quote: 0x22,
  plus: 0x2b,
  comma: 0x2c,
  minus: 0x2d,
  dot: 0x2e,
  zero: 0x30,
  nine: 0x39,
  colon: 0x3a,
  openBracket: 0x5b,
  backslash: 0x5c,
  closeBracket: 0x5d,
  openBrace: 0x7b,
  closeBrace: 0x7d,
} as const;

const replacementCharacter = "\ufffd";
// `ignoreBOM` keeps a U+FEFF at the start of a string, which is a character there and not a mark.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

export function isWhiteSpace(byte: number | undefined): boolean {
  return byte === BYTE.space || byte === BYTE.lineFeed || byte === BYTE.carriageReturn || byte === BYTE.tab;
}

/** The offset of the first byte at or after `offset` that is not white space; the length of the bytes if there is none. */
export function skipWhiteSpace(bytes: Uint8Array, offset: number): number {
  let at = offset;
  while (at < bytes.length && isWhiteSpace(bytes[at])) at++;
  return at;
}

/**
 * Reads the string whose opening quote is at `offset`. Two faults do not end it, because what they damage is one
 * character: an escape that does not exist reads as U+FFFD, and a single control character reads as itself. `onFault`
 * hears of them. A line break or a run of NUL bytes shows that the closing quote is lost, and is bad.
 */
export function readString(bytes: Uint8Array, offset: number, onFault: (atBytes: number) => void): Token<string> {
  let text = "";
  let from = offset + 1;
  let at = from;
  while (at < bytes.length) {
    const byte = bytes[at] ?? 0;
    if (byte === BYTE.quote) return { type: "ok", value: text + decode(bytes, from, at), endBytes: at + 1 };
    if (byte === BYTE.backslash) {
      const escaped = readEscape(bytes, at);
      if (escaped === undefined) return { type: "cut" };
      if (!escaped.sound) onFault(at);
      text += decode(bytes, from, at) + escaped.text;
      at += escaped.length;
      from = at;
      continue;
    }
    if (byte < BYTE.space) {
      if (byte === BYTE.lineFeed || byte === BYTE.carriageReturn) return { type: "bad", atBytes: at };
      if (byte === BYTE.nul && (at + 1 >= bytes.length || bytes[at + 1] === BYTE.nul)) {
        return { type: "bad", atBytes: at };
      }
      onFault(at);
    }
    at++;
  }
  return { type: "cut" };
}

function decode(bytes: Uint8Array, from: number, to: number): string {
  const length = to - from;
  if (length === 0) return "";
  // Below some twenty bytes a call of the decoder costs more than the loop.
  if (length <= 20) {
    let text = "";
    for (let at = from; at < to; at++) {
      const byte = bytes[at] ?? 0;
      if (byte >= 0x80) return decoder.decode(bytes.subarray(from, to));
      text += String.fromCharCode(byte);
    }
    return text;
  }
  return decoder.decode(bytes.subarray(from, to));
}

const escapes: ReadonlyMap<number, string> = new Map(
  Object.entries({ '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" }).map(
    ([name, text]) => [name.charCodeAt(0), text],
  ),
);
const letterU = 0x75;

/** Undefined where the bytes end within the escape. */
function readEscape(
  bytes: Uint8Array,
  offset: number,
): { readonly text: string; readonly length: number; readonly sound: boolean } | undefined {
  const name = bytes[offset + 1];
  if (name === undefined) return undefined;
  const text = escapes.get(name);
  if (text !== undefined) return { text, length: 2, sound: true };
  // The byte after the backslash is left for the string: it may be the first of a longer character, or a line break.
  if (name !== letterU) return { text: replacementCharacter, length: 1, sound: false };
  let code = 0;
  for (let index = 2; index < 6; index++) {
    const byte = bytes[offset + index];
    if (byte === undefined) return undefined;
    const digit = hexDigit(byte);
    if (digit < 0) return { text: replacementCharacter, length: index, sound: false };
    code = code * 16 + digit;
  }
  return { text: String.fromCharCode(code), length: 6, sound: true };
}

function hexDigit(byte: number): number {
  if (byte >= BYTE.zero && byte <= BYTE.nine) return byte - BYTE.zero;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : -1;
}

const numberPattern = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/**
 * Reads a number, `true`, `false` or `null`: the run of bytes up to a delimiter. A run that the end of the bytes ends
 * is cut, unless `atTop`, where nothing else could end it.
 */
export function readScalar(bytes: Uint8Array, offset: number, atTop: boolean): Token<number | boolean | null> {
  let at = offset;
  while (at < bytes.length && isScalarByte(bytes[at] ?? 0)) at++;
  if (at === offset) return { type: "bad", atBytes: offset };
  if (at === bytes.length && !atTop) return { type: "cut" };
  // Doubles need 17 digits; the bound keeps a run of a megabyte of letters from becoming a string.
  if (at - offset > 4096 && !isDigitLike(bytes[offset] ?? 0)) return { type: "bad", atBytes: offset };
  let text = "";
  for (let index = offset; index < at; index++) text += String.fromCharCode(bytes[index] ?? 0);
  if (text === "true") return { type: "ok", value: true, endBytes: at };
  if (text === "false") return { type: "ok", value: false, endBytes: at };
  if (text === "null") return { type: "ok", value: null, endBytes: at };
  if (numberPattern.test(text)) return { type: "ok", value: Number(text), endBytes: at };
  return { type: "bad", atBytes: offset };
}

/** Letters, digits, sign and dot: the bytes of which numbers and literals are made. */
export function isScalarByte(byte: number): boolean {
  return (
    isDigitLike(byte) || byte === BYTE.plus || byte === BYTE.dot || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a)
  );
}

function isDigitLike(byte: number): boolean {
  return (byte >= BYTE.zero && byte <= BYTE.nine) || byte === BYTE.minus;
}

export function isOpenerByte(byte: number): boolean {
  return byte === BYTE.quote || byte === BYTE.openBrace || byte === BYTE.openBracket;
}

export function isStructuralByte(byte: number): boolean {
  return (
    isOpenerByte(byte) ||
    byte === BYTE.comma ||
    byte === BYTE.colon ||
    byte === BYTE.closeBrace ||
    byte === BYTE.closeBracket
  );
}

/** Bytes that may stand in a damaged number or literal: neither structure nor control characters. */
export function isLooseByte(byte: number): boolean {
  return byte > BYTE.space && !isStructuralByte(byte);
}

/** The offset of the first byte at or after `start` that is not NUL; the length of the bytes if there is none. */
export function endOfNuls(bytes: Uint8Array, start: number): number {
  let at = start;
  while (at < bytes.length && bytes[at] === BYTE.nul) at++;
  return at;
}
