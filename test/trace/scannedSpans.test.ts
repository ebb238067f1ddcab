import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { describeSpan } from "../../src/trace/describeSpan";
import { readSnapshot } from "../../src/trace/readSnapshot";
import { scannedSpans } from "../../src/trace/scannedSpans";
import type { ByteRange } from "../../src/trace/scanRows";
import { type ScannedTrace, TraceScanner } from "../../src/trace/scanTrace";
import { TraceReplacedError } from "../../src/trace/spanSource";
import { usageOfSpan } from "../../src/trace/spanUsage";
import { toolName } from "../../src/trace/toolCall";
import { arbitraryDocument } from "./arbitraryDocument";
import { traceText } from "./arbitrarySpans";

const fields = ["statusMessage", "input", "output", "attributes", "events", "links"] as const;
const encoder = new TextEncoder();

function scanned(bytes: Uint8Array): ScannedTrace {
  const scanner = new TraceScanner({ windowBytes: 400 });
  scanner.push(bytes);
  const result = scanner.end();
  if (result.type !== "sound") throw new Error(`damaged at ${result.offsetBytes}`);
  return result;
}

const readerOf =
  (bytes: Uint8Array) =>
  ({ startBytes, endBytes }: ByteRange) =>
    bytes.subarray(startBytes, endBytes);

const plain = { spanId: "a", parentSpanId: null, name: "bash", kind: "tool", startTime: 1, endTime: 2, status: "ok" };

describe("the spans of a scanned file", () => {
  it("are those that reading the whole file gives", () => {
    fc.assert(
      fc.property(arbitraryDocument, (text) => {
        const bytes = encoder.encode(text);
        const whole = readSnapshot(bytes).trace?.spans ?? [];
        const spans = scannedSpans(scanned(bytes), readerOf(bytes));
        expect(spans.count).toBe(whole.length);
        for (const [row, span] of whole.entries()) {
          expect(spans.spanAt(row)).toEqual(span);
          expect(describeSpan(spans.shortSpanAt(row) ?? span)).toEqual(describeSpan(span));
          expect(spans.idOf(row)).toBe(span.spanId);
          expect(spans.usageAt(row)).toEqual(usageOfSpan(span));
          expect(spans.toolNameAt(row)).toBe(toolName(span));
          for (const field of fields) expect(spans.fieldAt(row, field)).toEqual(span[field]);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("are none beyond the last row", () => {
    const bytes = encoder.encode(traceText([{ ...plain, parentSpanId: "lost" }]));
    const trace = scanned(bytes);
    const spans = scannedSpans(trace, readerOf(bytes));
    expect(trace.columns.count).toBe(2);
    for (const row of [-1, 1, 2, Number.NaN]) {
      expect([spans.spanAt(row), spans.shortSpanAt(row), spans.fieldAt(row, "input"), spans.idOf(row)]).toEqual([
        undefined,
        undefined,
        undefined,
        "",
      ]);
    }
  });

  it("are refused where the bytes are no longer those of the scan", () => {
    const bytes = encoder.encode(
      traceText([
        { ...plain, input: { command: "ls" } },
        { ...plain, spanId: "b" },
      ]),
    );
    const trace = scanned(bytes);
    const other = encoder.encode(traceText([{ ...plain, spanId: "x", input: { command: "ls" } }, plain]));
    const zeros = new Uint8Array(bytes.length);
    for (const changed of [other, zeros]) {
      const spans = scannedSpans(trace, readerOf(changed));
      for (const row of [0, 1]) {
        expect(() => spans.spanAt(row)).toThrow(TraceReplacedError);
        expect(() => spans.shortSpanAt(row)).toThrow(TraceReplacedError);
      }
    }
    expect(() => scannedSpans(trace, readerOf(zeros)).fieldAt(0, "input")).toThrow(TraceReplacedError);
  });

  it("tell an error of reading as it is", () => {
    const bytes = encoder.encode(traceText([plain]));
    const spans = scannedSpans(scanned(bytes), () => {
      throw new TypeError("no disk");
    });
    expect(() => spans.spanAt(0)).toThrow("no disk");
  });
});
