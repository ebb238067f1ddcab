// A secret as it is sought in bytes: letter by letter, each in any of the ways in which it may be written.

import { more, no, sameBytes } from "./bytesAt";
import { Letter, type WayStart } from "./letter";

export interface Found {
  /** Behind the longest that begins there; 0 where none does. */
  readonly end: number;
  /** A longer one may begin there, of which the rest has not come. */
  readonly mayGoOn: boolean;
}

/** So many bytes of a pattern are looked at before it is sought in full; none is shorter. */
export const startLength = 3;

export interface SecretPattern {
  /** All beginnings, of `startLength` bytes each. */
  starts(): Iterable<readonly number[]>;
  at(bytes: Uint8Array, at: number): Found;
}

export const nothingFound: Found = { end: 0, mayGoOn: false };
export const mayGoOn: Found = { end: 0, mayGoOn: true };

export class LetterPattern implements SecretPattern {
  readonly #letters: readonly Letter[];
  /** Of the letters at the front that stand for themselves: what begins like a secret nearly always differs there. */
  readonly #plainStart: Uint8Array;

  /** @param letters the same letter need not be made twice */
  constructor(secret: string, letters: Map<string, Letter>) {
    this.#letters = [...secret].map((each) => {
      const known = letters.get(each) ?? new Letter(each);
      letters.set(each, known);
      return known;
    });
    const plain = this.#letters.findIndex(({ isPlain }) => !isPlain);
    this.#plainStart = Buffer.from(plain < 0 ? secret : secret.slice(0, plain));
  }

  starts(): Iterable<readonly number[]> {
    return beginnings(this.#letters.slice(0, startLength).map((letter) => letter.starts()));
  }

  at(bytes: Uint8Array, at: number): Found {
    const start = sameBytes(bytes, at, this.#plainStart);
    if (start === no) return nothingFound;
    if (start === more) return mayGoOn;
    let here = [start];
    let isCut = false;
    for (let index = this.#plainStart.length; index < this.#letters.length; index++) {
      const letter = this.#letters[index];
      const next: number[] = [];
      for (const from of here) if (letter?.ends(bytes, from, next) === true) isCut = true;
      if (next.length === 0) return isCut ? mayGoOn : nothingFound;
      here = next;
    }
    return { end: Math.max(...here), mayGoOn: isCut };
  }
}

/** Of `startLength` bytes, of what is written one after the other. */
function* beginnings(
  parts: readonly (readonly WayStart[])[],
  before: readonly number[] = [],
): Generator<readonly number[]> {
  const [first = [], ...rest] = parts;
  for (const { bytes, isWhole } of first) {
    const all = [...before, ...bytes];
    if (all.length >= startLength) yield all.slice(0, startLength);
    else if (isWhole) yield* beginnings(rest, all);
  }
}
