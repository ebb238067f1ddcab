// Masks secrets in a stream of bytes, whatever the pieces in which it comes. Bytes that may be the beginning of a secret
// are held back until it is known; so what comes out in all does not depend on where the pieces were cut.

import { maskText, type SecretMask } from "./secretMask";

const masked = Buffer.from(maskText);
const nothing = Buffer.alloc(0);

export class MaskedStream {
  readonly #mask: SecretMask;
  /** Of what came before: what may be the beginning of a secret. */
  #held: Buffer = nothing;
  /** So many bytes of it belong to a secret that was masked already. */
  #maskedBytes = 0;

  constructor(mask: SecretMask) {
    this.#mask = mask;
  }

  /** @returns what may be shown by now; it may share memory with `bytes` */
  add(bytes: Buffer): Buffer {
    return this.#take(bytes, false);
  }

  /** The rest. */
  end(): Buffer {
    return this.#take(nothing, true);
  }

  #take(bytes: Buffer, isLast: boolean): Buffer {
    const patterns = this.#mask.bytePatterns;
    const all = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    this.#held = nothing;
    if (patterns.length === 0) return all;
    const firstBytes = new Set(patterns.map(([first]) => first));
    const shown: Buffer[] = [];
    let maskedTo = this.#maskedBytes;
    let from = Math.min(maskedTo, all.length);
    let at = 0;
    for (; at < all.length; at++) {
      if (!firstBytes.has(all[at])) continue;
      const { longest, mayGoOn } = lookAt(all, at, patterns);
      if (mayGoOn && !isLast) break;
      if (longest === 0) continue;
      if (at >= maskedTo) {
        shown.push(all.subarray(from, at), masked);
        maskedTo = at + longest;
      } else maskedTo = Math.max(maskedTo, at + longest);
      from = maskedTo;
    }
    if (from < at) shown.push(all.subarray(from, at));
    // A copy: a few bytes must not keep a whole buffer.
    this.#held = Buffer.from(all.subarray(at));
    this.#maskedBytes = Math.max(0, maskedTo - at);
    return shown.length === 1 ? (shown[0] ?? nothing) : Buffer.concat(shown);
  }
}

/** The longest secret that begins here, and whether a longer one may, of which the rest has not come. */
function lookAt(bytes: Buffer, at: number, patterns: readonly Uint8Array[]) {
  let longest = 0;
  let mayGoOn = false;
  const left = bytes.length - at;
  for (const pattern of patterns) {
    const length = Math.min(pattern.length, left);
    if (bytes.compare(pattern, 0, length, at, at + length) !== 0) continue;
    if (length === pattern.length) longest = Math.max(longest, length);
    else mayGoOn = true;
  }
  return { longest, mayGoOn };
}
