// The collector against those who mean no good, or send what nobody should: pages, names that lead here, paths in ids,
// bombs, slow senders, keys of prototypes, nesting, and more sessions than there is room for.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadSession } from "../../src/store/loadSession";
import { hexId, sentRequest, sentSpan, traceId } from "../importers/otlpPayload";
import { protobufOf } from "../importers/otlpProtobufMessages";
import { type PostOptions, post as postWithToken, rawClient } from "../session/otlpClient";
import { collectorSetup } from "./collectorSetup";

const setup = collectorSetup();
const protobuf = { "Content-Type": "application/x-protobuf" };
const post = (body: unknown, options: PostOptions = {}) =>
  postWithToken(setup.port, body, { ...options, headers: { Authorization: undefined, ...options.headers } });
const request = (...ids: number[]) => sentRequest(ids.map((id) => sentSpan({ id: hexId(id) })));

describe("a page of a browser", () => {
  it("is refused whatever it sends, by whatever name it comes, and gets no leave to read", async () => {
    await setup.start();
    const paths = ["/v1/traces", "/v1/logs", "/", new URL(setup.collector.endpointFor("s").tracesUrl).pathname];
    for (const path of paths) {
      for (const headers of [{ Origin: "http://evil.example" }, { Host: `evil.example:${setup.port}` }]) {
        for (const method of ["POST", "OPTIONS", "GET"]) {
          const answer = await post(method === "POST" ? request(1) : "", { path, method, headers });
          expect(answer.status).toBe(403);
          expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
        }
      }
    }
    expect(setup.sessionIds).toEqual([]);
  });
});

describe("a request that is none", () => {
  it("is told what it lacks", async () => {
    await setup.start();
    expect(await post("", { path: "/v2/traces" })).toMatchObject({ status: 404 });
    expect(await post("", { path: "/s/%E0%A4%A/v1/traces" })).toMatchObject({ status: 404 });
    expect(await post("", { path: `/s/${"x".repeat(2000)}/v1/traces` })).toMatchObject({ status: 404 });
    const got = await post("", { method: "GET" });
    expect({ status: got.status, allow: got.headers["allow"] }).toEqual({ status: 405, allow: "POST" });
    expect(await post(request(1), { headers: { "Content-Type": "text/plain" } })).toMatchObject({ status: 415 });
    expect(await post(request(1), { headers: { "Content-Encoding": "zstd" } })).toMatchObject({ status: 415 });
    expect(await post("{", {})).toMatchObject({ status: 400 });
    expect(await post(gzipSync("x"), { headers: protobuf })).toMatchObject({ status: 400 });
    expect(setup.sessionIds).toEqual([]);
  });

  it("is refused where it is too large, before it comes, while it comes, and where it inflates", async () => {
    await setup.start({ limits: { bodyBytes: 100_000 } });
    const head = (length: string) =>
      `POST /v1/traces HTTP/1.1\r\nHost: 127.0.0.1:${setup.port}\r\nContent-Type: application/x-protobuf\r\n${length}\r\n\r\n`;
    const client = rawClient(setup.port);
    client.send(head("Content-Length: 100001"));
    await client.until(/^HTTP\/1\.1 413 /);
    client.socket.destroy();
    const other = rawClient(setup.port);
    other.send(head("Transfer-Encoding: chunked"));
    for (let index = 0; index < 30; index++) other.send(`2710\r\n${"x".repeat(10_000)}\r\n`);
    await other.until(/^HTTP\/1\.1 413 /);
    other.socket.destroy();
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    const answer = await post(bomb, { headers: { ...protobuf, "Content-Encoding": "gzip" } });
    expect(answer.status).toBe(413);
    expect((await post(request(1))).status).toBe(200);
  });

  it("is cut off where it comes too slowly, and others are answered meanwhile", async () => {
    await setup.start({ limits: { bodyMs: 200 } });
    const clients = Array.from({ length: 30 }, () => rawClient(setup.port));
    for (const client of clients) {
      client.send(
        `POST /v1/traces HTTP/1.1\r\nHost: 127.0.0.1:${setup.port}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{`,
      );
    }
    expect((await post(request(1))).status).toBe(200);
    await Promise.all(clients.map(({ closed }) => closed));
  });

  it("waits its turn where others fill the memory for bodies", async () => {
    await setup.start({ limits: { allBodiesBytes: 50_000 } });
    const holder = rawClient(setup.port);
    holder.send(
      `POST /v1/traces HTTP/1.1\r\nHost: 127.0.0.1:${setup.port}\r\nContent-Type: application/json\r\nContent-Length: 49000\r\n\r\n${"x".repeat(40_000)}`,
    );
    const full = { ...request(1), filler: "x".repeat(20_000) };
    let answer = await post(full);
    while (answer.status === 200) answer = await post(full);
    expect(answer).toMatchObject({ status: 429, headers: { "retry-after": "1" } });
    holder.socket.destroy();
    while (answer.status === 429) answer = await post(full);
    expect(answer.status).toBe(200);
  });
});

describe("an id of a session", () => {
  it.each([
    "../../outside",
    "..",
    "/etc/passwd",
    "C:\\Windows\\x",
    "a\u0000b",
    "CON",
    "x".repeat(5_000),
    "__proto__",
    "constructor",
    "\u202egnp.exe",
    "\ud800",
    " ",
    "%2e%2e%2f",
  ])("leads nowhere but into the directory: %j", async (id) => {
    const directory = setup.folder.join("in", "traces");
    await setup.start({ directory });
    const body = sentRequest([sentSpan({ id: hexId(1), attributes: { "session.id": id } })]);
    expect((await post(body)).status).toBe(200);
    const { tracesUrl, token } = setup.collector.endpointFor(id.replace(/\p{Surrogate}/gu, "_").slice(0, 200));
    const path = new URL(tracesUrl).pathname;
    const headers = { Authorization: `Bearer ${token}` };
    // A URL resolves what is all dots before anybody asks.
    const other = sentRequest([sentSpan({ id: hexId(2), trace: traceId.replaceAll("a", "b") })]);
    if (path.startsWith("/s/")) expect((await post(other, { path, headers })).status).toBe(200);
    await setup.collector.close();
    const files = readdirSync(directory);
    for (const name of files.filter((file) => file.endsWith(".json"))) {
      const { problems, trace } = await loadSession(join(directory, name), () => "gone");
      expect(problems).toEqual([]);
      expect(trace.spans).toHaveLength(2);
    }
    expect(files.length).toBeGreaterThan(0);
    const all = readdirSync(setup.folder.path, { recursive: true }).map(String).sort();
    expect(all).toEqual(["in", join("in", "traces"), ...files.map((file) => join("in", "traces", file))].sort());
  });

  it("of another session's endpoint is not had by its path", async () => {
    await setup.start();
    const { token } = setup.collector.endpointFor("mine");
    for (const path of ["/s/yours/v1/traces", "/s/mine/../yours/v1/traces", "/s/mine%2F..%2Fyours/v1/traces"]) {
      const answer = await post(request(1), { path, headers: { Authorization: `Bearer ${token}` } });
      expect([401, 404]).toContain(answer.status);
    }
    expect(setup.sessionIds).toEqual([]);
  });
});

describe("what a sender may put into its spans", () => {
  it("pollutes nothing: keys of prototypes stay keys", async () => {
    await setup.start();
    const attributes = JSON.parse('{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}');
    const body = protobufOf("TraceRequest", sentRequest([sentSpan({ id: hexId(1), attributes })], attributes));
    expect((await post(body, { headers: protobuf })).status).toBe(200);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    const { trace } = await setup.load(`otlp-${traceId}`);
    expect(JSON.stringify(trace.spans[1]?.attributes)).toContain('"__proto__":{"polluted":1}');
  });

  it("may be of any wrong type: it is answered, and what is sound is there", async () => {
    await setup.start();
    let next = 1;
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), fc.uint8Array({ maxLength: 100 }), async (value, bytes) => {
        const id = hexId(next++);
        const spans = [sentSpan({ id }), { ...sentSpan(), attributes: value, traceId: value }];
        expect([200, 400]).toContain((await post(sentRequest(spans))).status);
        const answer = await post(Buffer.from(bytes), { headers: protobuf });
        expect([200, 400]).toContain(answer.status);
      }),
      { numRuns: 60 },
    );
    expect((await setup.load(`otlp-${traceId}`)).trace.spans.length).toBeGreaterThan(30);
  });

  it("is to come again where it can't be recorded", async () => {
    await setup.folder.write("a-file", "");
    await setup.start({ directory: setup.folder.join("a-file", "traces") });
    const answer = await post(request(1));
    expect(answer.status).toBe(503);
    expect(Number(answer.headers["retry-after"])).toBeGreaterThan(0);
  });
});
