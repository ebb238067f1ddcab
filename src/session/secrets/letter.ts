// The ways in which one letter of a secret is written by whatever takes a text as a part of something else: escaped in JSON,
// in a string of a program, in a regular expression or in a shell; percent-encoded in an address or a form; as an entity of
// HTML. Each of them also when it was done several times over. Letters and digits of ASCII stand for themselves everywhere.

import { hexOf, hexPair, more, no, sameBytes, sameHex } from "./bytesAt";

const space = 0x20;
const percent = 0x25;
const backslash = 0x5c;
const ampersand = 0x26;
const letterU = 0x75;
const letterX = 0x78;
/** How often something may have been escaped or encoded: each time doubles the backslashes. */
const mostTimes = 4;
const mostBackslashes = 2 ** mostTimes;
/** No way of a letter is longer: an escape for each of four bytes. */
export const mostWrittenBytes = 4 * (mostBackslashes + 8);

/** Behind a backslash. */
const shortNames: Readonly<Record<string, string>> = {
  "\0": "0",
  "\b": "b",
  "\t": "t",
  "\n": "n",
  "\v": "v",
  "\f": "f",
  "\r": "r",
};
const entities: Readonly<Record<string, string>> = {
  "<": "lt;",
  ">": "gt;",
  "&": "amp;",
  '"': "quot;",
  "'": "apos;",
};
const plusSign = Buffer.from("+");
const amp = Buffer.from("amp;");

/** The beginning of a way: so many of its bytes as tell it apart, or all of them. */
export interface WayStart {
  readonly bytes: readonly number[];
  /** What comes next belongs to the next letter. */
  readonly isWhole: boolean;
}

export class Letter {
  /** Of UTF-8. */
  readonly bytes: Uint8Array;
  /** It stands for itself. */
  readonly isPlain: boolean;
  readonly #code: number;
  /** The ways that are always the same bytes, but for the letter itself. */
  readonly #fixed: readonly Uint8Array[];
  /** What stands for it behind a backslash. */
  readonly #escaped: readonly number[];
  readonly #entity: Uint8Array | undefined;

  constructor(letter: string) {
    this.bytes = Buffer.from(letter);
    this.isPlain = /^[A-Za-z0-9]$/.test(letter);
    this.#code = letter.codePointAt(0) ?? 0;
    this.#fixed = fixedWays(letter, this.bytes).map((way) => Buffer.from(way));
    const names = [shortNames[letter] ?? "", this.#code < 0x80 ? letter : ""];
    this.#escaped = names.filter((name) => name !== "").map((name) => name.charCodeAt(0));
    const entity = entities[letter];
    this.#entity = entity === undefined ? undefined : Buffer.from(entity);
  }

  /**
   * Adds the ends of all ways in which the letter stands at `at`.
   * @returns whether it may stand there in a way of which the rest has not come
   */
  ends(bytes: Uint8Array, at: number, ends: number[]): boolean {
    let isCut = false;
    const take = (end: number) => {
      if (end === more) isCut = true;
      else if (end !== no && !ends.includes(end)) ends.push(end);
    };
    take(sameBytes(bytes, at, this.bytes));
    if (this.isPlain) return isCut;
    for (const way of this.#fixed) take(sameBytes(bytes, at, way));
    const first = bytes[at];
    if (first === percent) this.#percentEnds(bytes, at, take);
    else if (first === backslash) this.#backslashEnds(bytes, at, take);
    else if (first === ampersand) this.#entityEnds(bytes, at, take);
    return isCut;
  }

  /** Of every way. */
  starts(): readonly WayStart[] {
    const whole = (way: Uint8Array): WayStart => ({ bytes: [...way], isWhole: true });
    if (this.isPlain) return [whole(this.bytes)];
    const begun = (text: string): WayStart => ({ bytes: [...Buffer.from(text, "latin1")], isWhole: false });
    const [byte = 0] = this.bytes;
    const hex = hexOf(byte);
    const code = this.#code.toString(16).padStart(4, "0");
    const short = this.#escaped.map((each) => String.fromCharCode(each));
    const escapes = ["u", "x", byte.toString(8).padStart(3, "0").charAt(0), ...short];
    return [
      whole(this.bytes),
      ...this.#fixed.map(whole),
      ...["25", ...bothCases(hex), ...(byte === space ? ["2b", "2B"] : [])].map((digits) => begun(`%${digits}`)),
      ...short.map((name) => whole(Buffer.from(`\\${name}`))),
      ...["{", ...bothCases(this.#code > 0xffff ? "d" : code.charAt(0))].map((digit) => begun(`\\u${digit}`)),
      ...[...bothCases(hex.charAt(0)), ...bothCases(code.charAt(2))].map((digit) => begun(`\\x${digit}`)),
      begun(`\\${byte.toString(8).padStart(3, "0").slice(0, 2)}`),
      // Escaped again.
      ...["\\", ...escapes].map((next) => begun(`\\\\${next}`)),
      ...[..."0123456789xX"].map((digit) => begun(`&#${digit}`)),
      begun("&amp;"),
      ...(this.#entity === undefined ? [] : [begun(`&${Buffer.from(this.#entity).toString()}`)]),
    ];
  }

  /** Byte for byte; what encodes it again writes the percent sign itself as `%25`. */
  #percentEnds(bytes: Uint8Array, at: number, take: (end: number) => void): void {
    if (this.bytes[0] === space) this.#encodedEnd(bytes, at, plusSign, take);
    if (this.bytes[0] === percent) {
      for (let times = 1, end = at + 1; times <= mostTimes; times++) {
        end = hexPair(bytes, end, percent);
        take(end);
        if (end < 0) return;
      }
      return;
    }
    this.#encodedEnd(bytes, at, this.bytes, take);
  }

  #encodedEnd(bytes: Uint8Array, at: number, written: Uint8Array, take: (end: number) => void): void {
    let end = at;
    for (const byte of written) {
      if (end >= bytes.length) return take(more);
      if (bytes[end] !== percent) return;
      end++;
      for (let times = 1; times < mostTimes; times++) {
        const again = hexPair(bytes, end, percent);
        if (again === more) return take(more);
        if (again === no) break;
        end = again;
      }
      end = hexPair(bytes, end, byte);
      if (end < 0) return take(end);
    }
    take(end);
  }

  #backslashEnds(bytes: Uint8Array, at: number, take: (end: number) => void): void {
    let end = at;
    while (bytes[end] === backslash && end - at < mostBackslashes) end++;
    const count = end - at;
    if (this.#code === backslash) for (let each = 2; each <= count; each *= 2) take(at + each);
    if (end >= bytes.length) return take(more);
    const next = bytes[end];
    // A backslash itself was counted above.
    if (next !== undefined && next !== backslash && this.#escaped.includes(next)) take(end + 1);
    if (next === letterU) take(this.#unicodeEnd(bytes, end + 1, count));
    else if (next === letterX) {
      if (this.#code <= 0xff) take(hexPair(bytes, end + 1, this.#code));
      take(
        this.#bytewise(bytes, at, count, (from, byte) =>
          bytes[from] === letterX ? hexPair(bytes, from + 1, byte) : no,
        ),
      );
    } else {
      take(this.#bytewise(bytes, at, count, (from, byte) => sameBytes(bytes, from, octalOf(byte))));
    }
  }

  /** Behind `\u`: four digits, twice of what has two units in UTF-16, or as many as it takes within braces. */
  #unicodeEnd(bytes: Uint8Array, at: number, backslashes: number): number {
    if (bytes[at] === 0x7b) {
      const digits = this.#code.toString(16);
      for (let zeros = 0; zeros <= 4; zeros++) {
        const end = sameHex(bytes, at + 1, "0".repeat(zeros) + digits);
        if (end === more) return more;
        if (end !== no) return sameBytes(bytes, end, closingBrace);
      }
      return no;
    }
    const [first = "", second] = utf16Of(this.#code);
    const end = sameHex(bytes, at, first);
    if (end < 0 || second === undefined) return end;
    const next = sameBytes(bytes, end, escapeOf(backslashes, "u"));
    return next < 0 ? next : sameHex(bytes, next, second);
  }

  /** Each byte of it escaped by itself. @param endOf of what stands behind the backslashes */
  #bytewise(bytes: Uint8Array, at: number, backslashes: number, endOf: (at: number, byte: number) => number): number {
    let end = at;
    for (const byte of this.bytes) {
      end = sameBytes(bytes, end, escapeOf(backslashes, ""));
      if (end < 0) return end;
      if (end >= bytes.length) return more;
      end = endOf(end, byte);
      if (end < 0) return end;
    }
    return end;
  }

  #entityEnds(bytes: Uint8Array, at: number, take: (end: number) => void): void {
    let end = at + 1;
    for (let times = 1; times < mostTimes; times++) {
      const again = sameBytes(bytes, end, amp);
      if (this.#code === ampersand) take(again);
      if (again === more) take(more);
      if (again < 0) break;
      end = again;
    }
    if (end >= bytes.length) return take(more);
    if (bytes[end] === 0x23) return take(this.#numberedEnd(bytes, end + 1));
    if (this.#entity !== undefined) take(sameBytes(bytes, end, this.#entity));
  }

  /** Behind `&#`. */
  #numberedEnd(bytes: Uint8Array, at: number): number {
    if (at >= bytes.length) return more;
    const isHex = bytes[at] === letterX || bytes[at] === 0x58;
    const digits = this.#code.toString(isHex ? 16 : 10);
    const from = isHex ? at + 1 : at;
    for (let zeros = 0; zeros <= 4; zeros++) {
      const end = sameHex(bytes, from, "0".repeat(zeros) + digits);
      if (end === more) return more;
      if (end !== no) return sameBytes(bytes, end, semicolon);
    }
    return no;
  }
}

const closingBrace = Buffer.from("}");
const semicolon = Buffer.from(";");

function fixedWays(letter: string, bytes: Uint8Array): (string | Uint8Array)[] {
  // As forms write it.
  if (letter === " ") return ["+"];
  // As a terminal shows it.
  if (letter === "\n") return ["\r\n"];
  // Between single quotes of a shell, which ends them for it; also within JSON.
  if (letter === "'") return ["'\\''", "'\"'\"'", "'\\\\''", "'\\\"'\\\"'"];
  // Headers come as bytes, each of which is taken for a letter.
  return bytes.length > 1 ? [Buffer.from(Buffer.from(bytes).toString("latin1"))] : [];
}

function octalOf(byte: number): Uint8Array {
  return Buffer.from(byte.toString(8).padStart(3, "0"));
}

function escapeOf(backslashes: number, name: string): Uint8Array {
  return Buffer.from("\\".repeat(backslashes) + name);
}

function utf16Of(code: number): string[] {
  const units = String.fromCodePoint(code);
  return [...Array(units.length).keys()].map((index) => units.charCodeAt(index).toString(16).padStart(4, "0"));
}

/** Of digits of hex, each in either case. */
function bothCases(digits: string): readonly string[] {
  if (digits === "") return [""];
  const [first = "", ...rest] = digits;
  const heads = new Set([first.toLowerCase(), first.toUpperCase()]);
  return [...heads].flatMap((head) => bothCases(rest.join("")).map((tail) => head + tail));
}
