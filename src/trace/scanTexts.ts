// Texts, each once, known by their bytes: ids and names of spans become numbers without a string for each of them.
// The bytes are UTF-8, and a lone surrogate, which only an escape can write, has the three bytes that UTF-8 forbids it.

const firstSlots = 1024;

/** All texts, as another thread can be given them. */
export interface TextsPart {
  readonly count: number;
  readonly pool: Uint8Array;
  readonly starts: Float64Array;
  readonly hashes: Int32Array;
}

export class ScanTexts {
  #pool = new Uint8Array(16 * 1024);
  #used = 0;
  /** For each text its place in the pool; one more for the end of the last. */
  #starts = new Float64Array(firstSlots);
  #hashes = new Int32Array(firstSlots);
  /** Number of a text and one more; 0 is free. */
  #slots = new Int32Array(firstSlots * 2);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** The number of the text that stands there, which is added where it is new. */
  add(bytes: Uint8Array, from: number, to: number): number {
    return this.#addHashed(hashOf(bytes, from, to), bytes, from, to);
  }

  #addHashed(hash: number, bytes: Uint8Array, from: number, to: number): number {
    const slot = this.#slotOf(hash, bytes, from, to);
    const known = (this.#slots[slot] ?? 0) - 1;
    return known >= 0 ? known : this.#insert(slot, hash, bytes, from, to);
  }

  addText(text: string): number {
    const bytes = bytesOfText(text);
    return this.add(bytes, 0, bytes.length);
  }

  /** The number of a text; -1 for one that was never added. */
  find(text: string): number {
    const bytes = bytesOfText(text);
    return (this.#slots[this.#slotOf(hashOf(bytes, 0, bytes.length), bytes, 0, bytes.length)] ?? 0) - 1;
  }

  /** Whether the text of this number, -1 for none, stands there. */
  isText(index: number, bytes: Uint8Array, from: number, to: number): boolean {
    return index >= 0 && this.#isEqual(index, bytes, from, to);
  }

  /** Not a copy: nothing is to be added afterwards. */
  toPart(): TextsPart {
    return { count: this.#count, pool: this.#pool, starts: this.#starts, hashes: this.#hashes };
  }

  /** Adds each text of another list; by its number there the number here. */
  append({ count, pool, starts, hashes }: TextsPart): Int32Array {
    const numbers = new Int32Array(count);
    for (let index = 0; index < count; index++) {
      numbers[index] = this.#addHashed(hashes[index] ?? 0, pool, starts[index] ?? 0, starts[index + 1] ?? 0);
    }
    return numbers;
  }

  text(index: number): string {
    return textOfBytes(this.#pool.subarray(this.#starts[index] ?? 0, this.#starts[index + 1] ?? 0));
  }

  #slotOf(hash: number, bytes: Uint8Array, from: number, to: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const index = (this.#slots[slot] ?? 0) - 1;
      if (index < 0 || (this.#hashes[index] === hash && this.#isEqual(index, bytes, from, to))) return slot;
    }
  }

  #isEqual(index: number, bytes: Uint8Array, from: number, to: number): boolean {
    const start = this.#starts[index] ?? 0;
    if ((this.#starts[index + 1] ?? 0) - start !== to - from) return false;
    const pool = this.#pool;
    for (let at = from, other = start; at < to; at++, other++) if (pool[other] !== bytes[at]) return false;
    return true;
  }

  #insert(slot: number, hash: number, bytes: Uint8Array, from: number, to: number): number {
    const length = to - from;
    if (this.#used + length > this.#pool.length) {
      const grown = new Uint8Array(Math.max(this.#pool.length * 2, this.#used + length));
      grown.set(this.#pool.subarray(0, this.#used));
      this.#pool = grown;
    }
    const pool = this.#pool;
    for (let at = from, target = this.#used; at < to; at++, target++) pool[target] = bytes[at] ?? 0;
    this.#used += length;
    const index = this.#count++;
    if (this.#count >= this.#hashes.length) this.#grow();
    this.#hashes[index] = hash;
    this.#starts[index + 1] = this.#used;
    if (this.#count * 2 > this.#slots.length) this.#rehash();
    else this.#slots[slot] = index + 1;
    return index;
  }

  #grow(): void {
    const hashes = new Int32Array(this.#hashes.length * 2);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
    const starts = new Float64Array(hashes.length);
    starts.set(this.#starts);
    this.#starts = starts;
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let index = 0; index < this.#count; index++) {
      let slot = (this.#hashes[index] ?? 0) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = index + 1;
    }
    this.#slots = slots;
  }
}

function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = to - from;
  let at = from;
  for (; at + 4 <= to; at += 4) {
    const word =
      (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
    hash = Math.imul(hash ^ word, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (; at < to; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return hash ^ (hash >>> 13);
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const surrogate = /[\ud800-\udfff]/u;

/** UTF-8 that keeps lone surrogates apart from each other. */
export function bytesOfText(text: string): Uint8Array {
  if (!surrogate.test(text)) return encoder.encode(text);
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code >= 0xd800 && code <= 0xdfff)
      bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
    else bytes.push(...encoder.encode(character));
  }
  return Uint8Array.from(bytes);
}

export function textOfBytes(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    return textWithSurrogates(bytes);
  }
}

function textWithSurrogates(bytes: Uint8Array): string {
  let text = "";
  let from = 0;
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] !== 0xed || (bytes[at + 1] ?? 0) < 0xa0) continue;
    text += decoder.decode(bytes.subarray(from, at));
    text += String.fromCharCode(0xd000 | (((bytes[at + 1] ?? 0) & 0x3f) << 6) | ((bytes[at + 2] ?? 0) & 0x3f));
    from = at + 3;
    at += 2;
  }
  return text + decoder.decode(bytes.subarray(from));
}
