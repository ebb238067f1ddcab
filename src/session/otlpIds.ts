// Which spans a session has received. OpenTelemetry's span ids are unique within a trace alone, those of a session within
// all of it: an id that another trace has used already, or that is the session's own, is made distinct by its trace's id.
// Bounded: the last 500,000 spans are known, up to twice as many, and those that are open, in 16 to 32 bytes each; fewer
// where other sessions have the memory. One that is new is taken for a known one once in 10^13 times.

import { type Fingerprint, Fingerprints, fingerprintOf } from "./fingerprints";
import type { SharedBytes } from "./sharedBytes";

/** Spans after which the older half is forgotten. */
const mostInGeneration = 524_288;
/** Slots of a session that has received nothing yet. */
const leastSlots = 128;
/** Ids that a session gives to its own spans begin alike; see `SpanIds`. */
const ownPrefixLength = 8;

export class OtlpIds {
  readonly #ownPrefix: string;
  readonly #most: number;
  readonly #memory: SharedBytes;
  /** Each id under which a span is recorded with its trace's id; and by itself, where that is the span's own id. */
  #young: Fingerprints;
  #old: Fingerprints | undefined;
  #youngSpans = 0;
  /** Trace ids of open spans, by the ids under which they are recorded. */
  readonly #pinned = new Map<string, string>();
  #isDisposed = false;

  /**
   * @param ownSpanId an id of the session's own
   * @param memory shared with other sessions
   */
  constructor(ownSpanId: string, memory: SharedBytes, most = mostInGeneration) {
    this.#ownPrefix = ownSpanId.slice(0, ownPrefixLength);
    this.#most = most;
    this.#memory = memory;
    this.#young = this.#smallest();
  }

  /** The id under which the span is recorded; undefined for one that is not known, or not any more. */
  find(traceId: string, spanId: string): string | undefined {
    if (this.#knows(traceId, spanId)) return spanId;
    const distinct = distinctId(traceId, spanId);
    return this.#knows(traceId, distinct) ? distinct : undefined;
  }

  /** Gives an id to a span that is not known. */
  add(traceId: string, spanId: string): string {
    const isTaken = spanId.startsWith(this.#ownPrefix) || this.#isTaken(spanId);
    const id = isTaken ? distinctId(traceId, spanId) : spanId;
    this.#put(traceId, id);
    return id;
  }

  /** A span that is recorded from before, under this id. */
  restore(traceId: string, id: string): void {
    this.#put(traceId, id);
  }

  /** An open span is remembered until it is released. */
  pin(traceId: string, id: string): void {
    this.#pinned.set(id, traceId);
  }

  release(id: string): void {
    const traceId = this.#pinned.get(id);
    if (traceId !== undefined && this.#pinned.delete(id)) this.#put(traceId, id);
  }

  /** The span was not recorded after all. */
  forget(traceId: string, id: string): void {
    this.#pinned.delete(id);
    for (const fingerprint of fingerprintsOf(traceId, id)) {
      this.#young.delete(fingerprint);
      this.#old?.delete(fingerprint);
    }
  }

  /** Gives its memory back; nothing is asked of it any more. */
  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#memory.release(bytesOf(this.#young) + bytesOf(this.#old));
    this.#young = new Fingerprints(leastSlots);
    this.#old = undefined;
  }

  #knows(traceId: string, id: string): boolean {
    if (this.#pinned.get(id) === traceId) return true;
    const fingerprint = fingerprintOf(traceId, id);
    if (this.#young.has(fingerprint)) return true;
    if (this.#old?.has(fingerprint) !== true) return false;
    // What is still asked for stays.
    this.#put(traceId, id);
    return true;
  }

  #isTaken(id: string): boolean {
    if (this.#pinned.has(id)) return true;
    const fingerprint = fingerprintOf("", id);
    return this.#young.has(fingerprint) || this.#old?.has(fingerprint) === true;
  }

  #put(traceId: string, id: string): void {
    if (this.#isDisposed) return;
    if (this.#youngSpans >= this.#most) this.#forgetOlder();
    this.#youngSpans++;
    for (const fingerprint of fingerprintsOf(traceId, id)) {
      if (this.#young.isFull && !this.#grow()) this.#forgetOlder();
      this.#young.add(fingerprint);
    }
  }

  /** @returns false where other sessions have the memory */
  #grow(): boolean {
    const { capacity } = this.#young;
    if (!this.#memory.tryTake(Fingerprints.bytesOf(capacity))) return false;
    this.#young.resize(capacity * 2);
    return true;
  }

  #forgetOlder(): void {
    this.#memory.release(bytesOf(this.#old));
    this.#old = this.#young;
    this.#young = this.#smallest();
    this.#youngSpans = 0;
  }

  #smallest(): Fingerprints {
    this.#memory.take(Fingerprints.bytesOf(leastSlots));
    return new Fingerprints(leastSlots);
  }
}

function bytesOf(fingerprints: Fingerprints | undefined): number {
  return fingerprints === undefined ? 0 : Fingerprints.bytesOf(fingerprints.capacity);
}

function fingerprintsOf(traceId: string, id: string): readonly Fingerprint[] {
  const ofTrace = fingerprintOf(traceId, id);
  return id.endsWith(`-${traceId}`) ? [ofTrace] : [ofTrace, fingerprintOf("", id)];
}

function distinctId(traceId: string, spanId: string): string {
  return `${spanId}-${traceId}`;
}
