// A secret within Base64, with anything before and after it: `user:secret` of a header, a whole file. Its bits stand at one
// of three places within the letters, so that it has three forms; the first and the last letter may belong to others in part.

import { more, no, sameBytes } from "./bytesAt";
import { type Found, mayGoOn, nothingFound, type SecretPattern, startLength } from "./secretPattern";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/** As plain Base64, its form for addresses, a percent-encoded address and JSON write the last two. */
const lastTwo = [
  ["+", "-", "%2B", "%2b"],
  ["/", "_", "%2F", "%2f", "\\/"],
].map((ways) => ways.map((way) => Buffer.from(way)));
/** Long ones are broken into lines; also within JSON. */
const lineBreaks = ["\n", "\r\n", "\\n", "\\r\\n"].map((each) => Buffer.from(each));

/** By byte: the value of a letter; 255 for what is none. */
const values = new Uint8Array(256).fill(255);
for (let value = 0; value < alphabet.length; value++) values[alphabet.charCodeAt(value)] = value;
for (const [index, ways] of lastTwo.entries()) {
  for (const way of ways) if (way.length === 1) values[way[0] ?? 0] = alphabet.length + index;
}

/** By the number of bytes before it, in threes. */
export const base64Places = [0, 1, 2] as const;

export class Base64Pattern implements SecretPattern {
  /** Of each letter the bits that are known, at their places, and which these are. */
  readonly #bits: Uint8Array;
  readonly #known: Uint8Array;

  constructor(secret: Uint8Array, place: (typeof base64Places)[number]) {
    const bytes = Buffer.concat([Buffer.alloc(place), secret]);
    const from = Math.floor((place * 8) / 6);
    const to = Math.ceil((bytes.length * 8) / 6);
    this.#bits = new Uint8Array(to - from);
    this.#known = new Uint8Array(to - from);
    for (let bit = place * 8; bit < bytes.length * 8; bit++) {
      const letter = Math.floor(bit / 6) - from;
      const mask = 32 >> (bit % 6);
      this.#known[letter] = (this.#known[letter] ?? 0) | mask;
      const isSet = (((bytes[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1) === 1;
      if (isSet) this.#bits[letter] = (this.#bits[letter] ?? 0) | mask;
    }
  }

  *starts(): Generator<readonly number[]> {
    yield* this.#startsFrom(0, []);
  }

  at(bytes: Uint8Array, at: number): Found {
    let end = at;
    for (let index = 0; index < this.#bits.length; index++) {
      if (index > 0) end = behindLineBreak(bytes, end);
      if (end !== more) end = this.#letterEnd(bytes, end, index);
      if (end === more) return mayGoOn;
      if (end === no) return nothingFound;
    }
    return { end, mayGoOn: false };
  }

  #letterEnd(bytes: Uint8Array, at: number, index: number): number {
    if (at >= bytes.length) return more;
    const value = values[bytes[at] ?? 0] ?? 255;
    if (value !== 255) return this.#fits(value, index) ? at + 1 : no;
    for (const [place, ways] of lastTwo.entries()) {
      if (!this.#fits(alphabet.length + place, index)) continue;
      for (const way of ways) {
        const end = sameBytes(bytes, at, way);
        if (end !== no) return end;
      }
    }
    return no;
  }

  #fits(value: number, index: number): boolean {
    return (value & (this.#known[index] ?? 0)) === this.#bits[index];
  }

  *#startsFrom(index: number, before: readonly number[]): Generator<readonly number[]> {
    if (before.length >= startLength) {
      yield before.slice(0, startLength);
      return;
    }
    const breaks = index === 0 ? [[]] : [[], ...lineBreaks];
    for (const lineBreak of breaks) {
      for (let value = 0; value < 64; value++) {
        if (!this.#fits(value, index)) continue;
        const ways = lastTwo[value - alphabet.length] ?? [Buffer.from(alphabet.charAt(value))];
        for (const way of ways) yield* this.#startsFrom(index + 1, [...before, ...lineBreak, ...way]);
      }
    }
  }
}

/** The same offset where none stands there. */
function behindLineBreak(bytes: Uint8Array, at: number): number {
  for (const each of lineBreaks) {
    const end = sameBytes(bytes, at, each);
    if (end !== no) return end;
  }
  return at;
}
