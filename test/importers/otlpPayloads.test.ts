// What went into calls of tools and models and what came out of them, in the words of each instrumentation.
import { describe, expect, it } from "vitest";
import { describeSpan } from "../../src/trace/describeSpan";
import { payloadView } from "../../src/trace/payload";
import { toolCall } from "../../src/trace/toolCall";
import { map, mapAttributes } from "./mappedSpan";
import { attributes } from "./otlpPayload";

describe("a tool call", () => {
  it("of GenAI has its tool's name, its arguments and its result", () => {
    const span = mapAttributes(
      {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "bash",
        "gen_ai.tool.call.id": "call_1",
        "gen_ai.tool.call.arguments": '{"command":"npm test"}',
        "gen_ai.tool.call.result": "All passed",
        mine: "kept",
      },
      "execute_tool bash",
    );
    expect(span).toMatchObject({
      kind: "tool",
      name: "bash",
      tool: { callId: "call_1", durationMs: 5 },
      input: { command: "npm test" },
      output: "All passed",
    });
    expect(span.attributes).toEqual({
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": "bash",
      "gen_ai.tool.call.id": "call_1",
      mine: "kept",
      "tracekeeper.name": "execute_tool bash",
      "service.name": "agent",
      "otel.scope.name": "my.library",
      "otel.scope.version": "1.0.0",
    });
    expect(toolCall(span)).toMatchObject({ name: "bash", action: "shell" });
    expect(describeSpan(span).label).toBe("npm test");
  });

  it("of GenAI may have structured arguments", () => {
    const values = { "gen_ai.tool.name": "read", "gen_ai.tool.call.arguments": { path: "a.ts", lines: [1, 2] } };
    expect(mapAttributes(values).input).toEqual({ path: "a.ts", lines: [1, 2] });
  });

  it("of the AI SDK has JSON texts, of which the values are taken", () => {
    const span = mapAttributes(
      {
        "ai.operationId": "ai.toolCall",
        "ai.toolCall.name": "weather",
        "ai.toolCall.id": "c",
        "ai.toolCall.args": '{"city":"Bonn"}',
        "ai.toolCall.result": '"Rain\\nall day"',
      },
      "ai.toolCall",
    );
    expect(span).toMatchObject({
      name: "weather",
      tool: { callId: "c" },
      input: { city: "Bonn" },
      output: "Rain\nall day",
    });
  });

  it("of OpenInference takes its values by their types", () => {
    const values = { "openinference.span.kind": "TOOL", "tool.name": "add", "input.value": '{"a":1}' };
    const json = { ...values, "output.value": "3", "output.mime_type": "application/json" };
    expect(mapAttributes(json)).toMatchObject({ name: "add", input: { a: 1 }, output: 3 });
    const text = { ...values, "output.value": '{"a":1}', "output.mime_type": "text/plain" };
    expect(mapAttributes(text)).toMatchObject({ output: '{"a":1}' });
  });

  it("of Traceloop is named by its entity", () => {
    const span = mapAttributes(
      {
        "traceloop.span.kind": "tool",
        "traceloop.entity.name": "search",
        "traceloop.entity.input": '{"args":["x"],"kwargs":{}}',
        "traceloop.entity.output": '"found"',
      },
      "search.tool",
    );
    expect(span).toMatchObject({ name: "search", input: { args: ["x"], kwargs: {} }, output: "found" });
  });

  it("keeps a text that only looks like JSON, is too long or nests too deeply", () => {
    for (const text of ["{not json", `[${"1,".repeat(600_000)}1]`, `${"[".repeat(70)}${"]".repeat(70)}`]) {
      expect(mapAttributes({ "gen_ai.tool.name": "t", "gen_ai.tool.call.arguments": text }).input).toBe(text);
    }
  });
});

describe("a model's call", () => {
  const chat = { "gen_ai.operation.name": "chat" };

  it("of GenAI has its messages, with the instructions before them", () => {
    const span = mapAttributes({
      ...chat,
      "gen_ai.system_instructions": '[{"type":"text","content":"Be brief"}]',
      "gen_ai.input.messages": '[{"role":"user","parts":[{"type":"text","content":"Hi"}]}]',
      "gen_ai.output.messages":
        '[{"role":"assistant","parts":[{"type":"reasoning","content":"hm"},{"type":"text","content":"Hello"}],"finish_reason":"stop"}]',
      "gen_ai.response.finish_reasons": ["stop"],
    });
    expect(span.input).toEqual([
      { role: "system", parts: [{ type: "text", content: "Be brief" }] },
      { role: "user", parts: [{ type: "text", content: "Hi" }] },
    ]);
    expect(payloadView(span, "output")).toMatchObject({ type: "markdown", text: "Hello" });
    expect(span.finishReason).toBe("stop");
    expect(Object.keys(span.attributes ?? {}).filter((name) => name.includes("messages"))).toEqual([]);
  });

  it("takes messages from events, as older instrumentations write them", () => {
    const event = (name: string, values: Record<string, unknown>) => ({ name, attributes: attributes(values) });
    const span = map({
      attributes: chat,
      rest: {
        events: [
          event("gen_ai.system.message", { content: "Be brief" }),
          event("gen_ai.user.message", { content: "[1] is this JSON?" }),
          event("something.else", { a: 1 }),
          event("gen_ai.choice", { finish_reason: "stop", message: '{"role":"assistant","content":"No"}' }),
        ],
      },
    }).span;
    expect(span.input).toEqual([
      { role: "system", content: "Be brief" },
      { role: "user", content: "[1] is this JSON?" },
    ]);
    expect(span.output).toEqual([{ role: "assistant", content: "No", finish_reason: "stop" }]);
    expect(span.events?.map(({ name }) => name)).toEqual(["something.else"]);
  });

  it("takes messages from events that hold all of a side, or of both", () => {
    const event = (name: string, values: Record<string, unknown>) => ({ name, attributes: attributes(values) });
    const sides = [
      event("gen_ai.content.prompt", { "gen_ai.prompt": '[{"role":"user","content":"Hi"}]' }),
      event("gen_ai.content.completion", { "gen_ai.completion": '[{"role":"assistant","content":"Hello"}]' }),
    ];
    const both = event("gen_ai.client.inference.operation.details", {
      "gen_ai.input.messages": '[{"role":"user","content":"Hi"}]',
      "gen_ai.output.messages": '[{"role":"assistant","content":"Hello"}]',
      "gen_ai.request.seed": 4,
    });
    for (const events of [sides, [both]]) {
      const { input, output, events: rest } = map({ attributes: chat, rest: { events } }).span;
      expect({ input, output }).toEqual({
        input: [{ role: "user", content: "Hi" }],
        output: [{ role: "assistant", content: "Hello" }],
      });
      expect(rest?.map((kept) => kept.attributes) ?? []).toEqual(
        events.length === 1 ? [{ "gen_ai.request.seed": 4 }] : [],
      );
    }
  });

  it("of OpenInference has messages of many attributes, in the order of their numbers", () => {
    const span = mapAttributes({
      "openinference.span.kind": "LLM",
      "llm.input_messages.10.message.role": "user",
      "llm.input_messages.10.message.contents.0.message_content.type": "text",
      "llm.input_messages.10.message.contents.0.message_content.text": "And now?",
      "llm.input_messages.2.message.role": "user",
      "llm.input_messages.2.message.content": "First",
      "llm.output_messages.0.message.role": "assistant",
      "llm.output_messages.0.message.content": "Done",
      "llm.output_messages.0.message.tool_calls.0.tool_call.function.name": "bash",
      "llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments": '{"command":"ls"}',
      "input.value": "raw",
    });
    expect(span.input).toEqual([
      { role: "user", content: "First" },
      { role: "user", content: [{ type: "text", text: "And now?" }] },
    ]);
    expect(span.output).toEqual([
      {
        role: "assistant",
        content: "Done",
        tool_calls: [{ function: { name: "bash", arguments: '{"command":"ls"}' } }],
      },
    ]);
    expect(Object.keys(span.attributes ?? {}).filter((name) => name.startsWith("llm."))).toEqual([]);
    expect(span.attributes?.["input.value"]).toBe("raw");
  });

  it("of Traceloop has its prompts and completions in order", () => {
    const span = mapAttributes({
      "llm.request.type": "chat",
      "gen_ai.prompt.0.role": "user",
      "gen_ai.prompt.0.content": "Hi",
      "gen_ai.completion.0.role": "assistant",
      "gen_ai.completion.0.content": "Hello",
      "gen_ai.completion.0.finish_reason": "stop",
    });
    expect(span).toMatchObject({
      input: [{ role: "user", content: "Hi" }],
      output: [{ role: "assistant", content: "Hello", finish_reason: "stop" }],
      finishReason: "stop",
    });
  });

  it("of the AI SDK has its words, and its tool calls beside them", () => {
    const call = { "ai.operationId": "ai.generateText.doGenerate", "ai.response.finishReason": "stop" };
    const words = mapAttributes({ ...call, "ai.prompt.messages": '[{"role":"user"}]', "ai.response.text": "Hello" });
    expect(words).toMatchObject({ input: [{ role: "user" }], output: "Hello", finishReason: "stop" });
    const calls = mapAttributes({
      ...call,
      "ai.response.text": "I look",
      "ai.response.toolCalls": '[{"toolCallId":"c","toolName":"bash","input":"{\\"command\\":\\"ls\\"}"}]',
    });
    expect(calls.output).toEqual([
      {
        role: "assistant",
        parts: [
          { type: "text", content: "I look" },
          { type: "tool_call", id: "c", name: "bash", arguments: { command: "ls" } },
        ],
      },
    ]);
    expect(payloadView(calls, "output")).toMatchObject({ type: "markdown", text: "I look" });
    expect(mapAttributes({ ...call, "ai.response.object": '{"a":1}' }).output).toEqual({ a: 1 });
  });

  it("leaves numbered attributes alone whose numbers are no places of a list", () => {
    const values = {
      ...chat,
      "gen_ai.prompt.4294967295.content": "far",
      "gen_ai.prompt.1.content": "near",
      "gen_ai.prompt.__proto__.content": "x",
      "gen_ai.prompt.1.__proto__.polluted": "y",
      "gen_ai.prompt.1.content.0.text": "through a text",
    };
    const span = mapAttributes(values);
    expect(JSON.stringify(span.input)).toBe('[{"content":"near","__proto__":{"polluted":"y"}}]');
    expect(Object.keys(span.attributes ?? {})).toEqual(
      expect.arrayContaining([
        "gen_ai.prompt.4294967295.content",
        "gen_ai.prompt.__proto__.content",
        "gen_ai.prompt.1.content.0.text",
      ]),
    );
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});
