// Records of logs that belong to spans become events of them, in whichever order both come, and count once.
import { gzipSync } from "node:zlib";
import { beforeEach, describe, expect, it } from "vitest";
import type { TraceSpan } from "../../src/trace/schema";
import { deriveState } from "../../src/trace/state";
import { attributes, hexId, type SpanParts, sentRequest, sentSpan, startNs, traceId } from "../importers/otlpPayload";
import { fromProtobuf, protobufOf } from "../importers/otlpProtobufMessages";
import { post } from "../session/otlpClient";
import { collectorSetup } from "./collectorSetup";

const setup = collectorSetup();
const ofTrace = `otlp-${traceId}`;

function record(id: number | undefined, body: unknown, rest: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    traceId,
    ...(id === undefined ? {} : { spanId: hexId(id) }),
    timeUnixNano: String(startNs + 1_000_000n),
    severityNumber: 13,
    body,
    attributes: [],
    ...rest,
  };
}

const logs = (...records: unknown[]) => ({
  resourceLogs: [
    {
      resource: { attributes: attributes({ "service.name": "shop" }) },
      scopeLogs: [{ scope: { name: "my.logger" }, logRecords: records }],
    },
  ],
});

const sendLogs = (...records: unknown[]) => post(setup.port, logs(...records), { path: "/v1/logs" });
const sendSpans = (...spans: readonly SpanParts[]) => post(setup.port, sentRequest(spans.map(sentSpan)));
const said = (text: string) => ({ stringValue: text });

async function spans() {
  const { trace, problems } = await setup.load(ofTrace);
  // That an earlier incarnation crashed stays as evidence.
  expect(problems.filter(({ severity }) => severity !== "info")).toEqual([]);
  return trace.spans.slice(1);
}

const texts = (span: TraceSpan | undefined) => span?.events?.map(({ attributes: of }) => of?.["log.body"]);

beforeEach(() => setup.start());

describe("a record of a log", () => {
  it("becomes an event of its span, before the span comes and after it", async () => {
    const early = record(1, said("early"), { attributes: attributes({ "my.own": 1 }) });
    for (const _ of [1, 2]) expect(await sendLogs(early)).toMatchObject({ status: 200, text: "{}" });
    expect(await spans()).toMatchObject([{ name: "(not received yet)", attributes: { "tracekeeper.awaited": true } }]);
    expect((await spans())[0]).not.toHaveProperty("endTime");

    const own = [{ timeUnixNano: String(startNs), name: "own", attributes: [] }];
    for (const _ of [1, 2]) await sendSpans({ id: hexId(1), name: "step", rest: { events: own } });
    for (const _ of [1, 2]) await sendLogs(early, record(1, said("late")));
    const [span, more] = await spans();
    expect(more).toBeUndefined();
    expect(span).toMatchObject({ name: "step", status: "ok", endTime: expect.any(Number) });
    expect(span?.attributes).not.toHaveProperty("tracekeeper.awaited");
    expect(texts(span)).toEqual(["early", undefined, "late"]);
    expect(span?.events?.[0]).toEqual({
      name: "log",
      timeMs: Number(startNs / 1_000_000n) + 1,
      attributes: { "my.own": 1, "log.severity": "WARN", "log.body": "early" },
    });
  });

  it("begins its span, which hangs where it belongs once it comes, with what it counts for", async () => {
    await sendSpans({ id: hexId(3), parent: hexId(2), name: "below" });
    await sendLogs(record(2, said("hello")));
    expect((await setup.tree(ofTrace)).slice(1)).toEqual(["  (not received yet)", "    below"]);
    const usage = { "gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 7, "gen_ai.usage.output_tokens": 1 };
    await sendSpans({ id: hexId(2), parent: hexId(1), name: "chat", attributes: usage });
    await sendSpans({ id: hexId(1), name: "agent" });
    expect((await setup.tree(ofTrace)).slice(1)).toEqual(["  agent", "    chat", "      below"]);
    await setup.collector.close();
    const { trace } = await setup.load(ofTrace);
    expect(trace.spans.find(({ name }) => name === "chat")).toMatchObject({ kind: "generation" });
    expect(trace.summary).toMatchObject({ totalGenerations: 1, totalTokens: 8, openSpans: 0 });
  });

  it("that holds a message of a model's conversation is read as one", async () => {
    const content = (role: string, text: string) => ({ kvlistValue: { values: attributes({ role, content: text }) } });
    await sendLogs(
      record(1, content("system", "Be brief."), { eventName: "gen_ai.system.message" }),
      record(1, content("user", "Where is my order?"), {
        attributes: attributes({ "event.name": "gen_ai.user.message" }),
      }),
    );
    await sendSpans({ id: hexId(1), name: "chat", attributes: { "gen_ai.operation.name": "chat" } });
    expect((await spans())[0]).toMatchObject({
      kind: "generation",
      input: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "Where is my order?" },
      ],
    });
  });

  it("says of a program that sends no spans neither that it crashed nor how its steps went", async () => {
    await sendLogs(record(1, said("one")), record(2, said("two")));
    await setup.collector.close();
    const { trace, evidence } = await setup.load(ofTrace);
    expect(deriveState(evidence, Date.now()).status).toBe("completed");
    expect(trace.summary).toMatchObject({ status: "completed" });
    expect(trace.spans.slice(1).map(({ endTime, events }) => [endTime, events?.length])).toEqual([
      [undefined, 1],
      [undefined, 1],
    ]);
    // With a span the others are missing.
    await setup.start();
    await sendSpans({ id: hexId(1), name: "step" });
    await setup.collector.close();
    expect((await setup.load(ofTrace)).trace.summary).toMatchObject({
      status: "crashed",
      error: "the collector was closed; 1 step never ended",
    });
  });

  it("that belongs to no span is counted and not kept", async () => {
    const answer = await sendLogs(record(undefined, said("alone")), record(1, said("kept")));
    expect(answer.json).toEqual({
      partialSuccess: {
        rejectedLogRecords: 1,
        errorMessage: expect.stringContaining("belong to no span are not kept"),
      },
    });
    expect(await spans()).toHaveLength(1);
    expect(await sendLogs(record(undefined, said("alone")))).toMatchObject({ status: 200 });
  });

  it("comes in protobuf as well, and what is wrong with it is told in protobuf", async () => {
    const headers = { "Content-Type": "application/x-protobuf", "Content-Encoding": "gzip" };
    const body = logs(record(1, said("same")), record(1, said("bad"), { spanId: "01" }));
    for (const _ of [1, 2]) {
      const answer = await post(setup.port, gzipSync(protobufOf("LogsRequest", body)), { headers, path: "/v1/logs" });
      expect(fromProtobuf("ExportResponse", answer.bytes)).toEqual({
        partialSuccess: {
          rejected: 1,
          errorMessage: "resourceLogs[0].scopeLogs[0].logRecords[1].spanId must have 8 bytes, not 1",
        },
      });
    }
    await sendLogs(record(1, said("same")));
    expect(texts((await spans())[0])).toEqual(["same"]);
  });

  it("survives another collector, which completes its span", async () => {
    await sendLogs(record(1, said("first")));
    await setup.collector.close();
    await setup.start();
    await sendLogs(record(1, said("first")), record(1, said("second")));
    await sendSpans({ id: hexId(1), name: "step" });
    const [span, more] = await spans();
    expect(more).toBeUndefined();
    expect(span).toMatchObject({ name: "step", endTime: expect.any(Number) });
    expect(texts(span)).toEqual(["first", "second"]);
  });

  it("that names no time counts once when its request is sent again, to the next collector too", async () => {
    const untimed = (text: string) => record(1, said(text), { timeUnixNano: undefined });
    const retry = [untimed("tried"), untimed("tried"), untimed("gave up")];
    for (const _ of [1, 2]) await sendLogs(...retry);
    // The first of it was said before, the second was not.
    await sendLogs(untimed("tried"), { ...untimed("tried"), attributes: attributes({ attempt: 3 }) });
    const expected = ["tried", "tried", "gave up", "tried"];
    expect(texts((await spans())[0])).toEqual(expected);
    const marks = (await spans())[0]?.events?.map(({ attributes: of }) => of?.["tracekeeper.untimed"]);
    expect(new Set(marks).size).toBe(4);
    await setup.collector.close();
    await setup.start();
    await sendLogs(...retry);
    await sendSpans({ id: hexId(1), name: "step" });
    await sendLogs(...retry);
    expect(texts((await spans())[0])).toEqual(expected);
  });

  it("that names no time is told from the same of another logger", async () => {
    const body = logs(record(1, said("tried"), { timeUnixNano: "0" }));
    const other = structuredClone(body);
    for (const { scopeLogs } of other.resourceLogs) for (const { scope } of scopeLogs) scope.name = "other.logger";
    for (const each of [body, other, body]) await post(setup.port, each, { path: "/v1/logs" });
    expect(texts((await spans())[0])).toEqual(["tried", "tried"]);
  });
});
