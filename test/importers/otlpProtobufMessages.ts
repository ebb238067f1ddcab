// The messages of OTLP as `protobufjs` encodes them: what the reader of protobuf is held to. Requests are given as JSON.
import { Root, util } from "protobufjs/light.js";

const field = (id: number, type: string, rule?: "repeated") => ({ id, type, ...(rule === undefined ? {} : { rule }) });
const list = (id: number, type: string) => field(id, type, "repeated");

// More than a value may nest.
Object.assign(util, { recursionLimit: 1000 });

/** Numbers and types after opentelemetry-proto 1.9. */
const root = Root.fromJSON({
  nested: {
    AnyValue: {
      oneofs: {
        value: {
          oneof: ["stringValue", "boolValue", "intValue", "doubleValue", "arrayValue", "kvlistValue", "bytesValue"],
        },
      },
      fields: {
        stringValue: field(1, "string"),
        boolValue: field(2, "bool"),
        intValue: field(3, "int64"),
        doubleValue: field(4, "double"),
        arrayValue: field(5, "ArrayValue"),
        kvlistValue: field(6, "ArrayOfKeyValue"),
        bytesValue: field(7, "bytes"),
      },
    },
    ArrayValue: { fields: { values: list(1, "AnyValue") } },
    ArrayOfKeyValue: { fields: { values: list(1, "KeyValue") } },
    KeyValue: { fields: { key: field(1, "string"), value: field(2, "AnyValue") } },
    Resource: { fields: { attributes: list(1, "KeyValue"), droppedAttributesCount: field(2, "uint32") } },
    Scope: {
      fields: {
        name: field(1, "string"),
        version: field(2, "string"),
        attributes: list(3, "KeyValue"),
        droppedAttributesCount: field(4, "uint32"),
      },
    },
    Event: {
      fields: {
        timeUnixNano: field(1, "fixed64"),
        name: field(2, "string"),
        attributes: list(3, "KeyValue"),
        droppedAttributesCount: field(4, "uint32"),
      },
    },
    Link: {
      fields: {
        traceId: field(1, "bytes"),
        spanId: field(2, "bytes"),
        traceState: field(3, "string"),
        attributes: list(4, "KeyValue"),
        droppedAttributesCount: field(5, "uint32"),
        flags: field(6, "fixed32"),
      },
    },
    Status: { fields: { message: field(2, "string"), code: field(3, "int32") } },
    Span: {
      fields: {
        traceId: field(1, "bytes"),
        spanId: field(2, "bytes"),
        traceState: field(3, "string"),
        parentSpanId: field(4, "bytes"),
        name: field(5, "string"),
        kind: field(6, "int32"),
        startTimeUnixNano: field(7, "fixed64"),
        endTimeUnixNano: field(8, "fixed64"),
        attributes: list(9, "KeyValue"),
        droppedAttributesCount: field(10, "uint32"),
        events: list(11, "Event"),
        droppedEventsCount: field(12, "uint32"),
        links: list(13, "Link"),
        droppedLinksCount: field(14, "uint32"),
        status: field(15, "Status"),
        flags: field(16, "fixed32"),
      },
    },
    ScopeSpans: { fields: { scope: field(1, "Scope"), spans: list(2, "Span"), schemaUrl: field(3, "string") } },
    ResourceSpans: {
      fields: { resource: field(1, "Resource"), scopeSpans: list(2, "ScopeSpans"), schemaUrl: field(3, "string") },
    },
    TraceRequest: { fields: { resourceSpans: list(1, "ResourceSpans") } },
    LogRecord: {
      fields: {
        timeUnixNano: field(1, "fixed64"),
        severityNumber: field(2, "int32"),
        severityText: field(3, "string"),
        body: field(5, "AnyValue"),
        attributes: list(6, "KeyValue"),
        droppedAttributesCount: field(7, "uint32"),
        flags: field(8, "fixed32"),
        traceId: field(9, "bytes"),
        spanId: field(10, "bytes"),
        observedTimeUnixNano: field(11, "fixed64"),
        eventName: field(12, "string"),
      },
    },
    ScopeLogs: {
      fields: { scope: field(1, "Scope"), logRecords: list(2, "LogRecord"), schemaUrl: field(3, "string") },
    },
    ResourceLogs: {
      fields: { resource: field(1, "Resource"), scopeLogs: list(2, "ScopeLogs"), schemaUrl: field(3, "string") },
    },
    LogsRequest: { fields: { resourceLogs: list(1, "ResourceLogs") } },
    PartialSuccess: { fields: { rejected: field(1, "int64"), errorMessage: field(2, "string") } },
    ExportResponse: { fields: { partialSuccess: field(1, "PartialSuccess") } },
    RpcStatus: { fields: { code: field(1, "int32"), message: field(2, "string") } },
  },
});

export type MessageName = "TraceRequest" | "LogsRequest" | "ExportResponse" | "RpcStatus" | "Span" | "AnyValue";

const idNames = new Set(["traceId", "spanId", "parentSpanId"]);

/** The bytes of a message that is given as OTLP/JSON, whose ids are hex. */
export function protobufOf(name: MessageName, json: unknown): Buffer {
  const type = root.lookupType(name);
  return Buffer.from(type.encode(type.fromObject(withBytes(json) as Record<string, unknown>)).finish());
}

/** @returns numbers of 64 bits as numbers */
export function fromProtobuf(name: MessageName, bytes: Uint8Array): Record<string, unknown> {
  const type = root.lookupType(name);
  return type.toObject(type.decode(bytes), { longs: Number });
}

function withBytes(value: unknown, name = ""): unknown {
  if (typeof value === "string") {
    if (idNames.has(name)) return Buffer.from(value, /^[\da-f]*$/i.test(value) ? "hex" : "base64");
    return name === "bytesValue" ? Buffer.from(value, "base64") : value;
  }
  if (Array.isArray(value)) return value.map((entry) => withBytes(entry));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withBytes(part, key)]));
}
