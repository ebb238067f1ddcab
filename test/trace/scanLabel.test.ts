import { describe, expect, it } from "vitest";
import { describeSpan } from "../../src/trace/describeSpan";
import { readSnapshot } from "../../src/trace/readSnapshot";
import { labelOf, pieceRanges } from "../../src/trace/scanLabel";
import { type ScannedTrace, TraceScanner } from "../../src/trace/scanTrace";
import { traceText } from "./arbitrarySpans";

function scanned(bytes: Uint8Array): ScannedTrace {
  const scanner = new TraceScanner({ windowBytes: 1000 });
  scanner.push(bytes);
  const result = scanner.end();
  if (result.type !== "sound") throw new Error(`damaged at ${result.offsetBytes}`);
  return result;
}

const span = (parts: Record<string, unknown>) => ({
  spanId: "a",
  parentSpanId: null,
  name: "bash",
  kind: "tool",
  startTime: 1,
  endTime: 2,
  status: "ok",
  ...parts,
});
const long = 'line of output, \u00fc\u65e5\u{1f600} \\ "quoted"\n'.repeat(200_000);

const cases: readonly [string, Record<string, unknown>][] = [
  ["a usual call", span({ input: { command: "npm test" }, output: "fine" })],
  ["a call whose fields do not fit", span({ kind: "odd", startTime: "5", model: "m", input: { path: "a.ts" } })],
  ["a call without an id", { ...span({ input: "ls" }), spanId: undefined }],
  ["a long output", span({ input: { command: "npm test" }, output: long })],
  ["a long output that ends with an exit code", span({ status: "error", output: `${long}\nexit code: 17` })],
  ["a long text of escapes alone", span({ kind: "text", output: "\u0001".repeat(90_000) })],
  ["a long text without a boundary", span({ kind: "text", output: "\u65e5".repeat(90_000) })],
  ["a long list of arguments behind the path", span({ name: "write", input: { filePath: "/r/a.ts", content: long } })],
  ["a long message", span({ status: "error", statusMessage: `SIGKILL ${long}` })],
  ["long attributes", span({ kind: "span", attributes: { "db.statement": "select 1", rest: long } })],
  ["a long field that nobody knows", span({ input: { command: "make" }, unknown: long, output: long, events: [] })],
];

describe("the label of a span that is read by its ranges", () => {
  it.each(cases)("is that of the whole span for %s", (_name, fields) => {
    for (const indent of [0, 2]) {
      const bytes = new TextEncoder().encode(traceText([fields], indent));
      const trace = scanned(bytes);
      const whole = readSnapshot(bytes).trace?.spans[0];
      if (whole === undefined) throw new Error("no span");
      let read = 0;
      const label = labelOf(trace, 0, ({ startBytes, endBytes }) => {
        read += endBytes - startBytes;
        return bytes.subarray(startBytes, endBytes);
      });
      expect(label).toEqual(describeSpan(whole));
      expect(read).toBeLessThan(3 * 80 * 1024);
    }
  });

  it("is cut between two characters wherever the escapes of a long text fall", () => {
    for (let shift = 0; shift < 10; shift++) {
      const output = `${" ".repeat(shift)}${"\\ x\u0001".repeat(30_000)} exit code: 17${" ".repeat(shift)}`;
      const bytes = new TextEncoder().encode(traceText([span({ status: "error", output })]));
      const read = ({ startBytes, endBytes }: { startBytes: number; endBytes: number }) =>
        bytes.subarray(startBytes, endBytes);
      expect(labelOf(scanned(bytes), 0, read).outcome).toBe("exit 17");
    }
  });

  it("needs one piece of a span of usual size, and does not ask for the middle of a long field", () => {
    const bytes = new TextEncoder().encode(traceText([span({ output: "x" }), span({ spanId: "b", output: long })]));
    const trace = scanned(bytes);
    expect(pieceRanges(trace, 0)).toEqual([trace.spanRange(0)]);
    const pieces = pieceRanges(trace, 1);
    expect(pieces).toHaveLength(4);
    expect(pieces[0]?.startBytes).toBe(trace.spanRange(1).startBytes);
    expect(pieces.at(-1)?.endBytes).toBe(trace.spanRange(1).endBytes);
  });
});
