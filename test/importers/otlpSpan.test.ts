// What the attributes of instrumentations become: kinds, usage, errors that lead to the source, and what survives.
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { readOtlpRequest } from "../../src/importers/otlpRequest";
import { mapOtlpSpan } from "../../src/importers/otlpSpan";
import { buildColumns } from "../../src/trace/buildColumns";
import { conversation } from "../../src/trace/conversation";
import { describeSpan } from "../../src/trace/describeSpan";
import { payloadView } from "../../src/trace/payload";
import { findPlaces } from "../../src/trace/places";
import { type TraceSpan, traceFileSchema } from "../../src/trace/schema";
import { spanError } from "../../src/trace/spanError";
import { spansInMemory } from "../../src/trace/spanSource";
import { map, mapAttributes } from "./mappedSpan";
import { attributes, traceId } from "./otlpPayload";

describe("the kind of a span", () => {
  it.each<[TraceSpan["kind"], Record<string, unknown>, string?]>([
    ["generation", { "gen_ai.operation.name": "chat" }],
    ["generation", { "gen_ai.operation.name": "generate_content" }],
    ["generation", { "gen_ai.operation.name": "text_completion" }],
    ["tool", { "gen_ai.operation.name": "execute_tool" }],
    ["span", { "gen_ai.operation.name": "invoke_agent", "gen_ai.request.model": "m", "gen_ai.usage.input_tokens": 1 }],
    ["span", { "gen_ai.operation.name": "embeddings" }],
    ["generation", { "openinference.span.kind": "LLM" }],
    ["tool", { "openinference.span.kind": "tool" }],
    ["span", { "openinference.span.kind": "AGENT" }],
    ["span", { "openinference.span.kind": "RETRIEVER", "gen_ai.tool.name": "x" }],
    ["generation", { "ai.operationId": "ai.generateText.doGenerate" }],
    ["generation", {}, "ai.streamText.doStream"],
    ["generation", { "ai.operationId": "ai.streamObject.doStream" }],
    ["span", { "ai.operationId": "ai.generateText", "gen_ai.request.model": "m", "gen_ai.usage.input_tokens": 1 }],
    ["tool", { "ai.operationId": "ai.toolCall" }],
    ["tool", {}, "ai.toolCall"],
    ["tool", { "traceloop.span.kind": "tool" }],
    ["span", { "traceloop.span.kind": "workflow" }],
    ["generation", { "llm.request.type": "chat" }],
    ["generation", { "llm.request.type": "completion" }],
    ["span", { "llm.request.type": "rerank" }],
    ["tool", { "mcp.method.name": "tools/call" }],
    ["tool", { "gen_ai.tool.name": "bash" }],
    ["generation", { "gen_ai.request.model": "m", "gen_ai.usage.output_tokens": 1 }],
    ["span", { "gen_ai.request.model": "m" }],
    ["span", { "http.request.method": "GET" }],
    ["span", { "gen_ai.operation.name": "constructor" }],
    ["generation", { "gen_ai.operation.name": "something new", "openinference.span.kind": "LLM" }],
  ])("is %s for %j", (kind, values, name) => {
    expect(mapAttributes(values, name).kind).toBe(kind);
  });
});

describe("usage", () => {
  it.each<[string, Record<string, unknown>, number[]]>([
    [
      "GenAI",
      {
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": "50",
        "gen_ai.usage.cache_read.input_tokens": 60,
        "gen_ai.usage.cache_creation.input_tokens": 10,
        "gen_ai.usage.reasoning.output_tokens": 20,
      },
      [30, 30, 20, 60, 10],
    ],
    ["older GenAI", { "gen_ai.usage.prompt_tokens": 7, "gen_ai.usage.completion_tokens": 3 }, [7, 3, 0, 0, 0]],
    [
      "Traceloop",
      { "gen_ai.usage.input_tokens": 5, "gen_ai.usage.cache_read_input_tokens": 8, "gen_ai.usage.reasoning_tokens": 2 },
      [0, 0, 2, 8, 0],
    ],
    [
      "OpenInference",
      {
        "llm.token_count.prompt": 10,
        "llm.token_count.completion": 4,
        "llm.token_count.total": 14,
        "llm.token_count.prompt_details.cache_read": 6,
        "llm.token_count.completion_details.reasoning": 1,
      },
      [4, 3, 1, 6, 0],
    ],
    [
      "AI SDK",
      {
        "ai.usage.inputTokens": 10,
        "ai.usage.outputTokens": 4,
        "ai.usage.reasoningTokens": 1,
        "ai.usage.cachedInputTokens": 2,
      },
      [8, 3, 1, 2, 0],
    ],
    ["older AI SDK", { "ai.usage.promptTokens": 10, "ai.usage.completionTokens": 4 }, [10, 4, 0, 0, 0]],
  ])("of %s adds up", (_, values, [input, output, reasoning, cacheRead, cacheWrite]) => {
    const { usage, span } = map({ attributes: values });
    const sum = [input, output, reasoning, cacheRead, cacheWrite].reduce((total = 0, count = 0) => total + count, 0);
    expect(usage?.tokens).toEqual({ input, output, reasoning, cacheRead, cacheWrite, total: sum });
    // Where it counts is for whoever knows the tree.
    expect(span).not.toHaveProperty("tokens");
    expect(span.attributes).toMatchObject(values);
  });

  it.each(["llm.cost.total", "gen_ai.usage.cost", "operation.cost"])("knows the cost in %s", (name) => {
    expect(map({ attributes: { [name]: 0.25 } }).usage).toEqual({ tokens: undefined, cost: 0.25 });
    expect(map({ attributes: { [name]: "high" } }).usage).toBeUndefined();
  });

  it("is nobody's where nobody reports it, and of the AI SDK's outer span never", () => {
    expect(map({ attributes: { "gen_ai.usage.input_tokens": -5 } }).usage).toBeUndefined();
    expect(map({ attributes: {} }).usage).toBeUndefined();
    const outer = { "ai.operationId": "ai.streamText", "ai.usage.inputTokens": 10 };
    expect(map({ attributes: outer }).usage).toBeUndefined();
  });

  it("belongs to the model that was asked for, so that a failed call and its next attempt are told to be alike", () => {
    const asked = { "gen_ai.request.model": "gpt-5", "gen_ai.provider.name": "openai" };
    expect(mapAttributes({ ...asked, "gen_ai.response.model": "gpt-5-2026-01-01" }).model).toEqual({
      modelId: "gpt-5",
      providerId: "openai",
    });
    expect(mapAttributes({ "ai.model.id": "m", "ai.model.provider": "p" }).model).toEqual({
      modelId: "m",
      providerId: "p",
    });
    expect(mapAttributes({ "llm.model_name": "m" }).model).toEqual({ modelId: "m" });
    expect(mapAttributes({})).not.toHaveProperty("model");
  });
});

describe("a failure", () => {
  const stack = "Error: no rate\n    at taxOf (/repo/src/billing/tax.ts:41:9)\n    at run (/repo/src/main.ts:3:1)";
  const exception = {
    name: "exception",
    timeUnixNano: "1795167000000000000",
    attributes: attributes({
      "exception.type": "RangeError",
      "exception.message": "no rate",
      "exception.stacktrace": stack,
    }),
  };

  it("leads to the source by the stack of its exception", () => {
    const { span } = map({ rest: { status: { code: 2 }, events: [exception] } });
    expect(span).toMatchObject({ status: "error", statusMessage: "no rate" });
    expect(spanError(span)).toMatchObject({ message: "no rate", type: "RangeError", stack });
    expect(findPlaces(span)[0]).toMatchObject({
      path: "/repo/src/billing/tax.ts",
      line: 41,
      column: 9,
      origin: "stack",
    });
  });

  it("is the last exception's where a step was tried again", () => {
    const first = { ...exception, attributes: attributes({ "exception.message": "busy" }) };
    const { span } = map({ rest: { status: { code: 2 }, events: [first, exception, { name: "log" }] } });
    expect(span.statusMessage).toBe("no rate");
  });

  it("says what its status says before what its exception says", () => {
    const status = { code: 2, message: "exit 1" };
    expect(map({ rest: { status, events: [exception] } }).span.statusMessage).toBe("exit 1");
  });

  it("is none where an exception was caught, whatever the status says beside it", () => {
    const { span } = map({ rest: { status: { code: 1, message: "fine" }, events: [exception] } });
    expect(span.status).toBe("ok");
    expect(span).not.toHaveProperty("statusMessage");
    expect(span.attributes?.["otel.status_description"]).toBe("fine");
    expect(span.events).toHaveLength(1);
  });

  it("leads to the source by attributes of the code", () => {
    const span = mapAttributes({ "code.file.path": "/repo/a.ts", "code.line.number": 7, "code.function.name": "f" });
    expect(findPlaces(span)[0]).toMatchObject({ path: "/repo/a.ts", line: 7, origin: "attribute" });
  });
});

describe("what has no field of its own", () => {
  it("survives among the attributes, under the names of OpenTelemetry", () => {
    const { span, resource } = map(
      {
        attributes: { deep: { a: [1, { b: null }] }, "tracekeeper.output": true },
        rest: { kind: 3, traceState: "v=1", links: [{ traceId, spanId: "00000000000000aa" }] },
      },
      { "service.name": "unknown_service:node", "process.pid": 7 },
    );
    expect(span.attributes).toEqual({
      deep: { a: [1, { b: null }] },
      // Nobody but a recorder of ours says of a span that it is a program's output.
      "sent.tracekeeper.output": true,
      "span.kind": "client",
      "w3c.tracestate": "v=1",
      "otel.scope.name": "my.library",
      "otel.scope.version": "1.0.0",
    });
    expect(span.links).toEqual([{ traceId, spanId: "00000000000000aa" }]);
    expect(resource).toEqual({ "service.name": "unknown_service:node", "process.pid": 7 });
  });

  it("never takes the place of the sender's own", () => {
    const values = { "span.kind": "mine", "service.name": "other", "otel.scope.name": "x" };
    expect(map({ attributes: values, rest: { kind: 2 } }).span.attributes).toMatchObject(values);
  });

  it("has a name, whatever was sent", () => {
    expect(mapAttributes({}, "").name).toBe("(no name)");
  });
});

describe("a pending span of Logfire", () => {
  it("is the beginning of its parent", () => {
    const pending = map({
      id: "00000000000000aa",
      parent: "00000000000000bb",
      durationMs: 0,
      attributes: { "logfire.span_type": "pending_span", "logfire.pending_parent_id": "00000000000000cc" },
    });
    expect(pending.span).toMatchObject({ spanId: "00000000000000bb", parentSpanId: "00000000000000cc" });
    expect(pending.span).not.toHaveProperty("endTime");
  });

  it.each([undefined, "0000000000000000", "not an id"])("is that of a root for the parent %j", (above) => {
    const pending = map({
      parent: "00000000000000bb",
      attributes: { "logfire.span_type": "pending_span", "logfire.pending_parent_id": above },
    });
    expect(pending.span).toMatchObject({ spanId: "00000000000000bb", parentSpanId: null });
  });
});

describe("a real agent's trace", () => {
  it("reads as a conversation with its model call, its usage and its retrieval", async () => {
    const path = resolve(import.meta.dirname, "../fixtures/otlp/agent-prism-rag-earnings.json");
    const requests = JSON.parse(await readFile(path, "utf8")) as unknown[];
    const mapped = requests.flatMap((request) => readOtlpRequest(request).spans).map(mapOtlpSpan);
    const [call, ...others] = mapped.filter(({ span }) => span.kind === "generation");
    expect(others).toEqual([]);
    expect(call?.span).toMatchObject({ name: "ChatOpenAI", model: { modelId: "gpt-3.5-turbo" } });
    expect(call?.usage?.tokens).toMatchObject({ input: 629, output: 19, total: 648 });
    expect(payloadView(call?.span as TraceSpan, "output")).toMatchObject({
      type: "markdown",
      text: "Meta Platforms Inc.'s revenue in Q4 2023 was $40.1 billion.",
    });
    expect(mapped.filter(({ usage }) => usage !== undefined)).toHaveLength(1);
    const retriever = mapped.find(({ span }) => span.name === "VectorStoreRetriever")?.span;
    expect(retriever).toMatchObject({ kind: "span", input: "what was meta's revenue in Q4 2023" });
    expect(retriever?.output).toHaveProperty("documents");
    const trace = traceFileSchema.parse({
      version: 2,
      traceId: "t",
      sessionId: "s",
      startedAt: "2026-11-20T08:00:00.000Z",
      metadata: {},
      spans: mapped.map(({ span }) => span),
      summary: {},
    });
    const { columns } = buildColumns(trace.spans, describeSpan);
    expect(conversation(spansInMemory(trace.spans), columns)).toEqual([
      expect.objectContaining({ type: "assistant", model: "gpt-3.5-turbo", status: "ok" }),
    ]);
  });
});
