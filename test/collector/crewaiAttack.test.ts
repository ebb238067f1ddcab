// The routes of crewAI against those who mean no good, or send what nobody should.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it, test } from "vitest";
import type { CrewaiHandlerOptions } from "../../src/collector/crewaiHandler";
import { crewRoute } from "../../src/collector/crewaiRoutes";
import { sentEvents } from "../../src/importers/crewaiSent";
import { openSessionRecorder } from "../../src/recorder/openSession";
import { nodeFs } from "../../src/recorder/recorderFs";
import { faultyFs } from "../faults/faultyFs";
import { crewEvent, researchRun } from "../importers/crewaiEvents";
import { post, rawClient } from "../session/otlpClient";
import { makeTempDir, type TempDir } from "../support/tempDir";
import { batchId, type CrewClient, type CrewServer, crewClient, readBatch, startCrewServer } from "./crewaiSetup";

const batches = "/crewai_plus/api/v1/tracing/ephemeral/batches";
let folder: TempDir;
let server: CrewServer;
let client: CrewClient;

async function start(options: Partial<CrewaiHandlerOptions> = {}): Promise<void> {
  server = await startCrewServer(folder.join("traces"), options);
  client = crewClient(server.port, "ephemeral");
}

beforeEach(async () => {
  folder = await makeTempDir();
});
afterEach(async () => {
  await server.close();
  await folder.remove();
});

const readTraces = () => readBatch(folder.join("traces"));

describe("who may send", () => {
  beforeEach(() => start());

  it.each([
    ["a name that leads here", { Host: "evil.example" }, 403],
    ["a page of a browser", { Origin: "http://evil.example" }, 403],
    ["a form of a page", { "Content-Type": "text/plain" }, 415],
    ["a body in an unknown encoding", { "Content-Encoding": "zstd" }, 415],
  ])("is not %s", async (_who, headers, status) => {
    expect((await post(server.port, { trace_id: batchId }, { path: batches, headers })).status).toBe(status);
    expect(await readdir(folder.path)).toEqual([]);
  });

  it("uses the method of the route", async () => {
    const get = await post(server.port, "", { path: batches, method: "GET" });
    expect([get.status, get.headers["allow"]]).toEqual([405, "POST"]);
    const put = await post(server.port, {}, { path: `${batches}/a/finalize` });
    expect([put.status, put.headers["allow"]]).toEqual([405, "PATCH"]);
  });
});

describe("a path", () => {
  test.each([
    ["/crewai_plus/api/v1/tracing/batches", { type: "initialise", isEphemeral: false }],
    ["/crewai_plus/api/v1/tracing/batches?a=b", { type: "initialise", isEphemeral: false }],
    ["/crewai_plus/api/v1/tracing/ephemeral/batches/x-1/events", { type: "events", isEphemeral: true, id: "x-1" }],
    ["/crewai_plus/api/v1/tracing/batches/x/finalize", { type: "finalise", isEphemeral: false, id: "x" }],
    ["/crewai_plus/api/v1/tracing/batches/x", { type: "change", isEphemeral: false, id: "x" }],
    ["/crewai_plus/api/v1/tracing/grants", { type: "grant" }],
    ["/crewai_plus/api/v1/tracing/batches/..%2f..%2fetc/events", { type: "unknown" }],
    ["/crewai_plus/api/v1/tracing/batches/../events", { type: "unknown" }],
    ["/crewai_plus/api/v1/tracing/batches//events", { type: "unknown" }],
    ["/crewai_plus/api/v1/tracing/batches/__proto__/events", { type: "unknown" }],
    [`/crewai_plus/api/v1/tracing/batches/${"a".repeat(65)}/events`, { type: "unknown" }],
    ["/crewai_plus/api/v1/tracing/batches/x/events/more", { type: "unknown" }],
    ["/crewai_plus/api/v1/tracing/batcheses", { type: "unknown" }],
    ["/crewai_plus/api/v1/agents", undefined],
    ["/v1/traces", undefined],
    ["", undefined],
  ])("%s", async (url, route) => {
    await start();
    expect(crewRoute(url)).toEqual(route);
  });
});

describe("an id", () => {
  beforeEach(() => start());

  it.each(["../../up", "/etc/passwd", "a\0b", "", "ü", "a".repeat(100), ".hidden", 5, null, { a: 1 }, ["a"]])(
    "that can't be one is replaced by one of ours: %j",
    async (id) => {
      const { status, json } = await client.initialise(id);
      expect(status).toBe(201);
      const given = json["ephemeral_trace_id"];
      expect(given).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
      await client.events(String(given), researchRun());
      await client.finalise(String(given), 15);
      expect(await readdir(folder.join("traces"))).toEqual([`crewai-${given}.json`]);
      expect(await readdir(folder.path)).toEqual(["traces"]);
    },
  );

  it("of a session that is none of crewAI's is refused, and that session stays as it is", async () => {
    await client.initialise("other");
    await client.finalise("other");
    const path = join(folder.join("traces"), `crewai-${batchId}.json`);
    const foreign = JSON.stringify({
      version: 2,
      traceId: "t",
      sessionId: `crewai-${batchId}`,
      startedAt: "2026-11-20T09:00:00Z",
      metadata: {},
      spans: [],
      summary: {},
    });
    await writeFile(path, foreign);
    expect((await client.initialise(batchId)).status).toBe(409);
    expect((await client.events(batchId, researchRun())).status).toBe(409);
    expect(await readFile(path, "utf8")).toBe(foreign);
  });

  it("whose session lost its beginning to a kill begins again", async () => {
    const directory = folder.join("traces");
    const header = openSessionRecorder({
      directory,
      sessionId: `crewai-${batchId}`,
      traceId: "t",
      metadata: {},
      mode: "start",
      fsync: "never",
      fs: nodeFs,
      machine: undefined,
      onProblem: () => {},
    });
    expect(header?.incarnation).toBe(1);
    expect((await client.initialise(batchId)).status).toBe(201);
    await client.events(batchId, researchRun());
    expect((await client.finalise(batchId, 15)).status).toBe(200);
    expect((await readTraces()).trace.spans).toHaveLength(8);
  });

  it("that nobody knows has no end", async () => {
    expect((await client.finalise(batchId)).status).toBe(404);
    expect((await client.fail(batchId, "x")).status).toBe(404);
  });
});

describe("a body", () => {
  beforeEach(() => start({ limits: { bodyBytes: 1_000_000 } }));

  const deep = (levels: number) => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;

  it.each([
    ["no JSON", "{", 400],
    ["a list", "[]", 400],
    ["a text", '"x"', 400],
    ["null", "null", 400],
    ["nested too deep", deep(100), 400],
    ["nested so deep that it would end a stack", deep(150_000), 400],
    ["larger than is taken", `{"a":"${"x".repeat(1_000_000)}"}`, 413],
  ])("that is %s is refused", async (_what, text, status) => {
    for (const path of [batches, `${batches}/${batchId}/events`]) {
      expect((await post(server.port, text, { path })).status).toBe(status);
    }
    expect(await readdir(folder.path)).toEqual([]);
  });

  it("that is a bomb is refused", async () => {
    const bomb = gzipSync(`{"a":"${"x".repeat(5_000_000)}"}`);
    const answer = await post(server.port, bomb, { path: batches, headers: { "Content-Encoding": "gzip" } });
    expect(answer.status).toBe(413);
  });

  it.each([undefined, null, 5, "x", {}, [5], [null], [[]], ["x"]])(
    "with events that are %j is refused",
    async (events) => {
      await client.initialise(batchId);
      const answer = await post(server.port, { events }, { path: `${batches}/${batchId}/events` });
      expect(answer.status).toBe(400);
      expect(answer.message).toMatch(/^events(\[0\])? must be an? (list|object)$/);
      expect((await readTraces()).trace.spans).toHaveLength(1);
    },
  );

  it("with an unknown status is refused", async () => {
    await client.initialise(batchId);
    const answer = await post(server.port, { status: "done" }, { path: `${batches}/${batchId}`, method: "PATCH" });
    expect(answer.status).toBe(422);
  });

  it("with wrong types everywhere is taken as far as it goes", async () => {
    const odd = { execution_context: [], execution_metadata: "x", execution_type: {}, user_identifier: 7 };
    expect((await client.initialise(batchId, odd)).status).toBe(201);
    const events = [
      {},
      { event_id: 5, type: null, timestamp: {}, event_data: [], emission_sequence: "first", parent_event_id: {} },
      { event_id: "", type: "", event_data: "text" },
      {
        event_id: "a",
        type: "llm_call_completed",
        event_data: { usage: [], model: {}, messages: null, finish_reason: 1 },
      },
      { event_id: "b", type: "tool_usage_error", event_data: { error: { nested: [1] }, tool_name: 5 } },
      { event_id: "c", type: "__proto__", event_data: { started_event_id: {} } },
      { event_id: "d", type: "toString_started" },
    ];
    expect((await client.events(batchId, events)).json["events_added"]).toBe(7);
    expect((await client.events(batchId, events)).json["events_added"]).toBe(0);
    expect((await client.finalise(batchId, 7)).status).toBe(200);
    const { trace, problems } = await readTraces();
    expect(problems).toEqual([]);
    expect(trace.spans.flatMap(sentEvents)).toHaveLength(7);
  });

  it("with names of prototypes is recorded with them, and changes no object", async () => {
    await client.initialise(batchId);
    const body = `{"events":[{"event_id":"p","type":"task_started","__proto__":{"polluted":1},"event_data":{"__proto__":{"polluted":2},"constructor":{"prototype":{"polluted":3}},"hasOwnProperty":"x"}}]}`;
    expect((await post(server.port, body, { path: `${batches}/${batchId}/events` })).status).toBe(200);
    await client.finalise(batchId, 1);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    const told = (await readTraces()).trace.spans.flatMap(sentEvents);
    expect(JSON.stringify(told)).toContain('"__proto__":{"polluted":2}');
    expect(JSON.stringify(told)).toContain('"__proto__":{"polluted":1}');
    expect((await client.events(batchId, JSON.parse(body).events as unknown[])).json["events_added"]).toBe(0);
  });
});

test("ends without matching starts by the ten thousand take no time to speak of", async () => {
  await start();
  await client.initialise(batchId);
  const count = 20_000;
  const events = Array.from({ length: count }, (_, index) =>
    crewEvent(`e${index}`, index < count / 2 ? "tool_usage_started" : "tool_usage_finished", index, null, {
      tool_name: index < count / 2 ? "a" : "b",
    }),
  );
  expect((await client.events(batchId, events)).json["events_added"]).toBe(count);
  expect((await client.finalise(batchId, count)).status).toBe(200);
  expect((await readTraces()).trace.spans).toHaveLength(count + 1);
}, 60_000);

test("a long chain of parents ends no stack", async () => {
  await start();
  await client.initialise(batchId);
  const events = Array.from({ length: 20_000 }, (_, index) =>
    crewEvent(`e${index}`, "task_started", index, index === 0 ? "e19999" : `e${index - 1}`),
  );
  expect((await client.events(batchId, events)).status).toBe(200);
}, 60_000);

it.each([false, true])(
  "a batch takes events up to its limit, and what it has still counts (collector started again: %j)",
  async (restarts) => {
    await start({ limits: { batchBytes: 100_000 } });
    await client.initialise(batchId);
    const large = (id: string) => [crewEvent(id, "task_started", 1, null, { text: "x".repeat(40_000) })];
    expect((await client.events(batchId, large("a"))).status).toBe(200);
    expect((await client.events(batchId, large("b"))).status).toBe(200);
    if (restarts) {
      await server.close();
      await start({ limits: { batchBytes: 100_000 } });
    }
    const refused = await client.events(batchId, large("c"));
    expect([refused.status, refused.message]).toEqual([413, "A batch of more than 100,000 bytes is not taken"]);
    expect(server.problems).toContain(`crewAI was refused: ${refused.message}`);
    expect((await client.events(batchId, large("b"))).json["events_added"]).toBe(0);
    expect((await client.events(batchId, [crewEvent("d", "task_started", 2, null)])).status).toBe(200);
    expect((await client.finalise(batchId, 3)).status).toBe(200);
    expect((await readTraces()).trace.spans.flatMap(sentEvents)).toHaveLength(3);
  },
);

describe("a body for which there is no room at present", () => {
  const events = (id: string) => [crewEvent(id, "task_started", 1, null, { text: "x".repeat(90_000) })];

  /** A body that arrives to its half. @returns sends the rest */
  async function half(): Promise<{ finish(): Promise<string> }> {
    const body = JSON.stringify({ events: events("slow") });
    const raw = rawClient(server.port);
    const path = `${batches}/${batchId}/events`;
    const head = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nContent-Type: application/json\r\n`;
    raw.send(`${head}Content-Length: ${body.length}\r\n\r\n${body.slice(0, 50_000)}`);
    return {
      finish() {
        raw.send(body.slice(50_000));
        return raw.until(/events_added":\d/);
      },
    };
  }

  it("waits for others, because crewAI sends nothing again, and what begins and ends batches does not", async () => {
    await start({ limits: { bodyBytes: 150_000, allBodiesBytes: 150_000 } });
    const arriving = await half();
    let isAnswered = false;
    const waiting = client.events("other", events("patient")).finally(() => {
      isAnswered = true;
    });
    expect((await client.initialise(batchId)).status).toBe(201);
    expect((await client.initialise("third")).status).toBe(201);
    expect((await client.finalise("third", 0)).status).toBe(200);
    expect(isAnswered).toBe(false);
    expect(await arriving.finish()).toContain('"events_added":1');
    expect((await waiting).json["events_added"]).toBe(1);
  });

  it("is refused once it has waited too long, and the room that it waited for is there for the next", async () => {
    await start({ limits: { bodyBytes: 150_000, allBodiesBytes: 150_000, waitMs: 20 } });
    const arriving = await half();
    expect((await client.initialise(batchId)).status).toBe(201);
    const refused = await client.events("other", events("late"));
    expect([refused.status, refused.headers["retry-after"]]).toEqual([503, "1"]);
    await arriving.finish();
    expect((await client.events("other", events("late"))).json["events_added"]).toBe(1);
  });
});

describe("one more batch than may be open", () => {
  const traces = (id: string) => readBatch(folder.join("traces"), id);
  const openIds = () => server.handler.sessions().map(({ sessionId }) => sessionId);

  it("is taken, the one that has been silent longest ends, and goes on once its events come", async () => {
    await start({ limits: { mostOpen: 2 } });
    for (const id of ["a", "b"]) expect((await client.initialise(id)).status).toBe(201);
    expect((await client.events("a", researchRun().slice(0, 3))).status).toBe(200);
    expect((await client.initialise("c")).status).toBe(201);
    expect(openIds()).toEqual(["crewai-a", "crewai-c"]);
    expect((await traces("b")).state).toMatchObject({
      status: "failed",
      error: "2 batches were under way, and this one had been silent longest",
    });
    expect((await client.events("b", researchRun())).json["events_added"]).toBe(15);
    expect(openIds().toSorted()).toEqual(["crewai-b", "crewai-c"]);
    for (const [id, count] of [
      ["b", 15],
      ["a", 3],
      ["c", 0],
    ] as const) {
      expect((await client.finalise(id, count)).status).toBe(200);
      const { trace, root } = await traces(id);
      expect(trace.spans.flatMap(sentEvents)).toHaveLength(count);
      expect(root?.attributes?.["crewai.batch"]).toMatchObject({ outcome: { type: "completed" } });
    }
  });

  it("is taken also where many come at once, each with all of its events", async () => {
    await start({ limits: { mostOpen: 2 } });
    const ids = Array.from({ length: 12 }, (_, index) => `id-${index}`);
    const all = await Promise.all(
      ids.map(async (id) => [
        (await client.initialise(id)).status,
        (await client.events(id, researchRun())).json["events_added"],
        (await client.finalise(id, 15)).status,
      ]),
    );
    expect(all).toEqual(ids.map(() => [201, 15, 200]));
    for (const id of ids) {
      const { trace, root } = await traces(id);
      expect(trace.spans.flatMap(sentEvents)).toHaveLength(15);
      expect(root?.attributes?.["crewai.batch"]).toMatchObject({ outcome: { type: "completed" } });
    }
    expect(openIds()).toEqual([]);
  });
});

test("nothing is acknowledged that the disk does not take", async () => {
  const fs = faultyFs(nodeFs);
  await start({ fs, limits: { syncMs: 200 } });
  await client.initialise(batchId);
  const full = fs.arm({ on: { name: "write" }, error: "ENOSPC", persist: true });
  expect((await client.events(batchId, researchRun())).status).toBe(503);
  full.disarm();
  await expect.poll(async () => (await client.events(batchId, researchRun())).status, { timeout: 20_000 }).toBe(200);
  expect((await client.finalise(batchId, 15)).status).toBe(200);
  const { trace, tree } = await readTraces();
  expect(trace.spans.flatMap(sentEvents)).toHaveLength(15);
  expect(tree).toContain("gpt-4o-mini generation");
}, 60_000);
