// What the AI SDK traces, with its mock model, as its own integration for OpenTelemetry sends it: tree, tokens and errors.
import { OpenTelemetry } from "@ai-sdk/otel";
import { generateText, isStepCount, jsonSchema, tool } from "ai";
import { MockLanguageModelV4 } from "ai/test";
import { expect, it } from "vitest";
import { collectorSetup, exporters } from "./collectorSetup";

const setup = collectorSetup();
const usage = {
  inputTokens: { total: 20, noCache: 15, cacheRead: 5, cacheWrite: 0 },
  outputTokens: { total: 10, text: 6, reasoning: 4 },
};

it.each([false, true])(
  "gives the tree, the tokens and the error of an answer with a tool that fails: %s",
  async (fails) => {
    await setup.start();
    const provider = setup.provider(exporters["protobuf"]?.(setup.collector.url) as never, { "service.name": "clerk" });
    let call = 0;
    const model = new MockLanguageModelV4({
      doGenerate: async () =>
        call++ === 0
          ? {
              finishReason: { unified: "tool-calls", raw: "tool_calls" },
              usage,
              warnings: [],
              content: [{ type: "tool-call", toolCallId: "c1", toolName: "lookup", input: '{"order":7}' }],
            }
          : {
              finishReason: { unified: "stop", raw: "stop" },
              usage,
              warnings: [],
              content: [{ type: "text", text: "It was sent." }],
            },
    });
    await generateText({
      model,
      prompt: "Where is my order?",
      stopWhen: isStepCount(5),
      telemetry: { isEnabled: true, integrations: [new OpenTelemetry({ tracer: provider.getTracer("ai") })] },
      tools: {
        lookup: tool({
          description: "Looks an order up",
          inputSchema: jsonSchema<{ order: number }>({ type: "object", properties: { order: { type: "number" } } }),
          execute: async () => {
            if (fails) throw new Error("no such order");
            return { state: "sent" };
          },
        }),
      },
    });
    await provider.forceFlush();
    const [id = ""] = setup.sessionIds;
    const indented = await setup.tree(id);
    expect(indented.slice(1)).toEqual([
      "  invoke_agent mock-model-id",
      "    step 1",
      "      chat mock-model-id",
      "      lookup",
      "    step 2",
      "      chat mock-model-id",
    ]);
    await setup.collector.close();
    const { trace } = await setup.load(id);
    expect(trace.summary).toMatchObject({
      totalTokens: 60,
      totalGenerations: 2,
      totalToolCalls: 1,
      failures: fails ? 1 : 0,
    });
    expect(trace.summary.tokens).toMatchObject({ input: 30, output: 20, cacheRead: 10 });
    expect(trace.spans.find(({ kind }) => kind === "tool")).toMatchObject({
      name: "lookup",
      input: { order: 7 },
      ...(fails ? { status: "error", statusMessage: "no such order" } : { status: "ok", output: { state: "sent" } }),
    });
  },
);

it("puts calls that name the same session into one", async () => {
  await setup.start();
  const provider = setup.provider(exporters["protobuf"]?.(setup.collector.url) as never, { "service.name": "clerk" });
  const content = [{ type: "text" as const, text: "Hello." }];
  const model = new MockLanguageModelV4({
    doGenerate: async () => ({ finishReason: { unified: "stop", raw: "stop" }, usage, warnings: [], content }),
  });
  const integration = new OpenTelemetry({
    tracer: provider.getTracer("ai"),
    enrichSpan: ({ runtimeContext }) => ({ "session.id": String(runtimeContext?.["sessionId"]) }),
  });
  for (const sessionId of ["desk-7", "desk-7", "desk-8"]) {
    const telemetry = { isEnabled: true, integrations: [integration], includeRuntimeContext: { sessionId: true } };
    await generateText({ model, prompt: "Hello?", telemetry, runtimeContext: { sessionId } });
  }
  await provider.forceFlush();
  expect(setup.sessionIds.toSorted()).toEqual(["otlp-desk-7", "otlp-desk-8"]);
  expect((await setup.tree("otlp-desk-7")).filter((line) => line.includes("chat"))).toHaveLength(2);
});
