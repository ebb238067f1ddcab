// Spans of OpenTelemetry -> an `ExportTraceServiceRequest` in protobuf, byte for byte as the exporter of OpenTelemetry for
// JavaScript writes it. Field numbers: opentelemetry-proto, `trace/v1/trace.proto` and `common/v1/common.proto`.

import { ProtobufWriter } from "./protobufWriter";

/** Lists hold such values alone, as OpenTelemetry has it. */
export type WireValue = string | number | boolean | readonly (string | number | boolean)[];
export type WireAttributes = Readonly<Record<string, WireValue>>;

export interface WireSpan {
  /** Hex digits in lower case, as all ids. */
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly traceState: string | undefined;
  readonly name: string;
  /** The number in the definition; 1 is internal. */
  readonly kind: number;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly attributes: WireAttributes;
  readonly events: readonly { readonly timeNs: bigint; readonly name: string; readonly attributes: WireAttributes }[];
  readonly links: readonly { readonly traceId: string; readonly spanId: string; readonly attributes: WireAttributes }[];
  readonly isError: boolean;
  readonly statusMessage: string | undefined;
}

export interface WireOrigin {
  readonly resource: WireAttributes;
  readonly scopeName: string;
  readonly scopeVersion: string | undefined;
}

/** Sampled, and known whether the parent is of another process: it is not. */
const flags = 0x101;

export function encodeSpans(
  spans: Iterable<WireSpan>,
  { resource, scopeName, scopeVersion }: WireOrigin,
): Buffer<ArrayBuffer> {
  const writer = new ProtobufWriter();
  writer.message(1, () => {
    writer.message(1, () => {
      writeAttributes(writer, 1, resource);
      writer.count(2, 0);
    });
    writer.message(2, () => {
      writer.message(1, () => {
        writer.text(1, scopeName);
        if (scopeVersion !== undefined) writer.text(2, scopeVersion);
      });
      for (const span of spans) writer.message(2, () => writeSpan(writer, span));
    });
  });
  return writer.take();
}

function writeSpan(writer: ProtobufWriter, span: WireSpan): void {
  writer.hex(1, span.traceId);
  writer.hex(2, span.spanId);
  if (span.traceState !== undefined) writer.text(3, span.traceState);
  if (span.parentSpanId !== undefined) writer.hex(4, span.parentSpanId);
  writer.text(5, span.name);
  writer.count(6, span.kind);
  writer.fixed64(7, span.startNs);
  writer.fixed64(8, span.endNs);
  writeAttributes(writer, 9, span.attributes);
  writer.count(10, 0);
  for (const { timeNs, name, attributes } of span.events) {
    writer.message(11, () => {
      writer.fixed64(1, timeNs);
      writer.text(2, name);
      writeAttributes(writer, 3, attributes);
      writer.count(4, 0);
    });
  }
  writer.count(12, 0);
  for (const { traceId, spanId, attributes } of span.links) {
    writer.message(13, () => {
      writer.hex(1, traceId);
      writer.hex(2, spanId);
      writeAttributes(writer, 4, attributes);
      writer.count(5, 0);
      writer.fixed32(6, flags);
    });
  }
  writer.count(14, 0);
  writer.message(15, () => {
    if (span.statusMessage) writer.text(2, span.statusMessage);
    writer.count(3, span.isError ? 2 : 0);
  });
  writer.fixed32(16, flags);
}

function writeAttributes(writer: ProtobufWriter, field: number, attributes: WireAttributes): void {
  for (const [key, value] of Object.entries(attributes)) {
    writer.message(field, () => {
      writer.text(1, key);
      writer.message(2, () => writeValue(writer, value));
    });
  }
}

function writeValue(writer: ProtobufWriter, value: WireValue): void {
  if (typeof value === "string") writer.text(1, value);
  else if (typeof value === "boolean") writer.count(2, value ? 1 : 0);
  else if (typeof value === "number") {
    if (Number.isInteger(value) && Math.abs(value) < 2 ** 63) writer.int64(3, BigInt(value));
    else writer.double(4, value);
  } else {
    writer.message(5, () => {
      for (const item of value) writer.message(1, () => writeValue(writer, item));
    });
  }
}
