// Reads the wire format of Protocol Buffers from bytes that anybody may have sent. No announced length is believed before
// the bytes are there, nothing recurses, and what is no message at all is an `OtlpFault` that ends the whole.
// After protobuf.dev, "Encoding": a tag is the field's number times 8 plus the type of what follows.

import { OtlpFault } from "./otlpFault";

/** Each becomes an object: a request of 64 MiB that is sound has no more. */
const mostMessages = 4 * 1024 * 1024;
/** Texts up to this length are looked up before they are made: names of attributes, and values that repeat. */
const longestKnown = 48;
const knownTexts = 4096;

export class ProtobufReader {
  readonly #bytes: Buffer;
  #at = 0;
  #end: number;
  #messages = 0;
  #tag = 0;
  readonly #known: (string | undefined)[] = new Array<string | undefined>(knownTexts);

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#end = bytes.length;
  }

  /** Tag of the next field; 0 at the end of the message. */
  next(): number {
    if (this.#at >= this.#end) return 0;
    this.#tag = this.#varint();
    if (this.#tag < 8) throw this.#broken("has a field without a number");
    if (this.#tag > 0xffffffff) throw this.#broken("has a field of an impossible number");
    return this.#tag;
  }

  /** Goes into the message that follows. @returns what `leave` wants */
  enter(): number {
    this.#countMessage();
    const outer = this.#end;
    this.#end = this.#endOfNext();
    return outer;
  }

  /** Goes on behind the message that was entered. */
  leave(outer: number): void {
    this.#at = this.#end;
    this.#end = outer;
  }

  /** Passes over the message that follows, and adds to `ranges` where its bytes start and end. */
  passOver(ranges: number[]): void {
    this.#countMessage();
    const end = this.#endOfNext();
    ranges.push(this.#at, end);
    this.#at = end;
  }

  /** Goes to the message of this number that was passed over, wherever the reader is; it ends there. */
  goTo(ranges: readonly number[], index: number): void {
    this.#at = ranges[index * 2] as number;
    this.#end = ranges[index * 2 + 1] as number;
  }

  /** What is no UTF-8 stands as U+FFFD. */
  text(): string {
    const end = this.#endOfNext();
    const start = this.#at;
    this.#at = end;
    if (end - start > longestKnown) return this.#bytes.toString("utf8", start, end);
    return this.#knownText(start, end);
  }

  base64(): string {
    const end = this.#endOfNext();
    const start = this.#at;
    this.#at = end;
    return this.#bytes.toString("base64", start, end);
  }

  /** An id as lower-case hex; "" for one that is empty or all zeros, which is how "none" is written. */
  id(bytes: number): string {
    const end = this.#endOfNext();
    const start = this.#at;
    this.#at = end;
    if (end === start) return "";
    if (end - start !== bytes) throw new OtlpFault(`must have ${bytes} bytes, not ${end - start}`);
    for (let at = start; at < end; at++) if (this.#bytes[at] !== 0) return this.#bytes.toString("hex", start, end);
    return "";
  }

  /** Nanoseconds since the epoch as ms with three decimals; undefined for 0, which is how "none" is written. */
  time(): number | undefined {
    const at = this.#fixed(8);
    const low = this.#bytes.readUInt32LE(at);
    const high = this.#bytes.readUInt32LE(at + 4);
    // 2^32 ns are 4,294,967 µs and 296 ns.
    const rest = high * 296 + low;
    const timeMs = (high * 4_294_967 + Math.floor(rest / 1000) + (rest % 1000 >= 500 ? 1 : 0)) / 1000;
    return timeMs === 0 ? undefined : timeMs;
  }

  double(): number {
    return this.#bytes.readDoubleLE(this.#fixed(8));
  }

  bool(): boolean {
    return this.#varint() !== 0;
  }

  /** Of 32 bits; larger ones lose what is beyond a double. */
  count(): number {
    return this.#varint();
  }

  /** A whole number of 64 bits; as text where a double can't hold it exactly. */
  int64(): number | string {
    const start = this.#at;
    const value = this.#varint();
    if (value <= Number.MAX_SAFE_INTEGER) return value;
    let exact = 0n;
    for (let at = start; at < this.#at; at++)
      exact |= BigInt((this.#bytes[at] as number) & 0x7f) << BigInt(7 * (at - start));
    const signed = BigInt.asIntN(64, exact);
    const number = Number(signed);
    return Number.isSafeInteger(number) ? number : String(signed);
  }

  /** Passes over a field that is not known, or of another type than it should be. */
  skip(): void {
    // Groups, which nobody writes any more, may stand in each other.
    const groups: number[] = [];
    for (let tag = this.#tag; ; ) {
      switch (tag & 7) {
        case 0:
          this.#varint();
          break;
        case 1:
          this.#fixed(8);
          break;
        case 2:
          this.#at = this.#endOfNext();
          break;
        case 3:
          groups.push(tag >>> 3);
          if (groups.length > mostGroups) throw this.#broken(`has more than ${mostGroups} groups in each other`);
          break;
        case 4:
          if (groups.pop() !== tag >>> 3) throw this.#broken("has the end of a group that has not begun");
          break;
        case 5:
          this.#fixed(4);
          break;
        default:
          throw this.#broken("has a field of no known type");
      }
      if (groups.length === 0) return;
      tag = this.next();
      if (tag === 0) throw this.#broken("ends within a group");
    }
  }

  #countMessage(): void {
    if (++this.#messages > mostMessages) throw new OtlpFault(`has more than ${mostMessages} messages`, "", true);
  }

  #knownText(start: number, end: number): string {
    if (start === end) return "";
    const bytes = this.#bytes;
    let hash = end - start;
    for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + (bytes[at] as number)) | 0;
    const slot = (hash ^ (hash >>> 15)) & (knownTexts - 1);
    const known = this.#known[slot];
    if (known !== undefined && known.length === end - start && isSame(bytes, start, known)) return known;
    const text = bytes.toString("utf8", start, end);
    // Only a text of ASCII has as many units as bytes.
    if (text.length === end - start) this.#known[slot] = text;
    return text;
  }

  #endOfNext(): number {
    const length = this.#varint();
    const end = this.#at + length;
    if (end > this.#end) {
      throw this.#broken(`is cut off: ${length} bytes are announced and ${this.#end - this.#at} are there`);
    }
    return end;
  }

  #fixed(bytes: number): number {
    const at = this.#at;
    if (at + bytes > this.#end) throw this.#broken("is cut off within a number");
    this.#at = at + bytes;
    return at;
  }

  #varint(): number {
    const first = this.#bytes[this.#at] as number;
    // Nearly all are of one byte.
    if (first < 0x80 && this.#at < this.#end) {
      this.#at++;
      return first;
    }
    let value = 0;
    let factor = 1;
    for (let count = 0; count < 10; count++) {
      if (this.#at >= this.#end) throw this.#broken("is cut off within a number");
      const byte = this.#bytes[this.#at++] as number;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 128;
    }
    throw this.#broken("has a number of more than ten bytes");
  }

  #broken(what: string): OtlpFault {
    return new OtlpFault(`${what} (at byte ${this.#at})`, "", true);
  }
}

const mostGroups = 64;

/**
 * How many messages there are on a way through messages.
 * @param path for each level the tags that lead to the next one
 */
export function countMessages(bytes: Buffer, path: readonly (readonly number[])[]): number {
  const reader = new ProtobufReader(bytes);
  let level = [0, bytes.length];
  for (const tags of path) {
    const below: number[] = [];
    for (let index = 0; index * 2 < level.length; index++) {
      reader.goTo(level, index);
      for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
        if (tags.includes(tag)) reader.passOver(below);
        else reader.skip();
      }
    }
    level = below;
  }
  return level.length / 2;
}

function isSame(bytes: Buffer, start: number, text: string): boolean {
  for (let index = 0; index < text.length; index++) if (bytes[start + index] !== text.charCodeAt(index)) return false;
  return true;
}
