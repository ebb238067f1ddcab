// Every route of the batch API at the whole collector against the same list: pages, names that lead here, strangers, bodies
// that are huge, bombs, slow or nested, ids and names that are paths, and values that are keys of prototypes or of a wrong type.
import { existsSync, readdirSync } from "node:fs";
import { brotliCompressSync, constants, deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BatchHost } from "../../src/batch/batchHost";
import { type BatchCollector, startBatchCollector } from "../../src/collector/batchCollector";
import { RecordingRunner } from "../batch/recordingRunner";
import { item } from "../session/batchHttp/batchServer";
import { type OtlpAnswer, type PostOptions, post, rawClient } from "../session/otlpClient";
import { makeTempDir, type TempDir } from "../support/tempDir";

const limits = { bodyMs: 200, streamWaitMs: 400, streamBytes: 400_000, packetBytes: 100_000 };

interface Route {
  readonly method: string;
  readonly path: (id: string) => string;
  /** Of a body that is taken; none where it takes none. */
  readonly type?: string;
  readonly body?: unknown;
  readonly mostBytes?: number;
}

const zeros = Buffer.alloc(8 * 1024 * 1024, " ");
const bombs = {
  gzip: gzipSync(zeros),
  deflate: deflateSync(zeros),
  br: brotliCompressSync(zeros, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }),
  "gzip, gzip": gzipSync(gzipSync(zeros)),
};

const json = "application/json";
const routes: Readonly<Record<string, Route>> = {
  create: { method: "POST", path: () => "/api/v3/batches", type: json, body: { runCount: 1 }, mostBytes: 128 * 1024 },
  items: {
    method: "POST",
    path: (id) => `/api/v3/batches/${id}/items`,
    type: "application/x-ndjson",
    body: item(0),
    mostBytes: limits.streamBytes,
  },
  retrieve: { method: "GET", path: (id) => `/api/v2/batches/${id}` },
  details: { method: "GET", path: (id) => `/api/v1/batches/${id}` },
  results: { method: "GET", path: (id) => `/api/v1/batches/${id}/results` },
  list: { method: "GET", path: () => "/api/v1/batches" },
  pause: { method: "POST", path: (id) => `/api/v1/batches/${id}/pause`, type: json, body: {}, mostBytes: 1024 * 1024 },
  resume: {
    method: "POST",
    path: (id) => `/api/v1/batches/${id}/resume`,
    type: json,
    body: {},
    mostBytes: 1024 * 1024,
  },
  cancel: {
    method: "POST",
    path: (id) => `/api/v1/batches/${id}/cancel`,
    type: json,
    body: {},
    mostBytes: 1024 * 1024,
  },
  upload: { method: "PUT", path: () => "/api/v2/packets/trigger%2Fpacket_x%2Fpayload.json" },
  packet: {
    method: "PUT",
    path: () => `/api/v1/packet-content/${"a".repeat(64)}`,
    type: json,
    body: { json: 1 },
    mostBytes: limits.packetBytes,
  },
};
const names = Object.keys(routes);
const withBody = names.filter((name) => routes[name]?.type !== undefined);

let folder: TempDir;
let collector: BatchCollector;
let id: string;
const problems: string[] = [];

beforeEach(async () => {
  folder = await makeTempDir();
  const directory = folder.join("traces");
  const onProblem = (message: string) => void problems.push(message);
  const batches = new BatchHost({ directory, runner: new RecordingRunner({ directory }), onProblem });
  collector = await startBatchCollector({
    directory,
    port: 0,
    batches,
    batchLimits: limits,
    onProblem: ({ message }) => onProblem(message),
  });
  id = String((await send("create", { runCount: 1 })).json["id"]);
});
afterEach(async () => {
  await collector.close();
  await folder.remove();
  expect(problems.splice(0)).toEqual([]);
});

function routeOf(name: string): Route {
  const route = routes[name];
  if (route === undefined) throw new Error(`No route ${name}`);
  return route;
}

function send(name: string, body: unknown, options: PostOptions = {}): Promise<OtlpAnswer> {
  const { method, path, type } = routeOf(name);
  const headers = { Authorization: `Bearer ${collector.batchEndpoint.key}`, "Content-Type": type, ...options.headers };
  return post(collector.port, body, { method, path: path(id), ...options, headers });
}

const sound = (name: string) => routeOf(name).body ?? "";
/** Files below the folder, without those that the first batch has made. */
const files = () => readdirSync(folder.path, { recursive: true }).map(String).sort();

describe.each(names)("%s", (name) => {
  it("takes what it is for", async () => {
    expect([200, 202]).toContain((await send(name, sound(name))).status);
  });

  it("refuses pages, names that lead here and strangers, gives no leave, and changes nothing", async () => {
    const before = files();
    const { method } = routeOf(name);
    for (const [status, headers] of [
      [403, { Origin: "http://evil.example" }],
      [403, { Origin: "null" }],
      [403, { Host: `evil.example:${collector.port}` }],
      [403, { Host: "127.0.0.1:1" }],
      [403, { Host: `127.0.0.1.evil.example:${collector.port}` }],
      [401, { Authorization: undefined }],
      [401, { Authorization: "Bearer " }],
      [401, { Authorization: `Bearer ${collector.batchEndpoint.key.slice(0, -1)}` }],
      [401, { Authorization: `Bearer ${collector.endpointFor("batches").token}` }],
    ] as const) {
      for (const asked of [method, "OPTIONS"]) {
        const answer = await send(name, asked === method ? sound(name) : "", { method: asked, headers });
        expect([headers, answer.status]).toEqual([headers, status]);
        expect(Object.keys(answer.headers).filter((each) => each.startsWith("access-control"))).toEqual([]);
      }
    }
    expect(files()).toEqual(before);
  });

  it("is answered whatever stands in the place of the id, and leads nowhere else", async () => {
    const before = files();
    await folder.write("secret.batch.ndjson", "{}\n");
    const tricks = ["..", "../secret", "..%2f..%2fsecret", "%2e%2e/secret", "%00", "a%00b", "__proto__", "constructor"];
    const more = ["toString", "batches", "%", "%E0%A4%A", "x".repeat(4_000), "a\\b", "..;/secret", "*", "~", "C:"];
    for (const trick of [...tricks, ...more]) {
      const { path } = routeOf(name);
      const answer = await send(name, sound(name), { path: path(id).replace(id, trick) });
      if (path("a") === path("b")) expect([200, 202]).toContain(answer.status);
      else expect([trick, answer.status]).toEqual([trick, 404]);
    }
    expect(existsSync(folder.join("secret.owner"))).toBe(false);
    expect(files().filter((file) => !before.includes(file) && !/^traces[/\\]batches[/\\]/.test(file))).toEqual([
      "secret.batch.ndjson",
    ]);
  });
});

describe.each(withBody)("%s, which takes a body,", (name) => {
  const { method, path, type = json, mostBytes = 0 } = routeOf(name);
  const head = (rest: string) =>
    `${method} ${path(id)} HTTP/1.1\r\nHost: 127.0.0.1:${collector.port}\r\nContent-Type: ${type}\r\nAuthorization: Bearer ${collector.batchEndpoint.key}\r\n${rest}\r\n\r\n`;

  it("refuses what a form of a page can send, without asking first", async () => {
    // A payload may be of any type; nobody gets there without a path that is its leave, or the key.
    if (name === "packet") return;
    for (const other of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) {
      expect((await send(name, sound(name), { headers: { "Content-Type": other } })).status).toBe(415);
    }
  });

  it("refuses a body that is too large, and bombs in every encoding", async () => {
    const chunked = rawClient(collector.port);
    chunked.send(head("Transfer-Encoding: chunked"));
    const line = `${JSON.stringify(item(0))}\n`;
    const part = name === "items" ? line.repeat(Math.ceil(16_384 / line.length)) : "x".repeat(16_384);
    for (let sent = 0; sent <= mostBytes; sent += part.length) {
      chunked.send(`${part.length.toString(16)}\r\n${part}\r\n`);
    }
    await chunked.until(/^HTTP\/1\.1 413 /);
    chunked.socket.destroy();
    for (const [encoding, bomb] of Object.entries(bombs)) {
      expect([413, 415]).toContain((await send(name, bomb, { headers: { "Content-Encoding": encoding } })).status);
    }
    expect([200, 202]).toContain((await send(name, sound(name))).status);
  });

  it("cuts off whoever sends too slowly, and answers others meanwhile", async () => {
    const slow = Array.from({ length: 10 }, () => rawClient(collector.port));
    for (const client of slow) client.send(`${head("Content-Length: 90000")}{`);
    expect([200, 202]).toContain((await send(name, sound(name))).status);
    await Promise.all(slow.map(({ closed }) => closed));
  });

  it("cuts off whoever never says nothing for long, but never ends", async () => {
    const client = rawClient(collector.port);
    client.send(head("Transfer-Encoding: chunked"));
    const dripping = setInterval(() => client.send("1\r\n \r\n"), 50);
    await client.closed;
    clearInterval(dripping);
  });

  it("refuses what nests without end, and is there afterwards", async () => {
    if (name === "packet") return;
    for (const levels of [1_000, 20_000]) {
      const nested = `${'{"payload":'.repeat(levels)}1${"}".repeat(levels)}`.slice(0, 99_000);
      const { status } = await send(name, nested);
      // Nobody looks into fields that are not known.
      expect(status === 400 || status === 422 || (status < 300 && levels === 1_000)).toBe(true);
    }
    expect([200, 202]).toContain((await send(name, sound(name))).status);
  });

  it("answers anything of a wrong type, and pollutes nothing", async () => {
    const known = ["index", "task", "payload", "options", "runCount", "idempotencyKey", "settings", "by", "indexes"];
    const keys = fc.constantFrom("__proto__", "constructor", "prototype", "toString", ...known);
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
    for (const wrong of ["[]", "null", "1", '"x"', "{", "", "\u0000", "\n\n"]) {
      expect((await send(name, wrong)).status).toBeLessThan(500);
    }
    for (const file of files()) expect(file).toMatch(/^traces(?:$|[/\\](?:batches|ran|run_|\.gitignore))/);
  });
});

it("a packet's name leads nowhere but to its own file", async () => {
  const before = files();
  for (const trick of ["..%2f..%2fx", "%2fetc%2fpasswd", "../x", "a/../../b", "%00", "C:%5Cx", ".owner"]) {
    const { json: told } = await send("upload", "", { path: `/api/v2/packets/${trick}` });
    const path = String(told["presignedUrl"]).slice(collector.url.length);
    expect(path).toMatch(/^\/api\/v1\/packet-content\/[0-9a-f]{64}\?until=\d+&signature=[0-9a-f]{64}$/);
    const put = await post(collector.port, "x", { method: "PUT", path, headers: { Authorization: undefined } });
    expect(put.status).toBe(200);
  }
  const made = files().filter((file) => !before.includes(file));
  for (const file of made) expect(file).toMatch(/^traces[/\\]batches[/\\]packets(?:[/\\][0-9a-f]{64})?$/);
});

it("a key of the batches opens no session's endpoint", async () => {
  const { key } = collector.batchEndpoint;
  const path = new URL(collector.endpointFor("mine").tracesUrl).pathname;
  expect((await post(collector.port, {}, { path, headers: { Authorization: `Bearer ${key}` } })).status).toBe(401);
  expect(problems.splice(0)).toEqual([expect.stringContaining("The session's token is missing or wrong")]);
});

it("tells nobody the key", async () => {
  const { key } = collector.batchEndpoint;
  for (const path of ["/tracekeeper", "/", "/api", "/api/v1/batches", "/v1/traces"]) {
    const answer = await post(collector.port, "", { method: "GET", path, headers: { Authorization: undefined } });
    expect(JSON.stringify([answer.text, answer.headers])).not.toContain(key);
  }
});
