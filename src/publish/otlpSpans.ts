// A trace -> spans of OpenTelemetry, named so that backends for traces of models understand them: by the conventions for
// GenAI, which most read, and by OpenInference's kind of a span, which Phoenix asks for. One session is one trace, whatever
// traces it was made of, so that its tree stays whole.

import { createHash } from "node:crypto";
import type { SpanKind, TraceFile, TraceSpan } from "../trace/schema";
import { isFields } from "../trace/soundSpan";
import type { WireAttributes, WireOrigin, WireSpan, WireValue } from "./otlpEncode";

/** What all spans of a session have in common. */
export interface WireSession {
  readonly sessionId: string;
  readonly traceId: string;
}

export function wireOrigin({ metadata }: Pick<TraceFile, "metadata">): WireOrigin {
  const { agent, version, environment } = metadata;
  return {
    resource: {
      "service.name": agent ?? "tracekeeper",
      ...(version === undefined ? {} : { "service.version": version }),
      ...(environment === undefined ? {} : { "deployment.environment.name": environment }),
    },
    scopeName: "tracekeeper",
    scopeVersion: undefined,
  };
}

/** A span without an end has none to tell: it is as long as nothing, and says that it is open. */
export function wireSpan(span: TraceSpan, session: WireSession): WireSpan {
  const { spanId, parentSpanId, statusMessage, attributes = {} } = span;
  const startNs = nanoseconds(span.startTime);
  const endNs = span.endTime === undefined ? startNs : nanoseconds(span.endTime);
  const isError = span.status === "error";
  const kind = kinds.indexOf(String(attributes["span.kind"]).toUpperCase());
  const name = attributes["tracekeeper.name"];
  const traceState = attributes["w3c.tracestate"];
  const traceId = wireId(session.traceId, 32);
  return {
    traceId,
    spanId: wireId(spanId, 16),
    parentSpanId: parentSpanId === null ? undefined : wireId(parentSpanId, 16),
    traceState: typeof traceState === "string" && traceState !== "" ? traceState : undefined,
    name: typeof name === "string" ? name : span.name,
    kind: kind > 0 ? kind : 1,
    startNs,
    endNs: endNs < startNs ? startNs : endNs,
    attributes: { ...ownAttributes(span, session), ...wireAttributes(attributes) },
    events: (span.events ?? []).map((event) => ({
      timeNs: nanoseconds(event.timeMs),
      name: event.name,
      attributes: wireAttributes(event.attributes),
    })),
    links: (span.links ?? []).map((link) => ({
      traceId: link.traceId === undefined ? traceId : wireId(link.traceId, 32),
      spanId: wireId(link.spanId, 16),
      attributes: wireAttributes(link.attributes),
    })),
    isError,
    statusMessage: isError ? statusMessage : undefined,
  };
}

/** In the order of their numbers. */
const kinds = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"];

/** Told by fields of the span, or of this session's reading alone. */
const leftOut: ReadonlySet<string> = new Set(["span.kind", "w3c.tracestate", "tracekeeper.name", "otel.resource"]);

const inferenceKinds: Readonly<Record<SpanKind, string>> = {
  session: "AGENT",
  generation: "LLM",
  tool: "TOOL",
  text: "CHAIN",
  span: "CHAIN",
  "user-message": "CHAIN",
};

function ownAttributes(span: TraceSpan, { sessionId }: WireSession): WireAttributes {
  const { kind, finishReason, cost, statusMessage } = span;
  return {
    "session.id": sessionId,
    "openinference.span.kind": inferenceKinds[kind],
    // Conventions know no such steps.
    ...(kind === "session" || kind === "text" || kind === "user-message" ? { "tracekeeper.kind": kind } : {}),
    ...(span.endTime === undefined ? { "tracekeeper.open": true } : {}),
    ...(span.interrupted === true ? { "tracekeeper.interrupted": true } : {}),
    ...(kind === "tool" ? toolAttributes(span) : payloadAttributes(span)),
    ...(kind === "generation" ? { "gen_ai.operation.name": "chat" } : {}),
    ...modelAttributes(span),
    ...(finishReason === undefined ? {} : { "gen_ai.response.finish_reasons": [finishReason] }),
    ...usageAttributes(span),
    ...(cost === undefined ? {} : { "gen_ai.usage.cost": cost }),
    ...(span.status === "error" || statusMessage === undefined ? {} : { "otel.status_description": statusMessage }),
  };
}

function toolAttributes({ name, tool, input, output }: TraceSpan): WireAttributes {
  return {
    "gen_ai.operation.name": "execute_tool",
    "gen_ai.tool.name": name,
    ...(tool?.callId === undefined ? {} : { "gen_ai.tool.call.id": tool.callId }),
    ...(input === undefined ? {} : { "gen_ai.tool.call.arguments": textOf(input) }),
    ...(output === undefined ? {} : { "gen_ai.tool.call.result": textOf(output) }),
  };
}

function payloadAttributes({ kind, input, output }: TraceSpan): WireAttributes {
  return { ...payload("input", input, kind), ...payload("output", output, kind) };
}

function payload(side: "input" | "output", value: unknown, kind: SpanKind): WireAttributes {
  if (value === undefined || value === null) return {};
  if (kind === "generation" && isMessages(value)) return { [`gen_ai.${side}.messages`]: textOf(value) };
  const mimeType = typeof value === "string" ? "text/plain" : "application/json";
  return { [`${side}.value`]: textOf(value), [`${side}.mime_type`]: mimeType };
}

function isMessages(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((item) => isFields(item) && typeof item["role"] === "string")
  );
}

function modelAttributes({ model, kind }: TraceSpan): WireAttributes {
  if (kind === "tool") return {};
  return {
    ...(model?.modelId === undefined ? {} : { "gen_ai.request.model": model.modelId }),
    ...(model?.providerId === undefined ? {} : { "gen_ai.provider.name": model.providerId }),
  };
}

/** A trace's five counts add up; the conventions count cached tokens within the input, and reasoning within the output. */
function usageAttributes({ tokens, kind }: TraceSpan): WireAttributes {
  if (tokens === undefined || kind === "tool") return {};
  const { input = 0, output = 0, reasoning = 0, cacheRead = 0, cacheWrite = 0 } = tokens;
  return {
    "gen_ai.usage.input_tokens": input + cacheRead + cacheWrite,
    "gen_ai.usage.output_tokens": output + reasoning,
    ...(cacheRead === 0 ? {} : { "gen_ai.usage.cache_read.input_tokens": cacheRead }),
    ...(cacheWrite === 0 ? {} : { "gen_ai.usage.cache_creation.input_tokens": cacheWrite }),
    ...(reasoning === 0 ? {} : { "gen_ai.usage.reasoning.output_tokens": reasoning }),
  };
}

function wireAttributes(attributes: Readonly<Record<string, unknown>> = {}): WireAttributes {
  const known: Record<string, WireValue> = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || leftOut.has(name) || name === "__proto__") continue;
    known[name] = wireValue(value);
  }
  return known;
}

/** Backends take texts, numbers and lists of one kind; anything else as text of JSON. */
function wireValue(value: unknown): WireValue {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  if (Array.isArray(value) && value.every((item) => isPlain(item) && typeof item === typeof value[0])) {
    return value as readonly (string | number | boolean)[];
  }
  return textOf(value);
}

function isPlain(value: unknown): boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

/** The id itself where it is one of OpenTelemetry; else one that follows from it. */
function wireId(id: string, digits: 16 | 32): string {
  const hex = digits === 32 ? id.replaceAll("-", "") : id;
  if (hex.length === digits && /^[0-9a-f]+$/.test(hex) && !/^0+$/.test(hex)) return hex;
  return createHash("sha256").update(id).digest("hex").slice(0, digits);
}

/** To the microsecond, which is what a number holds of this century's times. */
function nanoseconds(ms: number): bigint {
  return Number.isFinite(ms) && ms > 0 ? BigInt(Math.round(ms * 1000)) * 1000n : 0n;
}
