// The receiver against those who mean no good, or send what nobody should: other origins, names that lead here, bodies
// that are huge, bombs, slow, nested without end or no JSON at all.
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { hexId, sentRequest, sentSpan } from "../importers/otlpPayload";
import { post, rawClient, token } from "./otlpClient";
import { many, receiverSetup, request } from "./otlpReceiverSetup";

const setup = receiverSetup();

describe("somebody who is not the program", () => {
  beforeEach(() => setup.start());

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
    const answer = await post(setup.port, request(1), { headers: { Authorization: authorization } });
    expect(answer.status).toBe(401);
    expect(answer.headers["www-authenticate"]).toBe("Bearer");
    expect(await setup.received()).toEqual([]);
  });

  it.each([
    "evil.example",
    "evil.example:PORT",
    "127.0.0.1",
    "127.0.0.1:1",
    "localhost.evil.example:PORT",
    "0.0.0.0:PORT",
  ])("comes by a name that leads here and is no name of this machine: %s", async (host) => {
    const headers = { Host: host.replace("PORT", String(setup.port)) };
    const answer = await post(setup.port, request(1), { headers });
    expect(answer.status).toBe(403);
    expect(await setup.received()).toEqual([]);
  });

  it.each(["localhost", "LOCALHOST", "[::1]", "127.0.0.1"])("is not whoever comes by %s", async (name) => {
    expect((await post(setup.port, request(1), { headers: { Host: `${name}:${setup.port}` } })).status).toBe(200);
  });

  it("names no host at all", async () => {
    const body = JSON.stringify(request(1));
    const client = rawClient(setup.port);
    client.send(
      `POST /v1/traces HTTP/1.0\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await client.until(/^HTTP\/1\.1 403 /);
    await client.closed;
    expect(await setup.received()).toEqual([]);
  });

  it("is a page of another origin, which gets no leave to read or to ask, and can't send with the token either", async () => {
    const headers = { Origin: "http://evil.example", "Access-Control-Request-Method": "POST" };
    for (const method of ["OPTIONS", "POST", "GET"]) {
      const answer = await post(setup.port, method === "POST" ? request(1) : "", { method, headers });
      expect(answer.status).toBe(403);
      expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
    }
    expect(await setup.received()).toEqual([]);
  });

  it("tells the person of it once, however often it is tried", async () => {
    for (let index = 0; index < 60; index++) {
      await post(setup.port, request(1), { headers: { Authorization: undefined } });
      await post(setup.port, `[${index}]${"x".repeat(index)}`);
    }
    expect(setup.problems.length).toBeLessThanOrEqual(50);
    expect(setup.problems.filter((message) => message.includes("token"))).toHaveLength(1);
  });
});

describe("a body that is too large", () => {
  beforeEach(() => setup.start({ bodyBytes: 100_000, allBodiesBytes: 150_000 }));

  it("is refused by its announced length before it comes", async () => {
    const client = rawClient(setup.port);
    client.send(head("Content-Length: 100001"));
    expect(await client.until(/\}$/)).toMatch(/^HTTP\/1\.1 413 [\s\S]*longer than 100000 bytes/);
    client.socket.destroy();
  });

  it("is refused while it comes, and the rest of it is thrown away", async () => {
    const client = rawClient(setup.port);
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
      const answer = await post(setup.port, body, { headers: { "Content-Encoding": encoding } });
      expect(answer).toMatchObject({ status: 413, message: "The decompressed body is longer than 100000 bytes" });
      expect(process.memoryUsage.rss() - before).toBeLessThan(32 * 1024 * 1024);
    },
  );

  it("waits its turn where others fill the memory for bodies", async () => {
    const holders = [rawClient(setup.port), rawClient(setup.port)];
    for (const holder of holders) {
      holder.send(head("Content-Length: 90000"));
      holder.send("x".repeat(74_000));
    }
    // Both of them are there when a third one is refused.
    const full = JSON.stringify({ resourceSpans: [], filler: "x".repeat(30_000) });
    let answer = await post(setup.port, full);
    while (answer.status === 200) answer = await post(setup.port, full);
    expect(answer).toMatchObject({ status: 429, headers: { "retry-after": "1" } });
    for (const holder of holders) holder.socket.destroy();
    while (answer.status === 429) answer = await post(setup.port, full);
    // The memory of a body is free again when it is answered.
    for (let index = 0; index < 10; index++) expect((await post(setup.port, full)).status).toBe(200);
  });

  function head(length: string): string {
    return `POST /v1/traces HTTP/1.1\r\nHost: 127.0.0.1:${setup.port}\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\n${length}\r\n\r\n`;
  }
});

describe("a sender that is slow", () => {
  beforeEach(() => setup.start({ bodyMs: 200 }));

  const head = (extra = "") =>
    `POST /v1/traces HTTP/1.1\r\nHost: 127.0.0.1:${setup.port}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n${extra}\r\n`;

  it("is told so and cut off", async () => {
    const client = rawClient(setup.port);
    client.send(head(`Authorization: Bearer ${token}\r\n`));
    client.send("{");
    expect(await client.until(/\}$/)).toMatch(/^HTTP\/1\.1 408 [\s\S]*within 0.2 s/);
    await client.closed;
  });

  it("is cut off too when it goes on after a refusal", async () => {
    const client = rawClient(setup.port);
    client.send(head());
    await client.until(/^HTTP\/1\.1 401 /);
    await client.closed;
  });

  it("does not keep others from being answered, nor the receiver from closing", async () => {
    const clients = Array.from({ length: 20 }, () => rawClient(setup.port));
    for (const client of clients) client.send(head(`Authorization: Bearer ${token}\r\n`));
    expect((await post(setup.port, request(1))).status).toBe(200);
    await Promise.all(clients.map(({ closed }) => closed));
  });
});

describe("a client that goes away", () => {
  it("in the middle of its body leaves nothing behind", async () => {
    await setup.start({ allBodiesBytes: 60_000 });
    for (let index = 0; index < 5; index++) {
      const client = rawClient(setup.port);
      client.send(
        `POST /v1/traces HTTP/1.1\r\nHost: 127.0.0.1:${setup.port}\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n${"x".repeat(50_000)}`,
      );
      client.socket.end();
      await client.closed;
    }
    // The memory of those bodies is free again.
    let answer = await post(setup.port, many(60));
    while (answer.status === 429) answer = await post(setup.port, many(60));
    expect(answer.status).toBe(200);
    expect(await setup.received()).toHaveLength(60);
  });
});

describe("values that nest", () => {
  beforeEach(() => setup.start());

  it("without end are refused, in small bodies and in large ones", async () => {
    for (const levels of [1_000, 100_000, 5_000_000]) {
      const answer = await post(setup.port, "[".repeat(levels));
      expect(answer.status).toBe(400);
    }
    const deep = `${'{"resourceSpans":['.repeat(20_000)}${"]}".repeat(20_000)}`;
    expect((await post(setup.port, deep)).status).toBe(400);
    const value = `${'{"arrayValue":{"values":['.repeat(3_000)}{}${"]}}".repeat(3_000)}`;
    const span = JSON.stringify({ ...sentSpan(), attributes: "HERE" }).replace(
      '"HERE"',
      `[{"key":"a","value":${value}}]`,
    );
    const answer = await post(setup.port, JSON.stringify(sentRequest(["SPAN"])).replace('"SPAN"', span));
    expect(answer).toMatchObject({ status: 400, message: expect.stringContaining("nested deeper than 64 levels") });
    expect(await setup.received()).toEqual([]);
  });

  it("in texts stay texts", async () => {
    const text = `${"[".repeat(400_000)}${"]".repeat(400_000)}`;
    const spans = [
      sentSpan({ id: hexId(1), attributes: { "gen_ai.tool.name": "t", "gen_ai.tool.call.arguments": text } }),
    ];
    expect((await post(setup.port, sentRequest(spans))).status).toBe(200);
    expect((await setup.spans())[0]?.input).toBe(text);
  });
});

describe("any body", () => {
  it("is answered, and every accepted span is there", async () => {
    await setup.start();
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
        const answer = await post(setup.port, body, { headers: { "Content-Encoding": contentEncoding } });
        expect([200, 400]).toContain(answer.status);
        const id = hexId(next++);
        const spans = [
          { ...sentSpan({ id }), attributes: [{ key: "a", value: { stringValue: JSON.stringify(value) } }] },
          value,
        ];
        const sound = await post(setup.port, sentRequest(spans));
        expect(sound.json["partialSuccess"]).toMatchObject({ rejectedSpans: 1 });
        accepted.push(id);
      }),
      { numRuns: 80 },
    );
    expect(await setup.received()).toEqual(accepted);
  });
});
