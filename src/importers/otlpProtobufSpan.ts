// One `Span` of OTLP in protobuf, with its events and links. A field of another type than it should have is passed over,
// as Protocol Buffers has it, and what must be there is missing then.

import type { SpanEvent, SpanLink } from "../trace/schema";
import { faultWithin, OtlpFault } from "./otlpFault";
import { addDropped, readAttribute } from "./otlpProtobufValue";
import { type OtlpOrigin, type OtlpSpan, otlpSpanKinds } from "./otlpRequest";
import { spanIdBytes, traceIdBytes } from "./otlpScalars";
import type { ProtobufReader } from "./protobufReader";

/** The message that the reader is in, to its end. */
export function readSpan(reader: ProtobufReader, origin: OtlpOrigin): OtlpSpan {
  const attributes: Record<string, unknown> = {};
  const events: SpanEvent[] = [];
  const links: SpanLink[] = [];
  let [traceId, spanId, parentSpanId, name, traceState]: (string | undefined)[] = [];
  let [startMs, endMs]: (number | undefined)[] = [];
  let [attributeCount, droppedAttributes, droppedEvents, droppedLinks, kind] = [0, 0, 0, 0, 0];
  let status = noStatus;
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    switch (tag) {
      case 0x0a:
        traceId = readId(reader, "traceId", traceIdBytes);
        break;
      case 0x12:
        spanId = readId(reader, "spanId", spanIdBytes);
        break;
      case 0x1a:
        traceState = reader.text();
        break;
      case 0x22:
        parentSpanId = readId(reader, "parentSpanId", spanIdBytes);
        break;
      case 0x2a:
        name = reader.text();
        break;
      case 0x30:
        kind = reader.count();
        break;
      case 0x39:
        startMs = reader.time();
        break;
      case 0x41:
        endMs = reader.time();
        break;
      case 0x4a:
        readAttribute(reader, attributes, attributeCount++);
        break;
      case 0x50:
        droppedAttributes = reader.count();
        break;
      case 0x5a:
        events.push(readEvent(reader, events.length));
        break;
      case 0x60:
        droppedEvents = reader.count();
        break;
      case 0x6a:
        links.push(readLink(reader, links.length));
        break;
      case 0x70:
        droppedLinks = reader.count();
        break;
      case 0x7a:
        status = readStatus(reader);
        break;
      default:
        reader.skip();
    }
  }
  if (startMs === undefined) throw new OtlpFault("is missing", "startTimeUnixNano");
  // An event may stand before the start of its span.
  for (const event of events) if (Number.isNaN(event.timeMs)) event.timeMs = startMs;
  addDropped(attributes, "otel.dropped_attributes_count", droppedAttributes);
  addDropped(attributes, "otel.dropped_events_count", droppedEvents);
  addDropped(attributes, "otel.dropped_links_count", droppedLinks);
  return {
    traceId: required(traceId, "traceId"),
    spanId: required(spanId, "spanId"),
    parentSpanId: parentSpanId || undefined,
    name: name ?? "",
    kind: otlpSpanKinds[kind] ?? "UNSPECIFIED",
    startMs,
    endMs,
    isError: status.code === 2,
    statusMessage: status.message || undefined,
    traceState: traceState || undefined,
    attributes,
    events,
    links,
    origin,
  };
}

function required(id: string | undefined, name: string): string {
  if (id) return id;
  throw new OtlpFault(id === undefined ? "is missing" : "must not be empty or all zeros", name);
}

/** The id that follows; "" for none. */
export function readId(reader: ProtobufReader, name: string, bytes: number): string {
  try {
    return reader.id(bytes);
  } catch (thrown) {
    throw faultWithin(thrown, name);
  }
}

const noStatus = { code: 0, message: "" };

function readStatus(reader: ProtobufReader): typeof noStatus {
  const status = { ...noStatus };
  try {
    const outer = reader.enter();
    for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
      if (tag === 0x12) status.message = reader.text();
      else if (tag === 0x18) status.code = reader.count();
      else reader.skip();
    }
    reader.leave(outer);
    return status;
  } catch (thrown) {
    throw faultWithin(thrown, "status");
  }
}

/** Its time is NaN where it has none. */
function readEvent(reader: ProtobufReader, index: number): SpanEvent {
  const attributes: Record<string, unknown> = {};
  let [name, timeMs, count, dropped] = ["", Number.NaN, 0, 0];
  try {
    const outer = reader.enter();
    for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
      if (tag === 0x09) timeMs = reader.time() ?? Number.NaN;
      else if (tag === 0x12) name = reader.text();
      else if (tag === 0x1a) readAttribute(reader, attributes, count++);
      else if (tag === 0x20) dropped = reader.count();
      else reader.skip();
    }
    reader.leave(outer);
  } catch (thrown) {
    throw faultWithin(thrown, `events[${index}]`);
  }
  addDropped(attributes, "otel.dropped_attributes_count", dropped);
  return count === 0 && dropped === 0 ? { name, timeMs } : { name, timeMs, attributes };
}

/** A link may lead nowhere and still say something with its attributes. */
function readLink(reader: ProtobufReader, index: number): SpanLink {
  const attributes: Record<string, unknown> = {};
  let [traceId, spanId, traceState, count, dropped] = ["", "", "", 0, 0];
  try {
    const outer = reader.enter();
    for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
      if (tag === 0x0a) traceId = readId(reader, "traceId", traceIdBytes);
      else if (tag === 0x12) spanId = readId(reader, "spanId", spanIdBytes);
      else if (tag === 0x1a) traceState = reader.text();
      else if (tag === 0x22) readAttribute(reader, attributes, count++);
      else if (tag === 0x28) dropped = reader.count();
      else reader.skip();
    }
    reader.leave(outer);
  } catch (thrown) {
    throw faultWithin(thrown, `links[${index}]`);
  }
  if (traceState) attributes["w3c.tracestate"] = traceState;
  addDropped(attributes, "otel.dropped_attributes_count", dropped);
  const hasAttributes = count > 0 || dropped > 0 || traceState !== "";
  return { spanId, ...(traceId === "" ? {} : { traceId }), ...(hasAttributes ? { attributes } : {}) };
}
