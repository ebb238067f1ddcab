// Events that were recorded already: what a client sends again counts once. Bounded: those of the last 8,192 events are
// known, up to twice as many.

import { createHash } from "node:crypto";

const mostInGeneration = 8_192;

export class OtlpSeenEvents {
  #young = new Set<string>();
  #old = new Set<string>();

  /** False for an event of this span that was added before. @param json its text */
  add(spanId: string, json: string): boolean {
    const key = keyOf(spanId, json);
    if (this.#young.has(key) || this.#old.has(key)) return false;
    this.#young.add(key);
    if (this.#young.size >= mostInGeneration) {
      this.#old = this.#young;
      this.#young = new Set();
    }
    return true;
  }

  /** The event was not recorded after all. */
  forget(spanId: string, json: string): void {
    const key = keyOf(spanId, json);
    this.#young.delete(key);
    this.#old.delete(key);
  }
}

function keyOf(spanId: string, json: string): string {
  return `${spanId}${json.length > mostKept ? `${json.length} ${hashOf(json)}` : json}`;
}

/** Longer texts are known by their hash. */
const mostKept = 128;

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}
