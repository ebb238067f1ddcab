// A received span as the texts that its records hold. The five counts and the cost stand in a span only where they count,
// so that whoever adds up a trace need not know who repeats whom; what was sent stays among the attributes either way.

import type { MappedSpan } from "../importers/otlpSpan";
import type { JsonObjectText, SpanTotals } from "../recorder/sessionRecorder";
import { roundMs } from "../recorder/spanJson";
import type { TokenUsage } from "../recorder/traceTypes";
import type { TraceSpan } from "../trace/schema";

/** What was said of a span when it began. */
export interface SpanBeginning {
  readonly kind: SpanTotals["kind"];
  readonly name: string;
  /** Nothing but events of it had come: what it is, its end tells. */
  readonly isAwaited?: boolean | undefined;
}

export class OtlpSpanText {
  readonly span: TraceSpan;
  /** What it uses itself; nothing where a span below says the same. */
  readonly counted: { readonly tokens?: TokenUsage; readonly cost?: number };
  readonly #mapped: MappedSpan;
  readonly #id: string;
  readonly #attributes: Record<string, unknown>;
  #links: TraceSpan["links"];

  /**
   * @param id under which it is recorded
   * @param isAboveUsage a span below reports the same usage
   */
  constructor(mapped: MappedSpan, id: string, isAboveUsage: boolean) {
    const { span, usage } = mapped;
    this.#mapped = mapped;
    this.span = span;
    this.#id = id;
    // The mapping made them for this span alone.
    this.#attributes = span.attributes ?? {};
    this.#links = span.links;
    if (id !== span.spanId) this.#attributes["tracekeeper.spanId"] = span.spanId;
    const { tokens, cost } = (isAboveUsage ? undefined : usage) ?? {};
    this.counted = { ...(tokens === undefined ? {} : { tokens }), ...(cost === undefined ? {} : { cost }) };
  }

  get links(): TraceSpan["links"] {
    return this.#links;
  }

  /** For a span that does not hang below another one of its trace, or not yet. */
  addOrigin(isResourceNew: boolean): void {
    const { traceId, resource, span } = this.#mapped;
    this.#attributes["otel.trace_id"] = traceId;
    if (span.parentSpanId !== null) this.#attributes["tracekeeper.parentSpanId"] = span.parentSpanId;
    if (isResourceNew) this.#attributes["otel.resource"] = resource;
  }

  /** @param find the id under which a span is recorded */
  followLinks(find: (traceId: string, spanId: string) => string | undefined): void {
    this.#links = this.#links?.map((link) => {
      const id = link.traceId === undefined ? undefined : find(link.traceId, link.spanId);
      return id === undefined ? link : { ...link, spanId: id };
    });
  }

  whole(parentSpanId: string): JsonObjectText {
    return JSON.stringify({
      ...this.span,
      spanId: this.#id,
      parentSpanId,
      ...this.counted,
      attributes: this.#attributesOrNone(),
      links: this.#links,
    });
  }

  begin(parentSpanId: string): JsonObjectText {
    const { name, kind, startTime, model, input } = this.span;
    const attributes = this.#attributesOrNone();
    return JSON.stringify({ spanId: this.#id, parentSpanId, name, kind, startTime, model, input, attributes });
  }

  /** What the end knows better than the beginning; kind and name of what is counted stay. */
  changes(parentSpanId: string | undefined, begun: SpanBeginning): JsonObjectText {
    const { name, kind, startTime, model, input } = this.span;
    if (begun.isAwaited) return JSON.stringify({ parentSpanId, name, kind, startTime, model, input });
    return JSON.stringify({ parentSpanId, name: begun.kind === "tool" ? undefined : name, startTime, model, input });
  }

  /** Those that are added to what the beginning said. */
  attributes(): JsonObjectText | undefined {
    const attributes = this.#attributesOrNone();
    return attributes && JSON.stringify(attributes);
  }

  /** @param hasEvents its events take the place of those that it has got meanwhile */
  end(hasEvents: boolean): JsonObjectText {
    const { endTime, status, statusMessage, finishReason, tool, output } = this.span;
    const events = hasEvents ? this.span.events : undefined;
    const links = this.#links;
    return JSON.stringify({
      endTime,
      status,
      statusMessage,
      finishReason,
      ...this.counted,
      tool,
      output,
      events,
      links,
    });
  }

  totals(begun: SpanBeginning = this.span): SpanTotals {
    const { name, startTime, endTime = startTime, status } = this.span;
    const { tokens, cost } = this.counted;
    const known = begun.isAwaited ? this.span : begun;
    return {
      kind: known.kind,
      name: known.kind === "tool" ? known.name : name,
      isFailed: status === "error",
      durationMs: roundMs(endTime - startTime),
      tokens,
      cost,
      isCountedLate: begun.isAwaited ? true : undefined,
    };
  }

  #attributesOrNone(): Record<string, unknown> | undefined {
    for (const _ in this.#attributes) return this.#attributes;
    return undefined;
  }
}
