// OTLP in protobuf: `ExportTraceServiceRequest` -> spans as OpenTelemetry has them, the same as `readOtlpRequest` makes of
// JSON. Bytes that are no message refuse the whole request; a span with an impossible field is refused alone. Either names
// the place. Field numbers: opentelemetry-proto, `trace/v1/trace.proto`; the tags are those numbers with their types.

import { faultWithin } from "./otlpFault";
import { readSpan } from "./otlpProtobufSpan";
import { addDropped, readAttribute } from "./otlpProtobufValue";
import { type OtlpOrigin, type OtlpRefusals, type OtlpRequest, OtlpSpanList } from "./otlpRequest";
import { ProtobufReader } from "./protobufReader";

/** Throws an `OtlpFault` for what is no request at all. */
export function readOtlpProtobuf(bytes: Buffer): OtlpRequest {
  const list = new OtlpSpanList();
  readOtlpScopes(bytes, "resourceSpans", "scopeSpans", list, (reader, spans, origin, part) => {
    for (let index = 0; index * 2 < spans.length; index++) {
      try {
        reader.goTo(spans, index);
        list.spans.push(readSpan(reader, origin));
      } catch (thrown) {
        list.refuse(thrown, `${part}.spans[${index}]`, 1);
      }
    }
  });
  return list;
}

/**
 * Goes through the resources and scopes of a request: what its entries have in common is read before them, wherever it
 * stands, as requests for traces and for logs alike have it.
 * @param read gets where the entries of one scope stand
 */
export function readOtlpScopes(
  bytes: Buffer,
  resourcesName: string,
  scopesName: string,
  list: OtlpRefusals,
  read: (reader: ProtobufReader, entries: number[], origin: OtlpOrigin, part: string) => void,
): void {
  const reader = new ProtobufReader(bytes);
  const resources: number[] = [];
  split(reader, resources, []);
  for (let index = 0; index * 2 < resources.length; index++) {
    const part = `${resourcesName}[${index}]`;
    const own: number[] = [];
    const scopes: number[] = [];
    const resource: Record<string, unknown> = {};
    try {
      reader.goTo(resources, index);
      split(reader, own, scopes);
      readResource(reader, own, resource);
    } catch (thrown) {
      list.refuse(thrown, part, countEntries(reader, scopes));
      continue;
    }
    for (let at = 0; at * 2 < scopes.length; at++) {
      const scopePart = `${part}.${scopesName}[${at}]`;
      const scope: number[] = [];
      const entries: number[] = [];
      let origin: OtlpOrigin;
      try {
        reader.goTo(scopes, at);
        split(reader, scope, entries);
        origin = readOrigin(reader, scope, resource);
      } catch (thrown) {
        list.refuse(thrown, scopePart, entries.length / 2);
        continue;
      }
      read(reader, entries, origin, scopePart);
    }
  }
}

/** Where the messages of field 1 stand, and those of field 2. */
function split(reader: ProtobufReader, first: number[], second: number[]): void {
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === 0x0a) reader.passOver(first);
    else if (tag === 0x12) reader.passOver(second);
    else reader.skip();
  }
}

function countEntries(reader: ProtobufReader, scopes: readonly number[]): number {
  const entries: number[] = [];
  for (let index = 0; index * 2 < scopes.length; index++) {
    reader.goTo(scopes, index);
    split(reader, [], entries);
  }
  return entries.length / 2;
}

/** A message that stands twice is one, as Protocol Buffers has it. */
function readResource(reader: ProtobufReader, own: readonly number[], attributes: Record<string, unknown>): void {
  try {
    let count = 0;
    for (let index = 0; index * 2 < own.length; index++) {
      reader.goTo(own, index);
      for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
        if (tag === 0x0a) readAttribute(reader, attributes, count++);
        else if (tag === 0x10) addDropped(attributes, "otel.dropped_attributes_count", reader.count());
        else reader.skip();
      }
    }
  } catch (thrown) {
    throw faultWithin(thrown, "resource");
  }
}

function readOrigin(reader: ProtobufReader, scope: readonly number[], resource: OtlpOrigin["resource"]): OtlpOrigin {
  const scopeAttributes: Record<string, unknown> = {};
  let [scopeName, scopeVersion] = ["", ""];
  try {
    let count = 0;
    for (let index = 0; index * 2 < scope.length; index++) {
      reader.goTo(scope, index);
      for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
        if (tag === 0x0a) scopeName = reader.text();
        else if (tag === 0x12) scopeVersion = reader.text();
        else if (tag === 0x1a) readAttribute(reader, scopeAttributes, count++);
        else if (tag === 0x20) addDropped(scopeAttributes, "otel.dropped_attributes_count", reader.count());
        else reader.skip();
      }
    }
  } catch (thrown) {
    throw faultWithin(thrown, "scope");
  }
  return { resource, scopeName: scopeName || undefined, scopeVersion: scopeVersion || undefined, scopeAttributes };
}
