import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { actionKey } from "../../src/trace/actionKey";
import { buildColumns } from "../../src/trace/buildColumns";
import { type ActionKeys, findFailures } from "../../src/trace/failures";
import { readSnapshot } from "../../src/trace/readSnapshot";
import type { TraceSpan } from "../../src/trace/schema";
import { actionKeysOf } from "../../src/trace/spanActions";
import { FLAG, type SpanColumns } from "../../src/trace/spanColumns";
import { spansInMemory } from "../../src/trace/spanSource";
import { buildTree } from "../../src/trace/spanTree";
import { traceText } from "./arbitrarySpans";
import { scannedOf } from "./scannedFiles";
import { writeJson } from "./scanWriter";
import { stateOf } from "./spanOutline";

const aims = ["ls", "npm test", "a\nb", 'say "é"', "\u65e5", "C:\\dir", "/r/a.ts", "x\u0007y", "]["];
const aim = fc.oneof(
  { arbitrary: fc.constantFrom("ls", "a\nb"), weight: 3 },
  { arbitrary: fc.constantFrom(...aims), weight: 1 },
);
const input = fc.oneof(
  { arbitrary: fc.record({ command: aim }), weight: 12 },
  fc.record({ command: aim, cwd: aim, rest: fc.jsonValue() }, { requiredKeys: ["command"] }),
  fc.record({ command: fc.array(aim, { maxLength: 3 }) }),
  fc.record({ rest: fc.jsonValue(), query: aim }),
  fc.record({ file_path: aim, content: aim }),
  fc.record({ rest: aim }),
  aim,
  aim.map((command) => JSON.stringify({ command })),
  fc.jsonValue(),
);
const step = fc.record(
  {
    name: fc.constantFrom("bash", "bash", "bash", "read"),
    kind: fc.constantFrom("tool", "tool", "tool", "tool", "generation", "span"),
    startTime: fc.integer({ min: 0, max: 20 }),
    endTime: fc.integer({ min: 0, max: 20 }),
    status: fc.constantFrom("ok", "error"),
    interrupted: fc.boolean(),
    model: fc.record(
      { modelId: fc.constantFrom("m", "n"), providerId: fc.constantFrom("p", "") },
      { requiredKeys: [] },
    ),
    input,
    attributes: fc.record({ "gen_ai.tool.call.arguments": input, rest: fc.jsonValue() }, { requiredKeys: [] }),
  },
  { requiredKeys: ["name", "kind", "startTime", "status"] },
);
const steps = fc
  .array(step, { minLength: 8, maxLength: 30, size: "max" })
  .map((list) => list.map((fields, row) => ({ spanId: `s${row}`, parentSpanId: row === 0 ? null : "s0", ...fields })));

const plain = { spanId: "a", parentSpanId: null, name: "bash", kind: "tool", startTime: 1, endTime: 2, status: "ok" };

/** The rule in its own words: a success of the same action that starts after the end, or then and further down. */
function recoveredRows(spans: readonly TraceSpan[], columns: SpanColumns): number[] {
  const endOf = (row: number) => {
    const end = columns.endMs[row] ?? Number.NaN;
    return Number.isNaN(end) ? (columns.startMs[row] ?? Number.NaN) : end;
  };
  const isAny = (row: number, status: number) =>
    columns.status[row] === status && ((columns.flags[row] ?? 0) & (FLAG.interrupted | FLAG.synthetic)) === 0;
  const keyOf = (row: number) => (spans[row] === undefined ? "" : actionKey(spans[row]));
  const rows = spans.map((_, row) => row);
  const isClosed = (row: number) => ((columns.flags[row] ?? 0) & FLAG.open) === 0;
  return rows.filter((row) => {
    if (!isAny(row, 1)) return false;
    return rows.some((other) => {
      const gapMs = (columns.startMs[other] ?? Number.NaN) - endOf(row);
      const isLater = gapMs > 0 || (gapMs === 0 && other > row);
      return isAny(other, 0) && isClosed(other) && isLater && keyOf(other) === keyOf(row);
    });
  });
}

describe("actions of an opened trace", () => {
  it("make failures good by the rule, whether spans are scanned or objects", () => {
    let recoveredOnes = 0;
    fc.assert(
      fc.property(steps, fc.integer(), fc.constantFrom(0, 0, 30, 900), (list, seed, escapes) => {
        const document = { ...(JSON.parse(traceText([])) as object), spans: list };
        const bytes = new TextEncoder().encode(writeJson(document, { seed, whiteSpace: 0, escapes }));
        const spans = readSnapshot(bytes).trace?.spans ?? [];
        const { columns } = buildColumns(spans);
        const tree = buildTree(columns);
        const scanned = scannedOf(bytes);
        const state = stateOf("failed");
        const expected = recoveredRows(spans, columns);
        recoveredOnes += expected.length;
        // All spans but the first are leaves, so that those that were made good are exactly those that are listed.
        const found = (keys: ActionKeys) => findFailures(columns, tree, keys, state);
        const inMemory = found(actionKeysOf(spansInMemory(spans), columns));
        expect([...inMemory.recovered].filter((row) => row > 0).sort((a, b) => a - b)).toEqual(
          expected.filter((row) => row > 0),
        );
        expect(found(actionKeysOf(scanned.spans, scanned.columns))).toEqual(inMemory);
        for (const [row, span] of spans.entries()) {
          expect(actionKeysOf(scanned.spans, scanned.columns).keyOf(row)).toBe(actionKey(span));
        }
      }),
      { numRuns: 600 },
    );
    expect(recoveredOnes).toBeGreaterThan(80);
  });

  it.each([
    '{"command":"a/b é"}',
    '{"command":"a\\/b é"}',
    '{"command":"a/b \\u00e9"}',
    '{"command":"\\u0061/b é"}',
    '{"\\u0063ommand" : "a/b é"}',
    '{"command":["bash","-lc","a/b é"]}',
    '{"command":["a/b","é"]}',
    '{"cmd":"a/b é","command":null}',
    '{"command":"x","command":"a/b é"}',
    '"{\\"command\\":\\"a/b é\\"}"',
  ])("are the same however the arguments are written: %s", (written) => {
    const call = (row: number, status: string) => ({
      ...plain,
      spanId: `s${row}`,
      startTime: row,
      endTime: row,
      status,
    });
    const failed = JSON.stringify({ ...call(0, "error"), input: { command: "a/b é" } });
    const text = traceText([call(1, "ok")]).replace('[{"spanId":"s1"', `[${failed},{"input":${written},"spanId":"s1"`);
    const { spans, columns } = scannedOf(new TextEncoder().encode(text));
    expect(spans.count).toBe(2);
    const keys = actionKeysOf(spans, columns);
    expect([...findFailures(columns, buildTree(columns), keys, stateOf("failed")).recovered]).toEqual([0]);
  });

  const long = "x".repeat(3_000);
  it.each([
    ['{"command":"","cmd":"x","path":"p"}', '{"path":"p"}'],
    ['{"command":5,"path":"p"}', '{"path":"p"}'],
    ['{"command":null,"cmd":"c"}', '{"cmd":"c"}'],
    ['{"query":"","path":"p"}', '{"file_path":"p"}'],
    ['{"query":["q"],"path":"p"}', '{"path":"p","query":7}'],
    ['{"path":"p","pattern":"a"}', '{"pattern":"a","content":"c"}'],
    [`{"command":"${long}"}`, `{"command":"${long}","cwd":null}`],
    ['{"rest":1}', '{"rest":1}'],
    ["{}", "null"],
    ['"text"', '"text"'],
    ['{"command":"a\\nb \\" \\\\"}', '{"command":"a\\u000ab \\u0022 \\u005c"}'],
  ])("are the same: %s and %s", (failed, succeeded) => {
    for (const windowBytes of [16, 100, 100_000]) {
      const call = (row: number, status: string, input: string) =>
        `{"spanId":"s${row}","parentSpanId":null,"name":"t","kind":"tool","startTime":${row},"endTime":${row},"input":${input},"status":"${status}"}`;
      const text = traceText([]).replace("[]", `[${call(0, "error", failed)},${call(1, "ok", succeeded)}]`);
      const { spans, columns } = scannedOf(new TextEncoder().encode(text.replace('["a","b"]', "[]")), windowBytes);
      const keys = actionKeysOf(spans, columns);
      expect(keys.keyOf(1)).toBe(keys.keyOf(0));
      const { recovered } = findFailures(columns, buildTree(columns), keys, stateOf("failed"));
      expect([...recovered], `${windowBytes}`).toEqual([0]);
    }
  });

  it("leave rows unread that come before every failure, or after the last success of all that failed", () => {
    const call = (row: number, command: string, status = "ok") => ({
      spanId: `s${row}`,
      parentSpanId: null,
      name: "bash",
      kind: "tool",
      startTime: row * 10,
      endTime: row * 10 + 5,
      status,
      input: { command },
    });
    const commands = (from: number, count: number) =>
      Array.from({ length: count }, (_, index) => call(from + index, `make part-${from + index}`));
    const bytes = new TextEncoder().encode(
      traceText([...commands(0, 300), call(300, "npm test", "error"), ...commands(301, 300), call(601, "npm test")]),
    );
    // What a window cuts is not looked at.
    const { spans, columns } = scannedOf(bytes, 1 << 20);
    const read: number[] = [];
    const keys = actionKeysOf(spans, columns);
    const counted: ActionKeys = {
      ...keys,
      keyOf(row) {
        read.push(row);
        return keys.keyOf(row);
      },
    };
    expect([...findFailures(columns, buildTree(columns), counted, stateOf("failed")).recovered]).toEqual([300]);
    expect(read).toEqual([300, 601]);

    // Without that success nothing has to be read: what the others are about is known to be something else.
    const unread = scannedOf(
      new TextEncoder().encode(traceText([call(0, "npm test", "error"), ...commands(1, 300)])),
      1 << 20,
    );
    read.length = 0;
    const few = actionKeysOf(unread.spans, unread.columns);
    const found = findFailures(
      unread.columns,
      buildTree(unread.columns),
      {
        ...few,
        keyOf(row) {
          read.push(row);
          return few.keyOf(row);
        },
      },
      stateOf("failed"),
    );
    expect([...found.failures]).toEqual([0]);
    expect(read).toEqual([]);
  });

  it("are read of the last success of each action only", () => {
    const call = (row: number, command: string, status = "ok") => ({
      spanId: `s${row}`,
      parentSpanId: null,
      name: "bash",
      kind: "tool",
      startTime: row * 10,
      endTime: row * 10 + 5,
      status,
      input: { command },
    });
    const often = Array.from({ length: 200 }, (_, index) => call(3 + index, "npm test"));
    const bytes = new TextEncoder().encode(
      traceText([call(0, "npm test", "error"), call(1, "make", "error"), call(2, "make"), ...often]),
    );
    const { spans, columns } = scannedOf(bytes, 1 << 20);
    const keys = actionKeysOf(spans, columns);
    const read: number[] = [];
    const keyOf = (row: number) => {
      read.push(row);
      return keys.keyOf(row);
    };
    const { recovered } = findFailures(columns, buildTree(columns), { ...keys, keyOf }, stateOf("failed"));
    expect([...recovered]).toEqual([0, 1]);
    expect(read).toEqual([0, 1, 202, 2]);
  });

  it("are the same for attempts at one step, and differ between steps", () => {
    const span = (row: number, parentSpanId: string | null, name: string, status: string) => ({
      spanId: `s${row}`,
      parentSpanId,
      name,
      kind: "span",
      startTime: row,
      endTime: row,
      status,
      ...(parentSpanId === null ? {} : { attributes: { "tracekeeper.attempt": { number: Number(name.slice(8)) } } }),
    });
    const bytes = new TextEncoder().encode(
      traceText([
        span(0, null, "a", "ok"),
        span(1, null, "b", "ok"),
        span(2, "s0", "attempt 1", "error"),
        span(3, "s1", "attempt 1", "error"),
        span(4, "s0", "attempt 2", "ok"),
      ]),
    );
    const { spans, columns } = scannedOf(bytes);
    const { failures, recovered } = findFailures(
      columns,
      buildTree(columns),
      actionKeysOf(spans, columns),
      stateOf("failed"),
    );
    expect([[...failures], [...recovered]]).toEqual([[3], [2]]);
  });

  it("differ where long arguments differ at their end", () => {
    const long = "x".repeat(300_000);
    const call = (row: number, rest: string, status: string) => ({
      spanId: `s${row}`,
      parentSpanId: null,
      name: "note",
      kind: "tool",
      startTime: row,
      endTime: row,
      status,
      input: { rest },
    });
    const recovered = (last: string) => {
      const bytes = new TextEncoder().encode(
        traceText([call(0, `${long}a`, "error"), call(1, `${long}${last}`, "ok")]),
      );
      const { spans, columns } = scannedOf(bytes);
      return findFailures(columns, buildTree(columns), actionKeysOf(spans, columns), stateOf("failed")).recovered
        .length;
    };
    expect([recovered("a"), recovered("b")]).toEqual([1, 0]);
  });
});
