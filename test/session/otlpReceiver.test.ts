// The receiver of spans over HTTP: what it answers to programs, on sound disks and on others.
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { beforeEach, describe, expect, it } from "vitest";
import { nodeFs } from "../../src/recorder/recorderFs";
import { otlpHandler } from "../../src/session/otlpReceiver";
import { faultyFs } from "../faults/faultyFs";
import { hexId, sentRequest, sentSpan, startNs, traceId } from "../importers/otlpPayload";
import { fromProtobuf, protobufOf } from "../importers/otlpProtobufMessages";
import { post, postGzip, rawClient, token } from "./otlpClient";
import { many, receiverSetup, request } from "./otlpReceiverSetup";

const setup = receiverSetup();

describe("a program's spans", () => {
  beforeEach(() => setup.start());

  it("are in the journal when they are answered", async () => {
    const answer = await post(setup.port, request(1, 2));
    expect(answer).toMatchObject({ status: 200, text: "{}" });
    expect(answer.headers["content-type"]).toBe("application/json");
    expect(await setup.received()).toEqual([hexId(1), hexId(2)]);
  });

  it("are in the file before the first byte of the answer is written", async () => {
    const { recorder, commandId: parentSpanId } = setup.session;
    const handle = otlpHandler({ token, recorder, parentSpanId, onProblem: () => {} });
    let journal = "";
    const server = createServer((request, response) => {
      const writeHead = response.writeHead.bind(response);
      response.writeHead = ((...given: Parameters<typeof writeHead>) => {
        journal = readFileSync(setup.folder.join("s.1.journal.ndjson"), "utf8");
        return writeHead(...given);
      }) as typeof response.writeHead;
      void handle(request, response);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    expect((await post(port, request(7))).status).toBe(200);
    expect(journal).toContain(`"spanId":"${hexId(7)}"`);
    server.close();
  });

  it("are taken compressed in any usual way, and with a charset", async () => {
    const text = (id: number) => JSON.stringify(request(id));
    const bodies: [string | undefined, Buffer][] = [
      ["gzip", gzipSync(text(1))],
      ["deflate", deflateSync(text(2))],
      ["deflate", deflateRawSync(text(3))],
      ["br", brotliCompressSync(text(4))],
      ["identity", Buffer.from(text(5))],
      [undefined, Buffer.from(text(6))],
    ];
    for (const [encoding, body] of bodies) {
      const headers = { "Content-Encoding": encoding, "Content-Type": "application/json; charset=UTF-8" };
      expect((await post(setup.port, body, { headers })).status).toBe(200);
    }
    expect(await setup.received()).toEqual([1, 2, 3, 4, 5, 6].map(hexId));
  });

  it("are taken in pieces, over a connection that stays", async () => {
    const client = rawClient(setup.port);
    const body = JSON.stringify(request(1));
    for (const _ of [1, 2]) {
      client.send(
        `POST /v1/traces HTTP/1.1\r\nHost: localhost:${setup.port}\r\nAuthorization: bearer%20${token}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
      );
      for (const character of body) client.send(`1\r\n${character}\r\n`);
      client.send("0\r\n\r\n");
    }
    await client.until(/200 OK[\s\S]*200 OK[\s\S]*\{\}/);
    expect(await setup.received()).toEqual([hexId(1)]);
    client.socket.destroy();
  });

  it("count once when a client sends them again", async () => {
    for (const _ of [1, 2, 3]) expect((await postGzip(setup.port, request(1))).status).toBe(200);
    expect(await setup.received()).toEqual([hexId(1)]);
  });

  it("are recorded as far as they are sound, and the place of what is not is told to program and person", async () => {
    const mixed = sentRequest([sentSpan({ id: hexId(1) }), { ...sentSpan(), startTimeUnixNano: "soon" }, 5]);
    const answer = await post(setup.port, mixed);
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({
      partialSuccess: {
        rejectedSpans: 2,
        errorMessage:
          'resourceSpans[0].scopeSpans[0].spans[1].startTimeUnixNano must be nanoseconds since the epoch, not the text "soon", and 1 more',
      },
    });
    expect(await setup.received()).toEqual([hexId(1)]);
    await post(setup.port, mixed);
    expect(setup.problems).toEqual([expect.stringContaining("spans[1].startTimeUnixNano")]);
  });

  it.each<[string, unknown]>([
    ["resourceSpans[0].scopeSpans[0].spans[0].spanId is missing", sentRequest([{ ...sentSpan(), spanId: undefined }])],
    ["resourceSpans must be a list, not an object", { resourceSpans: {} }],
    ["The request must be an object, not a list", []],
    ["The request is not JSON: ", '{"resourceSpans":'],
    ["The request is not JSON: ", ""],
  ])("are refused with the place where none is sound: %s", async (message, body) => {
    const answer = await post(setup.port, body);
    expect(answer.status).toBe(400);
    expect(answer.message).toContain(message);
    expect(await setup.received()).toEqual([]);
  });

  it("may be none at all", async () => {
    expect(await post(setup.port, {})).toMatchObject({ status: 200, text: "{}" });
  });

  it("may come from many connections at once", async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => postGzip(setup.port, many(50, 1 + index * 50))),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(new Set(await setup.received()).size).toBe(1_000);
  });
});

describe("spans in protobuf", () => {
  beforeEach(() => setup.start());
  const headers = { "Content-Type": "application/x-protobuf" };
  const postProtobuf = (body: unknown) => post(setup.port, protobufOf("TraceRequest", body), { headers });

  it("are recorded as those in JSON, and answered in protobuf", async () => {
    const answer = await postProtobuf(request(1, 2));
    expect(answer).toMatchObject({ status: 200, text: "" });
    expect(answer.headers["content-type"]).toBe("application/x-protobuf");
    expect(await setup.received()).toEqual([hexId(1), hexId(2)]);
  });

  it("may be compressed, and count once whichever way they come", async () => {
    const body = gzipSync(protobufOf("TraceRequest", request(1)));
    expect((await post(setup.port, body, { headers: { ...headers, "Content-Encoding": "gzip" } })).status).toBe(200);
    expect((await post(setup.port, request(1))).status).toBe(200);
    expect(await setup.received()).toEqual([hexId(1)]);
  });

  it("are recorded as far as they are sound, and the rest is told in protobuf", async () => {
    const answer = await postProtobuf(sentRequest([sentSpan({ id: hexId(1) }), { ...sentSpan(), spanId: "" }]));
    expect(answer.status).toBe(200);
    expect(fromProtobuf("ExportResponse", answer.bytes)).toEqual({
      partialSuccess: { rejected: 1, errorMessage: "resourceSpans[0].scopeSpans[0].spans[1].spanId is missing" },
    });
    expect(await setup.received()).toEqual([hexId(1)]);
  });

  it("are refused with a status in protobuf, also where they are JSON", async () => {
    const answer = await post(setup.port, JSON.stringify(request(1)), { headers });
    expect(answer.status).toBe(400);
    expect(fromProtobuf("RpcStatus", answer.bytes)["message"]).toContain("The request is cut off: ");
    expect(await setup.received()).toEqual([]);
  });

  it("are the only ones that are kept: records of logs and points of data are counted", async () => {
    const logs = protobufOf("LogsRequest", { resourceLogs: [{ scopeLogs: [{ logRecords: [{}, {}] }] }] });
    const answer = await post(setup.port, logs, { headers, path: "/v1/logs" });
    expect(fromProtobuf("ExportResponse", answer.bytes)).toMatchObject({ partialSuccess: { rejected: 2 } });
    // One metric with a gauge of two points and a sum of one.
    const metric = [0x12, 10, 0x2a, 4, 0x0a, 0, 0x0a, 0, 0x3a, 2, 0x0a, 0];
    const metrics = Buffer.from([0x0a, 14, 0x12, 12, ...metric]);
    const counted = await post(setup.port, metrics, { headers, path: "/v1/metrics" });
    expect(fromProtobuf("ExportResponse", counted.bytes)).toMatchObject({ partialSuccess: { rejected: 3 } });
  });
});

describe("what else a program may send", () => {
  beforeEach(() => setup.start());

  it.each([undefined, "text/plain", "application/x-www-form-urlencoded", "application/jsonp"])(
    "is refused as %s",
    async (type) => {
      expect((await post(setup.port, request(1), { headers: { "Content-Type": type } })).status).toBe(415);
      expect(await setup.received()).toEqual([]);
    },
  );

  it.each(["zstd", "gzip, gzip", "constructor"])("is refused in the encoding %s", async (encoding) => {
    const answer = await post(setup.port, request(1), { headers: { "Content-Encoding": encoding } });
    expect(answer).toMatchObject({ status: 415 });
    expect(answer.headers["accept-encoding"]).toBe("gzip, deflate, br, identity");
  });

  it("is refused where it is not what its encoding says", async () => {
    for (const encoding of ["gzip", "deflate", "br"]) {
      const answer = await post(setup.port, request(1), { headers: { "Content-Encoding": encoding } });
      expect(answer.status).toBe(400);
      expect(answer.message).toContain("can't be decompressed");
    }
    const cut = gzipSync(JSON.stringify(request(1))).subarray(0, -12);
    expect((await post(setup.port, cut, { headers: { "Content-Encoding": "gzip" } })).status).toBe(400);
  });

  it("is an event of its span where it is a record of a log, before the span comes and after it", async () => {
    const span = { traceId, spanId: hexId(1) };
    const record = (text: string) => ({ ...span, timeUnixNano: String(startNs), body: { stringValue: text } });
    const send = (text: string) =>
      post(setup.port, { resourceLogs: [{ scopeLogs: [{ logRecords: [record(text)] }] }] }, { path: "/v1/logs" });
    for (const _ of [1, 2]) expect(await send("early")).toMatchObject({ status: 200, text: "{}" });
    await post(setup.port, request(1));
    expect(await send("late")).toMatchObject({ status: 200, text: "{}" });
    const [found, more] = await setup.spans();
    expect(more).toBeUndefined();
    expect(found).toMatchObject({ spanId: hexId(1), endTime: expect.any(Number) });
    expect(found?.events?.map(({ attributes }) => attributes?.["log.body"])).toEqual(["early", "late"]);
    expect(setup.problems).toEqual([]);
  });

  it("is counted and not kept where it is metrics or of no span, so that no client sends it again", async () => {
    const record = { timeUnixNano: "1", body: { stringValue: "x" } };
    const logs = { resourceLogs: [{ scopeLogs: [{ logRecords: [record, record] }, {}] }, {}] };
    const answer = await post(setup.port, logs, { path: "/v1/logs" });
    expect(answer.status).toBe(200);
    expect(answer.json["partialSuccess"]).toMatchObject({
      rejectedLogRecords: 2,
      errorMessage: expect.stringContaining("OTEL_LOGS_EXPORTER=none"),
    });
    const metrics = {
      resourceMetrics: [
        { scopeMetrics: [{ metrics: [{ sum: { dataPoints: [{}] } }, { histogram: { dataPoints: [{}, {}] } }, 5] }] },
      ],
    };
    expect((await post(setup.port, metrics, { path: "/v1/metrics" })).json["partialSuccess"]).toMatchObject({
      rejectedDataPoints: 3,
      errorMessage: expect.stringContaining("OTEL_METRICS_EXPORTER=none"),
    });
    expect(await post(setup.port, {}, { path: "/v1/metrics" })).toMatchObject({ status: 200, text: "{}" });
    expect(setup.problems).toEqual([]);
  });

  it("is not found elsewhere, and taken by POST alone", async () => {
    expect((await post(setup.port, {}, { path: "/" })).status).toBe(404);
    expect((await post(setup.port, {}, { path: "/v1/traces/more" })).status).toBe(404);
    for (const method of ["GET", "PUT", "DELETE", "OPTIONS"]) {
      const answer = await post(setup.port, "", { method });
      expect(answer).toMatchObject({ status: 405, headers: { allow: "POST" } });
    }
  });
});

describe("a disk that can't keep up", () => {
  it("is told to be asked again, what was taken is kept, and nothing is there twice", async () => {
    const fs = faultyFs(nodeFs);
    await setup.start({}, fs);
    expect((await post(setup.port, request(1))).status).toBe(200);
    const full = fs.arm({ on: { name: "write", path: /journal/ }, error: "ENOSPC", persist: true });
    const first = await post(setup.port, request(2));
    expect(first.status).toBe(503);
    expect(first.headers["retry-after"]).toBe("1");
    const second = await post(setup.port, request(3));
    expect(second.status).toBe(503);
    expect(fs.fired).toBeGreaterThan(0);
    full.disarm();
    const statuses: number[] = [];
    for (const id of [2, 3]) {
      let answer = await post(setup.port, request(id));
      while (answer.status === 503 || answer.status === 429) {
        await pause(20);
        answer = await post(setup.port, request(id));
      }
      statuses.push(answer.status);
    }
    expect(statuses).toEqual([200, 200]);
    expect(await setup.received()).toEqual([1, 2, 3].map(hexId));
  });

  it("that fails in the middle of a large request gets the rest of it when it is sent again", async () => {
    const fs = faultyFs(nodeFs);
    await setup.start({}, fs);
    const values = { filler: "x".repeat(100_000) };
    const large = sentRequest(
      Array.from({ length: 40 }, (_, index) =>
        // Each one's parent is the next one, so that most have to be joined.
        sentSpan({ id: hexId(index + 1), parent: hexId(index + 2), attributes: values }),
      ),
    );
    const full = fs.arm({ on: { name: "write", path: /journal/ }, at: 1, error: "ENOSPC", persist: true });
    let answer = await post(setup.port, large);
    expect(answer).toMatchObject({ status: 429, headers: { "retry-after": "1" } });
    full.disarm();
    while (answer.status !== 200) {
      await pause(20);
      answer = await post(setup.port, large);
    }
    expect(await setup.received()).toEqual(Array.from({ length: 40 }, (_, index) => hexId(index + 1)));
    expect(setup.session.recorder.health.droppedRecords).toBe(0);
    const spans = await setup.spans();
    expect(spans.slice(0, -1).map(({ parentSpanId }) => parentSpanId)).toEqual(
      spans.slice(1).map(({ spanId }) => spanId),
    );
  });

  it("is waited for while it is slow, and a client is not kept waiting without end", async () => {
    const fs = faultyFs(nodeFs);
    await setup.start({ syncMs: 50 }, fs);
    fs.arm({ on: { name: "write", path: /journal/ }, error: "EIO" });
    const held = fs.hold({ name: "write", path: /journal/ });
    const answer = await post(setup.port, request(1));
    expect(answer).toMatchObject({ status: 503, message: expect.stringContaining("not on the disk yet") });
    const again = await post(setup.port, request(1));
    expect([429, 503]).toContain(again.status);
    held.release();
    await setup.session.recorder.sync();
    let last = await post(setup.port, request(1));
    while (last.status !== 200) last = await post(setup.port, request(1));
    expect(await setup.received()).toEqual([hexId(1)]);
  });
});

describe("a session that has ended", () => {
  it("says so, and no client sends its spans again", async () => {
    await setup.start();
    await setup.session.recorder.finish({ status: "completed" });
    expect(await post(setup.port, request(1))).toMatchObject({ status: 410, message: "The session has ended" });
    expect(readdirSync(setup.folder.path).filter((name) => name.includes("journal"))).toEqual([]);
  });
});
