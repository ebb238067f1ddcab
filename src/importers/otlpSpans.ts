// The spans of one or more OTLP requests as one trace: each counts once, whoever sent it twice; a span that has begun is
// replaced by the one that has ended. Spans keep the order in which they were first heard of, and parents may come later.

import { rowsPerStep, type Steps } from "../base/steps";
import type { TraceMetadata, TraceSpan } from "../trace/schema";
import type { LinePlace } from "./importedSpans";
import type { OtlpFault } from "./otlpFault";
import { readingOtlpRequest } from "./otlpRequest";
import { type MappedSpan, mapOtlpSpan } from "./otlpSpan";
import { spansAboveUsage } from "./otlpUsageOnce";

const sessionNames = [
  "gen_ai.conversation.id",
  "session.id",
  "ai.telemetry.metadata.sessionId",
  "copilot_chat.session_id",
  "copilot_chat.chat_session_id",
];
const rootId = "otlp-session";

interface Received {
  mapped: MappedSpan;
  readonly id: string;
  readonly at: LinePlace;
}

export interface OtlpTrace {
  readonly spans: TraceSpan[];
  readonly places: readonly (LinePlace | undefined)[];
  readonly sessionId: string | undefined;
  readonly traceId: string | undefined;
  readonly metadata: TraceMetadata;
}

/** Between two pauses. */
const spansPerStep = 256;

export class OtlpSpans {
  readonly #received = new Map<string, Received>();
  readonly #ids = new Set<string>();
  #sessionId: string | undefined;
  #repeated = 0;

  /** Spans that came more than once. */
  get repeated(): number {
    return this.#repeated;
  }

  /**
   * Returns what is wrong with single spans; pauses meanwhile.
   * @throws OtlpFault for what is no request at all
   */
  *taking(request: unknown, at: LinePlace): Steps<readonly OtlpFault[]> {
    const { spans, faults } = yield* readingOtlpRequest(request);
    for (const [index, sent] of spans.entries()) {
      if (index % spansPerStep === spansPerStep - 1) yield;
      const named = sessionNames.map((name) => sent.attributes[name]).find((value) => typeof value === "string");
      this.#sessionId ??= typeof named === "string" && named !== "" ? named : undefined;
      this.#add(mapOtlpSpan(sent), at);
    }
    return faults;
  }

  #add(mapped: MappedSpan, at: LinePlace): void {
    const { traceId, span } = mapped;
    const key = `${traceId} ${span.spanId}`;
    const known = this.#received.get(key);
    if (known === undefined) {
      const id = this.#ids.has(span.spanId) ? `${traceId}-${span.spanId}` : span.spanId;
      this.#ids.add(id);
      this.#received.set(key, { mapped, id, at });
      return;
    }
    if (known.mapped.span.endTime === undefined && span.endTime !== undefined) known.mapped = mapped;
    else this.#repeated++;
  }

  /** The whole as it is now, with pauses. */
  *trace(): Steps<OtlpTrace> {
    const all = [...this.#received.values()];
    const idOf = (traceId: string, spanId: string) => this.#received.get(`${traceId} ${spanId}`)?.id;
    const usage = all.map(({ id, mapped }) => ({
      id,
      parentId: idOf(mapped.traceId, mapped.span.parentSpanId ?? ""),
      reportsUsage: mapped.usage !== undefined,
    }));
    const above = spansAboveUsage(usage, () => false);
    const resources = new Set<string>();
    yield;
    const spans: TraceSpan[] = [];
    for (const [index, { mapped, id }] of all.entries()) {
      if (index % rowsPerStep === rowsPerStep - 1) yield;
      const parentId = mapped.span.parentSpanId;
      const parent = parentId === null ? null : (idOf(mapped.traceId, parentId) ?? parentId);
      const isTop = parentId === null || idOf(mapped.traceId, parentId) === undefined;
      const counted = above.has(id) ? undefined : mapped.usage;
      const resource = isTop ? JSON.stringify(mapped.resource) : "{}";
      const isNew = resource !== "{}" && !resources.has(resource);
      if (isNew) resources.add(resource);
      const span: TraceSpan = {
        ...mapped.span,
        spanId: id,
        parentSpanId: parent,
        ...(counted?.tokens === undefined ? {} : { tokens: { ...counted.tokens } }),
        ...(counted?.cost === undefined ? {} : { cost: counted.cost }),
      };
      if (isTop) {
        const own = { "otel.trace_id": mapped.traceId, ...(isNew ? { "otel.resource": mapped.resource } : {}) };
        span.attributes = { ...span.attributes, ...own };
      }
      spans.push(span);
    }
    const places: (LinePlace | undefined)[] = all.map(({ at }) => at);
    const root = rootOf(spans);
    if (root !== undefined) {
      spans.unshift(root);
      places.unshift(undefined);
    }
    const traceIds = new Set(all.map(({ mapped }) => mapped.traceId));
    return {
      spans,
      places,
      sessionId: this.#sessionId,
      traceId: traceIds.size === 1 ? all[0]?.mapped.traceId : undefined,
      metadata: metadataOf(all, spans),
    };
  }
}

/**
 * The session. One span without a parent is it; several get one above them, which has ended when all of them have. Where
 * all spans hang below others that are not in the file there is none: nobody knows what else belongs to it.
 */
function rootOf(spans: readonly TraceSpan[]): TraceSpan | undefined {
  const tops = spans.filter(({ parentSpanId }) => parentSpanId === null);
  const [only] = tops;
  if (only === undefined) return undefined;
  if (tops.length === 1 && only.kind === "span") {
    only.kind = "session";
    return undefined;
  }
  let startTime = Number.POSITIVE_INFINITY;
  let endTime = Number.NEGATIVE_INFINITY;
  for (const top of tops) {
    top.parentSpanId = rootId;
    startTime = Math.min(startTime, top.startTime);
    endTime = Math.max(endTime, top.endTime ?? Number.POSITIVE_INFINITY);
  }
  const isOpen = endTime === Number.POSITIVE_INFINITY;
  return {
    spanId: rootId,
    parentSpanId: null,
    name: "session",
    kind: "session",
    startTime,
    ...(isOpen ? {} : { endTime }),
    status: "ok",
  };
}

function metadataOf(all: readonly Received[], spans: readonly TraceSpan[]): TraceMetadata {
  const service = all.map(({ mapped }) => mapped.resource["service.name"]).find((name) => typeof name === "string");
  const model = spans.find(({ kind, model }) => kind === "generation" && model?.modelId !== undefined)?.model;
  const top = spans.find(({ parentSpanId }) => parentSpanId === null) ?? spans[0];
  const isNamed = top !== undefined && top.spanId !== rootId;
  const first = isNamed ? top : spans.find(({ parentSpanId }) => parentSpanId === rootId);
  const prompt = typeof first?.input === "string" ? first.input : undefined;
  return {
    ...(typeof service === "string" && !service.startsWith("unknown_service") ? { agent: service } : {}),
    ...(model?.modelId === undefined ? {} : { model: model.modelId }),
    ...(model?.providerId === undefined ? {} : { providerId: model.providerId }),
    ...(first === undefined ? {} : { title: first.name }),
    ...(prompt === undefined ? {} : { prompt }),
  };
}
