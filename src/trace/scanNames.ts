// Names known beforehand (fields of a span, its kinds), found by their bytes without making a text of them.

import type { ScanWindow } from "./scanWindow";

export class ScanNames {
  readonly #bytes: Uint8Array[];
  /** Each name as the key of a field, in quotes and with the colon behind it: the words of four bytes, and the rest. */
  readonly #keyWords: Int32Array[];
  readonly #keyRests: Uint8Array[];
  readonly #slots = new Int8Array(64).fill(-1);
  readonly #indexOf: ReadonlyMap<string, number>;

  /** @param names at most 60, of ASCII, none of them empty. */
  constructor(names: readonly string[]) {
    const encoder = new TextEncoder();
    this.#bytes = names.map((name) => encoder.encode(name));
    const keys = names.map((name) => encoder.encode(`"${name}":`));
    this.#keyWords = keys.map((key) => {
      const view = new DataView(key.buffer, key.byteOffset, key.byteLength);
      return Int32Array.from({ length: key.length >> 2 }, (_, index) => view.getInt32(index * 4, true));
    });
    this.#keyRests = keys.map((key) => key.subarray(key.length & ~3));
    this.#indexOf = new Map(names.map((name, index) => [name, index]));
    for (const [index, bytes] of this.#bytes.entries()) {
      let slot = slotOf(bytes, 0, bytes.length);
      while (this.#slots[slot] !== -1) slot = (slot + 1) & 63;
      this.#slots[slot] = index;
    }
  }

  /** Index of the name that stands there; -1 for another one. */
  find(bytes: Uint8Array, from: number, to: number): number {
    if (to === from) return -1;
    for (let slot = slotOf(bytes, from, to); ; slot = (slot + 1) & 63) {
      const index = this.#slots[slot] ?? -1;
      if (index < 0) return -1;
      const name = this.#bytes[index];
      if (name !== undefined && isEqual(name, bytes, from, to)) return index;
    }
  }

  /** The place behind the name's colon where it stands as a key at `at`, and -1 where it does not, or is cut. */
  skipKey(index: number, window: ScanWindow, at: number): number {
    const words = this.#keyWords[index];
    const rest = this.#keyRests[index];
    if (words === undefined || rest === undefined) return -1;
    const behindWords = at + words.length * 4;
    if (behindWords > window.end) return -1;
    const { bytes, view } = window;
    for (let word = 0; word < words.length; word++) if (view.getInt32(at + word * 4, true) !== words[word]) return -1;
    for (let byte = 0; byte < rest.length; byte++) if (bytes[behindWords + byte] !== rest[byte]) return -1;
    return behindWords + rest.length;
  }

  findText(text: string): number {
    return this.#indexOf.get(text) ?? -1;
  }
}

function slotOf(bytes: Uint8Array, from: number, to: number): number {
  return ((to - from) * 5 + (bytes[from] ?? 0) * 3 + (bytes[to - 1] ?? 0)) & 63;
}

function isEqual(name: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
  if (name.length !== to - from) return false;
  for (let index = 0; index < name.length; index++) if (name[index] !== bytes[from + index]) return false;
  return true;
}
