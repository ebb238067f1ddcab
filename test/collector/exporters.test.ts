// What the exporters of OpenTelemetry for JavaScript send arrives whole, whichever way they send it.
import { context, SpanStatusCode, trace } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";
import { collectorSetup, exporters } from "./collectorSetup";

const setup = collectorSetup();

describe.each(Object.keys(exporters))("an exporter of OpenTelemetry for %s", (name) => {
  it("gets its tree, its tokens and its errors into a session of its trace", async () => {
    await setup.start();
    const provider = setup.provider(exporters[name]?.(setup.collector.url) as never);
    const tracer = provider.getTracer("shop-agent", "2.1.0");
    const agent = tracer.startSpan("invoke_agent clerk", { attributes: { "gen_ai.operation.name": "invoke_agent" } });
    const inAgent = trace.setSpan(context.active(), agent);
    const chat = tracer.startSpan(
      "chat gpt-5",
      {
        attributes: {
          "gen_ai.operation.name": "chat",
          "gen_ai.request.model": "gpt-5",
          "gen_ai.usage.input_tokens": 120,
          "gen_ai.usage.output_tokens": 30,
          "gen_ai.response.finish_reasons": ["stop"],
          "my.own": [1.5, 2],
        },
      },
      inAgent,
    );
    chat.end();
    const tool = tracer.startSpan(
      "execute_tool lookup",
      { attributes: { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "lookup" } },
      inAgent,
    );
    tool.recordException(new Error("no such order"));
    tool.setStatus({ code: SpanStatusCode.ERROR, message: "no such order" });
    tool.end();
    agent.setStatus({ code: SpanStatusCode.ERROR, message: "gave up" });
    agent.end();
    await provider.forceFlush();

    const { traceId } = agent.spanContext();
    expect(setup.sessionIds).toEqual([`otlp-${traceId}`]);
    expect(await setup.tree(`otlp-${traceId}`)).toEqual([
      `shop · trace ${traceId.slice(0, 8)}`,
      "  invoke_agent clerk",
      "    chat gpt-5",
      "    lookup",
    ]);
    await setup.collector.close();
    const { trace: found, problems } = await setup.load(`otlp-${traceId}`);
    expect(problems).toEqual([]);
    expect(found.metadata.title).toBe("shop · invoke_agent clerk");
    expect(found.summary).toMatchObject({ status: "error", error: "gave up", totalTokens: 150, totalToolCalls: 1 });
    expect(found.spans.find(({ name: own }) => own === "chat gpt-5")).toMatchObject({
      kind: "generation",
      model: { modelId: "gpt-5" },
      finishReason: "stop",
      attributes: { "my.own": [1.5, 2], "otel.scope.name": "shop-agent", "otel.scope.version": "2.1.0" },
    });
    expect(found.spans.find(({ kind }) => kind === "tool")).toMatchObject({
      status: "error",
      statusMessage: "no such order",
      events: [{ name: "exception" }],
    });
    expect(setup.problems).toEqual([]);
  });
});
