// Seeks many secrets in bytes at once. Of each place three bytes are looked up in a table of bits, which is all that most
// of them cost; what begins like a secret there is compared with those that begin so.

import type { Found, SecretPattern } from "./secretPattern";
import { startLength } from "./secretPattern";

/** Of a table that a processor keeps close at hand: 32 KiB. */
const keyBits = 18;
const keyMask = (1 << keyBits) - 1;

export class SecretSearch {
  /** By key: whether a secret begins so. */
  readonly #isStart = new Uint32Array((1 << keyBits) / 32);
  /** By byte: whether a secret begins with it. */
  readonly #isFirst = new Uint8Array(256);
  readonly #byKey = new Map<number, SecretPattern[]>();
  readonly #patterns: SecretPattern[] = [];

  add(pattern: SecretPattern): void {
    this.#patterns.push(pattern);
    const keys = new Set<number>();
    for (const start of pattern.starts()) {
      const [first = 0, second = 0, third = 0] = start;
      keys.add(((first << 12) ^ (second << 6) ^ third) & keyMask);
      this.#isFirst[first] = 1;
    }
    for (const key of keys) {
      const word = key >>> 5;
      this.#isStart[word] = (this.#isStart[word] ?? 0) | (1 << (key & 31));
      this.#byKey.set(key, [...(this.#byKey.get(key) ?? []), pattern]);
    }
  }

  /**
   * The first place from `from` on where a secret begins, or may; `bytes.length` where there is none.
   * @param isLast nothing follows these bytes
   */
  next(bytes: Uint8Array, from: number, isLast: boolean): Found & { readonly at: number } {
    const to = bytes.length - startLength;
    const isStart = this.#isStart;
    let key = ((bytes[from] ?? 0) << 6) ^ (bytes[from + 1] ?? 0);
    for (let at = from; at <= to; at++) {
      key = ((key << 6) ^ (bytes[at + 2] as number)) & keyMask;
      if (((isStart[key >>> 5] as number) & (1 << (key & 31))) === 0) continue;
      const found = longest(this.#byKey.get(key) ?? [], bytes, at, isLast);
      if (found !== undefined) return { ...found, at };
    }
    if (isLast) return { at: bytes.length, end: 0, mayGoOn: false };
    for (let at = Math.max(from, to + 1); at < bytes.length; at++) {
      if (this.#isFirst[bytes[at] ?? 0] === 0) continue;
      const found = longest(this.#patterns, bytes, at, isLast);
      if (found !== undefined) return { ...found, at };
    }
    return { at: bytes.length, end: 0, mayGoOn: false };
  }
}

function longest(
  patterns: readonly SecretPattern[],
  bytes: Uint8Array,
  at: number,
  isLast: boolean,
): Found | undefined {
  let end = 0;
  let mayGoOn = false;
  for (const pattern of patterns) {
    const found = pattern.at(bytes, at);
    end = Math.max(end, found.end);
    mayGoOn ||= found.mayGoOn && !isLast;
  }
  return end === 0 && !mayGoOn ? undefined : { end, mayGoOn };
}
