// The failures that a summary tells are those that the opened trace has, however the trace was folded.
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openSessionRecorder } from "../../src/recorder/openSession";
import { nodeFs } from "../../src/recorder/recorderFs";
import type { SessionRecorder } from "../../src/recorder/sessionRecorder";
import { loadSession } from "../../src/store/loadSession";
import type { TraceFile } from "../../src/trace/schema";
import { makeTempDir } from "../support/tempDir";
import { failuresOf, stateOf } from "../trace/spanOutline";

const ids = ["a", "b", "c", "d", "e", "f"];
const fields = fc.record({
  id: fc.constantFrom(...ids),
  parent: fc.constantFrom("root", ...ids),
  name: fc.constantFrom("bash", "bash", "read"),
  kind: fc.constantFrom("tool", "tool", "span", "generation"),
  input: fc.constantFrom({ command: "npm test" }, { command: "ls" }, { path: "a.ts" }, "text"),
  startTime: fc.integer({ min: 1, max: 12 }),
  endTime: fc.integer({ min: 1, max: 12 }),
  isFailed: fc.boolean(),
  part: fc.constantFrom(
    undefined,
    undefined,
    { "tracekeeper.step": { id: "x" } },
    { "tracekeeper.attempt": { number: 1 } },
  ),
});
const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fields.map((span) => ({ type: "span" as const, ...span })) },
    { weight: 2, arbitrary: fields.map((span) => ({ type: "begin" as const, ...span })) },
    { weight: 2, arbitrary: fields.map((span) => ({ type: "end" as const, ...span })) },
    { weight: 1, arbitrary: fields.map((span) => ({ type: "move" as const, ...span })) },
    { weight: 1, arbitrary: fields.map((span) => ({ type: "fail" as const, ...span })) },
  ),
  { maxLength: 16, size: "max" },
);
type RecordedStep = typeof steps extends fc.Arbitrary<readonly (infer One)[]> ? One : never;

function open(directory: string): SessionRecorder {
  const recorder = openSessionRecorder({
    directory,
    sessionId: "s",
    traceId: "t1",
    metadata: {},
    mode: "start",
    fsync: "never",
    fs: nodeFs,
    machine: undefined,
    onProblem: ({ message }) => {
      throw new Error(message);
    },
  });
  if (recorder === undefined) throw new Error("The session can't be recorded");
  return recorder;
}

function record(
  recorder: SessionRecorder,
  all: readonly RecordedStep[],
  begun: Set<string>,
  isOpen: Set<string>,
): void {
  for (const { type, id, parent, name, kind, input, startTime, endTime, isFailed, part } of all) {
    const end = { endTime, status: isFailed ? "error" : "ok" };
    const begin = { spanId: id, parentSpanId: parent, name, kind, startTime, input, attributes: part };
    const totals = { kind, name, isFailed, durationMs: 1 } as const;
    if (type === "span" && !begun.has(id)) recorder.span(id, JSON.stringify({ ...begin, ...end }), totals as never);
    else if (type === "begin" && !begun.has(id)) {
      recorder.begin(id, JSON.stringify(begin), { kind, name } as never);
      isOpen.add(id);
    } else if (type === "end" && isOpen.delete(id)) recorder.end(id, JSON.stringify(end), totals as never);
    else if (type === "move" && begun.has(id)) recorder.set(id, JSON.stringify({ parentSpanId: parent, input }));
    else if (type === "fail" && begun.has(id)) recorder.set(id, JSON.stringify({ status: "error" }));
    else continue;
    begun.add(id);
  }
}

const rootJson = JSON.stringify({ spanId: "root", parentSpanId: null, name: "s", kind: "session", startTime: 0 });
const rootEnd = (status: string) => ({
  spanId: "root",
  json: JSON.stringify({ endTime: 20, status: status === "error" ? "error" : "ok" }),
  totals: { kind: "session", name: "s", isFailed: status === "error", durationMs: 20 } as const,
});

/** What the file says, and what there is. */
async function failuresIn(directory: string, status: "completed" | "failed" | "crashed") {
  const told = (JSON.parse(readFileSync(`${directory}/s.json`, "utf8")) as TraceFile).summary["failures"];
  const { trace } = await loadSession(`${directory}/s.json`, () => "gone");
  return { told, found: failuresOf(trace.spans, stateOf(status)).failures.length };
}

describe("the failures that a summary tells", () => {
  it.each([
    { name: "by copying its journal", incarnations: 1 },
    { name: "by reading all of its files", incarnations: 2 },
  ])("are those of the trace that was folded $name, whatever its end", async ({ incarnations }) => {
    let failures = 0;
    let fewer = 0;
    await fc.assert(
      fc.asyncProperty(
        steps,
        steps,
        fc.constantFrom("completed", "error", "crashed"),
        async (first, second, status) => {
          await using folder = await makeTempDir();
          const begun = new Set<string>();
          const isOpen = new Set<string>();
          let recorder = open(folder.path);
          recorder.begin("root", rootJson, { kind: "session", name: "s" });
          record(recorder, first, begun, isOpen);
          if (incarnations > 1) {
            await recorder.finish({ status: "completed" });
            recorder = open(folder.path);
          }
          record(recorder, second, begun, isOpen);
          if (status === "crashed") recorder.crash("killed");
          else await recorder.finish({ root: rootEnd(status), status: status as "completed" | "error" });
          const states = { completed: "completed", error: "failed", crashed: "crashed" } as const;
          const { told, found } = await failuresIn(folder.path, states[status as keyof typeof states]);
          expect(told).toBe(found);
          failures += found;
          const { trace } = await loadSession(`${folder.path}/s.json`, () => "gone");
          if (trace.spans.filter((span) => span.status === "error").length > found) fewer++;
        },
      ),
      { numRuns: 60 },
    );
    expect(failures).toBeGreaterThan(20);
    expect(fewer).toBeGreaterThan(5);
  });

  it("are told while it runs, too, and once nothing failed without looking", async () => {
    await using folder = await makeTempDir();
    const recorder = open(folder.path);
    recorder.begin("root", rootJson, { kind: "session", name: "s" });
    await recorder.flush();
    const told = () => (JSON.parse(readFileSync(`${folder.path}/s.json`, "utf8")) as TraceFile).summary["failures"];
    expect(told()).toBe(0);
    const call = (id: string, startTime: number, status: string) => {
      const span = { spanId: id, parentSpanId: "root", name: "bash", kind: "tool", startTime, endTime: startTime + 1 };
      const input = { command: "npm test" };
      const totals = { kind: "tool", name: "bash", isFailed: status === "error", durationMs: 1 } as const;
      recorder.span(id, JSON.stringify({ ...span, input, status }), totals);
    };
    call("a", 1, "error");
    await recorder.flush();
    expect(told()).toBe(1);
    call("b", 3, "ok");
    await recorder.flush();
    expect(told()).toBe(0);
    await recorder.finish({ root: rootEnd("ok"), status: "completed" });
    expect(told()).toBe(0);
  });

  it("go by what each span was at last, a generation by its model and an attempt by its step", async () => {
    await using folder = await makeTempDir();
    const recorder = open(folder.path);
    recorder.begin("root", rootJson, { kind: "session", name: "s" });
    const add = (spanId: string, startTime: number, status: string, rest: object) => {
      const span = {
        spanId,
        parentSpanId: "root",
        name: "bash",
        kind: "tool",
        startTime,
        endTime: startTime + 1,
        status,
      };
      const { kind, name } = { ...span, ...rest } as { kind: "tool"; name: string };
      const totals = { kind, name, isFailed: status === "error", durationMs: 1 };
      recorder.span(spanId, JSON.stringify({ ...span, ...rest }), totals);
    };
    const asks = (prompt: string) => ({ kind: "generation", model: { modelId: "m" }, input: { query: prompt } });
    add("g1", 1, "error", asks("one"));
    add("g2", 3, "ok", asks("another one"));
    const tries = (command: string) => ({
      kind: "span",
      attributes: { "tracekeeper.attempt": {} },
      input: { command },
    });
    add("a1", 5, "error", tries("npm ci"));
    add("a2", 7, "ok", tries("npm install"));
    add("t1", 9, "error", { input: { command: "npm test" } });
    add("t2", 11, "ok", { input: { command: "ls" } });
    recorder.set("t2", JSON.stringify({ input: { command: "npm test" } }));
    // All of these were made good; this one fails after it was recorded as a success.
    add("late", 13, "ok", { input: { command: "make" } });
    recorder.set("late", JSON.stringify({ status: "error" }));
    await recorder.finish({ root: rootEnd("error"), status: "error", error: "no" });
    expect(await failuresIn(folder.path, "failed")).toEqual({ told: 1, found: 1 });
  });

  it("are looked for where a status was set, although nothing failed by itself", async () => {
    await using folder = await makeTempDir();
    const recorder = open(folder.path);
    recorder.begin("root", rootJson, { kind: "session", name: "s" });
    recorder.begin(
      "a",
      JSON.stringify({ spanId: "a", parentSpanId: "root", name: "bash", kind: "tool", startTime: 1 }),
      {
        kind: "tool",
        name: "bash",
      },
    );
    recorder.end("a", JSON.stringify({ endTime: 2, status: "ok" }), {
      kind: "tool",
      name: "bash",
      isFailed: false,
      durationMs: 1,
    });
    recorder.set("a", JSON.stringify({ status: "error" }));
    await recorder.finish({ root: rootEnd("ok"), status: "completed" });
    expect(await failuresIn(folder.path, "completed")).toEqual({ told: 1, found: 1 });
  });

  it("are left out where counting them would hold up the end of a very long session", async () => {
    await using folder = await makeTempDir();
    const recorder = open(folder.path);
    recorder.begin("root", rootJson, { kind: "session", name: "s" });
    const output = "x".repeat(1_100_000);
    for (let row = 0; row < 32; row++) {
      const span = {
        spanId: `s${row}`,
        parentSpanId: "root",
        name: "bash",
        kind: "tool",
        startTime: row,
        endTime: row,
      };
      const totals = { kind: "tool", name: "bash", isFailed: true, durationMs: 1 } as const;
      recorder.span(span.spanId, JSON.stringify({ ...span, status: "error", output }), totals);
      await recorder.sync();
    }
    await recorder.finish({ root: rootEnd("error"), status: "error", error: "no" });
    expect(await failuresIn(folder.path, "failed")).toEqual({ told: undefined, found: 32 });
  });
});
