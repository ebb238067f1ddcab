// What each call of the drop-in records, seen in the trace that its records make.

import { afterEach, describe, expect, test } from "vitest";
import { FileExporter } from "../../src/recorder/fileExporter";
import { Recap, Trace, Tracer } from "../../src/recorder/trace";
import { contractErrors, memorySessions } from "./memoryRecorder";
import { begin, done } from "./memoryTrace";

afterEach(() => {
  expect(contractErrors.splice(0)).toEqual([]);
});

const usage = { input: 1, output: 2, reasoning: 3, cache: { read: 4, write: 5 } };

test("has its older names", () => {
  expect(Tracer).toBe(Trace);
  expect(Recap).toBe(Trace);
  const typed: Tracer | Recap | undefined = undefined;
  expect(typed).toBeUndefined();
});

describe("startTrace", () => {
  test("hands over what it is told, and nothing that it is not", () => {
    const { recorder } = begin({ title: "T", prompt: "P", tags: ["a"], agent: undefined, other: 1, version: 3 });
    expect(recorder.request).toMatchObject({ sessionId: "ses_1", mode: "start", directory: "/traces" });
    expect(recorder.request.metadata).toEqual({ title: "T", prompt: "P", tags: ["a"], version: "3" });
    expect(recorder.request.traceId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const [root] = recorder.trace().spans;
    expect(root).toMatchObject({ name: "ses_1", kind: "session", parentSpanId: null, input: "P", status: "ok" });
    expect(root?.spanId).toMatch(/^[0-9a-f]{16}$/);
    expect(root).not.toHaveProperty("endTime");
  });

  test("ends a session that is still recorded, and keeps the two apart", async () => {
    const { recorders, openSession } = memorySessions();
    const trace = Trace.withExporters([new FileExporter("/traces", 0, { openSession })]);
    trace.startTrace("one", {});
    trace.logUserMessage("in one");
    trace.startTrace("two", {});
    trace.logUserMessage("in two");
    expect(trace.getTracePath()).toBe("/traces/two.json");
    expect(await trace.endTrace()).toBe("/traces/two.json");
    expect(recorders.map((recorder) => recorder.phase)).toEqual(["ended", "ended"]);
    expect(recorders.map((recorder) => recorder.trace().spans.map((span) => span.input))).toEqual([
      [undefined, "in one"],
      [undefined, "in two"],
    ]);
  });

  test("begins a session anew after its end", async () => {
    const { trace, recorder } = begin();
    await trace.endTrace();
    trace.startTrace("ses_2", {});
    expect(recorder.phase).toBe("ended");
    expect(await trace.endTrace()).toBe("/traces/ses_2.json");
  });
});

describe("generations", () => {
  test("have their text in the journal before they end", () => {
    const { trace, recorder } = begin();
    trace.logStepStart({ id: "1" });
    trace.logText({ text: "Hel" });
    trace.logText({ text: "lo" });
    expect(recorder.log).toEqual(["begin", "begin", "text", "text"]);
    expect(recorder.trace().spans[1]).toMatchObject({ name: "generation-1", kind: "generation", output: "Hello" });
    trace.logStepFinish({ id: "1", reason: "stop", cost: 0.5, tokens: usage });
    expect(recorder.trace().spans[1]).toMatchObject({
      output: "Hello",
      finishReason: "stop",
      cost: 0.5,
      tokens: { input: 1, output: 2, reasoning: 3, cacheRead: 4, cacheWrite: 5, total: 15 },
    });
  });

  test("name the tools that were called where there was no text", () => {
    const { trace, recorder } = begin();
    trace.logStepStart({ id: "1" });
    trace.logToolCall({ tool: "bash", callID: "1", state: done() });
    trace.startToolCall({ tool: "read", callID: "2" });
    trace.logStepFinish({ id: "1", reason: "stop", cost: 0, tokens: usage });
    expect(recorder.trace().spans[1]?.output).toBe("[tool calls: bash, read]");
  });

  test("begin with what the tools gave back since the last one", () => {
    const { trace, recorder } = begin();
    trace.logToolCall({ tool: "bash", callID: "1", state: done("x".repeat(600)) });
    trace.startToolCall({ tool: "read", callID: "2" });
    trace.endToolCall("2", { status: "error", error: "y".repeat(300) });
    trace.logStepStart({ id: "1" });
    const input = recorder.trace().spans.at(-1)?.input;
    expect(input).toBe(`[bash] ${"x".repeat(500)}\n[read] error: ${"y".repeat(200)}`);
    trace.logStepStart({ id: "2" });
    expect(recorder.trace().spans.at(-1)).not.toHaveProperty("input");
  });

  test("do not grow with the tools that are called within or between them", () => {
    const { trace, recorder } = begin();
    trace.logStepStart({ id: "1" });
    for (let call = 0; call < 40_000; call++)
      trace.logToolCall({ tool: `tool-${call}`, callID: "", state: done("x".repeat(40)) });
    trace.logStepFinish({ id: "1", reason: "stop", cost: 0, tokens: usage });
    trace.logStepStart({ id: "2" });
    const [, first] = recorder.trace().spans;
    const last = recorder.trace().spans.at(-1);
    expect(String(first?.output).length).toBeLessThan(300_000);
    expect(String(last?.input).length).toBeLessThan(1_100_000);
    const names = Array.from({ length: 40_000 }, (_, call) => `tool-${call}`).join(", ");
    expect(first?.attributes).toEqual({ "tracekeeper.cut": { output: `[tool calls: ${names}]`.length } });
    const results = Array.from({ length: 40_000 }, (_, call) => `[tool-${call}] ${"x".repeat(40)}`).join("\n");
    expect(last?.attributes).toEqual({ "tracekeeper.cut": { input: results.length } });
  });

  test("leave a text that comes while none is open as an event of the session", () => {
    const { trace, recorder } = begin();
    trace.logText({ text: "nobody asked" });
    expect(recorder.trace().spans).toHaveLength(1);
    expect(recorder.trace().spans[0]?.events).toMatchObject([{ name: "text", attributes: { text: "nobody asked" } }]);
  });
});

describe("what is too long", () => {
  test("is cut at the limit, never within a character, and says how long it was", () => {
    const { trace, recorder } = begin({ prompt: "€".repeat(20) }, { maxOutputBytes: 16 });
    trace.logUserMessage("🙂".repeat(10));
    trace.logToolCall({ tool: "t", callID: "1", state: done("a".repeat(17), { text: "b".repeat(20) }) });
    trace.logStepStart({ id: "1" });
    for (const text of ["0123456789", "€€€", "and more"]) trace.logText({ text });
    trace.logStepFinish({ id: "1", reason: "stop", cost: 0, tokens: usage });
    const cut = (span: number) => recorder.trace().spans[span]?.attributes?.["tracekeeper.cut"];
    const { spans } = recorder.trace();
    expect([spans[0]?.input, cut(0)]).toEqual(["€".repeat(5), { input: 20 }]);
    expect([spans[1]?.input, cut(1)]).toEqual(["🙂".repeat(4), { input: 20 }]);
    expect([spans[2]?.output, cut(2)]).toEqual(["a".repeat(16), { input: 31, output: 17 }]);
    expect(spans[2]?.input).toBe('{"text":"bbbbbbb');
    expect([spans[3]?.output, cut(3)]).toEqual(["0123456789€€", { input: 21, output: 21 }]);
  });

  test("is whole up to the limit", () => {
    const { trace, recorder } = begin({}, { maxOutputBytes: 6 });
    trace.logUserMessage("€€");
    expect(recorder.trace().spans[1]).toMatchObject({ input: "€€" });
    expect(recorder.trace().spans[1]).not.toHaveProperty("attributes");
  });

  test("is 4 MiB by default", () => {
    const { trace, recorder } = begin();
    trace.logToolCall({ tool: "t", callID: "1", state: done("a".repeat(4 * 1024 * 1024 + 1)) });
    expect(String(recorder.trace().spans[1]?.output).length).toBe(4 * 1024 * 1024);
  });
});
