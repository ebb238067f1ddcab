// Whether a value read from JSON is a span by `traceSpanSchema`, checked by hand because a schema run over each of
// 100,000 spans takes longer than reading them. Agreement with the schema is tested with random values.

import { isPossibleTime } from "./possibleTime";
import { spanKinds, type TraceSpan } from "./schema";

const kinds: ReadonlySet<unknown> = new Set(spanKinds);

type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isFiniteNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

export function isSpanKind(value: unknown): value is TraceSpan["kind"] {
  return kinds.has(value);
}

function optional(value: unknown, type: "string" | "boolean"): boolean {
  return value === undefined || typeof value === type;
}

function optionalNumber(value: unknown): boolean {
  return value === undefined || isFiniteNumber(value);
}

export function isModel(value: unknown): boolean {
  return (
    isFields(value) &&
    optional(value["modelId"], "string") &&
    optional(value["providerId"], "string") &&
    optional(value["variant"], "string")
  );
}

export const tokenFields = ["input", "output", "reasoning", "cacheRead", "cacheWrite", "total"] as const;

export function isTokenCounts(value: unknown): boolean {
  return isFields(value) && tokenFields.every((field) => optionalNumber(value[field]));
}

export function isTool(value: unknown): boolean {
  return isFields(value) && optional(value["callId"], "string") && optionalNumber(value["durationMs"]);
}

function optionalFields(value: unknown): boolean {
  return value === undefined || isFields(value);
}

export function isSpanEvent(value: unknown): boolean {
  return (
    isFields(value) &&
    typeof value["name"] === "string" &&
    isFiniteNumber(value["timeMs"]) &&
    optionalFields(value["attributes"])
  );
}

export function isSpanLink(value: unknown): boolean {
  return (
    isFields(value) &&
    typeof value["spanId"] === "string" &&
    optional(value["traceId"], "string") &&
    optionalFields(value["attributes"])
  );
}

/** Optional fields that are not plain texts or numbers, and what each must be. */
export const structuredFields: Readonly<Record<string, (value: unknown) => boolean>> = {
  model: isModel,
  tokens: isTokenCounts,
  tool: isTool,
  attributes: isFields,
  events: (value) => Array.isArray(value) && value.every(isSpanEvent),
  links: (value) => Array.isArray(value) && value.every(isSpanLink),
};

/** True exactly for what `traceSpanSchema` accepts. */
export function isSoundSpan(value: unknown): value is TraceSpan {
  if (!isFields(value)) return false;
  const { spanId, parentSpanId, name, kind, startTime, status, model, tokens, tool, attributes, events, links } = value;
  return (
    typeof spanId === "string" &&
    (parentSpanId === null || typeof parentSpanId === "string") &&
    typeof name === "string" &&
    kinds.has(kind) &&
    isFiniteNumber(startTime) &&
    (status === "ok" || status === "error") &&
    optionalNumber(value["endTime"]) &&
    optional(value["statusMessage"], "string") &&
    optional(value["interrupted"], "boolean") &&
    optional(value["finishReason"], "string") &&
    optionalNumber(value["cost"]) &&
    (model === undefined || isModel(model)) &&
    (tokens === undefined || isTokenCounts(tokens)) &&
    (tool === undefined || isTool(tool)) &&
    (attributes === undefined || isFields(attributes)) &&
    (events === undefined || (Array.isArray(events) && events.every(isSpanEvent))) &&
    (links === undefined || (Array.isArray(links) && links.every(isSpanLink)))
  );
}

/** Sound by the schema and without the values that the schema allows but no span can have. */
export function isPlainlySound(entry: unknown): entry is TraceSpan {
  return (
    isSoundSpan(entry) &&
    entry.spanId !== "" &&
    entry.parentSpanId !== "" &&
    isPossibleTime(entry.startTime) &&
    (entry.endTime === undefined || isPossibleTime(entry.endTime))
  );
}
