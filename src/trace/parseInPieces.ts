// A large JSON document, parsed by the engine piece by piece, with pauses in which others can be served. What comes of it is
// what `JSON.parse` makes of the whole, or nothing: whoever has a damaged one reads it in another way.

import type { Steps } from "../base/steps";

/** A few milliseconds of parsing. */
const pieceBytes = 512 * 1024;
const scannedPerStep = 1024 * 1024;

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** @returns undefined for what is no sound JSON in UTF-8 */
export function* parseInPieces(bytes: Uint8Array, mostBytes = pieceBytes): Steps<unknown> {
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  const document = new Document(bytes, mostBytes);
  try {
    yield* document.findLarge(start);
    return yield* document.value(start, bytes.length);
  } catch {
    return undefined;
  }
}

class Unsound extends Error {}

class Document {
  readonly #bytes: Uint8Array;
  readonly #mostBytes: number;
  /** Ends of the lists and objects that are no piece, by their starts; few, whatever the document holds. */
  readonly #ends = new Map<number, number>();
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

  constructor(bytes: Uint8Array, mostBytes: number) {
    this.#bytes = bytes;
    this.#mostBytes = mostBytes;
  }

  *findLarge(from: number): Steps<void> {
    const bytes = this.#bytes;
    const open: number[] = [];
    let pauseAt = from + scannedPerStep;
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at];
      if (byte === quote) at = this.#endOfString(at) - 1;
      else if (byte === openBrace || byte === openBracket) open.push(at);
      else if (byte === closeBrace || byte === closeBracket) {
        const begun = open.pop();
        if (begun === undefined) throw new Unsound();
        if (at + 1 - begun > this.#mostBytes) this.#ends.set(begun, at + 1);
      }
      if (at < pauseAt) continue;
      pauseAt = at + scannedPerStep;
      yield;
    }
    if (open.length > 0) throw new Unsound();
  }

  /** The value between two places, with white space around it. */
  *value(from: number, to: number): Steps<unknown> {
    const start = this.#skipSpace(from, to);
    const end = this.#ends.get(start);
    if (end === undefined) return this.#parse(from, to, "", "");
    if (this.#skipSpace(end, to) !== to) throw new Unsound();
    return this.#bytes[start] === openBracket ? yield* this.#list(start, end) : yield* this.#object(start, end);
  }

  *#list(start: number, end: number): Steps<unknown[]> {
    if (this.#bytes[end - 1] !== closeBracket) throw new Unsound();
    const list: unknown[] = [];
    for (const { from, to, isLarge } of this.#batches(start + 1, end - 1)) {
      if (isLarge) list.push(yield* this.value(from, to));
      else for (const value of this.#parse(from, to, "[", "]") as unknown[]) list.push(value);
      yield;
    }
    return list;
  }

  *#object(start: number, end: number): Steps<object> {
    if (this.#bytes[end - 1] !== closeBrace) throw new Unsound();
    const object: Record<string, unknown> = {};
    for (const { from, to, isLarge } of this.#batches(start + 1, end - 1)) {
      if (isLarge) {
        const key = this.#skipSpace(from, to);
        if (this.#bytes[key] !== quote) throw new Unsound();
        const afterKey = this.#endOfString(key);
        const at = this.#skipSpace(afterKey, to);
        if (this.#bytes[at] !== colon) throw new Unsound();
        setOwn(object, this.#parse(key, afterKey, "", "") as string, yield* this.value(at + 1, to));
      } else {
        const some = this.#parse(from, to, "{", "}") as Record<string, unknown>;
        for (const [name, value] of Object.entries(some)) setOwn(object, name, value);
      }
      yield;
    }
    return object;
  }

  /** The parts between the commas of a list or an object: large ones alone, others as many together as make a piece. */
  *#batches(from: number, to: number): Generator<{ from: number; to: number; isLarge: boolean }> {
    if (this.#skipSpace(from, to) === to) return;
    let batch = from;
    let part = from;
    let isLarge = false;
    for (let at = from; at <= to; at++) {
      const byte = at === to ? comma : this.#bytes[at];
      if (byte === comma) {
        // Between two commas there is something, and behind the last one.
        if (this.#skipSpace(part, at) === at) throw new Unsound();
        if (isLarge && batch < part) yield { from: batch, to: part - 1, isLarge: false };
        const isFull = isLarge || at === to || at - batch >= this.#mostBytes;
        if (isFull) yield { from: isLarge ? part : batch, to: at, isLarge };
        if (isFull) batch = at + 1;
        part = at + 1;
        isLarge = false;
      } else if (byte === quote) at = this.#endOfString(at) - 1;
      else if (byte === openBrace || byte === openBracket) {
        const end = this.#ends.get(at);
        isLarge ||= end !== undefined;
        at = (end ?? this.#endOfSmall(at, to)) - 1;
      }
    }
  }

  #endOfSmall(start: number, to: number): number {
    let depth = 0;
    for (let at = start; at < to; at++) {
      const byte = this.#bytes[at];
      if (byte === quote) at = this.#endOfString(at) - 1;
      else if (byte === openBrace || byte === openBracket) depth++;
      else if ((byte === closeBrace || byte === closeBracket) && --depth === 0) return at + 1;
    }
    throw new Unsound();
  }

  /** The place behind the closing quote. */
  #endOfString(start: number): number {
    const bytes = this.#bytes;
    for (let at = start + 1; at < bytes.length; at++) {
      if (bytes[at] === backslash) at++;
      else if (bytes[at] === quote) return at + 1;
    }
    throw new Unsound();
  }

  #skipSpace(from: number, to: number): number {
    let at = from;
    while (at < to && isSpace(this.#bytes[at])) at++;
    return at;
  }

  #parse(from: number, to: number, before: string, after: string): unknown {
    return JSON.parse(`${before}${this.#decoder.decode(this.#bytes.subarray(from, to))}${after}`);
  }
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** As the engine does, also for a name that leads to the prototype. */
function setOwn(object: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== "__proto__") object[name] = value;
  else Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
}
