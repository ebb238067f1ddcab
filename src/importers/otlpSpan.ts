// A span of OpenTelemetry -> a span of a trace, without I/O: for the receiver of a session, for the collector and for
// files. Ids are kept; whatever has no field of its own survives under `attributes`. What is written there beside the
// sender's own attributes has the names that OpenTelemetry gives it outside of OTLP (`otel.scope.name`,
// `otel.dropped_events_count`, `w3c.tracestate`, `span.kind`), or begins with `tracekeeper.`.

import type { TraceSpan } from "../trace/schema";
import { OtlpAttributes } from "./otlpAttributes";
import { takePayloads } from "./otlpPayloads";
import type { OtlpSpan } from "./otlpRequest";
import { otlpRole, otlpToolName } from "./otlpRole";
import { isZero } from "./otlpScalars";
import { type OtlpUsage, otlpFinishReason, otlpModel, otlpUsage } from "./otlpUsage";

export interface MappedSpan {
  readonly traceId: string;
  /** Its parent is the one that was sent, null for none. Without `endTime` it is open. Tokens and cost are in `usage`. */
  readonly span: TraceSpan;
  /** What the span reports; a span above it may say the same once more. */
  readonly usage: OtlpUsage | undefined;
  /** Of all spans of this program; for the spans at the top alone. */
  readonly resource: OtlpSpan["origin"]["resource"];
}

export function mapOtlpSpan(sent: OtlpSpan): MappedSpan {
  const identity = identityOf(sent);
  const attributes = new OtlpAttributes(sent.attributes);
  const { kind, repeatsUsage } = otlpRole(attributes, sent.name);
  const isTool = kind === "tool";
  const name = (isTool ? otlpToolName(attributes, sent.name) : sent.name) || "(no name)";
  const { input, output, events } = takePayloads(attributes, sent.events, kind);
  const usage = isTool || repeatsUsage ? undefined : otlpUsage(attributes);
  const model = isTool ? undefined : otlpModel(attributes);
  const finishReason = isTool ? undefined : otlpFinishReason(attributes);
  const statusMessage = sent.isError ? (sent.statusMessage ?? exceptionMessage(sent)) : undefined;
  const kept = withOwn(attributes.rest(), sent, name);
  const { endTime } = identity;
  const span: TraceSpan = {
    ...identity,
    name,
    kind,
    status: sent.isError ? "error" : "ok",
    ...(statusMessage === undefined ? {} : { statusMessage }),
    ...(model === undefined ? {} : { model }),
    ...(finishReason === undefined ? {} : { finishReason }),
    ...(isTool ? toolOf(attributes, endTime === undefined ? undefined : endTime - sent.startMs) : {}),
    ...(input === undefined || input === null ? {} : { input }),
    ...(output === undefined || output === null ? {} : { output }),
    ...(hasAny(kept) ? { attributes: kept } : {}),
    ...(events.length === 0 ? {} : { events }),
    ...(sent.links.length === 0 ? {} : { links: sent.links }),
  };
  return { traceId: sent.traceId, span, usage, resource: sent.origin.resource };
}

type Identity = Pick<TraceSpan, "spanId" | "parentSpanId" | "startTime" | "endTime">;

/**
 * Logfire says at once that a span has begun, with a span of its own below it, whose `logfire.span_type` is
 * `pending_span`: its parent is the span that has begun, and `logfire.pending_parent_id` is that one's parent.
 */
function identityOf({ spanId, parentSpanId: sentParent, startMs, endMs, attributes }: OtlpSpan): Identity {
  const parentSpanId = sentParent ?? null;
  if (attributes["logfire.span_type"] === "pending_span" && parentSpanId !== null) {
    const above = attributes["logfire.pending_parent_id"];
    const isParent = typeof above === "string" && /^[0-9a-f]{16}$/.test(above) && !isZero(above);
    return { spanId: parentSpanId, parentSpanId: isParent ? above : null, startTime: startMs };
  }
  return { spanId, parentSpanId, startTime: startMs, ...(endMs === undefined ? {} : { endTime: endMs }) };
}

function toolOf(attributes: OtlpAttributes, durationMs: number | undefined): Pick<TraceSpan, "tool"> {
  const callId = attributes.text(["gen_ai.tool.call.id", "ai.toolCall.id", "tool_call.id", "tool.id"]);
  if (callId === undefined && durationMs === undefined) return {};
  return {
    tool: {
      ...(callId === undefined ? {} : { callId }),
      ...(durationMs === undefined ? {} : { durationMs: Math.round(durationMs * 1000) / 1000 }),
    },
  };
}

/** That of the last exception: a step that was tried again ends with the last one. */
function exceptionMessage({ events }: OtlpSpan): string | undefined {
  const exception = events.findLast(({ name }) => name === "exception" || name.endsWith(".exception"));
  const message = exception?.attributes?.["exception.message"];
  return typeof message === "string" && message !== "" ? message : undefined;
}

/** Adds to the sender's attributes, none of which loses its place. */
function withOwn(attributes: Record<string, unknown>, sent: OtlpSpan, name: string): Record<string, unknown> {
  const { origin, kind, traceState, statusMessage } = sent;
  const add = (key: string, value: unknown) => {
    if (value !== undefined) attributes[key] ??= value;
  };
  if (kind !== "INTERNAL" && kind !== "UNSPECIFIED") add("span.kind", kind.toLowerCase());
  if (!sent.isError) add("otel.status_description", statusMessage);
  add("w3c.tracestate", traceState);
  if (name !== sent.name && sent.name !== "") add("tracekeeper.name", sent.name);
  const service = origin.resource["service.name"];
  // "unknown_service:node" is what a program is called that nobody gave a name.
  if (typeof service === "string" && !service.startsWith("unknown_service")) add("service.name", service);
  add("otel.scope.name", origin.scopeName);
  add("otel.scope.version", origin.scopeVersion);
  if (hasAny(origin.scopeAttributes)) add("otel.scope.attributes", origin.scopeAttributes);
  return attributes;
}

function hasAny(fields: Readonly<Record<string, unknown>>): boolean {
  for (const _ in fields) return true;
  return false;
}
