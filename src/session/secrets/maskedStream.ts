// Masks secrets in a stream of bytes, whatever the pieces in which it comes. Bytes that may be the beginning of a secret
// are held back until it is known; so what comes out in all does not depend on where the pieces were cut.

import { maskText } from "../../trace/maskedText";
import type { SecretMask } from "./secretMask";

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
    const { isEmpty, search } = this.#mask;
    const all = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    this.#held = nothing;
    if (isEmpty) return all;
    const shown: Buffer[] = [];
    let maskedTo = this.#maskedBytes;
    let from = Math.min(maskedTo, all.length);
    let at = 0;
    for (; at < all.length; at++) {
      const found = search.next(all, at, isLast);
      at = found.at;
      if (found.mayGoOn || at >= all.length) break;
      if (at >= maskedTo) {
        shown.push(all.subarray(from, at), masked);
        maskedTo = found.end;
      } else maskedTo = Math.max(maskedTo, found.end);
      from = maskedTo;
    }
    if (from < at) shown.push(all.subarray(from, at));
    // A copy: a few bytes must not keep a whole buffer.
    this.#held = at < all.length ? Buffer.from(all.subarray(at)) : nothing;
    this.#maskedBytes = Math.max(0, maskedTo - at);
    return shown.length === 1 ? (shown[0] ?? nothing) : Buffer.concat(shown);
  }
}
