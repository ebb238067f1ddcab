// What leaves for a backend of OpenTelemetry: bytes as its own exporter writes them, a tree that our collector records as the
// same one, and the retries of the specification.

import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { SpanKind, SpanStatusCode, TraceFlags } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";
import { afterEach, describe, expect, it } from "vitest";
import { readOtlpProtobuf } from "../../src/importers/otlpProtobuf";
import { encodeSpans, type WireSpan } from "../../src/publish/otlpEncode";
import { exportTrace, LiveExport } from "../../src/publish/otlpExport";
import { OtlpSender, tracesUrl } from "../../src/publish/otlpSender";
import { wireSpan } from "../../src/publish/otlpSpans";
import { redactSpan } from "../../src/publish/redactTrace";
import type { TraceFile, TraceSpan } from "../../src/trace/schema";
import { collectorSetup } from "../collector/collectorSetup";
import { renderTree } from "../trace/renderTree";
import { SteppingClock } from "./publishClock";

type Handler = (request: IncomingMessage, body: Buffer, response: ServerResponse) => void;
const servers: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function serve(handler: Handler): Promise<string> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    handler(request, request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  servers.push({
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const traceId = "0af7651916cd43dd8448eb211c80319c";
const startMs = Date.UTC(2026, 10, 20, 9);
const hr = (ms: number): [number, number] => [Math.floor(ms / 1000), (ms % 1000) * 1_000_000];

it("writes the bytes that the exporter of OpenTelemetry writes", async () => {
  const long = "ü".repeat(40_000);
  const attributes = {
    text: "a",
    long,
    yes: true,
    no: false,
    int: 12,
    less: -3,
    much: 2 ** 53,
    part: 0.5,
    list: ["a", "b"],
    counts: [1, -2],
  };
  const context = { traceId, spanId: "b7ad6b7169203331", traceFlags: TraceFlags.SAMPLED };
  const resource = resourceFromAttributes({ "service.name": "shop", "service.version": "2" });
  const scope = { name: "tracekeeper", version: "1" };
  const common = {
    resource,
    instrumentationScope: scope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
    duration: hr(0),
    ended: true,
  };
  const spans: readonly ReadableSpan[] = [
    {
      ...common,
      name: "chat",
      kind: SpanKind.CLIENT,
      spanContext: () => context,
      startTime: hr(startMs),
      endTime: hr(startMs + 1234),
      attributes,
      events: [
        {
          name: "exception",
          time: hr(startMs + 5),
          attributes: { "exception.message": "no" },
          droppedAttributesCount: 0,
        },
      ],
      links: [
        {
          context: { ...context, spanId: "00f067aa0ba902b7" },
          attributes: { why: "again" },
          droppedAttributesCount: 0,
        },
      ],
      status: { code: SpanStatusCode.ERROR, message: "gave up" },
    },
    {
      ...common,
      name: "",
      kind: SpanKind.INTERNAL,
      spanContext: () => ({ ...context, spanId: "00f067aa0ba902b7" }),
      parentSpanContext: context,
      startTime: hr(startMs),
      endTime: hr(startMs),
      attributes: {},
      events: [],
      links: [],
      status: { code: SpanStatusCode.UNSET },
    },
  ];
  let theirs: Buffer = Buffer.alloc(0);
  const url = await serve((_request, body, response) => {
    theirs = body;
    response.writeHead(200, { "Content-Type": "application/x-protobuf" }).end();
  });
  const exporter = new OTLPTraceExporter({ url: `${url}/v1/traces` });
  await new Promise<void>((resolve) => exporter.export([...spans], () => resolve()));
  await exporter.shutdown();
  const ns = (ms: number) => BigInt(ms) * 1_000_000n;
  const plain = { traceId, traceState: undefined, events: [], links: [], isError: false, statusMessage: undefined };
  const ours: readonly WireSpan[] = [
    {
      ...plain,
      spanId: context.spanId,
      parentSpanId: undefined,
      name: "chat",
      kind: 3,
      startNs: ns(startMs),
      endNs: ns(startMs + 1234),
      attributes,
      events: [{ timeNs: ns(startMs + 5), name: "exception", attributes: { "exception.message": "no" } }],
      links: [{ traceId, spanId: "00f067aa0ba902b7", attributes: { why: "again" } }],
      isError: true,
      statusMessage: "gave up",
    },
    {
      ...plain,
      spanId: "00f067aa0ba902b7",
      parentSpanId: context.spanId,
      name: "",
      kind: 1,
      startNs: ns(startMs),
      endNs: ns(startMs),
      attributes: {},
    },
  ];
  const bytes = encodeSpans(ours, {
    resource: { "service.name": "shop", "service.version": "2" },
    scopeName: "tracekeeper",
    scopeVersion: "1",
  });
  expect(theirs.length).toBeGreaterThan(80_000);
  expect(bytes.equals(theirs)).toBe(true);
});

function span(spanId: string, parentSpanId: string | null, fields: Partial<TraceSpan>): TraceSpan {
  return {
    spanId,
    parentSpanId,
    name: spanId,
    kind: "span",
    startTime: startMs,
    endTime: startMs + 1,
    status: "ok",
    ...fields,
  };
}

const usage = { input: 60, output: 15, reasoning: 5, cacheRead: 40, cacheWrite: 2, total: 122 };
const run: TraceFile = {
  version: 2,
  traceId: "0af76519-16cd-43dd-8448-eb211c80319c",
  sessionId: "s1",
  startedAt: new Date(startMs).toISOString(),
  metadata: { agent: "tax-agent" },
  spans: [
    span("root", null, {
      name: "fix tax",
      kind: "session",
      endTime: startMs + 900,
      input: "Fix the tax",
      status: "error",
      statusMessage: "gave up",
    }),
    span("b7ad6b7169203331", "root", {
      name: "chat",
      kind: "generation",
      startTime: startMs + 10.25,
      endTime: startMs + 300,
      model: { modelId: "sonnet", providerId: "anthropic" },
      tokens: usage,
      cost: 0.02,
      finishReason: "tool_use",
      input: [{ role: "user", content: "Fix the tax" }],
      output: "I look",
      attributes: { "code.file.path": "src/tax.ts", nested: { a: [1, { b: 2 }] }, none: null, mixed: [1, "a"] },
    }),
    span("bash", "b7ad6b7169203331", {
      kind: "tool",
      tool: { callId: "call_1" },
      startTime: startMs + 20,
      endTime: startMs + 200,
      input: { command: "npm test" },
      output: { exit: 1 },
      status: "error",
      statusMessage: "exit 1",
      events: [{ name: "exception", timeMs: startMs + 199, attributes: { "exception.message": "exit 1" } }],
    }),
  ],
  summary: {},
};

function senderTo(endpoint: string, clock = new SteppingClock()): OtlpSender {
  return new OtlpSender({ endpoint, clock, headers: async () => ({ "x-api-key": "k" }) });
}

describe("a trace that is exported to our collector", () => {
  const setup = collectorSetup();

  it("is recorded as the same tree, with its payloads, tokens and errors", async () => {
    await setup.start();
    expect(await exportTrace(run, senderTo(setup.collector.url))).toEqual({
      accepted: 3,
      rejected: 0,
      lost: 0,
      problem: undefined,
    });
    // Sent again it is the same.
    await exportTrace(run, senderTo(setup.collector.url));
    const [sessionId = ""] = setup.sessionIds;
    await setup.collector.close();
    const { trace } = await setup.load(sessionId);
    const below = trace.spans.filter(({ parentSpanId }) => parentSpanId !== null);
    const lines = (spans: readonly TraceSpan[]) =>
      renderTree(spans)
        .split("\n")
        .map((line) =>
          line
            .trim()
            .replace(/ orphan$/, "")
            .replace("fix tax session", "fix tax span"),
        );
    expect(lines(below).filter((line) => line.startsWith("fix") || / (?:tool|generation) /.test(line))).toEqual(
      lines(run.spans),
    );
    expect(below.find(({ kind }) => kind === "generation")).toMatchObject({
      spanId: "b7ad6b7169203331",
      model: { modelId: "sonnet", providerId: "anthropic" },
      tokens: usage,
      cost: 0.02,
      finishReason: "tool_use",
      input: [{ role: "user", content: "Fix the tax" }],
      output: "I look",
      attributes: { "code.file.path": "src/tax.ts", nested: '{"a":[1,{"b":2}]}', mixed: '[1,"a"]' },
    });
    expect(below.find(({ kind }) => kind === "tool")).toMatchObject({
      name: "bash",
      tool: { callId: "call_1" },
      input: { command: "npm test" },
      output: { exit: 1 },
      statusMessage: "exit 1",
      events: [{ name: "exception" }],
    });
    expect(below.find(({ name }) => name === "fix tax")).toMatchObject({
      input: "Fix the tax",
      statusMessage: "gave up",
    });
  });
});

describe("a span", () => {
  it("without an end says that it is open, and tells no duration", () => {
    const wire = wireSpan(span("a", null, { endTime: undefined }), run);
    expect(wire.endNs).toBe(wire.startNs);
    expect(wire.attributes["tracekeeper.open"]).toBe(true);
  });

  it("of another trace's id keeps that of its session, so that its tree stays whole", () => {
    const wire = wireSpan(span("a", "b", { attributes: { "otel.trace_id": "1".repeat(32) } }), run);
    expect(wire).toMatchObject({ traceId, parentSpanId: expect.stringMatching(/^[0-9a-f]{16}$/) });
    expect(wire.parentSpanId).toBe(wireSpan(span("b", null, {}), run).spanId);
  });
});

describe("an address of a backend", () => {
  it.each([
    ["http://localhost:4318", "http://localhost:4318/v1/traces"],
    ["https://cloud.example.com/api/public/otel/", "https://cloud.example.com/api/public/otel/v1/traces"],
    ["http://tempo:4318/v1/traces", "http://tempo:4318/v1/traces"],
  ])("%s is asked at %s", (endpoint, url) => {
    expect(tracesUrl(endpoint)).toBe(url);
  });
});

/** Answers one after the other; the last one stays. */
async function answering(...answers: readonly ((response: ServerResponse) => void)[]) {
  const bodies: Buffer[] = [];
  const headers: IncomingMessage["headers"][] = [];
  const url = await serve((request, body, response) => {
    bodies.push(body);
    headers.push(request.headers);
    answers[Math.min(bodies.length, answers.length) - 1]?.(response);
  });
  const clock = new SteppingClock();
  const pauses: number[] = [];
  // Every pause passes at once, and is told.
  const sender = new OtlpSender({
    endpoint: url,
    headers: async () => ({ authorization: "Basic a-secret" }),
    clock: {
      nowMs: clock.nowMs,
      after(delayMs, callback) {
        if (delayMs === 10_000) return clock.after(delayMs, callback);
        pauses.push(delayMs);
        setImmediate(callback);
        return { dispose() {} };
      },
    },
  });
  return { sender, clock, pauses, bodies, headers };
}

const status =
  (code: number, headers: Record<string, string> = {}, body: string | Buffer = "") =>
  (response: ServerResponse) =>
    void response.writeHead(code, headers).end(body);
const request = encodeSpans([wireSpan(span("a", null, {}), run)], {
  resource: {},
  scopeName: "t",
  scopeVersion: undefined,
});

describe("a request to a backend", () => {
  it.each([429, 502, 503, 504])(
    "that is answered with %i is sent again as it was, after the pause that is asked for",
    async (code) => {
      const { sender, pauses, bodies, headers } = await answering(
        status(code, { "Retry-After": "7" }),
        status(503),
        status(200),
      );
      expect(await sender.send(request)).toEqual({ type: "accepted", rejected: 0, message: undefined });
      expect(pauses).toEqual([7_000, 2_000]);
      expect(bodies.every((body) => body.equals(request))).toBe(true);
      expect(headers[0]).toMatchObject({ authorization: "Basic a-secret", "content-type": "application/x-protobuf" });
    },
  );

  it.each([400, 401, 403, 404, 413, 500, 301])("that is answered with %i is not sent again", async (code) => {
    const { sender, bodies } = await answering(status(code, {}, "not like this"));
    expect(await sender.send(request)).toEqual({
      type: "refused",
      status: code,
      message: `status ${code}, not like this`,
    });
    expect(bodies).toHaveLength(1);
  });

  it("is given up after five attempts, and at once where the server asks for more than a minute", async () => {
    const never = await answering((response) => response.destroy());
    expect(await never.sender.send(request)).toMatchObject({ type: "failed" });
    expect(never.pauses).toEqual([1_000, 2_000, 4_000, 8_000]);
    const later = await answering(status(429, { "Retry-After": "3600" }));
    expect(await later.sender.send(request)).toMatchObject({ type: "failed", message: "status 429" });
    expect(later.bodies).toHaveLength(1);
  });

  it("is not waited for beyond its limit", async () => {
    const { sender, clock } = await answering(() => setImmediate(() => clock.advance(10_000)), status(200));
    expect(await sender.send(request)).toMatchObject({ type: "accepted" });
  });

  it.each([
    ["protobuf", "application/x-protobuf", Buffer.from([0x0a, 0x07, 0x08, 0x02, 0x12, 0x03, 0x6f, 0x6c, 0x64])],
    ["JSON", "application/json", '{"partialSuccess":{"rejectedSpans":"2","errorMessage":"old"}}'],
  ])("of which a part is refused in %s is not sent again, and says so", async (_name, type, body) => {
    const { sender, bodies } = await answering(status(200, { "Content-Type": type }, body));
    expect(await exportTrace(run, sender)).toEqual({ accepted: 1, rejected: 2, lost: 0, problem: "old" });
    expect(bodies).toHaveLength(1);
  });

  it("is not made where the headers can't be had", async () => {
    const clock = new SteppingClock();
    const sender = new OtlpSender({
      endpoint: "http://127.0.0.1:1",
      clock: {
        nowMs: clock.nowMs,
        after: (ms, callback) => clock.after(Math.min(ms, ms === 10_000 ? ms : 1), callback),
      },
      headers: () => Promise.reject(new Error("The keyring is locked")),
    });
    expect(await exportTrace(run, sender)).toEqual({
      accepted: 0,
      rejected: 0,
      lost: 3,
      problem: "The keyring is locked",
    });
  });

  it("has so many spans and so many bytes, and no more", async () => {
    const { sender, bodies } = await answering(status(200));
    const many = Array.from({ length: 1_030 }, (_, index) =>
      span(`s${index}`, null, index < 2 ? { output: "x".repeat(1_600_000) } : {}),
    );
    expect(await exportTrace({ ...run, spans: many }, sender)).toMatchObject({ accepted: 1_030, lost: 0 });
    expect(bodies.every(({ length }) => length <= 3_000_000)).toBe(true);
    expect(bodies.flatMap((body) => readOtlpProtobuf(body).spans.length).reduce((sum, count) => sum + count, 0)).toBe(
      1_030,
    );
  });
});

describe("spans of a session that runs", () => {
  function live(sender: OtlpSender, clock: SteppingClock) {
    return new LiveExport({ sender, clock, session: run, metadata: {}, redact: redactSpan });
  }
  const namesIn = (bodies: readonly Buffer[]) =>
    bodies.map((body) => readOtlpProtobuf(body).spans.map(({ name }) => name));

  it("are sent some seconds after the first one, masked, and the rest at the end", async () => {
    const { sender, bodies } = await answering(status(200));
    const clock = new SteppingClock();
    const exported = live(sender, clock);
    exported.add(span("one TOKEN=abcd", null, {}));
    exported.add(span("two", null, {}));
    clock.advance(5_000);
    exported.add(span("three", null, {}));
    expect(await exported.end()).toEqual({ accepted: 3, rejected: 0, lost: 0, problem: undefined });
    expect(namesIn(bodies)).toEqual([["one TOKEN=•••", "two"], ["three"]]);
    exported.add(span("late", null, {}));
    expect(clock.timerCount).toBe(0);
  });

  it("are let go of, the oldest first, while a backend does not answer, and that is told", async () => {
    const { sender } = await answering(() => {});
    const clock = new SteppingClock();
    const exported = live(sender, clock);
    for (let index = 0; index < 20_000; index++) exported.add(span(`s${index}`, null, {}));
    const ended = exported.end();
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(10_000);
    expect(await ended).toMatchObject({ accepted: 0, lost: 20_000 });
  });
});
