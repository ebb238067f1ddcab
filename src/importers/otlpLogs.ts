// OTLP/JSON `ExportLogsServiceRequest` -> events of spans: a record that names its trace and its span happened within that
// span, and no other record is one. Field names and numbers: opentelemetry-proto, `logs/v1/logs.proto`.

import type { SpanEvent } from "../trace/schema";
import { type Fields, fieldOf, listIn, setOwn, textIn, toFields } from "./otlpFields";
import { addDropped, countEntries, type OtlpOrigin, OtlpRefusals, readOrigin, readResource } from "./otlpRequest";
import { optionalId, optionalTime, spanIdBytes, traceIdBytes } from "./otlpScalars";
import { attributesIn, valueIn } from "./otlpValue";

/** An event of a span that is told apart from the span. */
export interface OtlpEvent {
  readonly traceId: string;
  readonly spanId: string;
  readonly name: string;
  /** Undefined where nobody says when it happened. */
  readonly timeMs: number | undefined;
  readonly attributes: Record<string, unknown>;
  readonly origin: OtlpOrigin;
}

/** Those of one `ExportLogsServiceRequest`. */
export class OtlpEventList extends OtlpRefusals {
  readonly events: OtlpEvent[] = [];
  /** Records that belong to no span. */
  unattached = 0;

  add(record: OtlpRecord, origin: OtlpOrigin): void {
    const { traceId, spanId } = record;
    if (traceId === undefined || spanId === undefined) this.unattached++;
    else this.events.push({ traceId, spanId, ...eventOf(record), origin });
  }
}

/** A record as it was sent. */
export interface OtlpRecord {
  readonly traceId: string | undefined;
  readonly spanId: string | undefined;
  readonly timeMs: number | undefined;
  readonly eventName: string | undefined;
  readonly severity: string | undefined;
  /** Null for none. */
  readonly body: unknown;
  /** The receiver's own. */
  readonly attributes: Record<string, unknown>;
}

/** Throws an `OtlpFault` for what is no request at all. */
export function readOtlpLogs(value: unknown): OtlpEventList {
  const list = new OtlpEventList();
  for (const [index, resourceLogs] of listIn(toFields(value), "resourceLogs").entries()) {
    const part = `resourceLogs[${index}]`;
    let scopes: readonly unknown[] = [];
    let resource: OtlpOrigin["resource"];
    try {
      const fields = toFields(resourceLogs);
      scopes = listIn(fields, "scopeLogs");
      resource = readResource(fields);
    } catch (thrown) {
      list.refuse(thrown, part, countEntries(scopes, "logRecords"));
      continue;
    }
    for (const [at, scopeLogs] of scopes.entries()) readScope(scopeLogs, resource, list, `${part}.scopeLogs[${at}]`);
  }
  return list;
}

function readScope(value: unknown, resource: OtlpOrigin["resource"], list: OtlpEventList, part: string): void {
  let records: readonly unknown[] = [];
  let origin: OtlpOrigin;
  try {
    const fields = toFields(value);
    records = listIn(fields, "logRecords");
    origin = readOrigin(resource, fields);
  } catch (thrown) {
    return list.refuse(thrown, part, records.length);
  }
  for (const [index, record] of records.entries()) {
    try {
      list.add(readRecord(toFields(record)), origin);
    } catch (thrown) {
      list.refuse(thrown, `${part}.logRecords[${index}]`, 1);
    }
  }
}

function readRecord(fields: Fields): OtlpRecord {
  const attributes = attributesIn(fields);
  addDropped(attributes, fields, "droppedAttributesCount", "otel.dropped_attributes_count");
  return {
    traceId: optionalId(fields, "traceId", traceIdBytes),
    spanId: optionalId(fields, "spanId", spanIdBytes),
    timeMs: optionalTime(fields, "timeUnixNano") ?? optionalTime(fields, "observedTimeUnixNano"),
    eventName: textIn(fields, "eventName") || undefined,
    severity: textIn(fields, "severityText") || severityOf(fieldOf(fields, "severityNumber")),
    body: valueIn(fields, "body", 1),
    attributes,
  };
}

const severities = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];

/** Of each level there are four numbers, from 1 on. */
export function severityOf(value: unknown): string | undefined {
  return typeof value === "number" && value >= 1 ? severities[Math.floor((value - 1) / 4)] : undefined;
}

function eventOf({
  eventName,
  severity,
  body,
  attributes,
  timeMs,
}: OtlpRecord): Omit<OtlpEvent, "traceId" | "spanId" | "origin"> {
  const name = eventName ?? textAt(attributes, "event.name") ?? (isException(attributes) ? "exception" : "log");
  const add = (key: string, value: unknown) => {
    if (value !== undefined && value !== null && !Object.hasOwn(attributes, key)) setOwn(attributes, key, value);
  };
  add("log.severity", severity);
  // A message of a model's conversation stands in the body; where an event of a span would have it, the mapping looks.
  add(name.startsWith("gen_ai.") ? "gen_ai.event.content" : "log.body", body);
  return { name, timeMs, attributes };
}

function isException(attributes: Fields): boolean {
  return attributes["exception.type"] !== undefined || attributes["exception.message"] !== undefined;
}

function textAt(attributes: Fields, name: string): string | undefined {
  const value = attributes[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

export function toSpanEvent({ name, timeMs, attributes }: OtlpEvent, nowMs: number): SpanEvent {
  return { name, timeMs: timeMs ?? nowMs, ...(Object.keys(attributes).length === 0 ? {} : { attributes }) };
}
