// Attributes that are added to spans later on. In a journal null takes an attribute away, while for a program it is a
// value: where one is null, all that are known of the span are written anew. Memory is that of the last few spans.

import type { SessionRecorder } from "./sessionRecorder";

/** More than are open, or were begun last, in any program that still adds attributes to them. */
const mostSpans = 64;

export class SpanAttributes {
  readonly #recorder: Pick<SessionRecorder, "attributes" | "set">;
  readonly #rootSpanId: string;
  /** The span that was written last comes last. */
  readonly #known = new Map<string, Record<string, unknown>>();

  /** @param rootSpanId a span that is never forgotten */
  constructor(recorder: Pick<SessionRecorder, "attributes" | "set">, rootSpanId: string) {
    this.#recorder = recorder;
    this.#rootSpanId = rootSpanId;
  }

  /** What a span has from its beginning. @param json an object; undefined where there are none */
  note(spanId: string, json: string | undefined): void {
    if (json !== undefined) this.#remember(spanId, JSON.parse(json) as Record<string, unknown>);
  }

  add(spanId: string, json: string | undefined): void {
    if (json === undefined) return;
    const added = JSON.parse(json) as Record<string, unknown>;
    const known = this.#remember(spanId, added);
    if (Object.values(added).includes(null)) this.#recorder.set(spanId, `{"attributes":${JSON.stringify(known)}}`);
    else this.#recorder.attributes(spanId, json);
  }

  #remember(spanId: string, added: Record<string, unknown>): Record<string, unknown> {
    const known = Object.assign(this.#known.get(spanId) ?? Object.create(null), added) as Record<string, unknown>;
    this.#known.delete(spanId);
    this.#known.set(spanId, known);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= mostSpans) break;
      if (oldest !== this.#rootSpanId) this.#known.delete(oldest);
    }
    return known;
  }
}
