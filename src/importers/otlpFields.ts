// Fields of OTLP/JSON objects, each checked for its type; nothing is taken from a prototype's name on trust. After
// opentelemetry-proto and the JSON mapping of Protocol Buffers: null is the same as no field, names are in lowerCamelCase
// or, as converters write them, in snake_case, and 64-bit numbers are texts or numbers.

import { OtlpFault, wrongType } from "./otlpFault";

export type Fields = Readonly<Record<string, unknown>>;

/** The field; undefined for null and for none. */
export function fieldOf(fields: Fields, name: string): unknown {
  const value = fields[name];
  if (value !== undefined && value !== null) return value;
  const other = snakeNames[name];
  return other === undefined ? undefined : (fields[other] ?? undefined);
}

const snakeNames: Readonly<Record<string, string>> = Object.assign(Object.create(null) as Record<string, string>, {
  resourceSpans: "resource_spans",
  resourceLogs: "resource_logs",
  resourceMetrics: "resource_metrics",
  scopeSpans: "scope_spans",
  scopeLogs: "scope_logs",
  scopeMetrics: "scope_metrics",
  logRecords: "log_records",
  dataPoints: "data_points",
  exponentialHistogram: "exponential_histogram",
  traceId: "trace_id",
  spanId: "span_id",
  parentSpanId: "parent_span_id",
  traceState: "trace_state",
  startTimeUnixNano: "start_time_unix_nano",
  endTimeUnixNano: "end_time_unix_nano",
  timeUnixNano: "time_unix_nano",
  observedTimeUnixNano: "observed_time_unix_nano",
  eventName: "event_name",
  severityText: "severity_text",
  severityNumber: "severity_number",
  droppedAttributesCount: "dropped_attributes_count",
  droppedEventsCount: "dropped_events_count",
  droppedLinksCount: "dropped_links_count",
  stringValue: "string_value",
  boolValue: "bool_value",
  intValue: "int_value",
  doubleValue: "double_value",
  arrayValue: "array_value",
  kvlistValue: "kvlist_value",
  bytesValue: "bytes_value",
});

export function toFields(value: unknown): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw new OtlpFault(wrongType(value, "an object"));
}

export function objectIn(fields: Fields, name: string): Fields | undefined {
  const value = fieldOf(fields, name);
  if (value === undefined) return undefined;
  if (typeof value === "object" && !Array.isArray(value)) return value as Fields;
  throw new OtlpFault(wrongType(value, "an object"), name);
}

/** Empty where there is no such field. */
export function listIn(fields: Fields, name: string): readonly unknown[] {
  const value = fieldOf(fields, name);
  if (value === undefined) return none;
  if (Array.isArray(value)) return value;
  throw new OtlpFault(wrongType(value, "a list"), name);
}

const none: readonly unknown[] = [];

export function textIn(fields: Fields, name: string): string | undefined {
  const value = fieldOf(fields, name);
  if (value === undefined || typeof value === "string") return value;
  throw new OtlpFault(wrongType(value, "a text"), name);
}

/** A count; 0 where there is none. */
export function countIn(fields: Fields, name: string): number {
  const value = fieldOf(fields, name);
  if (value === undefined) return 0;
  const count = typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value;
  if (typeof count === "number" && Number.isFinite(count) && count >= 0) return count;
  throw new OtlpFault(wrongType(value, "a count"), name);
}

/**
 * The number of an enum's value.
 * @param prefix of its name in the definition: converters write `SPAN_KIND_CLIENT` where the mapping asks for 3
 * @param names in the order of their numbers
 * @returns undefined for a value that is not known, as a newer definition may have
 */
export function enumIn(fields: Fields, name: string, prefix: string, names: readonly string[]): number | undefined {
  const value = fieldOf(fields, name);
  if (value === undefined) return 0;
  if (typeof value === "number") return value >= 0 && value < names.length ? value : undefined;
  if (typeof value !== "string") throw new OtlpFault(wrongType(value, "a number"), name);
  const index = /^\d$/.test(value) ? Number(value) : names.indexOf(value.replace(prefix, ""));
  return index >= 0 && index < names.length ? index : undefined;
}

/** Sets a field that the object itself has then, whatever its name: `__proto__` too. */
export function setOwn(target: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== "__proto__") target[name] = value;
  else Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}
