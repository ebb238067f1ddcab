import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildColumns } from "../../src/trace/buildColumns";
import { readSnapshot } from "../../src/trace/readSnapshot";
import { evidenceOfSpans } from "../../src/trace/spanEvidence";
import { arbitraryDocument } from "./arbitraryDocument";
import { traceText } from "./arbitrarySpans";
import { scannedOf, soundSamples } from "./scannedFiles";

const encoder = new TextEncoder();
const plain = { spanId: "a", parentSpanId: null, name: "bash", kind: "tool", startTime: 1, endTime: 2, status: "ok" };

/** Fails where the scanned file says something else than the file that is read whole. */
function expectSame(bytes: Uint8Array): void {
  const { trace, problems, truncated } = readSnapshot(bytes, "S.json");
  if (trace === undefined) throw new Error("not a trace");
  const { spans, ...header } = trace;
  const scanned = scannedOf(bytes);
  expect(scanned.header).toEqual(header);
  expect(scanned.problems).toEqual(problems);
  expect(scanned.truncated).toBe(truncated);
  expect(scanned.treeProblems).toEqual(buildColumns(spans).problems);
  expect(scanned.evidence).toEqual(evidenceOfSpans(spans));
}

describe("a scanned snapshot", () => {
  it("says what the file that is read whole says beside its spans", () => {
    fc.assert(
      fc.property(arbitraryDocument, (text) => {
        expectSame(encoder.encode(text));
      }),
      { numRuns: 1500 },
    );
  });

  it.each(soundSamples)("says of %s what reading it whole says", (_name, bytes) => {
    expectSame(bytes);
  });

  it("reports what was cut, left out and mended in the order and number of whole reading", () => {
    const cut = (index: number) => ({
      ...plain,
      spanId: `c${index}`,
      attributes: { "tracekeeper.cut": { output: 5 } },
    });
    const odd = (index: number) => ({ ...plain, spanId: `o${index}`, status: `state ${index}`, startTime: -index });
    const elided = (index: number) => ({
      ...plain,
      spanId: `e${index}`,
      name: `elided-1-2-of-${index}`,
      kind: "span",
      attributes: { elided: 2, totalSpans: 50 },
    });
    const long = { ...plain, spanId: "l", output: "x".repeat(10_000) };
    const message = { ...plain, spanId: "m", kind: "user-message", input: "y".repeat(4_000) };
    const writer = JSON.stringify({ instance: "w", incarnation: 1, seq: 0, offsetBytes: 0 });
    const many = Array.from({ length: 90 }, (_, index) => [cut(index), odd(index), elided(index), long, message]);
    for (const spans of [many.flat(), many.flat().slice(0, 150), [message, long, message], [long]]) {
      expectSame(encoder.encode(traceText(spans)));
      expectSame(encoder.encode(traceText(spans).replace('{"version"', `{"writer":${writer},"version"`)));
    }
  });

  it("reads a prompt of megabytes and leaves out what nobody knows", () => {
    const prompt = "a\n\u65e5".repeat(900_000);
    const text = JSON.stringify({ version: 2, traceId: "t", metadata: { prompt }, spans: [plain], rest: [prompt] });
    const { header } = scannedOf(encoder.encode(text));
    expect(header.metadata.prompt).toBe(prompt);
    expect(header).not.toHaveProperty("rest");
  });

  it("counts the times of events as activity, and an end that comes before its start as it is written", () => {
    const root = { ...plain, spanId: "r", kind: "session", startTime: 50, endTime: 20 };
    const answer = { ...plain, kind: "generation", startTime: 40, endTime: 30, finishReason: "stop" };
    const event = { name: "e", timeMs: 900 };
    for (const spans of [[root, answer], [answer], [root, { ...answer, events: [event] }]]) {
      expectSame(encoder.encode(traceText(spans)));
    }
    expect(scannedOf(encoder.encode(traceText([root]))).evidence.rootEndMs).toBe(20);
  });

  it("mends spans whose attributes are too long to be held", () => {
    const attributes = { before: "x".repeat(2_000_000), "tracekeeper.cut": { output: 12 } };
    const spans = [
      { ...plain, attributes },
      { ...plain, spanId: "b", attributes, startTime: "12" },
    ];
    expectSame(encoder.encode(traceText(spans)));
  });
});
