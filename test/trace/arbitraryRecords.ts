// Random records of a journal, as a recorder writes them and as nobody should: spans that repeat, change their parents, come
// without a beginning, hold values of the wrong type, and times that can't be.

import fc from "fast-check";
import type { JournalRecord } from "../../src/trace/journalRecord";
import { spanKinds } from "../../src/trace/schema";

const id = fc.constantFrom("root", "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9");
const oddId = fc.oneof({ arbitrary: id, weight: 30 }, { arbitrary: fc.constantFrom("missing-2"), weight: 1 });
const parentId = fc.oneof(
  { arbitrary: id, weight: 6 },
  { arbitrary: fc.constant(null), weight: 2 },
  { arbitrary: fc.constantFrom("gone", "s10", "s11"), weight: 2 },
);
const time = fc.oneof(
  { arbitrary: fc.integer({ min: 1_000_000, max: 1_000_060 }), weight: 12 },
  { arbitrary: fc.constantFrom(-5, 9e15, 999_990), weight: 1 },
);

/** Sums of these have no rounding errors, in whatever order they are added. */
const cost = fc.integer({ min: 0, max: 640 }).map((value) => value / 64);

const burst = fc.record(
  {
    stream: fc.constantFrom("stdout", "stderr"),
    bytes: fc.nat(99),
    continues: fc.boolean(),
    times: fc.array(fc.nat(9), { maxLength: 3 }),
  },
  { requiredKeys: ["stream", "bytes", "times"] },
);

const attributes = fc.oneof(
  { arbitrary: fc.record({ a: fc.nat(3), b: fc.constantFrom(null, "x") }, { requiredKeys: [] }), weight: 4 },
  { arbitrary: fc.constant({ "tracekeeper.replayed": { sessionId: "ses_1" } }), weight: 1 },
  { arbitrary: fc.record({ "tracekeeper.output": fc.oneof(burst, fc.constantFrom(true, false, null)) }), weight: 2 },
  { arbitrary: fc.record({ "tool.name": fc.constantFrom("read", "write") }), weight: 1 },
  { arbitrary: fc.constant({ "tracekeeper.cut": { output: 12_345 } }), weight: 1 },
  { arbitrary: fc.record({ "tracekeeper.step": fc.constantFrom({ id: "a" }, { id: "b" }, null) }), weight: 3 },
  { arbitrary: fc.record({ "tracekeeper.attempt": fc.constantFrom({ number: 1 }, 2, null) }), weight: 2 },
);

const sound = {
  name: fc.constantFrom("bash", "bash", "read", "elided-1-2-of-9"),
  kind: fc.constantFrom(...spanKinds, "tool", "tool", "session"),
  status: fc.constantFrom("ok", "ok", "error"),
  startTime: time,
  endTime: time,
  statusMessage: fc.constantFrom("exit 1", "no"),
  interrupted: fc.boolean(),
  finishReason: fc.constantFrom("stop", "length"),
  model: fc.record({ modelId: fc.constantFrom("m", "n") }),
  cost,
  tokens: fc.record({ input: fc.nat(9), output: fc.nat(9), total: fc.nat(20) }, { requiredKeys: [] }),
  tool: fc.record({ durationMs: fc.nat(50) }),
  input: fc.constantFrom({ command: "ls" }, { command: "npm test" }, "text", { path: "a.ts" }),
  output: fc.constantFrom("out\nmore\n", "exit code 1", 5, { x: 1 }),
  attributes,
  events: fc.array(fc.record({ name: fc.constant("e"), timeMs: time }), { maxLength: 2 }),
};

const odd = {
  name: fc.constantFrom<unknown>(5, null),
  kind: fc.constantFrom<unknown>("weird", 7),
  status: fc.constantFrom<unknown>("fine", null),
  startTime: fc.constantFrom<unknown>("1000007", "2001-01-01T00:00:00Z", null),
  endTime: fc.constantFrom<unknown>("1000050", null, {}),
  cost: fc.constantFrom<unknown>("much", null),
  events: fc.constantFrom<unknown>([{ name: "e" }], null, 3),
  attributes: fc.constantFrom<unknown>([], "text", null),
  tokens: fc.constantFrom<unknown>({ input: "9" }, { input: null }, 4),
};

const fields = fc.oneof(
  { arbitrary: fc.record(sound, { requiredKeys: [] }), weight: 9 },
  { arbitrary: fc.record(odd, { requiredKeys: [] }), weight: 1 },
);
const parentField = fc.oneof(
  { arbitrary: fc.record({ parentSpanId: parentId }), weight: 8 },
  { arbitrary: fc.constant({}), weight: 2 },
);

const whole = fc
  .tuple(oddId, parentField, fields)
  .map(([spanId, parent, rest]) => ({ spanId, ...parent, name: "step", kind: "tool", status: "ok", ...rest }));

/** What a record of any type may be. */
const anyRecord: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 8, arbitrary: whole.map((span) => ({ t: "begin", span })) },
  {
    weight: 8,
    arbitrary: fc.tuple(oddId, fc.option(fields, { nil: undefined })).map(([spanId, set]) => ({
      t: "end",
      id: spanId,
      ...(set ? { set } : {}),
    })),
  },
  { weight: 4, arbitrary: whole.map((span) => ({ t: "span", span: { endTime: 1_000_044, ...span } })) },
  {
    weight: 3,
    arbitrary: fc.tuple(id, parentField, fields).map(([spanId, parent, set]) => ({
      t: "set",
      id: spanId,
      set: { ...parent, ...set },
    })),
  },
  { weight: 2, arbitrary: id.map((spanId) => ({ t: "set", id: spanId, set: { endTime: null, events: null } })) },
  {
    weight: 3,
    arbitrary: fc.tuple(id, attributes).map(([spanId, some]) => ({ t: "attributes", id: spanId, attributes: some })),
  },
  { weight: 3, arbitrary: id.map((spanId) => ({ t: "text", id: spanId, text: "more\ntext" })) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(id, fc.option(time, { nil: undefined }))
      .map(([spanId, timeMs]) => ({ t: "event", id: spanId, event: { name: "line", ...(timeMs ? { timeMs } : {}) } })),
  },
  { weight: 1, arbitrary: id.map((spanId) => ({ t: "link", id: spanId, link: { spanId: "root" } })) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      { t: "metadata", metadata: { title: "T" } },
      { t: "metadata", metadata: { title: null } },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      { t: "waiting", reason: "an answer" },
      { t: "resumed" },
      { t: "clock-jump", byMs: 5_000 },
      { t: "heartbeat" },
      { t: "process-exit", code: 3 },
      { t: "dropped", count: 2 },
      { t: "waiting" },
      { t: "of a newer writer" },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      { t: "finish", status: "completed" },
      { t: "finish", status: "error", error: "no" },
      { t: "crash", reason: "SIGTERM" },
    ),
  },
);

export const arbitraryRecords = fc.array(anyRecord as fc.Arbitrary<JournalRecord>, { maxLength: 40, size: "max" });

const runId = fc.constantFrom("s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7");
const runTime = fc.integer({ min: 1_000_000, max: 1_000_012 });
const runSpan = fc.record(
  {
    spanId: runId,
    parentSpanId: fc.oneof({ arbitrary: runId, weight: 5 }, { arbitrary: fc.constantFrom("root", "gone"), weight: 2 }),
    name: fc.constantFrom("make", "make", "make", "test"),
    kind: fc.constantFrom("span", "span", "span", "tool"),
    status: fc.constantFrom("ok", "error"),
    startTime: runTime,
    endTime: runTime,
    interrupted: fc.constantFrom(true, false, false, false, false, false, false, false),
    attributes: fc.oneof(
      { arbitrary: fc.record({ "tracekeeper.step": fc.record({ id: fc.constantFrom("a", "b") }) }), weight: 3 },
      { arbitrary: fc.record({ "tracekeeper.attempt": fc.constant({ number: 1 }) }), weight: 3 },
      { arbitrary: fc.constant({}), weight: 3 },
    ),
  },
  { requiredKeys: ["spanId", "parentSpanId", "name", "kind", "status", "startTime"] },
);

/** Steps of playbooks within each other, with attempts and actions that mend each other, in any order and place. */
export const arbitraryStepRecords = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: runSpan.map((span) => ({ t: "span", span: { endTime: 1_000_003, ...span } })) },
    { weight: 2, arbitrary: runSpan.map((span) => ({ t: "begin", span })) },
    {
      weight: 4,
      arbitrary: fc
        .record({ id: runId, status: fc.constantFrom("ok", "error"), endTime: runTime })
        .map(({ id: spanId, ...set }) => ({ t: "end", id: spanId, set })),
    },
    {
      weight: 3,
      arbitrary: fc
        .tuple(runId, fc.constantFrom("root", "s0", "s1", "s2", "s3", "gone"))
        .map(([spanId, parentSpanId]) => ({ t: "set", id: spanId, set: { parentSpanId } })),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(runId, fc.constantFrom("tracekeeper.step", "tracekeeper.attempt"))
        .map(([spanId, name]) => ({ t: "attributes", id: spanId, attributes: { [name]: null } })),
    },
  ) as fc.Arbitrary<JournalRecord>,
  { minLength: 8, maxLength: 30, size: "max" },
);

/** Places at which bytes are cut into pieces, as parts of their length. */
export const arbitraryCuts = fc
  .array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 })
  .map((parts) => parts.sort((a, b) => a - b));

export function cutAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [0, ...cuts.map((part) => Math.floor(part * bytes.length)), bytes.length];
  return places.slice(1).map((place, index) => bytes.subarray(places[index] ?? 0, place));
}

/** What may happen to the lines of a journal; numbers name a line or a byte of it, whatever there is. */
export type LineDamage = {
  readonly type: "flip" | "drop" | "repeat" | "swap" | "cut" | "nul" | "garbage" | "join";
  readonly line: number;
  readonly byte: number;
};

export const arbitraryDamage: fc.Arbitrary<LineDamage[]> = fc.array(
  fc.record({
    type: fc.constantFrom("flip", "drop", "repeat", "swap", "cut", "nul", "garbage", "join"),
    line: fc.nat(60),
    byte: fc.nat(400),
  }),
  { maxLength: 4 },
);

export function damageLines(lines: readonly Uint8Array[], damages: readonly LineDamage[]): Uint8Array[] {
  const damaged = lines.slice();
  for (const { type, line, byte } of damages) {
    const at = line % damaged.length;
    const bytes = damaged[at] ?? new Uint8Array();
    const inLine = byte % Math.max(1, bytes.length);
    const replace = (...by: Uint8Array[]) => damaged.splice(at, 1, ...by);
    if (type === "flip") replace(bytes.map((value, index) => (index === inLine ? value ^ 1 : value)));
    else if (type === "drop" && damaged.length > 1) replace();
    else if (type === "repeat") damaged.push(bytes);
    else if (type === "swap") damaged.push(...damaged.splice(at, 1));
    else if (type === "cut") replace(bytes.subarray(0, inLine));
    else if (type === "nul") replace(bytes, new Uint8Array(1 + (byte % 9)));
    else if (type === "garbage")
      replace(new TextEncoder().encode(`garbage ${byte}${byte % 2 === 0 ? "\n" : ""}`), bytes);
    else if (type === "join") replace(bytes.subarray(0, bytes.length - 1));
  }
  return damaged;
}
