// The receiver of spans over HTTP: what it answers to programs, and what to those who mean no good.
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeFs } from "../../src/recorder/recorderFs";
import { type OtlpLimits, type OtlpReceiver, otlpHandler, startOtlpReceiver } from "../../src/session/otlpReceiver";
import { faultyFs } from "../faults/faultyFs";
import { hexId, sentRequest, sentSpan } from "../importers/otlpPayload";
import { makeTempDir, type TempDir } from "../support/tempDir";
import { post, postGzip, rawClient, token } from "./otlpClient";
import { loadTrace, type OtlpSession, openSession, receivedSpans } from "./otlpSession";

let folder: TempDir;
let session: OtlpSession;
let receiver: OtlpReceiver;

async function start(limits: Partial<OtlpLimits> = {}, fs = nodeFs): Promise<void> {
  session = openSession(folder.path, fs);
  const { recorder, commandId: parentSpanId, problems } = session;
  const onProblem = ({ message }: { readonly message: string }) => void problems.push(message);
  receiver = await startOtlpReceiver({ token, recorder, parentSpanId, onProblem, limits });
}

beforeEach(async () => {
  folder = await makeTempDir();
});

afterEach(async () => {
  await receiver.close();
  await session.end();
  await folder.remove();
});

const request = (...ids: number[]) => sentRequest(ids.map((id) => sentSpan({ id: hexId(id) })));
const received = async () => receivedSpans(await loadTrace(folder.path)).map(({ spanId }) => spanId);
const many = (count: number, from = 1) => request(...Array.from({ length: count }, (_, index) => from + index));

describe("a program's spans", () => {
  beforeEach(() => start());

  it("are in the journal when they are answered", async () => {
    const answer = await post(receiver.port, request(1, 2));
    expect(answer).toMatchObject({ status: 200, text: "{}" });
    expect(answer.headers["content-type"]).toBe("application/json");
    expect(await received()).toEqual([hexId(1), hexId(2)]);
  });

  it("are in the file before the first byte of the answer is written", async () => {
    const { recorder, commandId: parentSpanId } = session;
    const handle = otlpHandler({ token, recorder, parentSpanId, onProblem: () => {} });
    let journal = "";
    const server = createServer((request, response) => {
      const writeHead = response.writeHead.bind(response);
      response.writeHead = ((...given: Parameters<typeof writeHead>) => {
        journal = readFileSync(folder.join("s.1.journal.ndjson"), "utf8");
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
      expect((await post(receiver.port, body, { headers })).status).toBe(200);
    }
    expect(await received()).toEqual([1, 2, 3, 4, 5, 6].map(hexId));
  });

  it("are taken in pieces, over a connection that stays", async () => {
    const client = rawClient(receiver.port);
    const body = JSON.stringify(request(1));
    for (const _ of [1, 2]) {
      client.send(
        `POST /v1/traces HTTP/1.1\r\nHost: localhost:${receiver.port}\r\nAuthorization: bearer%20${token}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
      );
      for (const character of body) client.send(`1\r\n${character}\r\n`);
      client.send("0\r\n\r\n");
    }
    await client.until(/200 OK[\s\S]*200 OK[\s\S]*\{\}/);
    expect(await received()).toEqual([hexId(1)]);
    client.socket.destroy();
  });

  it("count once when a client sends them again", async () => {
    for (const _ of [1, 2, 3]) expect((await postGzip(receiver.port, request(1))).status).toBe(200);
    expect(await received()).toEqual([hexId(1)]);
  });

  it("are recorded as far as they are sound, and the place of what is not is told to program and person", async () => {
    const mixed = sentRequest([sentSpan({ id: hexId(1) }), { ...sentSpan(), startTimeUnixNano: "soon" }, 5]);
    const answer = await post(receiver.port, mixed);
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({
      partialSuccess: {
        rejectedSpans: 2,
        errorMessage:
          'resourceSpans[0].scopeSpans[0].spans[1].startTimeUnixNano must be nanoseconds since the epoch, not the text "soon", and 1 more',
      },
    });
    expect(await received()).toEqual([hexId(1)]);
    await post(receiver.port, mixed);
    expect(session.problems).toEqual([expect.stringContaining("spans[1].startTimeUnixNano")]);
  });

  it.each<[string, unknown]>([
    ["resourceSpans[0].scopeSpans[0].spans[0].spanId is missing", sentRequest([{ ...sentSpan(), spanId: undefined }])],
    ["resourceSpans must be a list, not an object", { resourceSpans: {} }],
    ["The request must be an object, not a list", []],
    ["The request is not JSON: ", '{"resourceSpans":'],
    ["The request is not JSON: ", ""],
  ])("are refused with the place where none is sound: %s", async (message, body) => {
    const answer = await post(receiver.port, body);
    expect(answer.status).toBe(400);
    expect(answer.message).toContain(message);
    expect(await received()).toEqual([]);
  });

  it("may be none at all", async () => {
    expect(await post(receiver.port, {})).toMatchObject({ status: 200, text: "{}" });
  });

  it("may come from many connections at once", async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => postGzip(receiver.port, many(50, 1 + index * 50))),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(new Set(await received()).size).toBe(1_000);
  });
});

describe("what else a program may send", () => {
  beforeEach(() => start());

  it("is told to come as JSON where it is protobuf, and so is the person, once", async () => {
    const headers = { "Content-Type": "application/x-protobuf" };
    for (const _ of [1, 2]) {
      const answer = await post(receiver.port, "\n\0", { headers });
      expect(answer.status).toBe(415);
      expect(answer.message).toContain("OTEL_EXPORTER_OTLP_PROTOCOL=http/json");
    }
    expect(session.problems).toEqual([expect.stringContaining("OTEL_EXPORTER_OTLP_PROTOCOL=http/json")]);
  });

  it.each([undefined, "text/plain", "application/x-www-form-urlencoded", "application/jsonp"])(
    "is refused as %s",
    async (type) => {
      expect((await post(receiver.port, request(1), { headers: { "Content-Type": type } })).status).toBe(415);
      expect(await received()).toEqual([]);
    },
  );

  it.each(["zstd", "gzip, gzip", "constructor"])("is refused in the encoding %s", async (encoding) => {
    const answer = await post(receiver.port, request(1), { headers: { "Content-Encoding": encoding } });
    expect(answer).toMatchObject({ status: 415 });
    expect(answer.headers["accept-encoding"]).toBe("gzip, deflate, br, identity");
  });

  it("is refused where it is not what its encoding says", async () => {
    for (const encoding of ["gzip", "deflate", "br"]) {
      const answer = await post(receiver.port, request(1), { headers: { "Content-Encoding": encoding } });
      expect(answer.status).toBe(400);
      expect(answer.message).toContain("can't be decompressed");
    }
    const cut = gzipSync(JSON.stringify(request(1))).subarray(0, -12);
    expect((await post(receiver.port, cut, { headers: { "Content-Encoding": "gzip" } })).status).toBe(400);
  });

  it("is counted and not kept where it is logs or metrics, so that no client sends it again", async () => {
    const record = { timeUnixNano: "1", body: { stringValue: "x" } };
    const logs = { resourceLogs: [{ scopeLogs: [{ logRecords: [record, record] }, {}] }, {}] };
    const answer = await post(receiver.port, logs, { path: "/v1/logs" });
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
    expect((await post(receiver.port, metrics, { path: "/v1/metrics" })).json["partialSuccess"]).toMatchObject({
      rejectedDataPoints: 3,
      errorMessage: expect.stringContaining("OTEL_METRICS_EXPORTER=none"),
    });
    expect(await post(receiver.port, {}, { path: "/v1/metrics" })).toMatchObject({ status: 200, text: "{}" });
    expect(session.problems).toEqual([]);
  });

  it("is not found elsewhere, and taken by POST alone", async () => {
    expect((await post(receiver.port, {}, { path: "/" })).status).toBe(404);
    expect((await post(receiver.port, {}, { path: "/v1/traces/more" })).status).toBe(404);
    for (const method of ["GET", "PUT", "DELETE", "OPTIONS"]) {
      const answer = await post(receiver.port, "", { method });
      expect(answer).toMatchObject({ status: 405, headers: { allow: "POST" } });
    }
  });
});

describe("somebody who is not the program", () => {
  beforeEach(() => start());

  it.each([
    undefined,
    "",
    "Bearer",
    "Bearer ",
    `Bearer ${token}x`,
    `Basic ${token}`,
    token,
    `Bearer ${token.slice(1)}`,
  ])("has not the token: %s", async (authorization) => {
    const answer = await post(receiver.port, request(1), { headers: { Authorization: authorization } });
    expect(answer.status).toBe(401);
    expect(answer.headers["www-authenticate"]).toBe("Bearer");
    expect(await received()).toEqual([]);
  });

  it.each([
    "evil.example",
    "evil.example:PORT",
    "127.0.0.1",
    "127.0.0.1:1",
    "localhost.evil.example:PORT",
    "0.0.0.0:PORT",
  ])("comes by a name that leads here and is no name of this machine: %s", async (host) => {
    const headers = { Host: host.replace("PORT", String(receiver.port)) };
    const answer = await post(receiver.port, request(1), { headers });
    expect(answer.status).toBe(403);
    expect(await received()).toEqual([]);
  });

  it.each(["localhost", "LOCALHOST", "[::1]", "127.0.0.1"])("is not whoever comes by %s", async (name) => {
    expect((await post(receiver.port, request(1), { headers: { Host: `${name}:${receiver.port}` } })).status).toBe(200);
  });

  it("names no host at all", async () => {
    const body = JSON.stringify(request(1));
    const client = rawClient(receiver.port);
    client.send(
      `POST /v1/traces HTTP/1.0\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await client.until(/^HTTP\/1\.1 403 /);
    await client.closed;
    expect(await received()).toEqual([]);
  });

  it("is a page of another origin, which gets no leave to read or to ask, and can't send with the token either", async () => {
    const headers = { Origin: "http://evil.example", "Access-Control-Request-Method": "POST" };
    for (const method of ["OPTIONS", "POST", "GET"]) {
      const answer = await post(receiver.port, method === "POST" ? request(1) : "", { method, headers });
      expect(answer.status).toBe(403);
      expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
    }
    expect(await received()).toEqual([]);
  });

  it("tells the person of it once, however often it is tried", async () => {
    for (let index = 0; index < 60; index++) {
      await post(receiver.port, request(1), { headers: { Authorization: undefined } });
      await post(receiver.port, `[${index}]${"x".repeat(index)}`);
    }
    expect(session.problems.length).toBeLessThanOrEqual(50);
    expect(session.problems.filter((message) => message.includes("token"))).toHaveLength(1);
  });
});

describe("a body that is too large", () => {
  beforeEach(() => start({ bodyBytes: 100_000, allBodiesBytes: 150_000 }));

  it("is refused by its announced length before it comes", async () => {
    const client = rawClient(receiver.port);
    client.send(head("Content-Length: 100001"));
    expect(await client.until(/\}$/)).toMatch(/^HTTP\/1\.1 413 [\s\S]*longer than 100000 bytes/);
    client.socket.destroy();
  });

  it("is refused while it comes, and the rest of it is thrown away", async () => {
    const client = rawClient(receiver.port);
    client.send(head("Transfer-Encoding: chunked"));
    const chunk = `${(10_000).toString(16)}\r\n${"x".repeat(10_000)}\r\n`;
    for (let index = 0; index < 100; index++) client.send(chunk);
    expect(await client.until(/\}$/)).toMatch(/^HTTP\/1\.1 413 /);
    client.send(
      `0\r\n\r\n${head(`Content-Length: ${JSON.stringify(request(1)).length}`)}${JSON.stringify(request(1))}`,
    );
    await client.until(/413[\s\S]*200 OK[\s\S]*\{\}$/);
    client.socket.destroy();
  });

  it.each(["gzip", "deflate", "br"])(
    "is refused when %s makes it too large, without inflating it all",
    async (encoding) => {
      const bomb = Buffer.alloc(64 * 1024 * 1024, " ");
      const body =
        encoding === "gzip" ? gzipSync(bomb) : encoding === "br" ? brotliCompressSync(bomb) : deflateSync(bomb);
      expect(body.length).toBeLessThan(100_000);
      const before = process.memoryUsage.rss();
      const answer = await post(receiver.port, body, { headers: { "Content-Encoding": encoding } });
      expect(answer).toMatchObject({ status: 413, message: "The decompressed body is longer than 100000 bytes" });
      expect(process.memoryUsage.rss() - before).toBeLessThan(32 * 1024 * 1024);
    },
  );

  it("waits its turn where others fill the memory for bodies", async () => {
    const holders = [rawClient(receiver.port), rawClient(receiver.port)];
    for (const holder of holders) {
      holder.send(head("Content-Length: 90000"));
      holder.send("x".repeat(74_000));
    }
    // Both of them are there when a third one is refused.
    const full = JSON.stringify({ resourceSpans: [], filler: "x".repeat(30_000) });
    let answer = await post(receiver.port, full);
    while (answer.status === 200) answer = await post(receiver.port, full);
    expect(answer).toMatchObject({ status: 429, headers: { "retry-after": "1" } });
    for (const holder of holders) holder.socket.destroy();
    while (answer.status === 429) answer = await post(receiver.port, full);
    // The memory of a body is free again when it is answered.
    for (let index = 0; index < 10; index++) expect((await post(receiver.port, full)).status).toBe(200);
  });

  function head(length: string): string {
    return `POST /v1/traces HTTP/1.1\r\nHost: 127.0.0.1:${receiver.port}\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\n${length}\r\n\r\n`;
  }
});

describe("a sender that is slow", () => {
  beforeEach(() => start({ bodyMs: 200 }));

  const head = (extra = "") =>
    `POST /v1/traces HTTP/1.1\r\nHost: 127.0.0.1:${receiver.port}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n${extra}\r\n`;

  it("is told so and cut off", async () => {
    const client = rawClient(receiver.port);
    client.send(head(`Authorization: Bearer ${token}\r\n`));
    client.send("{");
    expect(await client.until(/\}$/)).toMatch(/^HTTP\/1\.1 408 [\s\S]*within 0.2 s/);
    await client.closed;
  });

  it("is cut off too when it goes on after a refusal", async () => {
    const client = rawClient(receiver.port);
    client.send(head());
    await client.until(/^HTTP\/1\.1 401 /);
    await client.closed;
  });

  it("does not keep others from being answered, nor the receiver from closing", async () => {
    const clients = Array.from({ length: 20 }, () => rawClient(receiver.port));
    for (const client of clients) client.send(head(`Authorization: Bearer ${token}\r\n`));
    expect((await post(receiver.port, request(1))).status).toBe(200);
    await Promise.all(clients.map(({ closed }) => closed));
  });
});

describe("a client that goes away", () => {
  it("in the middle of its body leaves nothing behind", async () => {
    await start({ allBodiesBytes: 60_000 });
    for (let index = 0; index < 5; index++) {
      const client = rawClient(receiver.port);
      client.send(
        `POST /v1/traces HTTP/1.1\r\nHost: 127.0.0.1:${receiver.port}\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n${"x".repeat(50_000)}`,
      );
      client.socket.end();
      await client.closed;
    }
    // The memory of those bodies is free again.
    let answer = await post(receiver.port, many(60));
    while (answer.status === 429) answer = await post(receiver.port, many(60));
    expect(answer.status).toBe(200);
    expect(await received()).toHaveLength(60);
  });
});

describe("values that nest", () => {
  beforeEach(() => start());

  it("without end are refused, in small bodies and in large ones", async () => {
    for (const levels of [1_000, 100_000, 5_000_000]) {
      const answer = await post(receiver.port, "[".repeat(levels));
      expect(answer.status).toBe(400);
    }
    const deep = `${'{"resourceSpans":['.repeat(20_000)}${"]}".repeat(20_000)}`;
    expect((await post(receiver.port, deep)).status).toBe(400);
    const value = `${'{"arrayValue":{"values":['.repeat(3_000)}{}${"]}}".repeat(3_000)}`;
    const span = JSON.stringify({ ...sentSpan(), attributes: "HERE" }).replace(
      '"HERE"',
      `[{"key":"a","value":${value}}]`,
    );
    const answer = await post(receiver.port, JSON.stringify(sentRequest(["SPAN"])).replace('"SPAN"', span));
    expect(answer).toMatchObject({ status: 400, message: expect.stringContaining("nested deeper than 64 levels") });
    expect(await received()).toEqual([]);
  });

  it("in texts stay texts", async () => {
    const text = `${"[".repeat(400_000)}${"]".repeat(400_000)}`;
    const spans = [
      sentSpan({ id: hexId(1), attributes: { "gen_ai.tool.name": "t", "gen_ai.tool.call.arguments": text } }),
    ];
    expect((await post(receiver.port, sentRequest(spans))).status).toBe(200);
    expect(receivedSpans(await loadTrace(folder.path))[0]?.input).toBe(text);
  });
});

describe("a disk that can't keep up", () => {
  it("is told to be asked again, what was taken is kept, and nothing is there twice", async () => {
    const fs = faultyFs(nodeFs);
    await start({}, fs);
    expect((await post(receiver.port, request(1))).status).toBe(200);
    const full = fs.arm({ on: { name: "write", path: /journal/ }, error: "ENOSPC", persist: true });
    const first = await post(receiver.port, request(2));
    expect(first.status).toBe(503);
    expect(first.headers["retry-after"]).toBe("1");
    const second = await post(receiver.port, request(3));
    expect(second.status).toBe(503);
    expect(fs.fired).toBeGreaterThan(0);
    full.disarm();
    const statuses: number[] = [];
    for (const id of [2, 3]) {
      let answer = await post(receiver.port, request(id));
      while (answer.status === 503 || answer.status === 429) {
        await pause(20);
        answer = await post(receiver.port, request(id));
      }
      statuses.push(answer.status);
    }
    expect(statuses).toEqual([200, 200]);
    expect(await received()).toEqual([1, 2, 3].map(hexId));
  });

  it("that fails in the middle of a large request gets the rest of it when it is sent again", async () => {
    const fs = faultyFs(nodeFs);
    await start({}, fs);
    const values = { filler: "x".repeat(100_000) };
    const large = sentRequest(
      Array.from({ length: 40 }, (_, index) =>
        // Each one's parent is the next one, so that most have to be joined.
        sentSpan({ id: hexId(index + 1), parent: hexId(index + 2), attributes: values }),
      ),
    );
    const full = fs.arm({ on: { name: "write", path: /journal/ }, at: 1, error: "ENOSPC", persist: true });
    let answer = await post(receiver.port, large);
    expect(answer).toMatchObject({ status: 429, headers: { "retry-after": "1" } });
    full.disarm();
    while (answer.status !== 200) {
      await pause(20);
      answer = await post(receiver.port, large);
    }
    expect(await received()).toEqual(Array.from({ length: 40 }, (_, index) => hexId(index + 1)));
    expect(session.recorder.health.droppedRecords).toBe(0);
    const spans = receivedSpans(await loadTrace(folder.path));
    expect(spans.slice(0, -1).map(({ parentSpanId }) => parentSpanId)).toEqual(
      spans.slice(1).map(({ spanId }) => spanId),
    );
  });

  it("is waited for while it is slow, and a client is not kept waiting without end", async () => {
    const fs = faultyFs(nodeFs);
    await start({ syncMs: 50 }, fs);
    fs.arm({ on: { name: "write", path: /journal/ }, error: "EIO" });
    const held = fs.hold({ name: "write", path: /journal/ });
    const answer = await post(receiver.port, request(1));
    expect(answer).toMatchObject({ status: 503, message: expect.stringContaining("not on the disk yet") });
    const again = await post(receiver.port, request(1));
    expect([429, 503]).toContain(again.status);
    held.release();
    await session.recorder.sync();
    let last = await post(receiver.port, request(1));
    while (last.status !== 200) last = await post(receiver.port, request(1));
    expect(await received()).toEqual([hexId(1)]);
  });
});

describe("a session that has ended", () => {
  it("says so, and no client sends its spans again", async () => {
    await start();
    await session.recorder.finish({ status: "completed" });
    expect(await post(receiver.port, request(1))).toMatchObject({ status: 410, message: "The session has ended" });
    expect(readdirSync(folder.path).filter((name) => name.includes("journal"))).toEqual([]);
  });
});

describe("any body", () => {
  it("is answered, and every accepted span is there", async () => {
    await start();
    const json = fc.oneof(fc.json({ maxDepth: 6 }), fc.string({ unit: "binary" }), fc.constant(""));
    const bytes = fc.oneof(
      json.map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
    );
    const encoding = fc.constantFrom("identity", "gzip", "br", "deflate");
    let next = 1;
    const accepted: string[] = [];
    await fc.assert(
      fc.asyncProperty(bytes, encoding, fc.jsonValue(), async (body, contentEncoding, value) => {
        const answer = await post(receiver.port, body, { headers: { "Content-Encoding": contentEncoding } });
        expect([200, 400]).toContain(answer.status);
        const id = hexId(next++);
        const spans = [
          { ...sentSpan({ id }), attributes: [{ key: "a", value: { stringValue: JSON.stringify(value) } }] },
          value,
        ];
        const sound = await post(receiver.port, sentRequest(spans));
        expect(sound.json["partialSuccess"]).toMatchObject({ rejectedSpans: 1 });
        accepted.push(id);
      }),
      { numRuns: 80 },
    );
    expect(await received()).toEqual(accepted);
  });
});
