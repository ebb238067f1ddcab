// A recorded trace from its preview to its link, and what is drawn of the way.

import { readdir, readFile } from "node:fs/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { publishHistory } from "../../src/publish/publishHistory";
import { prepareTrace, publishTrace } from "../../src/publish/publishTrace";
import type { TraceFile } from "../../src/trace/schema";
import { makeTempDir, type TempDir } from "../support/tempDir";
import { type FailingServer, startFailingServer } from "./failingServer";
import { outboxOf, resume } from "./outboxSetup";
import { SteppingClock } from "./publishClock";

let server: FailingServer;
let folder: TempDir;
beforeEach(async () => {
  server = await startFailingServer();
  folder = await makeTempDir();
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await folder.remove();
});

const startMs = Date.UTC(2026, 10, 20, 9);
const trace: TraceFile = {
  version: 2,
  traceId: "t1",
  sessionId: "s1",
  startedAt: new Date(startMs).toISOString(),
  metadata: { title: "with API_KEY=abcd1234" },
  spans: [
    {
      spanId: "a",
      parentSpanId: null,
      name: "run",
      kind: "session",
      startTime: startMs,
      endTime: startMs + 5,
      status: "ok",
      input: { password: "open sesame" },
    },
  ],
  summary: {},
};

async function publish(isExplicit = true) {
  const clock = new SteppingClock();
  const place = { directory: folder.join("outbox"), url: server.url, clock };
  const outbox = outboxOf(place, "first");
  const prepared = await prepareTrace(trace);
  const published = await publishTrace(prepared, {
    session: "/home/ann/s1.json",
    baseUrl: server.url,
    as: { family: "token", isExplicit },
    outbox,
    clock,
    token: async () => "the-token-of-ann",
    newTraceId: () => "trace-1",
    isEnabled: () => true,
  });
  return { clock, place, outbox, prepared, published };
}

it("is shown before it leaves, and leaves without what is masked, in its name, its events and its file", async () => {
  server.faultOf = (step, isEphemeral) => (!isEphemeral ? "403" : step === "finalise" ? "500" : undefined);
  const { prepared, published, place } = await publish();
  expect(prepared.masks.map(({ path, reason }) => `${path}: ${reason}`)).toEqual([
    "metadata.title: secret name",
    "input.password: secret name",
  ]);
  expect(prepared).toMatchObject({ maskTotal: 2, start: { name: "with API_KEY=•••" } });
  expect(published).toMatchObject({ result: { type: "failed", kept: { events: 2 } }, url: undefined });
  const files = await Promise.all(
    (await readdir(place.directory)).map((name) => readFile(`${place.directory}/${name}`, "utf8")),
  );
  const left = JSON.stringify(server.seen) + files.join("");
  expect(files).toHaveLength(2);
  expect(left).toContain("•••");
  for (const secret of ["abcd1234", "open sesame"]) expect(left).not.toContain(secret);
  expect(files.join("")).not.toContain("the-token-of-ann");
});

it("has a link, and a time at which the server forgets it where it does", async () => {
  const { published, clock } = await publish();
  expect(published.url).toBe(`${server.url}/crewai_plus/trace_batches/server-trace-1`);
  expect(published.expiresAtMs).toBeUndefined();
  await server[Symbol.asyncDispose]();
  server = await startFailingServer();
  server.faultOf = (_step, isEphemeral) => (isEphemeral ? undefined : "401");
  await folder.remove();
  const { published: other } = await publish();
  expect(other.url).toBe(`${server.url}/crewai_plus/ephemeral_trace_batches/server-trace-1?access_code=TRACE-1234`);
  expect(other.expiresAtMs).toBe(clock.nowMs() + 86_400_000);
});

it("is drawn as what happened: attempts, the fallback, the end, and the round after it", async () => {
  server.faultOf = (step, isEphemeral, count) => {
    if (step === "initialise") return isEphemeral ? undefined : count === 1 ? "500" : "401";
    return step === "events" && count === 1 ? "502" : undefined;
  };
  const { clock, outbox, place } = await publish();
  clock.advance(60_000);
  await resume(place, outbox);
  const [job] = await outbox.list();
  const lines = publishHistory(job?.fold.records ?? []).map((entry) =>
    entry.type === "request"
      ? `${entry.family[0]} ${entry.step} ${entry.attempt} ${entry.outcome} ${entry.status}`
      : entry.type === "ended"
        ? `ended ${entry.end.type}`
        : entry.type,
  );
  expect(lines).toEqual([
    "a initialise 1 failed 500",
    "a initialise 2 unauthorised 401",
    "fallback",
    "e initialise 1 confirmed 201",
    "e events 1 failed 502",
    "e fail 1 confirmed 200",
    "ended failed",
    "resumed",
    "round",
    "a initialise 1 unauthorised 401",
    "fallback",
    "e initialise 1 confirmed 201",
    // In two parts, because those of these tests are small.
    "e events 1 confirmed 200",
    "e events 1 confirmed 200",
    "e finalise 1 confirmed 200",
    "ended published",
  ]);
  expect(await outbox.prune(1_000)).toBe(0);
  clock.advance(1_000);
  expect(await outbox.prune(1_000)).toBe(1);
  expect(await readdir(place.directory)).toEqual([]);
});
