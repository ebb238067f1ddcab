import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { HttpExporter, type HttpExporterOptions } from "../../src/recorder/httpExporter";
import { jsonPieces } from "../../src/recorder/jsonPieces";
import type { TraceFile, TraceSource } from "../../src/recorder/traceTypes";
import { type Exchange, listen, listenRaw } from "./testServer";

const trace: TraceFile = {
  version: 2,
  traceId: "t",
  sessionId: "s",
  startedAt: "2026-01-02T03:04:05.000Z",
  metadata: { title: "Grüße 🐛 \ud800" },
  spans: Array.from({ length: 2000 }, (_, index) => ({
    spanId: `s${index}`,
    parentSpanId: index === 0 ? null : "s0",
    name: "bash",
    kind: "tool",
    startTime: index,
    status: "ok",
    input: { text: "ü".repeat(index % 200), left: undefined },
  })),
  summary: {
    totalTokens: 0,
    totalCost: 0,
    totalToolCalls: 0,
    totalGenerations: 0,
    duration: 0,
    status: "completed",
    tokens: { input: 0, output: 0, reasoning: 0, cacheRead: 0, cacheWrite: 0 },
  },
};
const json = JSON.stringify(trace);
const never = new Promise<never>(() => {});
const ignored = new AbortController().signal;

/** Timers that keep this process alive. */
const activeTimers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;

interface TestSource extends TraceSource {
  opens: number;
  /** How many of the iterations have come to their end, or were ended by their reader. */
  closes: number;
  pulledBytes: number;
}

/** A source over what `pieces` makes for each `open()`. */
function sourceOf(pieces: () => Iterable<Uint8Array> | AsyncIterable<Uint8Array>): TestSource {
  const source: TestSource = {
    sessionId: "s",
    sizeBytes: 0,
    opens: 0,
    closes: 0,
    pulledBytes: 0,
    async *open() {
      source.opens++;
      try {
        for await (const piece of pieces()) {
          source.pulledBytes += piece.length;
          yield piece;
        }
      } finally {
        source.closes++;
      }
    },
  };
  return source;
}

/** The trace, with a piece now and then that holds nothing. */
const traceSource = () =>
  sourceOf(function* () {
    for (const piece of jsonPieces(trace)) yield* [Buffer.alloc(0), piece];
  });
/** Always has more. */
const endlessSource = () =>
  sourceOf(function* () {
    for (;;) yield Buffer.alloc(65_536, " ");
  });

/** Answers when the whole body is there. */
const answering =
  (status: number, text?: string, headers?: Readonly<Record<string, string>>) =>
  async ({ body, answer }: Exchange) => {
    await body();
    answer(status, text, headers);
  };

describe.each<[string, HttpExporterOptions]>([
  ["Node's own client", {}],
  ["a given fetch", { fetch: globalThis.fetch }],
])("HttpExporter over %s", (_, client) => {
  const exporterTo = (url: string, options: HttpExporterOptions = {}) =>
    new HttpExporter("lab", url, undefined, { ...client, ...options });

  it("posts the trace as JSON with the given headers", async () => {
    await using server = await listen(answering(200, '{"url":"https://lab.test/1"}'));
    const headers = { Authorization: "Bearer 1", "X-Team": "a" };
    const exporter = new HttpExporter("lab", server.url, headers, client);
    headers.Authorization = "changed later";
    expect(await exporter.export(trace)).toBe("https://lab.test/1");
    expect(await exporter.exportFrom(traceSource(), ignored)).toBe("https://lab.test/1");
    expect(getEventListeners(ignored, "abort")).toEqual([]);
    expect(server.received).toHaveLength(2);
    for (const { method, path, headers, chunks, isComplete } of server.received) {
      expect([method, path, isComplete]).toEqual(["POST", "/traces", true]);
      expect(headers).toMatchObject({
        "content-type": "application/json",
        authorization: "Bearer 1",
        "x-team": "a",
        "transfer-encoding": "chunked",
      });
      expect(Buffer.concat(chunks).toString("utf8")).toBe(json);
    }
  });

  it("lets the caller choose the content type, in any case, and not the framing", async () => {
    await using server = await listen(answering(204));
    const headers = { "Content-Type": "application/x-trace", "Content-Length": "3", "transfer-encoding": "identity" };
    expect(await new HttpExporter("lab", server.url, headers, client).export(trace)).toBe("lab: exported");
    expect(server.received[0]?.headers).toMatchObject({
      "content-type": "application/x-trace",
      "transfer-encoding": "chunked",
    });
    expect(server.received[0]?.headers).not.toHaveProperty("content-length");
    expect(Buffer.concat(server.received[0]!.chunks).toString("utf8")).toBe(json);
  });

  const longestUrl = `u:${"x".repeat(65_536 - '{"url":"u:"}'.length)}`;
  it.each<[string, number, string, string | undefined]>([
    ["a url", 201, '{"url":"u:1","other":1}', "u:1"],
    ["no url", 200, '{"ok":true}', "lab: exported"],
    ["a url that is no text", 200, '{"url":5}', "lab: exported"],
    ["no object", 200, "null", "lab: exported"],
    ["broken JSON", 200, '{"url":', "lab: exported"],
    ["nothing", 204, "", "lab: exported"],
    ["64 KiB", 200, JSON.stringify({ url: longestUrl }), longestUrl],
    ["more than 64 KiB", 200, JSON.stringify({ url: `${longestUrl}x` }), "lab: exported"],
    ["a success that is none", 304, "", undefined],
    ...[400, 401, 403, 404, 407, 409, 413, 421, 500, 501, 505].map((status): [string, number, string, undefined] => [
      `status ${status}`,
      status,
      '{"url":"u:1"}',
      undefined,
    ]),
  ])("takes an answer with %s (%d) for what it says, and asks once", async (_, status, text, result) => {
    await using server = await listen(answering(status, text));
    expect(await exporterTo(server.url).exportFrom(traceSource(), ignored)).toBe(result);
    expect(server.received).toHaveLength(1);
  });

  it.each([408, 425, 429, 502, 503, 504])("sends the whole trace again after %d", async (status) => {
    await using server = await listen(async ({ attempt, body, answer }) => {
      await body();
      if (attempt < 3) answer(status, "{}", { "retry-after": "0" });
      else answer(200, '{"url":"u:3"}');
    });
    const source = traceSource();
    const exporter = exporterTo(server.url, { limitMs: 60_000 });
    expect(await exporter.exportFrom(source, ignored)).toBe("u:3");
    expect(server.received.map(({ chunks }) => Buffer.concat(chunks).toString("utf8"))).toEqual([json, json, json]);
    expect([source.opens, source.closes]).toEqual([3, 3]);
    expect(await exporter.export(trace)).toBe("u:3");
  });

  it("tries again by itself where the server names no time", async () => {
    await using server = await listen(async ({ attempt, body, answer }) => {
      await body();
      answer(attempt === 1 ? 503 : 200, "{}", { "retry-after": "soon" });
    });
    expect(await exporterTo(server.url, { limitMs: 60_000 }).export(trace)).toBe("lab: exported");
    expect(server.received).toHaveLength(2);
  });

  const date = "Wed, 21 Oct 2015 07:28:00 GMT";
  it.each([
    ["3600", 1],
    ["Wed, 21 Oct 2015 08:28:00 GMT", 1],
    [date, 2],
    ["Wed, 21 Oct 2015 07:27:00 GMT", 2],
  ])("obeys Retry-After: %s, and asks no sooner where that is too late", async (retryAfter, requests) => {
    await using server = await listen(async ({ attempt, body, answer }) => {
      await body();
      answer(attempt === 1 ? 429 : 200, "", { date, "retry-after": retryAfter });
    });
    const result = requests === 2 ? "lab: exported" : undefined;
    expect(await exporterTo(server.url, { limitMs: 60_000 }).export(trace)).toBe(result);
    expect(server.received).toHaveLength(requests);
  });

  it("gives up on a server that never has time", async () => {
    await using server = await listen(answering(503, "", { "retry-after": "0" }));
    expect(await exporterTo(server.url, { limitMs: 60_000 }).export(trace)).toBeUndefined();
    expect(server.received).toHaveLength(5);
  });

  it("tries again when the connection breaks while the trace is sent", async () => {
    await using server = await listen(async ({ attempt, request, body, answer }) => {
      if (attempt === 1) request.once("data", () => request.socket.resetAndDestroy());
      else {
        await body();
        answer(200, '{"url":"u:2"}');
      }
    });
    const source = traceSource();
    expect(await exporterTo(server.url, { limitMs: 60_000 }).exportFrom(source, ignored)).toBe("u:2");
    expect(server.received[0]?.isComplete).toBe(false);
    expect(Buffer.concat(server.received[1]!.chunks).toString("utf8")).toBe(json);
    expect([source.opens, source.closes]).toEqual([2, 2]);
  });

  it("tries again when the server closes instead of answering, a few times", async () => {
    await using server = await listen(async ({ body, request }) => {
      await body();
      request.socket.destroy();
    });
    expect(await exporterTo(server.url, { limitMs: 60_000 }).export(trace)).toBeUndefined();
    expect(server.received).toHaveLength(5);
  });

  it("exports nothing where nobody listens", async () => {
    const gone = await listen(() => {});
    await gone[Symbol.asyncDispose]();
    expect(await exporterTo(gone.url, { limitMs: 60_000 }).export(trace)).toBeUndefined();
  });

  it("does not take a success that breaks off for one, and does not send the trace twice", async () => {
    await using server = await listen(async ({ body, response }) => {
      await body();
      response.writeHead(200, { "content-length": "20" });
      response.write('{"url":"u:1"}', () => response.socket?.resetAndDestroy());
    });
    expect(await exporterTo(server.url, { limitMs: 60_000 }).export(trace)).toBeUndefined();
    expect(server.received).toHaveLength(1);
  });

  it("takes an answer that comes before the trace is sent, and stops sending", async () => {
    await using server = await listen(({ answer }) => answer(200, '{"url":"u:1"}'));
    const source = sourceOf(async function* () {
      yield Buffer.from("{");
      await never;
    });
    // The source never ends, so nothing but the limit ends the wait for its last read.
    expect(await exporterTo(server.url, { limitMs: 300 }).exportFrom(source, ignored)).toBe("u:1");
    await server.allClosed();
  });

  it.each<[string, (exchange: Exchange) => void]>([
    ["never reads or answers", () => {}],
    ["reads and never answers", ({ body }) => void body()],
    [
      "stops in the middle of its answer",
      ({ body, response }) => {
        void body();
        response.write('{"url":');
      },
    ],
    [
      "answers without end, a little at a time",
      ({ body, response }) => {
        void body();
        const drip = () => response.write(" ", (error) => !error && setImmediate(drip));
        drip();
      },
    ],
  ])("leaves a server that %s at the limit and closes the connection", async (_, handle) => {
    await using server = await listen(handle);
    const source = traceSource();
    expect(await exporterTo(server.url, { limitMs: 250 }).exportFrom(source, ignored)).toBeUndefined();
    await server.allClosed();
    expect(server.received).toHaveLength(1);
    expect(source.closes).toBe(source.opens);
  });

  it("keeps the limit with a source and a server that never stop", async () => {
    await using server = await listen(({ request }) => void request.resume());
    const source = endlessSource();
    expect(await exporterTo(server.url, { limitMs: 250 }).exportFrom(source, ignored)).toBeUndefined();
    await server.allClosed();
    expect(server.received[0]?.isComplete).toBe(false);
    expect(source.closes).toBe(1);
  });

  it("reads no further ahead than what the connection takes", async () => {
    // This server reads nothing, so what was pulled is what systems and streams hold on the way.
    await using server = await listenRaw((socket) => socket.pause());
    const source = endlessSource();
    expect(await exporterTo(server.url, { limitMs: 500 }).exportFrom(source, ignored)).toBeUndefined();
    expect(source.pulledBytes).toBeLessThan(64 * 1_048_576);
    expect(source.closes).toBe(1);
  });

  it.each([
    ["no HTTP", "220 mail.test ready\r\n\r\n"],
    ["another protocol", "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"],
    ["a head without end", `HTTP/1.1 200 OK\r\n${"x-a: aaaaaaaa\r\n".repeat(10_000)}`],
  ])("exports nothing to a server that speaks %s, and does not wait", async (_, answer) => {
    await using server = await listenRaw((socket) => socket.once("data", () => socket.write(answer)));
    expect(await exporterTo(server.url, { limitMs: 1_000_000 }).export(trace)).toBeUndefined();
  });

  it("holds no more of a large trace than a small part", async () => {
    const mebibytes = 256;
    let mostBytes = 0;
    await using server = await listen(async ({ request, answer }) => {
      let lengthBytes = 0;
      for await (const chunk of request) lengthBytes += (chunk as Buffer).length;
      answer(200, JSON.stringify({ url: `u:${lengthBytes}` }));
    });
    const beforeBytes = process.memoryUsage().arrayBuffers;
    const source = sourceOf(function* () {
      for (let index = 0; index < mebibytes; index++) {
        mostBytes = Math.max(mostBytes, process.memoryUsage().arrayBuffers - beforeBytes);
        yield Buffer.alloc(1_048_576, " ");
      }
    });
    const exporter = exporterTo(server.url, { limitMs: 60_000 });
    expect(await exporter.exportFrom(source, ignored)).toBe(`u:${mebibytes * 1_048_576}`);
    expect(mostBytes).toBeLessThan((mebibytes / 2) * 1_048_576);
  });

  it("stops when the signal aborts, and asks nobody when it has", async () => {
    const stop = new AbortController();
    await using server = await listen(({ request }) => {
      request.resume();
      stop.abort();
    });
    const source = endlessSource();
    const exporter = exporterTo(server.url, { limitMs: 60_000 });
    expect(await exporter.exportFrom(source, stop.signal)).toBeUndefined();
    await server.allClosed();
    expect(source.closes).toBe(1);
    expect(await exporter.exportFrom(source, stop.signal)).toBeUndefined();
    expect([source.opens, server.received.length]).toEqual([1, 1]);
  });

  it("does not wait out a pause between attempts when the signal aborts", async () => {
    const stop = new AbortController();
    await using server = await listen(async ({ body, request, response }) => {
      await body();
      // What closes the connection is that nothing more is wanted of this answer, so the pause has begun.
      request.socket.once("close", () => stop.abort());
      response.writeHead(503, { "retry-after": "50" });
      response.write("busy");
    });
    const timers = activeTimers();
    expect(await exporterTo(server.url, { limitMs: 100_000 }).exportFrom(traceSource(), stop.signal)).toBeUndefined();
    expect(server.received).toHaveLength(1);
    // One that is left would keep the program from ending.
    expect(activeTimers()).toBeLessThanOrEqual(timers);
  });

  it.each<[string, () => Iterable<Uint8Array> | AsyncIterable<Uint8Array>]>([
    [
      "can't be opened",
      () => {
        throw new Error("no");
      },
    ],
    [
      "breaks off, even if it looks like a broken connection",
      function* () {
        yield Buffer.from("{");
        throw Object.assign(new Error("no"), { code: "ECONNRESET" });
      },
    ],
    [
      "gives what is no bytes",
      function* () {
        yield Buffer.from("{");
        yield { length: 4 } as unknown as Uint8Array;
      },
    ],
  ])("exports nothing from a source that %s, and does not try again", async (_, pieces) => {
    await using server = await listen(async ({ body, answer }) => {
      await body();
      answer(200);
    });
    const source = sourceOf(pieces);
    expect(await exporterTo(server.url, { limitMs: 60_000 }).exportFrom(source, ignored)).toBeUndefined();
    expect([source.opens, source.closes]).toEqual([1, 1]);
    expect(server.received.filter(({ isComplete }) => isComplete)).toEqual([]);
  });

  it("leaves a source that hangs at the limit", async () => {
    await using server = await listen(({ body }) => void body());
    const source = sourceOf(async function* () {
      yield Buffer.from("{");
      await never;
    });
    expect(await exporterTo(server.url, { limitMs: 250 }).exportFrom(source, ignored)).toBeUndefined();
    await server.allClosed();
    expect(server.received.filter(({ isComplete }) => isComplete)).toEqual([]);
  });

  const circle: Record<string, unknown> = {};
  circle["itself"] = circle;
  it.each<[string, unknown]>([
    ["a circle", circle],
    ["a bigint", 1n],
    [
      "a throwing getter",
      {
        get x() {
          throw new Error("no");
        },
      },
    ],
  ])("exports nothing of a trace with %s in its last span", async (_, value) => {
    await using server = await listen(answering(200));
    const bad = { ...trace, spans: [...trace.spans, { ...trace.spans[0], input: value }] } as TraceFile;
    expect(await exporterTo(server.url, { limitMs: 60_000 }).export(bad)).toBeUndefined();
    expect(server.received.filter(({ isComplete }) => isComplete)).toEqual([]);
  });

  it.each([
    ["not-a-url"],
    [""],
    ["http://"],
    ["http://[::1"],
    ["ftp://127.0.0.1/"],
    ["file:///dev/null"],
    [undefined as unknown as string],
  ])("exports nothing to %j", async (endpoint) => {
    expect(await exporterTo(endpoint).export(trace)).toBeUndefined();
  });

  it("exports nothing with a header that can't be sent", async () => {
    await using server = await listen(answering(200));
    const exporter = new HttpExporter("lab", server.url, { "x-a": "a\nb" }, client);
    expect(await exporter.export(trace)).toBeUndefined();
    expect(server.received).toEqual([]);
  });

  it.each([301, 302, 303, 307, 308])(
    "follows no redirect (%d), so no other server sees the headers",
    async (status) => {
      await using other = await listen(answering(200, '{"url":"u:other"}'));
      await using server = await listen(answering(status, "", { location: other.url }));
      const exporter = new HttpExporter("lab", server.url, { authorization: "Bearer 1" }, client);
      expect(await exporter.export(trace)).toBeUndefined();
      expect([server.received.length, other.connections]).toEqual([1, 0]);
    },
  );
});

describe("HttpExporter with a fetch of the caller's", () => {
  it("asks nobody else", async () => {
    await using server = await listen(answering(200));
    const urls: string[] = [];
    const fetch: typeof globalThis.fetch = async (input) => {
      urls.push(String(input));
      return Response.json({ url: "u:fetched" });
    };
    expect(await new HttpExporter("lab", server.url, {}, { fetch }).export(trace)).toBe("u:fetched");
    expect([urls, server.connections]).toEqual([[server.url], 0]);
  });

  it("lets the program go on, even where neither the trace nor the fetch ever waits", async () => {
    const read: string[] = [];
    const fetch: typeof globalThis.fetch = async (_, init) => {
      const reader = (init!.body as ReadableStream<Uint8Array>).getReader();
      while (!(await reader.read()).done);
      read.push("the trace is sent");
      return new Response();
    };
    const piece = Buffer.alloc(1_048_576);
    const source = sourceOf(() => Array.from({ length: 20 }, () => piece));
    const exported = new HttpExporter("lab", "http://127.0.0.1/", {}, { fetch }).exportFrom(source, ignored);
    setImmediate(() => read.push("a turn of the program's"));
    expect(await exported).toBe("lab: exported");
    expect(read).toEqual(["a turn of the program's", "the trace is sent"]);
  });

  it.each<[string, typeof globalThis.fetch]>([
    ["never settles, not even when it is aborted", () => never],
    [
      "throws",
      () => {
        throw new Error("no");
      },
    ],
    ["gives no response", async () => undefined as unknown as Response],
    ["gives an answer that never ends", async () => new Response(new ReadableStream())],
  ])("exports nothing where it %s", async (_, fetch) => {
    const exporter = new HttpExporter("lab", "http://127.0.0.1/", {}, { fetch, limitMs: 250 });
    expect(await exporter.exportFrom(endlessSource(), ignored)).toBeUndefined();
  });
});
