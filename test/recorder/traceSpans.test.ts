// Spans that are begun and ended apart, what is added to spans, and what is said of the session.

import { afterEach, describe, expect, test } from "vitest";
import { Trace } from "../../src/recorder/trace";
import { contractErrors } from "./memoryRecorder";
import { begin, done } from "./memoryTrace";

afterEach(() => {
  expect(contractErrors.splice(0)).toEqual([]);
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
