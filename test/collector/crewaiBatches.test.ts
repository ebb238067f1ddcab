import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CrewaiHandlerOptions } from "../../src/collector/crewaiHandler";
import { crewEvent, researchRun } from "../importers/crewaiEvents";
import { makeTempDir, type TempDir } from "../support/tempDir";
import { batchId, type CrewServer, crewClient, login, readBatch, startCrewServer } from "./crewaiSetup";

let folder: TempDir;
const servers: CrewServer[] = [];

beforeEach(async () => {
  folder = await makeTempDir();
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
  await folder.remove();
});

async function start(options: Partial<CrewaiHandlerOptions> = {}): Promise<CrewServer> {
  const server = await startCrewServer(folder.path, options);
  servers.push(server);
  return server;
}

/** As after a kill: what was there does not end anything. */
const startAgain = start;

const researchTree = [
  "Tax crew session 0-15",
  "  Find the rate span 2-14",
  "    Researcher span 3-13",
  "      gpt-4o-mini generation 4-5",
  "      search tool 6-7 error",
  "      search tool 8-9",
  "      memory_save span 10-11 error",
  "      skill_used span 12-12",
].join("\n");

describe("a batch without a login", () => {
  test("becomes a session with the tree of the run", async () => {
    const { port, problems } = await start();
    const client = crewClient(port, "ephemeral");
    const initialised = await client.initialise(batchId);
    expect([initialised.status, initialised.json["ephemeral_trace_id"]]).toEqual([201, batchId]);
    expect((await readBatch(folder.path)).root).toMatchObject({ name: "Tax crew", kind: "session" });

    const sent = await client.events(batchId, researchRun());
    expect([sent.status, sent.json]).toEqual([200, { events_received: 15, events_added: 15 }]);
    const finalised = await client.finalise(batchId, 15);
    expect(finalised.status).toBe(200);
    expect(finalised.json["access_code"]).toMatch(/^TRACE-[0-9a-f]{10}$/);

    const { trace, state, tree, problems: damage, root } = await readBatch(folder.path);
    expect(tree).toBe(researchTree);
    expect(state.status).toBe("completed");
    expect(damage).toEqual([]);
    expect(root).toMatchObject({ input: { year: 2026 }, output: "25 %" });
    expect(trace.metadata).toMatchObject({ title: "Tax crew", agent: "crewAI", version: "1.15.17" });
    expect(trace.summary).toMatchObject({
      status: "completed",
      totalTokens: 120,
      totalToolCalls: 2,
      totalGenerations: 1,
      failures: 1,
      openSpans: 0,
    });
    expect(problems).toEqual([]);
  });

  test("is there with all of its spans while it is not finalised", async () => {
    const { port } = await start();
    const client = crewClient(port, "ephemeral");
    await client.initialise(batchId);
    await client.events(batchId, researchRun());
    const { tree, evidence } = await readBatch(folder.path);
    expect(tree).toBe(researchTree.replace("0-15", "0-? open"));
    expect(evidence.rootOpen).toBe(true);
  });

  test("without events is a session with its root alone", async () => {
    const { port } = await start();
    const client = crewClient(port, "ephemeral");
    await client.initialise(batchId);
    expect((await client.finalise(batchId)).status).toBe(200);
    const { trace, state } = await readBatch(folder.path);
    expect(trace.spans).toHaveLength(1);
    expect(state.status).toBe("completed");
  });
});

describe("a batch with a login", () => {
  test("is answered with its own id and without a code", async () => {
    const { port } = await start();
    const client = crewClient(port, "authenticated", true);
    const { status, json } = await client.initialise(batchId);
    expect([status, json]).toEqual([201, { trace_id: batchId }]);
    expect((await client.events(batchId, researchRun())).status).toBe(200);
    expect((await client.finalise(batchId, 15)).json).toEqual({ trace_id: batchId, status: "completed" });
    expect((await readBatch(folder.path)).tree).toBe(researchTree);
  });

  test("is refused without one, so that the client begins it as an ephemeral one, with whatever token it has", async () => {
    const { port } = await start();
    expect((await crewClient(port, "authenticated").initialise(batchId)).status).toBe(401);
    const fallback = crewClient(port, "ephemeral", true);
    expect((await fallback.initialise(batchId)).status).toBe(201);
    expect((await fallback.events(batchId, researchRun())).status).toBe(200);
    expect((await fallback.finalise(batchId, 15)).status).toBe(200);
    const { tree, evidence } = await readBatch(folder.path);
    expect(tree).toBe(researchTree);
    expect(evidence.writer?.incarnation).toBe(1);
  });

  test("leaves the token of the login in no file", async () => {
    const { port } = await start();
    const client = crewClient(port, "authenticated", true);
    await client.initialise(batchId);
    await client.events(batchId, researchRun());
    for (const name of await readdir(folder.path)) {
      expect(await readFile(join(folder.path, name), "utf8")).not.toContain(login);
    }
  });
});

describe("what is sent again", () => {
  test("counts once", async () => {
    const { port } = await start();
    const client = crewClient(port, "ephemeral");
    await client.initialise(batchId);
    expect((await client.initialise(batchId)).status).toBe(200);
    await client.events(batchId, researchRun());
    const again = await client.events(batchId, researchRun());
    expect([again.status, again.json["events_added"]]).toEqual([200, 0]);
    const finalised = await client.finalise(batchId, 15);
    expect((await client.finalise(batchId, 15)).json).toEqual(finalised.json);
    const { tree, trace, evidence } = await readBatch(folder.path);
    expect(tree).toBe(researchTree);
    expect(trace.summary).toMatchObject({ totalTokens: 120, totalToolCalls: 2 });
    expect(evidence.writer?.incarnation).toBe(1);
  });

  test("counts once after the end and after a restart, too", async () => {
    const client = crewClient((await start()).port, "ephemeral");
    await client.initialise(batchId);
    await client.events(batchId, researchRun());
    await client.finalise(batchId, 15);
    const before = await readBatch(folder.path);
    const later = crewClient((await startAgain()).port, "ephemeral");
    for (const each of [client, later]) {
      expect((await each.initialise(batchId)).status).toBe(200);
      expect((await each.events(batchId, researchRun())).json["events_added"]).toBe(0);
      expect((await each.finalise(batchId, 15)).status).toBe(200);
    }
    const after = await readBatch(folder.path);
    expect(after.trace).toEqual(before.trace);
    expect(after.state.status).toBe("completed");
  });

  test("and what comes late for a batch that has ended is added, and changes nothing of how it ended", async () => {
    const run = researchRun();
    const client = crewClient((await start()).port, "ephemeral");
    await client.initialise(batchId);
    await client.events(batchId, run.slice(0, 9));
    await client.fail(batchId, "Error sending events to backend");
    const later = crewClient((await startAgain()).port, "ephemeral");
    expect((await later.events(batchId, run)).json["events_added"]).toBe(6);
    const { tree, state, trace } = await readBatch(folder.path);
    expect(tree.split("\n").slice(1)).toEqual(researchTree.split("\n").slice(1));
    expect(state).toMatchObject({ status: "failed", error: "Error sending events to backend" });
    expect(trace.summary).toMatchObject({ totalTokens: 120, totalToolCalls: 2 });
  });
});

test("a step whose end turns out to be another one's is open again, in the tree and in the totals", async () => {
  const client = crewClient((await start()).port, "ephemeral");
  const call = (id: string, type: string, at: number) => crewEvent(id, `llm_call_${type}`, at, null, { model: id });
  await client.initialise(batchId);
  await client.events(batchId, [call("first", "started", 1), call("end", "completed", 5)]);
  await client.events(batchId, [call("second", "started", 3)]);
  await client.finalise(batchId, 3);
  const { tree, trace } = await readBatch(folder.path);
  expect(tree).toBe("Tax crew session 0-5\n  first generation 1-? open\n  second generation 3-5");
  expect(trace.summary).toMatchObject({ openSpans: 1, totalGenerations: 2 });
});

describe("how a batch ends", () => {
  test("as failed with its reason", async () => {
    const client = crewClient((await start()).port, "authenticated", true);
    await client.initialise(batchId);
    expect((await client.fail(batchId, "Timeout waiting for event handlers - events incomplete")).status).toBe(200);
    const { state, root } = await readBatch(folder.path);
    expect(state).toMatchObject({
      status: "failed",
      error: "Timeout waiting for event handlers - events incomplete",
    });
    expect(root).toMatchObject({ status: "error" });
  });

  test("as failed where the crew failed, although the client completes the batch", async () => {
    const client = crewClient((await start()).port, "ephemeral");
    await client.initialise(batchId);
    await client.events(batchId, [
      crewEvent("crew", "crew_kickoff_started", 1, null, { crew_name: "Tax crew" }),
      crewEvent("end", "crew_kickoff_failed", 5, null, { crew_name: "Tax crew", error: "No model answers" }),
    ]);
    await client.finalise(batchId, 2);
    expect((await readBatch(folder.path)).state).toMatchObject({ status: "failed", error: "No model answers" });
  });

  test("with a word on the events that did not come", async () => {
    const { port, problems } = await start();
    const client = crewClient(port, "ephemeral");
    await client.initialise(batchId);
    await client.events(batchId, researchRun().slice(0, 14));
    await client.finalise(batchId, 15);
    expect(problems).toEqual(["crewAI counted 15 events of the run, and 14 of them came"]);
    expect((await readBatch(folder.path)).root?.attributes?.["crewai.batch"]).toMatchObject({
      outcome: { type: "completed", eventCount: 15, receivedCount: 14, durationMs: 1234 },
    });
  });

  test("by itself where nobody finalises it, and goes on where somebody does after all", async () => {
    const { port } = await start({ limits: { silentMs: 50, finaliseMs: 50 } });
    const client = crewClient(port, "ephemeral");
    await client.initialise(batchId);
    await expect.poll(async () => (await readBatch(folder.path)).state.status, { timeout: 10_000 }).toBe("failed");
    const { state, root } = await readBatch(folder.path);
    expect(state.error).toMatch(/^crewAI did not finalise the batch: nothing came for 0.1 seconds$/);
    expect(root).toMatchObject({ interrupted: true });

    const patient = crewClient((await startAgain()).port, "ephemeral");
    await patient.events(batchId, researchRun());
    await patient.finalise(batchId, 15);
    const after = await readBatch(folder.path);
    expect(after.state.status).toBe("completed");
    expect(after.tree).toBe(researchTree);
    expect(after.root?.interrupted).toBeUndefined();
  });

  test("as its run did where that is over and nobody finalises it", async () => {
    const { port } = await start({ limits: { finaliseMs: 50 } });
    const client = crewClient(port, "ephemeral");
    await client.initialise(batchId);
    await client.events(batchId, researchRun());
    await expect.poll(async () => (await readBatch(folder.path)).state.status, { timeout: 10_000 }).toBe("completed");
    expect((await readBatch(folder.path)).root?.attributes?.["crewai.batch"]).toMatchObject({
      outcome: { type: "timed-out", reason: expect.stringContaining("did not finalise") },
    });
  });

  test("with the collector, and goes on with the next one", async () => {
    const first = await start();
    await crewClient(first.port, "ephemeral").initialise(batchId);
    await first.close();
    servers.splice(0);
    const { state } = await readBatch(folder.path);
    expect(state.error).toBe("The collector stopped before crewAI finalised the batch");
    const client = crewClient((await start()).port, "ephemeral");
    await client.events(batchId, researchRun());
    await client.finalise(batchId, 15);
    expect((await readBatch(folder.path)).tree).toBe(researchTree);
  });
});

test("events of a batch that was initialised elsewhere are recorded", async () => {
  const client = crewClient((await start()).port, "ephemeral");
  expect((await client.events(batchId, researchRun())).status).toBe(200);
  expect((await client.finalise(batchId, 15)).status).toBe(200);
  const { tree, trace } = await readBatch(folder.path);
  expect(
    tree
      .split("\n")
      .slice(1)
      .map((line) => line.replace(/\d+-\d+/, "")),
  ).toEqual(
    researchTree
      .split("\n")
      .slice(1)
      .map((line) => line.replace(/\d+-\d+/, "")),
  );
  expect(trace.metadata.title).toBe("Tax crew");
});

test("several batches at once are sessions of their own", async () => {
  const { port } = await start();
  const client = crewClient(port, "ephemeral");
  const ids = Array.from({ length: 6 }, (_, index) => `batch-${index}`);
  await Promise.all(
    ids.map(async (id) => {
      await client.initialise(id);
      await client.events(id, researchRun());
      await client.finalise(id, 15);
    }),
  );
  for (const id of ids) expect((await readBatch(folder.path, id)).tree).toBe(researchTree);
});
