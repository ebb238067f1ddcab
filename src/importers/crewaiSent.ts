// Spans -> the events that they were made of, as they were sent. Whoever records the events of a run needs to keep none
// of them: what is recorded tells them.

import type { TraceSpan } from "../trace/schema";
import { isFields } from "./crewaiEvent";
import { isReserved, recordAttributes } from "./crewaiRecord";
import { type Fields, setOwn } from "./otlpFields";

/** The events of a span in the order of its life; none for a span that stands for none. */
export function sentEvents(span: TraceSpan): Fields[] {
  const attributes = span.attributes ?? {};
  const end = recordOf(attributes, recordAttributes.end);
  const first = recordOf(attributes, recordAttributes.start) ?? recordOf(attributes, recordAttributes.event);
  const ofEnd = new Set(first === undefined ? [] : namesIn(end, "fields"));
  const fieldsOfFirst = () => Object.keys(attributes).filter((name) => !isReserved(name) && !ofEnd.has(name));
  if (first === undefined) return end === undefined ? [] : [restore(span, end, fieldsOfFirst(), {}).event];
  const { event, data } = restore(span, first, fieldsOfFirst(), {});
  return end === undefined ? [event] : [event, restore(span, end, [...ofEnd], data).event];
}

function restore(span: TraceSpan, record: Fields, fields: readonly string[], start: Fields) {
  const envelope = isFields(record["envelope"]) ? record["envelope"] : {};
  const data: Record<string, unknown> = {};
  if (record["isBare"] === true) return { event: envelope, data };
  if (Object.hasOwn(record, "raw")) return { event: withData(envelope, record["raw"]), data };
  const attributes = span.attributes ?? {};
  for (const name of fields) setOwn(data, name, attributes[name]);
  for (const name of namesIn(record, "nulls")) setOwn(data, name, null);
  for (const name of namesIn(record, "repeats")) setOwn(data, name, envelope[name]);
  for (const name of namesIn(record, "sameAsStart")) setOwn(data, name, start[name]);
  const rest = record["data"];
  if (isFields(rest)) for (const [name, value] of Object.entries(rest)) setOwn(data, name, value);
  if (typeof record["input"] === "string") setOwn(data, record["input"], span.input);
  if (typeof record["output"] === "string") setOwn(data, record["output"], span.output);
  return { event: withData(envelope, data), data };
}

function withData(envelope: Fields, data: unknown): Fields {
  return { ...envelope, event_data: data };
}

function recordOf(attributes: Fields, name: string): Fields | undefined {
  const record = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
  return isFields(record) ? record : undefined;
}

function namesIn(record: Fields | undefined, name: string): readonly string[] {
  const names = record?.[name];
  return Array.isArray(names) ? names.filter((each) => typeof each === "string") : [];
}
