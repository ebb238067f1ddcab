// Events that were recorded already: what a client sends again counts once. Bounded: those of the last 8,192 events are
// known, up to twice as many, in 400 KB.

import { Fingerprints, fingerprintOf } from "./fingerprints";

const mostInGeneration = 8_192;
const leastSlots = 64;

export class OtlpSeenEvents {
  #young = new Fingerprints(leastSlots);
  #old: Fingerprints | undefined;

  /** False for an event of this span that was added before. @param identity its text, or what else it is known by */
  add(spanId: string, identity: string): boolean {
    const fingerprint = fingerprintOf(spanId, identity);
    if (this.#young.has(fingerprint) || this.#old?.has(fingerprint)) return false;
    if (this.#young.count >= mostInGeneration) {
      this.#old = this.#young;
      this.#young = new Fingerprints(leastSlots);
    }
    if (this.#young.isFull) this.#young.resize(this.#young.capacity * 2);
    this.#young.add(fingerprint);
    return true;
  }

  /** The event was not recorded after all. */
  forget(spanId: string, identity: string): void {
    const fingerprint = fingerprintOf(spanId, identity);
    this.#young.delete(fingerprint);
    this.#old?.delete(fingerprint);
  }
}
