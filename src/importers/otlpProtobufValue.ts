// KeyValue and AnyValue of OTLP in protobuf as plain JSON, the same as `otlpValue` makes of OTLP/JSON. Field numbers:
// opentelemetry-proto, `common/v1/common.proto`; the tags are those numbers with their types.

import { faultWithin, OtlpFault } from "./otlpFault";
import { setOwn } from "./otlpFields";
import { deepestValue } from "./otlpValue";
import type { ProtobufReader } from "./protobufReader";

/** Reads the KeyValue that follows into `target`, which has the place `name[index]` in its message. */
export function readAttribute(
  reader: ProtobufReader,
  target: Record<string, unknown>,
  index: number,
  name = "attributes",
  depth = 1,
): void {
  try {
    const outer = reader.enter();
    let key = "";
    let value: unknown = null;
    for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
      if (tag === 0x0a) key = reader.text();
      else if (tag === 0x12) value = readValue(reader, "value", depth);
      else reader.skip();
    }
    reader.leave(outer);
    setOwn(target, key, value);
  } catch (thrown) {
    throw faultWithin(thrown, `${name}[${index}]`);
  }
}

/** The AnyValue that follows; null for one that is unset or of a kind that is not known. */
export function readValue(reader: ProtobufReader, part: string, depth: number): unknown {
  try {
    const outer = reader.enter();
    let value: unknown = null;
    for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
      switch (tag) {
        case 0x0a:
          value = reader.text();
          break;
        case 0x10:
          value = reader.bool();
          break;
        case 0x18:
          value = reader.int64();
          break;
        case 0x21:
          value = jsonNumber(reader.double());
          break;
        case 0x2a:
          value = readNested(reader, "arrayValue", depth);
          break;
        case 0x32:
          value = readNested(reader, "kvlistValue", depth);
          break;
        case 0x3a:
          value = reader.base64();
          break;
        default:
          reader.skip();
      }
    }
    reader.leave(outer);
    return value;
  } catch (thrown) {
    throw faultWithin(thrown, part);
  }
}

function readNested(reader: ProtobufReader, kind: "arrayValue" | "kvlistValue", depth: number): unknown {
  if (depth >= deepestValue) throw new OtlpFault(`is nested deeper than ${deepestValue} levels`, kind);
  try {
    const outer = reader.enter();
    const list: unknown[] = [];
    const map: Record<string, unknown> = {};
    let index = 0;
    for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
      if (tag !== 0x0a) reader.skip();
      else if (kind === "arrayValue") list.push(readValue(reader, `values[${index++}]`, depth + 1));
      else readAttribute(reader, map, index++, "values", depth + 1);
    }
    reader.leave(outer);
    return kind === "arrayValue" ? list : map;
  } catch (thrown) {
    throw faultWithin(thrown, kind);
  }
}

/** JSON has no other numbers; these are named as the JSON mapping of Protocol Buffers names them. */
function jsonNumber(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

/** A count of what the sender left out, under the name that OpenTelemetry gives it outside of OTLP. */
export function addDropped(attributes: Record<string, unknown>, name: string, count: number): void {
  if (count > 0) attributes[name] = count;
}
