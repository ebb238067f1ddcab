// Which spans a session has received. OpenTelemetry's span ids are unique within a trace alone, those of a session within
// all of it: an id that another trace has used already, or that is the session's own, is made distinct by its trace's id.
// Bounded: the last 65,536 spans are remembered, up to twice as many, and those that are open.

/** Spans after which the older half is forgotten: about 7 MB. An exporter repeats what it sent seconds ago. */
const mostInGeneration = 65_536;
/** Ids that a session gives to its own spans begin alike; see `SpanIds`. */
const ownPrefixLength = 8;

export class OtlpIds {
  readonly #ownPrefix: string;
  readonly #most: number;
  /** Trace ids, by the ids under which spans are recorded. */
  #young = new Map<string, string>();
  #old = new Map<string, string>();
  readonly #pinned = new Map<string, string>();
  #lastTraceId = "";

  /** @param ownSpanId an id of the session's own */
  constructor(ownSpanId: string, mostRemembered = mostInGeneration) {
    this.#ownPrefix = ownSpanId.slice(0, ownPrefixLength);
    this.#most = mostRemembered;
  }

  /** The id under which the span is recorded; undefined for one that is not known, or not any more. */
  find(traceId: string, spanId: string): string | undefined {
    if (this.#traceOf(spanId) === traceId) return spanId;
    const distinct = distinctId(traceId, spanId);
    return this.#traceOf(distinct) === traceId ? distinct : undefined;
  }

  /** Gives an id to a span that is not known. */
  add(traceId: string, spanId: string): string {
    const isTaken = spanId.startsWith(this.#ownPrefix) || this.#traceOf(spanId) !== undefined;
    const id = isTaken ? distinctId(traceId, spanId) : spanId;
    // Of the equal texts that a request holds one is kept.
    if (traceId !== this.#lastTraceId) this.#lastTraceId = traceId;
    this.#put(id, this.#lastTraceId);
    return id;
  }

  /** A span that is recorded from before, under this id. */
  restore(traceId: string, id: string): void {
    if (traceId !== this.#lastTraceId) this.#lastTraceId = traceId;
    this.#put(id, this.#lastTraceId);
  }

  /** An open span is remembered until it is released. */
  pin(id: string): void {
    const traceId = this.#traceOf(id);
    if (traceId !== undefined) this.#pinned.set(id, traceId);
  }

  release(id: string): void {
    const traceId = this.#pinned.get(id);
    if (traceId !== undefined && this.#pinned.delete(id)) this.#put(id, traceId);
  }

  /** The span was not recorded after all. */
  forget(id: string): void {
    this.#young.delete(id);
    this.#old.delete(id);
    this.#pinned.delete(id);
  }

  #traceOf(id: string): string | undefined {
    const young = this.#young.get(id) ?? this.#pinned.get(id);
    if (young !== undefined) return young;
    const old = this.#old.get(id);
    // What is still asked for stays.
    if (old !== undefined) this.#put(id, old);
    return old;
  }

  #put(id: string, traceId: string): void {
    this.#young.set(id, traceId);
    if (this.#young.size < this.#most) return;
    this.#old = this.#young;
    this.#young = new Map();
  }
}

function distinctId(traceId: string, spanId: string): string {
  return `${spanId}-${traceId}`;
}
