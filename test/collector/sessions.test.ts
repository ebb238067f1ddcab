// Which session spans are put into, that each counts once, and how sessions end and go on, also across collectors.
import { beforeEach, describe, expect, it } from "vitest";
import { hexId, type SpanParts, sentRequest, sentSpan, traceId } from "../importers/otlpPayload";
import { protobufOf } from "../importers/otlpProtobufMessages";
import { post } from "../session/otlpClient";
import { collectorSetup } from "./collectorSetup";

const setup = collectorSetup();
const otherTrace = traceId.replaceAll("a", "b");
const ofTrace = `otlp-${traceId}`;

async function send(spans: readonly SpanParts[], options: { path?: string; token?: string; resource?: object } = {}) {
  const headers = {
    "Content-Type": "application/x-protobuf",
    Authorization: options.token === undefined ? undefined : `Bearer ${options.token}`,
  };
  const request = sentRequest(spans.map(sentSpan), { "service.name": "shop", ...options.resource });
  const answer = await post(setup.port, protobufOf("TraceRequest", request), {
    headers,
    ...(options.path === undefined ? {} : { path: options.path }),
  });
  expect(answer.status).toBe(200);
}

const names = async (safeId: string) => (await setup.tree(safeId)).map((line) => line.trim()).slice(1);

describe("a session", () => {
  beforeEach(() => setup.start());

  it("is a trace, where nothing else is said", async () => {
    await send([
      { id: hexId(1), name: "a" },
      { id: hexId(2), name: "b", trace: otherTrace },
    ]);
    expect(setup.sessionIds).toEqual([ofTrace, `otlp-${otherTrace}`]);
    expect(await names(ofTrace)).toEqual(["a"]);
  });

  it.each(["gen_ai.conversation.id", "session.id", "ai.telemetry.metadata.sessionId"])(
    "is the conversation that %s names, over all its traces",
    async (name) => {
      await send([{ id: hexId(1), name: "first", attributes: { [name]: "talk/1" } }]);
      await send([{ id: hexId(2), name: "second", trace: otherTrace, attributes: { [name]: "talk/1" } }]);
      expect(setup.sessionIds).toEqual(["otlp-talk_1"]);
      expect(await names("otlp-talk_1")).toEqual(["first", "second"]);
      expect(setup.collector.sessions).toMatchObject([{ sessionId: "otlp-talk/1", title: "shop · talk/1", spans: 2 }]);
    },
  );

  it("is the conversation of the program where its spans name none", async () => {
    await send([{ id: hexId(1), name: "a" }], { resource: { "session.id": 42 } });
    expect(setup.sessionIds).toEqual(["otlp-42"]);
  });

  it("holds the whole of a trace, of which one span in the request names a conversation", async () => {
    const attributes = { "session.id": "talk" };
    await send([
      { id: hexId(2), parent: hexId(1), name: "child" },
      { id: hexId(1), name: "agent", attributes },
      { id: hexId(3), parent: hexId(1), name: "other", attributes: { "session.id": "another" } },
    ]);
    expect(setup.sessionIds).toEqual(["otlp-talk"]);
    expect(await setup.tree("otlp-talk")).toEqual(["shop · talk", "  agent", "    child", "    other"]);
  });

  it("keeps a trace that was put into it, whatever later spans say", async () => {
    await send([{ id: hexId(2), parent: hexId(1), name: "child" }]);
    await send([{ id: hexId(1), name: "agent", attributes: { "session.id": "talk" } }]);
    expect(setup.sessionIds).toEqual([ofTrace]);
    expect(await setup.tree(ofTrace)).toEqual([`shop · trace ${traceId.slice(0, 8)}`, "  agent", "    child"]);
  });

  it("is the one whose endpoint they came to, with its token alone, unless they name a conversation", async () => {
    const { url, token, tracesUrl } = setup.collector.endpointFor("run/7 of ..");
    expect(tracesUrl).toBe(`${url}/v1/traces`);
    const path = new URL(tracesUrl).pathname;
    await send([{ id: hexId(1), name: "a" }], { path, token });
    await send([{ id: hexId(2), name: "b", trace: otherTrace, attributes: { "session.id": "talk" } }], { path, token });
    expect(setup.sessionIds).toEqual(["otlp-talk", "run_7 of __"]);
    for (const wrong of [undefined, "x", setup.collector.endpointFor("another").token]) {
      const headers = { Authorization: wrong === undefined ? undefined : `Bearer ${wrong}` };
      expect((await post(setup.port, sentRequest([]), { path, headers })).status).toBe(401);
    }
  });

  it("shows a pending span open and completes it, and a span that comes again counts once", async () => {
    const pending = { id: hexId(1), name: "slow", isOpen: true };
    for (const _ of [1, 2]) await send([pending]);
    expect((await setup.load(ofTrace)).trace.spans[1]).not.toHaveProperty("endTime");
    for (const _ of [1, 2]) await send([{ ...pending, isOpen: false }]);
    const { spans } = (await setup.load(ofTrace)).trace;
    expect(spans).toHaveLength(2);
    expect(spans[1]).toHaveProperty("endTime");
  });
});

describe("a session that is silent", () => {
  it("ends by time-out, says so, and goes on as a new incarnation when more comes", async () => {
    await setup.start({ idleMs: 40 });
    await send([{ id: hexId(2), parent: hexId(1), name: "child", attributes: usage }]);
    await expect.poll(() => setup.collector.sessions).toEqual([]);
    await expect.poll(async () => (await setup.load(ofTrace)).trace.summary.status).toBe("completed");
    const ended = (await setup.load(ofTrace)).trace;
    expect(ended.spans[0]?.events).toMatchObject([
      { name: "tracekeeper.collecting-ended", attributes: { reason: "idle" } },
    ]);
    await send([{ id: hexId(1), name: "agent", attributes: usage }]);
    await send([{ id: hexId(2), parent: hexId(1), name: "child", attributes: usage }]);
    await setup.collector.close();
    const { trace, problems } = await setup.load(ofTrace);
    expect(problems).toEqual([]);
    expect(await setup.tree(ofTrace)).toEqual([`shop · trace ${traceId.slice(0, 8)}`, "  agent", "    child"]);
    // What the agent repeats of its call counts once, across the end as well.
    expect(trace.summary).toMatchObject({ status: "completed", totalTokens: 15 });
    expect(trace.spans[0]?.events?.map(({ attributes }) => attributes?.["reason"])).toEqual([
      "idle",
      "collector closed",
    ]);
  });

  it("has crashed where a step is still in progress, and goes on when that ends", async () => {
    await setup.start({ idleMs: 40 });
    const agent = { id: hexId(1), name: "agent", isOpen: true };
    await send([agent, { id: hexId(2), parent: hexId(1), name: "child" }]);
    await expect.poll(() => setup.collector.sessions).toEqual([]);
    const ended = await setup.load(ofTrace);
    expect(ended.trace.summary).toMatchObject({
      status: "crashed",
      error: expect.stringMatching(/^silent for \d+ s; 1 step never ended$/),
    });
    expect(ended.trace.spans[1]).not.toHaveProperty("endTime");
    expect(ended.trace.spans[0]?.events?.[0]).toMatchObject({ attributes: { reason: "idle" } });
    await send([{ ...agent, isOpen: false }]);
    await setup.collector.close();
    const { trace, problems } = await setup.load(ofTrace);
    expect(problems.filter(isFault)).toEqual([]);
    expect(trace.summary.status).toBe("completed");
    expect(trace.spans.map(({ name, endTime }) => [name, endTime !== undefined])).toEqual([
      [expect.any(String), true],
      ["agent", true],
      ["child", true],
    ]);
  });

  it("has crashed with the collector's end, or for want of room, where steps are in progress", async () => {
    await setup.start({ mostOpen: 1 });
    await send([
      { id: hexId(1), isOpen: true },
      { id: hexId(2), isOpen: true },
    ]);
    await send([{ id: hexId(3), trace: otherTrace, isOpen: true }]);
    await setup.collector.close();
    const errorOf = async (id: string) => (await setup.load(id)).trace.summary.error;
    expect(await errorOf(ofTrace)).toBe("ended to make room for other sessions; 2 steps never ended");
    expect(await errorOf(`otlp-${otherTrace}`)).toBe("the collector was closed; 1 step never ended");
  });

  it("fails when its last step at the top failed", async () => {
    await setup.start();
    const failed = { status: { code: 2, message: "broke" } };
    await send([{ id: hexId(1), name: "one", rest: failed }]);
    await send([{ id: hexId(2), name: "two", trace: otherTrace, rest: failed }]);
    await send([{ id: hexId(3), name: "again", trace: otherTrace, atMs: 100 }]);
    await setup.collector.close();
    expect((await setup.load(ofTrace)).trace.summary).toMatchObject({ status: "error", error: "broke" });
    expect((await setup.load(`otlp-${otherTrace}`)).trace.summary.status).toBe("completed");
  });

  it("makes room for others where too many are open", async () => {
    await setup.start({ mostOpen: 2 });
    const trace = (index: number) => traceId.slice(0, -2) + String(index + 10);
    await send(Array.from({ length: 30 }, (_, index) => ({ id: hexId(index + 1), trace: trace(index) })));
    expect(setup.collector.sessions).toHaveLength(2);
    expect(setup.sessionIds).toHaveLength(30);
    await setup.collector.close();
    for (const id of setup.sessionIds) expect((await setup.load(id)).trace.summary.status).toBe("completed");
  });
});

describe("another collector in the same directory", () => {
  it("keeps a trace in the conversation that it was put into", async () => {
    await setup.start();
    await send([{ id: hexId(2), parent: hexId(1), name: "child", attributes: { "session.id": "talk" } }]);
    await setup.collector.close();
    await setup.start();
    await send([{ id: hexId(1), name: "agent" }]);
    expect(setup.sessionIds).toEqual(["otlp-talk"]);
    expect((await setup.tree("otlp-talk")).slice(1)).toEqual(["  agent", "    child"]);
  });

  it("goes on with the sessions: open spans are completed, and what comes again counts once", async () => {
    await setup.start();
    const first = [
      { id: hexId(1), name: "agent", isOpen: true },
      { id: hexId(2), parent: hexId(1), name: "child" },
      { id: hexId(4), parent: hexId(3), name: "orphan" },
    ];
    await send(first);
    await setup.collector.close();
    await setup.start();
    await send([{ id: hexId(3), parent: hexId(1), name: "between" }]);
    await send([{ id: hexId(1), name: "agent" }]);
    const tree = ["  agent", "    child", "    between", "      orphan"];
    expect((await setup.tree(ofTrace)).slice(1)).toEqual(tree);
    await send(first);
    await setup.collector.close();
    const { trace, problems } = await setup.load(ofTrace);
    expect(problems.filter(isFault)).toEqual([]);
    expect(trace.spans).toHaveLength(5);
    expect(trace.spans.every(({ endTime }) => endTime !== undefined)).toBe(true);
    expect((await setup.tree(ofTrace)).slice(1)).toEqual(tree);
  });
});

/** That an earlier incarnation crashed stays as evidence. */
const isFault = ({ severity }: { readonly severity: string }) => severity !== "info";

const usage = {
  "gen_ai.operation.name": "chat",
  "gen_ai.request.model": "m",
  "gen_ai.usage.input_tokens": 10,
  "gen_ai.usage.output_tokens": 5,
};
