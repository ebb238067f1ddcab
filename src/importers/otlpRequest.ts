// OTLP/JSON `ExportTraceServiceRequest` -> spans as OpenTelemetry has them. A span with a field of the wrong type is
// refused alone, and the place of its fault is named; fields that are not known are passed over.
// Field names and numbers: opentelemetry-proto, `trace/v1/trace.proto`.

import { finish, type Steps } from "../base/steps";
import type { SpanEvent, SpanLink } from "../trace/schema";
import { faultWithin, OtlpFault } from "./otlpFault";
import { countIn, enumIn, type Fields, fieldOf, listIn, objectIn, setOwn, textIn, toFields } from "./otlpFields";
import { optionalId, optionalTime, requiredId, spanIdBytes, traceIdBytes } from "./otlpScalars";
import { attributesIn } from "./otlpValue";

/** What all spans of one `ScopeSpans` have in common. */
export interface OtlpOrigin {
  readonly resource: Readonly<Record<string, unknown>>;
  readonly scopeName: string | undefined;
  readonly scopeVersion: string | undefined;
  readonly scopeAttributes: Readonly<Record<string, unknown>>;
}

export const otlpSpanKinds = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"] as const;

/** A span as it was sent; lists and attributes are the receiver's own. */
export interface OtlpSpan {
  /** Lower-case hex, as all ids. */
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: (typeof otlpSpanKinds)[number];
  readonly startMs: number;
  /** Undefined for a span that has not ended. */
  readonly endMs: number | undefined;
  readonly isError: boolean;
  readonly statusMessage: string | undefined;
  readonly traceState: string | undefined;
  readonly attributes: Record<string, unknown>;
  readonly events: SpanEvent[];
  readonly links: SpanLink[];
  readonly origin: OtlpOrigin;
}

export interface OtlpRequest {
  readonly spans: readonly OtlpSpan[];
  /** Spans that were refused. */
  readonly rejectedSpans: number;
  /** One for each refused span, or for a part without countable spans; at most 1,000. */
  readonly faults: readonly OtlpFault[];
}

/** A request with more faults is no OTLP, and looking for the rest of them would take long. */
const mostFaults = 1000;

/** Throws an `OtlpFault` for what is no request at all. */
export function readOtlpRequest(value: unknown): OtlpRequest {
  return finish(readingOtlpRequest(value));
}

/** The same, with pauses in which others can be served. */
export function* readingOtlpRequest(value: unknown): Steps<OtlpRequest> {
  const reader = new RequestReader();
  yield* reader.request(toFields(value));
  return reader;
}

/** Between two pauses. */
const spansPerStep = 256;

/** What is refused of a request while it is read. */
export class OtlpRefusals {
  readonly faults: OtlpFault[] = [];
  /** Spans, or records of logs. */
  rejected = 0;

  /** Counts what is refused alone; throws again what ends the whole. */
  refuse(thrown: unknown, part: string, count: number): void {
    if (!(thrown instanceof OtlpFault)) throw thrown;
    if (thrown.isFinal) throw thrown.within(part);
    this.faults.push(thrown.within(part));
    this.rejected += count;
    if (this.faults.length < mostFaults) return;
    throw new OtlpFault(`has at least ${mostFaults} faults, the first: ${this.faults[0]?.sentence}`, "", true);
  }
}

/** The spans of a request while it is read. */
export class OtlpSpanList extends OtlpRefusals implements OtlpRequest {
  readonly spans: OtlpSpan[] = [];

  get rejectedSpans(): number {
    return this.rejected;
  }
}

class RequestReader extends OtlpSpanList {
  *request(request: Fields): Steps<void> {
    const resources = listIn(request, "resourceSpans");
    for (let index = 0; index < resources.length; index++) yield* this.#resourceSpans(resources[index], index);
  }

  *#resourceSpans(value: unknown, index: number): Steps<void> {
    const part = `resourceSpans[${index}]`;
    let scopes: readonly unknown[] = [];
    let resource: OtlpOrigin["resource"];
    try {
      const fields = toFields(value);
      scopes = listIn(fields, "scopeSpans");
      resource = readResource(fields);
    } catch (thrown) {
      return this.refuse(thrown, part, countEntries(scopes, "spans"));
    }
    for (let at = 0; at < scopes.length; at++) {
      yield* this.#scopeSpans(scopes[at], resource, `${part}.scopeSpans[${at}]`);
    }
  }

  *#scopeSpans(value: unknown, resource: OtlpOrigin["resource"], part: string): Steps<void> {
    let spans: readonly unknown[] = [];
    let origin: OtlpOrigin;
    try {
      const fields = toFields(value);
      spans = listIn(fields, "spans");
      origin = readOrigin(resource, fields);
    } catch (thrown) {
      return this.refuse(thrown, part, spans.length);
    }
    for (let at = 0; at < spans.length; at++) {
      if (at % spansPerStep === spansPerStep - 1) yield;
      try {
        this.spans.push(readSpan(spans[at], origin));
      } catch (thrown) {
        this.refuse(thrown, `${part}.spans[${at}]`, 1);
      }
    }
  }
}

/** How many entries there are in all, where they are lists. */
export function countEntries(scopes: readonly unknown[], name: "spans" | "logRecords"): number {
  return scopes.reduce<number>((sum, scope) => {
    const entries = typeof scope === "object" && scope !== null ? fieldOf(scope as Fields, name) : [];
    return sum + (Array.isArray(entries) ? entries.length : 0);
  }, 0);
}

/** Of a `ResourceSpans` or a `ResourceLogs`. */
export function readResource(resourceSpans: Fields): Record<string, unknown> {
  const resource = objectIn(resourceSpans, "resource");
  if (!resource) return {};
  try {
    const attributes = attributesIn(resource);
    addDropped(attributes, resource, "droppedAttributesCount", "otel.dropped_attributes_count");
    return attributes;
  } catch (thrown) {
    throw faultWithin(thrown, "resource");
  }
}

/** Of a `ScopeSpans` or a `ScopeLogs`. */
export function readOrigin(resource: Record<string, unknown>, scopeSpans: Fields): OtlpOrigin {
  const scope = objectIn(scopeSpans, "scope") ?? {};
  try {
    const scopeAttributes = attributesIn(scope);
    addDropped(scopeAttributes, scope, "droppedAttributesCount", "otel.dropped_attributes_count");
    return {
      resource,
      scopeName: textIn(scope, "name") || undefined,
      scopeVersion: textIn(scope, "version") || undefined,
      scopeAttributes,
    };
  } catch (thrown) {
    throw faultWithin(thrown, "scope");
  }
}

function readSpan(value: unknown, origin: OtlpOrigin): OtlpSpan {
  const fields = toFields(value);
  const traceId = requiredId(fields, "traceId", traceIdBytes);
  const spanId = requiredId(fields, "spanId", spanIdBytes);
  const startMs = optionalTime(fields, "startTimeUnixNano");
  if (startMs === undefined) throw new OtlpFault("is missing", "startTimeUnixNano");
  const attributes = attributesIn(fields);
  addDropped(attributes, fields, "droppedAttributesCount", "otel.dropped_attributes_count");
  addDropped(attributes, fields, "droppedEventsCount", "otel.dropped_events_count");
  addDropped(attributes, fields, "droppedLinksCount", "otel.dropped_links_count");
  const kind = enumIn(fields, "kind", "SPAN_KIND_", otlpSpanKinds);
  return {
    traceId,
    spanId,
    parentSpanId: optionalId(fields, "parentSpanId", spanIdBytes),
    name: textIn(fields, "name") ?? "",
    kind: otlpSpanKinds[kind ?? 0] ?? "UNSPECIFIED",
    startMs,
    endMs: optionalTime(fields, "endTimeUnixNano"),
    ...readStatus(fields),
    traceState: textIn(fields, "traceState") || undefined,
    attributes,
    events: readEach(fields, "events", (event) => readEvent(event, startMs)),
    links: readEach(fields, "links", readLink),
    origin,
  };
}

function readStatus(fields: Fields): Pick<OtlpSpan, "isError" | "statusMessage"> {
  const status = objectIn(fields, "status");
  if (!status) return { isError: false, statusMessage: undefined };
  try {
    const code = enumIn(status, "code", "STATUS_CODE_", ["UNSET", "OK", "ERROR"]);
    return { isError: code === 2, statusMessage: textIn(status, "message") || undefined };
  } catch (thrown) {
    throw faultWithin(thrown, "status");
  }
}

function readEvent(event: Fields, spanStartMs: number): SpanEvent {
  const attributes = attributesIn(event);
  addDropped(attributes, event, "droppedAttributesCount", "otel.dropped_attributes_count");
  return {
    name: textIn(event, "name") ?? "",
    timeMs: optionalTime(event, "timeUnixNano") ?? spanStartMs,
    ...withAttributes(attributes),
  };
}

/** A link may lead nowhere and still say something with its attributes. */
function readLink(link: Fields): SpanLink {
  const attributes = attributesIn(link);
  const traceState = textIn(link, "traceState");
  if (traceState) attributes["w3c.tracestate"] = traceState;
  addDropped(attributes, link, "droppedAttributesCount", "otel.dropped_attributes_count");
  const traceId = optionalId(link, "traceId", traceIdBytes);
  return {
    spanId: optionalId(link, "spanId", spanIdBytes) ?? "",
    ...(traceId === undefined ? {} : { traceId }),
    ...withAttributes(attributes),
  };
}

function withAttributes(attributes: Record<string, unknown>): { attributes?: Record<string, unknown> } {
  for (const _ in attributes) return { attributes };
  return {};
}

function readEach<T>(fields: Fields, name: string, read: (entry: Fields) => T): T[] {
  const list = listIn(fields, name);
  const result: T[] = [];
  let index = 0;
  try {
    for (; index < list.length; index++) result.push(read(toFields(list[index])));
  } catch (thrown) {
    throw faultWithin(thrown, `${name}[${index}]`);
  }
  return result;
}

/** A count of what the sender left out, under the name that OpenTelemetry gives it outside of OTLP. */
export function addDropped(attributes: Record<string, unknown>, fields: Fields, field: string, name: string): void {
  if (fieldOf(fields, field) === undefined) return;
  const count = countIn(fields, field);
  if (count > 0) setOwn(attributes, name, count);
}
