// Every route of the whole collector, crewAI's among them, against the same list: pages, names that lead here, bodies that
// are huge, bombs, slow or nested, and values that are keys of prototypes or of a wrong type.
import { readdirSync } from "node:fs";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Collector } from "../../src/collector/collector";
import { startCrewaiCollector } from "../../src/collector/crewaiCollector";
import { hexId, sentRequest, sentSpan, traceId } from "../importers/otlpPayload";
import { type OtlpAnswer, type PostOptions, post, rawClient } from "../session/otlpClient";
import { makeTempDir, type TempDir } from "../support/tempDir";
import { batchId } from "./crewaiSetup";

const limits = { bodyBytes: 100_000, bodyMs: 200 };
const tracing = "/crewai_plus/api/v1/tracing";
const batch = `${tracing}/ephemeral/batches`;

interface Route {
  readonly path: string;
  readonly method?: string;
  /** A body that is taken. */
  readonly body: Record<string, unknown>;
}

const record = { traceId, spanId: hexId(7), timeUnixNano: "1767000000000000000", body: { stringValue: "x" } };
const routes: Readonly<Record<string, Route>> = {
  traces: { path: "/v1/traces", body: sentRequest([sentSpan({ id: hexId(1) })]) },
  logs: { path: "/v1/logs", body: { resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] } },
  metrics: { path: "/v1/metrics", body: { resourceMetrics: [] } },
  "an endpoint": { path: "/s/mine/v1/traces", body: sentRequest([sentSpan({ id: hexId(2) })]) },
  "crewAI's batches": { path: batch, body: { trace_id: batchId } },
  "crewAI's events": { path: `${batch}/${batchId}/events`, body: { events: [] } },
  "crewAI's ends": { path: `${batch}/${batchId}/finalize`, method: "PATCH", body: { status: "completed" } },
  "crewAI's grants": { path: `${tracing}/grants`, body: { execution_uuid: batchId } },
};
const names = Object.keys(routes);

let folder: TempDir;
let collector: Collector;

beforeEach(async () => {
  folder = await makeTempDir();
  const directory = folder.join("traces");
  collector = await startCrewaiCollector({ directory, port: 0, limits, crewaiLimits: limits });
});
afterEach(async () => {
  await collector.close();
  await folder.remove();
});

function routeOf(name: string): Route {
  const route = routes[name];
  if (route === undefined) throw new Error(`No route ${name}`);
  return route;
}

function send(name: string, body: unknown, options: PostOptions = {}): Promise<OtlpAnswer> {
  const { path, method = "POST" } = routeOf(name);
  const { token } = collector.endpointFor("mine");
  const headers = { Authorization: `Bearer ${token}`, ...options.headers };
  return post(collector.port, body, { path, method, ...options, headers });
}

const recorded = () => readdirSync(folder.path, { recursive: true }).map(String);
/** A batch is there. */
const begin = () => send("crewAI's batches", { trace_id: batchId });

describe.each(names)("%s", (name) => {
  const { path, method = "POST", body } = routeOf(name);
  const head = (rest: string, type = "application/json") =>
    `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1:${collector.port}\r\nContent-Type: ${type}\r\nAuthorization: Bearer ${collector.endpointFor("mine").token}\r\n${rest}\r\n\r\n`;

  it("takes what it is for", async () => {
    await begin();
    expect([200, 201]).toContain((await send(name, body)).status);
  });

  it("refuses pages and names that lead here, gives no leave, and records nothing", async () => {
    for (const headers of [
      { Origin: "http://evil.example" },
      { Origin: "null" },
      { Host: `evil.example:${collector.port}` },
      { Host: "127.0.0.1:1" },
      { Host: `127.0.0.1.evil.example:${collector.port}` },
    ]) {
      for (const asked of [method, "OPTIONS"]) {
        const answer = await send(name, asked === method ? body : "", { method: asked, headers });
        expect(answer.status).toBe(403);
        expect(Object.keys(answer.headers).filter((each) => each.startsWith("access-control"))).toEqual([]);
      }
    }
    expect(recorded().filter((file) => file.endsWith("json") || file.endsWith("ndjson"))).toEqual([]);
  });

  it("refuses what a form of a page can send, without asking first", async () => {
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) {
      expect((await send(name, JSON.stringify(body), { headers: { "Content-Type": type } })).status).toBe(415);
    }
  });

  it("refuses a body that is too large, announced or not, and bombs in every encoding", async () => {
    const announced = rawClient(collector.port);
    announced.send(head("Content-Length: 100001"));
    await announced.until(/^HTTP\/1\.1 413 /);
    announced.socket.destroy();
    const chunked = rawClient(collector.port);
    chunked.send(head("Transfer-Encoding: chunked"));
    for (let index = 0; index < 30; index++) chunked.send(`2710\r\n${"x".repeat(10_000)}\r\n`);
    await chunked.until(/^HTTP\/1\.1 413 /);
    chunked.socket.destroy();
    const zeros = Buffer.alloc(8 * 1024 * 1024, " ");
    for (const [encoding, bomb] of [
      ["gzip", gzipSync(zeros)],
      ["deflate", deflateSync(zeros)],
      ["br", brotliCompressSync(zeros)],
    ] as const) {
      expect((await send(name, bomb, { headers: { "Content-Encoding": encoding } })).status).toBe(413);
    }
    const twice = gzipSync(gzipSync(JSON.stringify(body)));
    expect((await send(name, twice, { headers: { "Content-Encoding": "gzip, gzip" } })).status).toBe(415);
    await begin();
    expect([200, 201]).toContain((await send(name, body)).status);
  });

  it("cuts off whoever sends too slowly, and answers others meanwhile", async () => {
    const slow = Array.from({ length: 10 }, () => rawClient(collector.port));
    for (const client of slow) client.send(`${head("Content-Length: 90000")}{`);
    await begin();
    expect([200, 201]).toContain((await send(name, body)).status);
    await Promise.all(slow.map(({ closed }) => closed));
  });

  it("refuses what nests without end, and is there afterwards", async () => {
    for (const levels of [1_000, 20_000]) {
      const nested = `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`.slice(0, 99_000);
      const answer = await send(name, nested);
      // Nobody looks into fields that are not known.
      expect(answer.status === 400 || (answer.status < 300 && levels === 1_000)).toBe(true);
    }
    await begin();
    expect([200, 201]).toContain((await send(name, body)).status);
  });

  it("answers anything of a wrong type, and pollutes nothing", async () => {
    await begin();
    const keys = fc.constantFrom("__proto__", "constructor", "prototype", "toString", ...Object.keys(body));
    const values = fc.oneof(fc.jsonValue(), fc.constant(JSON.parse('{"__proto__":{"polluted":1}}') as unknown));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(keys, values), { maxLength: 4 }), async (fields) => {
        const inner = fields.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
        const { status } = await send(name, `{${inner.join()}}`);
        expect(status).toBeLessThan(500);
        expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
      }),
      { numRuns: 25 },
    );
    for (const wrong of ["[]", "null", "1", '"x"', "{", "", "\u0000"]) {
      const { status } = await send(name, wrong);
      expect([200, 201, 400, 404, 409, 422]).toContain(status);
    }
    for (const file of recorded()) expect(file).toMatch(/^traces(?:$|[/\\](?:otlp-|crewai-|crewairun-|mine)[\w-]*\.)/);
  });
});

it("a client that sends its head too slowly is cut off", async () => {
  const client = rawClient(collector.port);
  client.send("POST /v1/traces HTTP/1.1\r\nHost: 127");
  await client.closed;
}, 30_000);

it("records of logs may nest and be named as they like: what is sound is there", async () => {
  const odd = JSON.parse('[{"key":"__proto__","value":{"stringValue":"p"}},{"key":5},null,{"value":{}}]') as unknown;
  let nested: Record<string, unknown> = { stringValue: "deep" };
  for (let level = 0; level < 500; level++) nested = { arrayValue: { values: [nested] } };
  const sound = { ...record, attributes: [{ key: "__proto__", value: { stringValue: "mine" } }] };
  const answer = await send("logs", {
    resourceLogs: [
      { scopeLogs: [{ logRecords: [sound, { ...record, attributes: odd }, { ...record, body: nested }, 5, null] }] },
      7,
    ],
  });
  expect(answer.status).toBe(200);
  expect(answer.json["partialSuccess"]).toMatchObject({ rejectedLogRecords: expect.anything() });
  expect(({} as Record<string, unknown>)["mine"]).toBeUndefined();
});
