// `ExportLogsServiceRequest` of OTLP in protobuf -> the same events as `readOtlpLogs` makes of JSON.

import { OtlpEventList, type OtlpRecord, severityOf } from "./otlpLogs";
import { readOtlpScopes } from "./otlpProtobuf";
import { readId } from "./otlpProtobufSpan";
import { addDropped, readAttribute, readValue } from "./otlpProtobufValue";
import { spanIdBytes, traceIdBytes } from "./otlpScalars";
import type { ProtobufReader } from "./protobufReader";

/** Throws an `OtlpFault` for what is no request at all. */
export function readOtlpProtobufLogs(bytes: Buffer): OtlpEventList {
  const list = new OtlpEventList();
  readOtlpScopes(bytes, "resourceLogs", "scopeLogs", list, (reader, records, origin, part) => {
    for (let index = 0; index * 2 < records.length; index++) {
      try {
        reader.goTo(records, index);
        list.add(readRecord(reader), origin);
      } catch (thrown) {
        list.refuse(thrown, `${part}.logRecords[${index}]`, 1);
      }
    }
  });
  return list;
}

function readRecord(reader: ProtobufReader): OtlpRecord {
  const attributes: Record<string, unknown> = {};
  let [traceId, spanId, eventName, severityText] = ["", "", "", ""];
  let [timeMs, observedMs]: (number | undefined)[] = [];
  let [severity, count, dropped] = [0, 0, 0];
  let body: unknown = null;
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    switch (tag) {
      case 0x09:
        timeMs = reader.time();
        break;
      case 0x10:
        severity = reader.count();
        break;
      case 0x1a:
        severityText = reader.text();
        break;
      case 0x2a:
        body = readValue(reader, "body", 1);
        break;
      case 0x32:
        readAttribute(reader, attributes, count++);
        break;
      case 0x38:
        dropped = reader.count();
        break;
      case 0x4a:
        traceId = readId(reader, "traceId", traceIdBytes);
        break;
      case 0x52:
        spanId = readId(reader, "spanId", spanIdBytes);
        break;
      case 0x59:
        observedMs = reader.time();
        break;
      case 0x62:
        eventName = reader.text();
        break;
      default:
        reader.skip();
    }
  }
  addDropped(attributes, "otel.dropped_attributes_count", dropped);
  return {
    traceId: traceId || undefined,
    spanId: spanId || undefined,
    timeMs: timeMs ?? observedMs,
    eventName: eventName || undefined,
    severity: severityText || severityOf(severity),
    body,
    attributes,
  };
}
