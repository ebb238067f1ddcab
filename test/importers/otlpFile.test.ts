import { describe, expect, it } from "vitest";
import { deriveState } from "../../src/trace/state";
import { fixture, importWhole, linesOf, problemText, spanNamed, treeText } from "./importing";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const hex = (id: number) => id.toString(16).padStart(16, "0");
const ns = (seconds: number) => `${1_767_000_000 + seconds}000000000`;

function span(
  id: number,
  parent: number | undefined,
  name: string,
  start: number,
  end: number | undefined,
  attributes: object = {},
) {
  return {
    traceId,
    spanId: hex(id),
    ...(parent === undefined ? {} : { parentSpanId: hex(parent) }),
    name,
    kind: 1,
    startTimeUnixNano: ns(start),
    ...(end === undefined ? {} : { endTimeUnixNano: ns(end) }),
    attributes: Object.entries(attributes).map(([key, value]) => ({
      key,
      value: typeof value === "number" ? { intValue: String(value) } : { stringValue: value },
    })),
  };
}

function request(...spans: readonly object[]) {
  const resource = { attributes: [{ key: "service.name", value: { stringValue: "copilot-chat" } }] };
  return { resourceSpans: [{ resource, scopeSpans: [{ scope: { name: "copilot-chat" }, spans }] }] };
}

const agent = span(1, undefined, "invoke_agent", 0, 9, { "gen_ai.operation.name": "invoke_agent" });
const chat = span(2, 1, "chat gpt-5", 1, 3, {
  "gen_ai.operation.name": "chat",
  "gen_ai.request.model": "gpt-5",
  "gen_ai.usage.input_tokens": 100,
  "gen_ai.usage.output_tokens": 20,
});
const tool = span(3, 1, "execute_tool read", 4, 5, {
  "gen_ai.operation.name": "execute_tool",
  "gen_ai.tool.name": "read",
});

const tree = ["session invoke_agent 0-9", "  generation chat gpt-5 1-3 100+20", "  tool read 4-5"];

describe("a file of OTLP/JSON", () => {
  it("is read as one request, also over many lines, as VS Code's agent debug panel exports it", () => {
    const exported = { ...request(agent, chat, tool), copilotChat: { sessionId: "vs-1", exporterVersion: "1" } };
    const session = importWhole(Buffer.from(JSON.stringify(exported, undefined, 2)));
    expect(treeText(session)).toEqual(tree);
    expect(session.sessionId).toBe("vs-1");
    expect(session.trace.metadata).toMatchObject({ agent: "copilot-chat", model: "gpt-5", title: "invoke_agent" });
    expect(deriveState(session.evidence, Date.now()).status).toBe("completed");
    expect(session.problems).toEqual([]);
  });

  it.each([
    ["on one line", Buffer.from(JSON.stringify(request(agent, chat, tool)))],
    ["as a list", Buffer.from(JSON.stringify([request(agent), request(chat, tool)], undefined, 1))],
    ["as a list on one line", Buffer.from(JSON.stringify([request(agent), request(chat, tool)]))],
    ["one request a line", linesOf(request(agent), request(chat), request(tool))],
  ])("gives the same trace %s", (_, bytes) => {
    expect(treeText(importWhole(bytes))).toEqual(tree);
  });

  it("counts spans once that were written again, and takes the end of one that had begun", () => {
    const begun = span(1, undefined, "invoke_agent", 0, undefined);
    const session = importWhole(linesOf(request(begun, chat), request(chat, tool, agent)));
    expect(treeText(session)).toEqual(tree);
    expect(problemText(session.problems)).toEqual(["duplicate-span-id @? A span came more than once and counts once"]);
  });

  it("takes spans as the SDK holds them, which VS Code's chat writes to a file", () => {
    const sdk = {
      resource: { attributes: { "service.name": "copilot-chat" } },
      instrumentationScope: { name: "copilot-chat", version: "1" },
      traceId,
      spanId: hex(2),
      parentSpanId: hex(1),
      name: "chat gpt-5",
      kind: 2,
      startTime: [1_767_000_001, 500_000_000],
      endTime: [1_767_000_003, 0],
      status: { code: 2, message: "overloaded" },
      attributes: { "gen_ai.operation.name": "chat", "gen_ai.usage.output_tokens": 7, "gen_ai.usage.input_tokens": 1 },
      events: [{ name: "retry", time: [1_767_000_002, 0], attributes: { attempt: 1 } }],
      links: [],
      ended: true,
    };
    const session = importWhole(
      linesOf(sdk, { ...sdk, spanId: hex(1), parentSpanId: undefined, name: "invoke_agent", attributes: {} }),
    );
    expect(treeText(session)).toEqual([
      "session invoke_agent 0-1.5 ✗ overloaded",
      "  generation chat gpt-5 0-1.5 1+7 ✗ overloaded",
    ]);
    expect(spanNamed(session, "chat gpt-5")).toMatchObject({
      attributes: { "span.kind": "client", "otel.scope.name": "copilot-chat" },
      events: [{ name: "retry", timeMs: 1_767_000_002_000, attributes: { attempt: 1 } }],
    });
  });

  it("reads the spans of other projects' files", () => {
    const agentPrism = importWhole(fixture("otlp/agent-prism-rag-earnings.json"));
    expect(agentPrism.trace.spans).toHaveLength(18);
    expect(treeText(agentPrism)[0]).toMatch(/^session main /);
    expect(agentPrism.trace.summary).toMatchObject({ totalTokens: 648, totalGenerations: 1, openSpans: 0 });
    expect(deriveState(agentPrism.evidence, Date.now()).status).toBe("completed");
    const jaeger = importWhole(fixture("otlp/jaeger-ui-otlp-in.json"));
    expect(jaeger.trace.spans.map(({ name }) => name)).toEqual(["okey-dokey-0"]);
    const example = importWhole(fixture("otlp/opentelemetry-proto-trace.json"));
    expect(example.trace.spans.map(({ name }) => name)).toEqual(["I'm a server span"]);
    // Its parent is not in the file, so nobody knows whether that has ended.
    expect(deriveState(example.evidence, Date.now()).status).toBe("unknown");
  });

  it("leaves out a span that is not sound, and names the place", () => {
    const session = importWhole(linesOf(request(agent, { ...chat, startTimeUnixNano: "soon" }), request(tool)));
    expect(treeText(session)).toEqual([tree[0], tree[2]]);
    expect(problemText(session.problems)).toEqual([
      expect.stringContaining("A span is left out: resourceSpans[0].scopeSpans[0].spans[1].startTimeUnixNano must be"),
    ]);
  });

  it("puts several spans without a parent below one session", () => {
    const other = { ...span(7, undefined, "second", 20, 21), traceId: "f".repeat(32) };
    expect(treeText(importWhole(linesOf(request(agent, chat, other))))).toEqual([
      "session session 0-21",
      "  span invoke_agent 0-9",
      "    generation chat gpt-5 1-3 100+20",
      "  span second 20-21",
    ]);
  });
});
