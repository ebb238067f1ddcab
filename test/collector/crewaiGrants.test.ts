// Newer releases of crewAI ask for a grant, and then send spans to the endpoint that they were given.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Collector } from "../../src/collector/collector";
import { startCrewaiCollector } from "../../src/collector/crewaiCollector";
import { researchRun } from "../importers/crewaiEvents";
import { hexId, sentRequest, sentSpan } from "../importers/otlpPayload";
import { post } from "../session/otlpClient";
import { makeTempDir, type TempDir } from "../support/tempDir";
import { batchId, crewClient, readBatch } from "./crewaiSetup";

let folder: TempDir;
let collector: Collector;

const opened: string[] = [];

beforeEach(async () => {
  folder = await makeTempDir();
  opened.length = 0;
  collector = await startCrewaiCollector({
    directory: folder.path,
    port: 0,
    onSession: ({ title }) => void opened.push(title),
  });
});
afterEach(async () => {
  await collector.close();
  await folder.remove();
});

const ask = (body: unknown, Authorization?: string) =>
  post(collector.port, body, { path: "/crewai_plus/api/v1/tracing/grants", headers: { Authorization } });

describe("a grant", () => {
  test("is what the client believes", async () => {
    const { status, json } = await ask({ execution_uuid: batchId });
    expect(status).toBe(200);
    expect(json).toMatchObject({ tier: "ephemeral", execution_uuid: batchId });
    expect(String(json["token"]).trim()).not.toBe("");
    const url = new URL(String(json["collector_url"]));
    expect([url.protocol, url.host, url.username]).toEqual(["http:", `127.0.0.1:${collector.port}`, ""]);
    expect(json["expires_at"]).toMatch(/T.*\+00:00$/);
    expect(Date.parse(String(json["expires_at"]))).toBeGreaterThan(Date.now() + 60_000);
  });

  test("is of the tier of whoever asks", async () => {
    expect((await ask({ execution_uuid: batchId }, "Bearer a-login")).json["tier"]).toBe("authenticated");
  });

  test.each([undefined, null, 5, "", "../x", {}])("is not given for %j", async (execution_uuid) => {
    expect((await ask({ execution_uuid })).status).toBe(400);
  });

  test("takes spans at its endpoint as they are sent, into the session of the execution", async () => {
    const { json } = await ask({ execution_uuid: batchId });
    const { pathname: path } = new URL(String(json["collector_url"]));
    const spans = sentRequest([sentSpan({ id: hexId(1), name: "crew" }), sentSpan({ id: hexId(2), parent: hexId(1) })]);
    const send = (token: unknown) =>
      post(collector.port, spans, { path, headers: { Authorization: `Bearer ${token}` } });
    expect((await send("another")).status).toBe(401);
    expect((await send(json["token"])).status).toBe(200);
    await collector.close();
    const { trace } = await readBatch(folder.path, batchId, "crewairun-");
    expect(trace.spans.map(({ name }) => name)).toContain("crew");
    expect(trace.spans).toHaveLength(3);
  });

  test("and a batch of one id are two sessions, each with all that is its own", async () => {
    const { json } = await ask({ execution_uuid: batchId });
    const { pathname: path } = new URL(String(json["collector_url"]));
    const headers = { Authorization: `Bearer ${json["token"]}` };
    const client = crewClient(collector.port, "ephemeral");
    await client.initialise(batchId);
    const spans = sentRequest([sentSpan({ id: hexId(1), name: "crew" })]);
    expect((await post(collector.port, spans, { path, headers })).status).toBe(200);
    expect((await client.events(batchId, researchRun())).status).toBe(200);
    expect((await client.finalise(batchId, 15)).status).toBe(200);
    await collector.close();
    expect((await readBatch(folder.path)).trace.spans).toHaveLength(8);
    expect((await readBatch(folder.path, batchId, "crewairun-")).trace.spans).toHaveLength(2);
  });
});

test("the same collector takes batches, and its end is theirs", async () => {
  await crewClient(collector.port, "ephemeral").initialise(batchId);
  expect(opened).toEqual(["Tax crew"]);
  expect(collector.sessions).toMatchObject([{ sessionId: `crewai-${batchId}`, title: "Tax crew", spans: 0 }]);
  await collector.close();
  expect(collector.sessions).toEqual([]);
  const { state } = await readBatch(folder.path);
  expect(state.error).toBe("The collector stopped before crewAI finalised the batch");
});

test("a collector that is ended by a signal leaves its batches as crashed", async () => {
  await crewClient(collector.port, "ephemeral").initialise(batchId);
  collector.crash("ended by SIGTERM", "SIGTERM");
  expect((await readBatch(folder.path)).state).toMatchObject({ status: "crashed", error: "ended by SIGTERM" });
});
