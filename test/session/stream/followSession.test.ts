// Whatever becomes of the live stream: it is taken, replaced by the copy on the disk, or partial, and never a mixture.
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Followed, followEvents, followTrace } from "../../../src/session/stream/followSession";
import type { StreamEvent } from "../../../src/session/stream/streamEvent";
import { writeStreamFile } from "../../../src/session/stream/streamFile";
import { makeTempDir, type TempDir } from "../../support/tempDir";

let folder: TempDir;
let server: Server | undefined;
let key: string;

const span = {
  spanId: "r",
  parentSpanId: null,
  name: "On the disk",
  kind: "session",
  startTime: 1,
  endTime: 2,
  status: "ok",
};
const persisted = {
  version: 2,
  traceId: "t",
  sessionId: "s",
  startedAt: "2026-01-01T00:00:00.000Z",
  endedAt: "2026-01-01T00:00:01.000Z",
  metadata: { title: "On the disk" },
  spans: [span],
  summary: { totalTokens: 0, totalCost: 0, totalToolCalls: 0, totalGenerations: 0, duration: 1, status: "completed" },
};

beforeEach(async () => {
  folder = await makeTempDir();
  key = await folder.write("s.json", JSON.stringify(persisted));
});
afterEach(async () => {
  server?.closeAllConnections();
  server?.close();
  await folder.remove();
});

async function serve(listener: RequestListener): Promise<void> {
  server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await writeStreamFile(key, { version: 1, url: `http://127.0.0.1:${port}`, token: "a".repeat(48), pid: process.pid });
}

const hello = { type: "hello", version: 1, sessionId: "s", traceId: "t", title: "Live" };
const note = { type: "record", record: { op: "note", name: "waiting", timeMs: 1, fields: {} } };
const text = (event: unknown) => `event: e\ndata: ${JSON.stringify(event)}\n\n`;

async function all<T>(followed: AsyncIterable<Followed<T>>): Promise<Followed<T>[]> {
  const got: Followed<T>[] = [];
  for await (const next of followed) got.push(next);
  return got;
}

function names(got: readonly Followed<StreamEvent>[]): string[] {
  return got.map((next) =>
    next.type === "inactive" ? `inactive${next.isPartial ? " partial" : ""}` : `${next.type} ${next.value.type}`,
  );
}

const fromDisk = ["inactive", "persisted hello", "persisted record", "persisted record", "persisted end"];

/** What the upstream does, and what comes of it. */
const cases: readonly [string, RequestListener | undefined, readonly string[]][] = [
  ["is not there", undefined, fromDisk],
  ["refuses", (_, response) => response.writeHead(401).end(), fromDisk],
  ["fails", (_, response) => response.writeHead(500).end("{}"), fromDisk],
  ["sends elsewhere", (_, response) => response.writeHead(302, { location: "http://127.0.0.1:9/" }).end(), fromDisk],
  ["is no stream", (_, response) => response.writeHead(200, { "content-type": "text/html" }).end(text(note)), fromDisk],
  ["breaks off before an answer", (request) => request.socket.destroy(), fromDisk],
  ["greets and breaks off", stream([hello], true), fromDisk],
  ["greets and ends", stream([hello], false), fromDisk],
  ["says what nobody knows", stream([hello, { type: "surprise" }], false), fromDisk],
  ["sends half an event", raw(`${text(hello)}event: e\ndata: {"type":"rec`), fromDisk],
  ["is silent", () => undefined, fromDisk],
  ["breaks off after an event", stream([hello, note], true), ["live hello", "live record", "inactive partial"]],
  ["ends without its last word", stream([hello, note], false), ["live hello", "live record", "inactive partial"]],
  [
    "says nonsense after an event",
    stream([hello, note, { type: "record" }], false),
    ["live hello", "live record", "inactive partial"],
  ],
  ["is silent after an event", open([hello, note]), ["live hello", "live record", "inactive partial"]],
  [
    "says all",
    stream([hello, note, { type: "end", status: "completed" }], true),
    ["live hello", "live record", "live end"],
  ],
];

function stream(events: readonly unknown[], breaks: boolean): RequestListener {
  return (_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(events.map(text).join(""), () => {
      if (breaks) response.destroy();
      else response.end();
    });
  };
}

function raw(body: string): RequestListener {
  return (_, response) => response.writeHead(200, { "content-type": "text/event-stream" }).end(body);
}

function open(events: readonly unknown[]): RequestListener {
  return (_, response) =>
    response.writeHead(200, { "content-type": "text/event-stream" }).write(events.map(text).join(""));
}

describe("a session whose upstream", () => {
  it.for(cases)("%s", async ([, listener, expected]) => {
    if (listener !== undefined) await serve(listener);
    expect(names(await all(followEvents(key, { silentAfterMs: 1_000 })))).toEqual(expected);
  });
});

/** Of the trace: by the bytes that came. */
const traceCases: readonly [string, RequestListener | undefined, readonly string[]][] = [
  ["is not there", undefined, ["inactive", "persisted On the disk"]],
  ["fails", (_, response) => response.writeHead(500).end("no"), ["inactive", "persisted On the disk"]],
  ["has no byte", body("", 10), ["inactive", "persisted On the disk"]],
  ["has some of its bytes", body("{}", 10), ["live {}", "inactive partial"]],
  ["has all of them", body("{}", 2), ["live {}"]],
];

function body(sent: string, length: number): RequestListener {
  return (_, response) => {
    response.writeHead(200, { "content-type": "application/json", "content-length": length });
    response.flushHeaders();
    if (sent === "") response.destroy();
    else response.write(sent, () => (sent.length === length ? response.end() : setImmediate(() => response.destroy())));
  };
}

describe("the trace of a session whose upstream", () => {
  it.for(traceCases)("%s", async ([, listener, expected]) => {
    if (listener !== undefined) await serve(listener);
    const got = (await all(followTrace(key))).map((next) => {
      if (next.type === "inactive") return `inactive${next.isPartial ? " partial" : ""}`;
      const document = Buffer.from(next.value).toString();
      return `${next.type} ${next.type === "live" ? document : (JSON.parse(document) as typeof persisted).metadata.title}`;
    });
    expect(got).toEqual(expected);
  });

  it("is over when who follows gives up", async () => {
    await serve(open([hello, note]));
    const abort = new AbortController();
    const followed = followEvents(key, { signal: abort.signal });
    expect((await followed.next()).value).toMatchObject({ type: "live" });
    expect((await followed.next()).value).toMatchObject({ type: "live" });
    const next = followed.next();
    abort.abort(new Error("enough"));
    await expect(next).rejects.toThrow("enough");
  });
});
