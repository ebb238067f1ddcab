// The collector is killed at the moment in which a client has its answer: what was answered is there, and the next
// collector goes on with it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as esbuild from "esbuild";
import { expect, test } from "vitest";
import { pinnedNode, repositoryRoot } from "../../scripts/lib/paths.mjs";
import { sentEvents } from "../../src/importers/crewaiSent";
import { recoverDirectory } from "../../src/recorder/recoverDirectory";
import { researchRun, type SentEvent } from "../importers/crewaiEvents";
import { makeTempDir } from "../support/tempDir";
import { batchId, type CrewClient, crewClient, readBatch } from "./crewaiSetup";

/** 300 more steps, so that the answer is about more than one write. */
const run: readonly SentEvent[] = Array.from({ length: 20 }, (_, copy) =>
  researchRun().map((event) =>
    copy === 0 ? event : { ...event, event_id: `${event.event_id} ${copy}`, parent_event_id: "crew" },
  ),
).flat();

const ids = (events: readonly Readonly<Record<string, unknown>>[]) =>
  events.map(({ event_id }) => String(event_id)).sort();

test("a kill right after an answer loses nothing that was answered, and the next collector goes on", async () => {
  await using folder = await makeTempDir();
  const program = folder.join("child.mjs");
  await esbuild.build({
    absWorkingDir: repositoryRoot,
    entryPoints: ["test/collector/crewaiKillChild.ts"],
    outfile: program,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node22",
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    logLevel: "warning",
  });
  const directory = folder.join("traces");
  /** What a new collector answers, which is killed then. */
  const beforeKill = async (ask: (client: CrewClient) => Promise<void>) => {
    const child = spawn(pinnedNode, [program, directory], { stdio: ["ignore", "pipe", "inherit"] });
    const exited = once(child, "exit");
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    await ask(crewClient(Number(line.toString()), "ephemeral"));
    child.kill("SIGKILL");
    expect((await exited)[1]).toBe("SIGKILL");
  };
  const recorded = async () => {
    const { trace, problems } = await readBatch(directory);
    expect(problems.filter(({ severity }) => severity !== "info")).toEqual([]);
    return ids(trace.spans.flatMap(sentEvents));
  };

  await beforeKill(async (client) => {
    expect((await client.initialise(batchId)).status).toBe(201);
  });
  expect((await readBatch(directory)).state.status).toBe("crashed");

  const half = run.slice(0, 140);
  await beforeKill(async (client) => {
    expect((await client.events(batchId, half)).json["events_added"]).toBe(140);
  });
  expect(await recorded()).toEqual(ids(half));

  // As the extension does for what was killed.
  await recoverDirectory(directory);
  await beforeKill(async (client) => {
    expect((await client.initialise(batchId)).status).toBe(200);
    expect((await client.events(batchId, run)).json["events_added"]).toBe(160);
  });
  expect(await recorded()).toEqual(ids(run));
  expect((await readBatch(directory)).state.status).toBe("crashed");

  await beforeKill(async (client) => {
    expect((await client.finalise(batchId, run.length)).status).toBe(200);
  });
  await recoverDirectory(directory);
  expect(await recorded()).toEqual(ids(run));
  const { state, trace } = await readBatch(directory);
  expect(state.status).toBe("completed");
  expect(trace.summary).toMatchObject({ totalTokens: 2400, totalToolCalls: 40, openSpans: 0 });
}, 120_000);
