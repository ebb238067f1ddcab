// What each call records, seen in the trace that its records make.

import { afterEach, describe, expect, test } from "vitest";
import { FileExporter, type FileExporterOptions } from "../../src/recorder/fileExporter";
import { Recap, Trace, Tracer } from "../../src/recorder/trace";
import { contractErrors, type MemoryRecorder, memorySessions } from "./memoryRecorder";

afterEach(() => {
  expect(contractErrors.splice(0)).toEqual([]);
});

function begin(metadata: object = {}, options: FileExporterOptions = {}): { trace: Trace; recorder: MemoryRecorder } {
  const { recorders, openSession } = memorySessions();
  const trace = Trace.withExporters([new FileExporter("/traces", 0, { ...options, openSession })]);
  trace.startTrace("ses_1", metadata);
  const [recorder] = recorders;
  if (recorder === undefined) throw new Error("Nothing was opened");
  return { trace, recorder };
}

const usage = { input: 1, output: 2, reasoning: 3, cache: { read: 4, write: 5 } };
const done = (output = "out", input: Record<string, unknown> = {}) =>
  ({ status: "completed", input, output, time: { start: 1_000, end: 1_250 } }) as const;

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

describe("tool calls that are begun and ended apart", () => {
  test("are open in between, under the open generation", () => {
    const { trace, recorder } = begin();
    trace.logStepStart({ id: "1" });
    const id = trace.startToolCall({ tool: "bash", callID: "c1", input: { command: "ls" } });
    const [, generation, open] = recorder.trace().spans;
    expect(open).toMatchObject({
      spanId: id,
      name: "bash",
      kind: "tool",
      input: { command: "ls" },
      tool: { callId: "c1" },
    });
    expect(open?.parentSpanId).toBe(generation?.spanId);
    expect(open).not.toHaveProperty("endTime");
    trace.endToolCall("c1", { status: "completed", output: { files: 3 } });
    const ended = recorder.trace().spans[2];
    expect(ended).toMatchObject({ status: "ok", output: { files: 3 } });
    expect(ended?.tool?.durationMs).toBe((ended?.endTime ?? 0) - (ended?.startTime ?? 0));
  });

  test("end by the id of their span, too, and only once", () => {
    const { trace, recorder } = begin();
    const id = trace.startToolCall({ tool: "bash" });
    trace.endToolCall(id, { status: "error", error: new Error("exit 1") });
    trace.endToolCall(id, { status: "completed", output: "late" });
    expect(recorder.trace().spans[1]).toMatchObject({
      status: "error",
      statusMessage: "exit 1",
      output: { error: "exit 1" },
    });
  });

  test("are one span with what logToolCall then says of them", () => {
    const { trace, recorder } = begin();
    const id = trace.startToolCall({ tool: "bash", callID: "c1", input: { command: "l" } });
    trace.logToolCall({ tool: "bash", callID: "c1", state: done("out", { command: "ls" }) });
    trace.logToolCall({ tool: "bash", callID: "c1", state: done("again", { command: "ls" }) });
    const { spans, summary } = recorder.trace();
    expect(spans.map((span) => span.output)).toEqual([undefined, "out", "again"]);
    expect(spans[1]).toMatchObject({
      spanId: id,
      startTime: 1_000,
      endTime: 1_250,
      tool: { callId: "c1", durationMs: 250 },
      input: { command: "ls" },
    });
    expect(summary.totalToolCalls).toBe(2);
  });

  test("count once in what the session adds up to", async () => {
    const { trace, recorder } = begin();
    trace.startToolCall({ tool: "bash", callID: "c1" });
    trace.logToolCall({ tool: "bash", callID: "c1", state: done() });
    await trace.endTrace();
    expect(recorder.trace().spans[0]?.output).toBe("0 generations, 1 tool calls, 0 tokens, $0.0000");
  });
});

describe("spans of one's own", () => {
  test("nest, and end with what is known then", () => {
    const { trace, recorder } = begin();
    const outer = trace.startSpan({ name: "outer", attributes: { a: 1 }, input: [1] });
    const inner = trace.startSpan({ name: "inner", parentSpanId: outer, kind: "text" });
    trace.endSpan(inner, { status: "error", statusMessage: "no", attributes: { b: 2 } });
    trace.endSpan(outer, { output: "yes", attributes: { a: 3 } });
    trace.endSpan("unknown", { output: "nobody's" });
    const [root, first, second] = recorder.trace().spans;
    expect(first).toMatchObject({
      parentSpanId: root?.spanId,
      kind: "span",
      input: [1],
      output: "yes",
      attributes: { a: 3 },
    });
    expect(second).toMatchObject({ parentSpanId: outer, kind: "text", status: "error", statusMessage: "no" });
    expect(second?.attributes).toEqual({ b: 2 });
    expect(recorder.trace().spans).toHaveLength(3);
  });

  test("get events and links, and so does the session", () => {
    const { trace, recorder } = begin();
    const span = trace.startSpan({ name: "s" });
    trace.endSpan(span);
    trace.addEvent(span, { name: "exception", attributes: { type: "E" }, timeMs: 5 });
    trace.addEvent(undefined, { name: "on the root" });
    trace.addEvent("of another trace", { name: "lost" });
    trace.addLink(span, { spanId: "far", traceId: "away", attributes: { why: "w" } });
    trace.addLink(undefined, { spanId: "near" });
    const [root, own] = recorder.trace().spans;
    expect(own?.events).toEqual([{ name: "exception", attributes: { type: "E" }, timeMs: 5 }]);
    expect(own?.links).toEqual([{ spanId: "far", traceId: "away", attributes: { why: "w" } }]);
    expect(root?.events).toMatchObject([{ name: "on the root", timeMs: expect.any(Number) }]);
    expect(root?.links).toEqual([{ spanId: "near" }]);
    expect(recorder.trace().spans).toHaveLength(2);
  });
});

describe("the session", () => {
  test("says what it waits for", () => {
    const { trace, recorder } = begin();
    trace.waiting("an answer");
    trace.resumed();
    expect(recorder.trace().spans[0]?.events?.map(({ name, attributes }) => [name, attributes?.["reason"]])).toEqual([
      ["tracekeeper.waiting", "an answer"],
      ["tracekeeper.resumed", undefined],
    ]);
  });

  test("has a title, a prompt and a model that come late, written only where they change", () => {
    const { trace, recorder } = begin({ title: "A" });
    trace.setTitle("A");
    trace.setPrompt("");
    trace.enrichFromAssistant({});
    expect(recorder.log).toEqual(["begin"]);
    trace.setTitle("B", "P");
    trace.setPrompt("Q");
    trace.enrichFromAssistant({ modelID: "large", providerID: "acme", variant: "high" });
    trace.enrichFromAssistant({ modelID: "large", providerID: "acme", variant: "high" });
    expect(recorder.log).toEqual(["begin", "metadata", "metadata", "metadata"]);
    expect(recorder.trace().metadata).toEqual({
      title: "B",
      prompt: "Q",
      model: "acme/large",
      providerId: "acme",
      variant: "high",
    });
  });

  test("tells of its health, and waits for the disk", async () => {
    const { trace, recorder } = begin();
    expect(trace.health).toEqual({ state: "ok", droppedRecords: 0 });
    await trace.sync();
    expect(recorder.syncs).toBe(1);
    expect(Trace.withExporters([]).health.state).toBe("ok");
  });

  test("keeps attributes as they are, and what has no JSON as text", () => {
    const { trace, recorder } = begin({ prompt: "€".repeat(20) }, { maxOutputBytes: 16 });
    trace.setSpanAttributes({ n: Number.NaN, s: Symbol("s"), u: undefined, keep: 1, other: 2 }, "session");
    trace.setSpanAttributes({ other: null }, "session");
    trace.setSpanAttributes({ more: [3] }, "session");
    const cut = { "tracekeeper.cut": { input: 20 } };
    expect(recorder.trace().spans[0]?.attributes).toEqual({
      ...cut,
      n: null,
      s: "Symbol(s)",
      keep: 1,
      other: null,
      more: [3],
    });
  });

  test("keeps an attribute that is null beside all that a span has, however many spans have some", () => {
    const { trace, recorder } = begin({}, { maxOutputBytes: 16 });
    trace.setSpanAttributes({ root: 1 }, "session");
    for (let span = 0; span < 100; span++) trace.startSpan({ name: "s", attributes: { span } });
    const call = trace.startToolCall({ tool: "t", callID: "c1", input: { text: "long enough" } });
    trace.endSpan(call, { attributes: { end: 1 } });
    trace.setSpanAttributes({ tool: null });
    trace.setSpanAttributes({ root: 2, none: null }, "session");
    const { spans } = recorder.trace();
    expect(spans[0]?.attributes).toEqual({ root: 2, none: null });
    expect(spans.at(-1)?.attributes).toEqual({ "tracekeeper.cut": { input: 22 }, end: 1, tool: null });
  });
});

test("ids are those of this trace alone, without end", () => {
  const { trace, recorder } = begin();
  for (let message = 0; message < 300; message++) trace.logUserMessage("m");
  const ids = recorder.trace().spans.map((span) => span.spanId);
  const others = begin()
    .recorder.trace()
    .spans.map((span) => span.spanId);
  expect(new Set([...ids, ...others]).size).toBe(302);
  expect(ids.every((id) => /^[0-9a-f]{16}$/.test(id))).toBe(true);
});
