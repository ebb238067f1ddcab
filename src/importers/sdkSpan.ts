// Spans as the OpenTelemetry SDK of JavaScript holds them, one a line, which is what file exporters of agents write:
// VS Code's chat does with `github.copilot.chat.otel.outfile`. They become requests as OTLP has them.

import type { Fields } from "./otlpFields";
import { isFields, list, own, part, parts, text } from "./recordFields";

/** Whether a record is such a span. */
export function isSdkSpan(fields: Fields): boolean {
  return (
    text(fields, "traceId") !== undefined && text(fields, "spanId") !== undefined && isTime(own(fields, "startTime"))
  );
}

export function requestOfSdkSpan(fields: Fields): unknown {
  const scope = part(fields, "instrumentationScope") ?? part(fields, "instrumentationLibrary");
  const kind = own(fields, "kind");
  const hasEnded = own(fields, "ended") !== false;
  const parent = text(fields, "parentSpanId") ?? text(part(fields, "parentSpanContext"), "spanId");
  const span = {
    traceId: own(fields, "traceId"),
    spanId: own(fields, "spanId"),
    ...(parent === undefined ? {} : { parentSpanId: parent }),
    name: own(fields, "name"),
    // Its kinds begin with 0, those of OTLP with "unspecified".
    ...(typeof kind === "number" ? { kind: kind + 1 } : {}),
    startTimeUnixNano: nanoseconds(own(fields, "startTime")),
    ...(hasEnded ? { endTimeUnixNano: nanoseconds(own(fields, "endTime")) } : {}),
    attributes: keyValues(part(fields, "attributes")),
    events: parts(fields, "events").map((event) => ({
      name: own(event, "name"),
      timeUnixNano: nanoseconds(own(event, "time")),
      attributes: keyValues(part(event, "attributes")),
    })),
    links: parts(fields, "links").map((link) => ({
      traceId: own(part(link, "context"), "traceId"),
      spanId: own(part(link, "context"), "spanId"),
      attributes: keyValues(part(link, "attributes")),
    })),
    status: part(fields, "status"),
    droppedAttributesCount: own(fields, "droppedAttributesCount"),
    droppedEventsCount: own(fields, "droppedEventsCount"),
    droppedLinksCount: own(fields, "droppedLinksCount"),
  };
  const resource = { attributes: keyValues(part(part(fields, "resource"), "attributes")) };
  const scopeSpans = [{ scope: { name: own(scope, "name"), version: own(scope, "version") }, spans: [span] }];
  return { resourceSpans: [{ resource, scopeSpans }] };
}

/** Seconds and nanoseconds. */
function isTime(value: unknown): value is readonly [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every((each) => typeof each === "number");
}

function nanoseconds(value: unknown): string | undefined {
  if (!isTime(value)) return undefined;
  const [seconds, rest] = value;
  if (!Number.isSafeInteger(seconds) || !Number.isSafeInteger(rest) || seconds < 0) return undefined;
  return String(BigInt(seconds) * 1_000_000_000n + BigInt(rest));
}

function keyValues(fields: Fields | undefined): unknown[] {
  return Object.entries(fields ?? {}).map(([key, value]) => ({ key, value: anyValue(value, 0) }));
}

const deepest = 60;

function anyValue(value: unknown, depth: number): unknown {
  if (depth > deepest) return {};
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number") return Number.isInteger(value) ? { intValue: value } : { doubleValue: value };
  if (Array.isArray(value)) {
    return { arrayValue: { values: list({ value }, "value").map((each) => anyValue(each, depth + 1)) } };
  }
  if (!isFields(value)) return {};
  const values = Object.entries(value).map(([key, each]) => ({ key, value: anyValue(each, depth + 1) }));
  return { kvlistValue: { values } };
}
