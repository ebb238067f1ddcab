// Batches that are handed on to trigger.dev: to a collector of ours, which speaks the same, and to an installation that
// fails as a test wants it.
import { describe, expect, it } from "vitest";
import { BatchHost } from "../../src/batch/batchHost";
import type { Runner } from "../../src/batch/runner";
import { type TriggerEngineOptions, triggerEngine } from "../../src/batch/trigger/triggerEngine";
import type { BatchState } from "../../src/trace/batch/batchState";
import { items, never, onDisk, type TestItem } from "../batch/batchSetup";
import { TestClock } from "../batch/testClock";
import { makeTempDir, type TempDir } from "../support/tempDir";
import { sound } from "./faultyProxy";
import { startTaskServer } from "./taskServer";
import { startInstallation } from "./triggerInstallation";

/** Nothing runs here. */
const nothing: Runner = {
  prepare: () => Promise.reject(new Error("It runs elsewhere")),
  run: () => Promise.reject(new Error("It runs elsewhere")),
  prefail: () => Promise.reject(new Error("It runs elsewhere")),
};

interface Here extends AsyncDisposable {
  readonly folder: TempDir;
  readonly host: BatchHost;
  readonly problems: string[];
  trigger(list: readonly TestItem[]): Promise<string>;
  whenEnded(id: string): Promise<BatchState>;
  /** The next process in the same directory. */
  restart(): Promise<Here>;
}

async function startHere(options: TriggerEngineOptions, clock?: TestClock, given?: TempDir): Promise<Here> {
  const folder = given ?? (await makeTempDir());
  const problems: string[] = [];
  const host = new BatchHost({
    directory: folder.path,
    runner: nothing,
    engine: "trigger.dev",
    engines: [triggerEngine({ pollMs: 20, ...options })],
    clock,
    onProblem: (message) => void problems.push(message),
  });
  return {
    folder,
    host,
    problems,
    async trigger(list) {
      const { id } = await host.create({ runCount: list.length });
      expect(await host.streamItems(id, items(list), never)).toMatchObject({ status: 200, sealed: true });
      return id;
    },
    async whenEnded(id) {
      await host.whenEnded(id);
      return await onDisk({ folder }, id);
    },
    async restart() {
      await host.dispose();
      const next = await startHere(options, clock, folder);
      await next.host.takeUp();
      return next;
    },
    async [Symbol.asyncDispose]() {
      await host.dispose();
      await folder.remove();
    },
  };
}

const payload = (name: string, item: number, more: object = {}) =>
  Buffer.from(JSON.stringify({ json: { name, item, ...more } }));
const note = (name: string, item: number, more: object = {}): TestItem => ({
  task: "note",
  payload: payload(name, item, more),
  payloadType: "application/super+json",
});
/** State and error of each run. */
const told = (state: BatchState) =>
  Array.from({ length: state.runCount }, (_, index) => {
    const error = state.run(index)?.error;
    return `${state.stateOf(index)}${error === undefined ? "" : `: ${error}`}`;
  });

describe("a batch that is handed on to a collector", () => {
  it("runs there, and is told here as if it had run here", async () => {
    await using there = await startTaskServer();
    const { url, key } = there.collector.batchEndpoint;
    await using here = await startHere({ url, key });
    const id = await here.trigger([
      note("far", 0),
      note("far", 1, { fails: true }),
      { task: "nobody", payload: payload("far", 2) },
      { problem: { code: "PAYLOAD_TOO_LARGE", message: "It is too large" } },
      note("far", 4, { filling: "x".repeat(200_000) }),
    ]);
    const state = await here.whenEnded(id);
    expect(told(state)).toEqual([
      "succeeded",
      "failed: item 1 failed",
      "failed: There is no task nobody",
      "prefailed: It is too large",
      "succeeded",
    ]);
    expect(await there.written("far")).toEqual(["0", "1", "4"]);
    expect(state.statusChanges.map(({ status, why }) => `${status} ${why}`)).toEqual([
      "PENDING created",
      "PROCESSING sealed",
      "PENDING all runs created",
      "COMPLETED all runs ended",
    ]);
    const [remoteId = ""] = await there.host.list();
    expect(state.handedOver).toMatchObject({ externalId: remoteId, url });
    expect(state.run(4)?.runId).toBe(`${remoteId.replace("batch", "run")}_3`);
    expect(state.run(0)?.attempts).toMatchObject([{ attempt: 1, outcome: "succeeded" }]);
    expect(here.problems).toEqual([]);
  });

  it("of 300 items has each of its runs, page by page", async () => {
    await using there = await startTaskServer();
    const { url, key } = there.collector.batchEndpoint;
    await using here = await startHere({ url, key });
    const id = await here.trigger(Array.from({ length: 300 }, (_, index) => note("many", index)));
    const state = await here.whenEnded(id);
    expect(state.count("succeeded")).toBe(300);
    expect(await there.written("many")).toHaveLength(300);
  });

  it("is handed on once, although answers were lost and the process was started anew", async () => {
    await using there = await startTaskServer();
    const { key } = there.collector.batchEndpoint;
    let isLost = true;
    const url = there.proxy.urlFor("lossy", ({ path }) =>
      isLost && /\/batches$|\/items$/.test(path) ? { type: "after" } : sound,
    );
    let here = await startHere({ url, key });
    const id = await here.trigger([note("lossy", 0), note("lossy", 1)]);
    await expect.poll(() => here.problems).toEqual([expect.stringContaining("can't be reached")]);
    here = await here.restart();
    await using last = here;
    await expect.poll(() => here.problems.length).toBeGreaterThan(0);
    isLost = false;
    expect(told(await last.whenEnded(id))).toEqual(["succeeded", "succeeded"]);
    expect(await there.written("lossy")).toEqual(["0", "1"]);
    expect(await there.host.list()).toHaveLength(1);
  });

  it("goes on in the next process where it had been handed on", async () => {
    await using there = await startTaskServer();
    const { url, key } = there.collector.batchEndpoint;
    const before = await startHere({ url, key });
    const id = await before.trigger([note("later", 0)]);
    await expect.poll(async () => (await before.host.state(id))?.handedOver).toBeDefined();
    await using here = await before.restart();
    expect(told(await here.whenEnded(id))).toEqual(["succeeded"]);
    expect(await there.host.list()).toHaveLength(1);
  });
});

describe("a batch that is handed on to an installation", () => {
  it("is not gone on with where another one is set up, which would take its runs for lost", async () => {
    await using there = await startInstallation();
    await using other = await startInstallation();
    const before = await startHere(there);
    const id = await before.trigger([{ task: "work", payload: Buffer.from("{}") }]);
    await expect.poll(async () => (await before.host.state(id))?.handedOver).toBeDefined();
    await before.host.dispose();
    await using here = await startHere({ url: other.url, key: other.key }, undefined, before.folder);
    await here.host.takeUp();
    expect(here.problems).toEqual([expect.stringContaining(`was handed on to ${there.url}, and ${other.url} is`)]);
    expect(other.asked).toEqual([]);
    expect((await here.host.state(id))?.count("failed")).toBe(0);
  });

  it("follows its runs through their states", async () => {
    await using there = await startInstallation();
    await using here = await startHere(there);
    const id = await here.trigger([0, 1, 2, 3, 4].map(() => ({ task: "work", payload: Buffer.from("{}") })));
    await expect.poll(() => there.runs.length).toBe(5);
    const states = async () => (await here.host.state(id)) && told((await here.host.state(id)) as BatchState);
    await expect.poll(states).toEqual(Array(5).fill("queued"));
    for (const run of there.runs.slice(0, 4)) run.status = "EXECUTING";
    await expect.poll(states).toEqual([...Array<string>(4).fill("running"), "queued"]);
    for (const [index, [status, attemptCount, error]] of (
      [
        ["COMPLETED", 1, undefined],
        ["FAILED", 3, "no more"],
        ["CRASHED", 1, "out of memory"],
        ["CANCELED", 1, undefined],
        ["EXPIRED", 0, undefined],
      ] as const
    ).entries()) {
      Object.assign(there.runs[index] ?? {}, { status, attemptCount, error });
    }
    const state = await here.whenEnded(id);
    expect(told(state)).toEqual(["succeeded", "failed: no more", "failed: out of memory", "cancelled", "failed"]);
    expect(state.run(2)?.attempts).toMatchObject([{ outcome: "crashed" }]);
  });

  it("knows its runs by their tags, and runs that were used again by their task", async () => {
    await using there = await startInstallation();
    // These came of an earlier item with the same key.
    there.reused = {
      1: { id: "run_old1", task: "two", tags: [], payload: "", status: "COMPLETED", attemptCount: 1 },
      2: { id: "run_old2", task: "one", tags: ["else"], payload: "", status: "FAILED", attemptCount: 2 },
    };
    await using here = await startHere(there);
    const id = await here.trigger([
      { task: "one", options: { tags: ["mine"] } },
      { task: "two" },
      { task: "one" },
      { task: "two" },
    ]);
    await expect.poll(() => there.runs.length).toBe(4);
    expect(there.runs[0]?.tags).toEqual(["mine", "tracekeeper-item-0"]);
    for (const run of there.runs) if (run.status === "QUEUED") run.status = "COMPLETED";
    const state = await here.whenEnded(id);
    const ids = [0, 1, 2, 3].map((index) => state.run(index)?.runId);
    expect(ids).toEqual(["run_there0", "run_old1", "run_old2", "run_there3"]);
    expect(told(state)).toEqual(["succeeded", "succeeded", "failed", "succeeded"]);
  });

  it("tells of items of which no run was made there", async () => {
    await using there = await startInstallation();
    there.errors = [{ index: 1, error: "The queue is full", errorCode: "QUEUE_SIZE_LIMIT_EXCEEDED" }];
    await using here = await startHere(there);
    const id = await here.trigger([
      { problem: { code: "PAYLOAD_TOO_LARGE", message: "It is too large" } },
      { task: "work" },
      { task: "work" },
    ]);
    await expect.poll(() => there.runs.length).toBe(1);
    (there.runs[0] ?? { status: "" }).status = "COMPLETED";
    const state = await here.whenEnded(id);
    expect(told(state)).toEqual(["prefailed: It is too large", "succeeded", "uncreated: The queue is full"]);
    expect(state.statusChanges.map(({ status }) => status)).toContain("PARTIAL_FAILED");
  });

  it("is cancelled there, run by run", async () => {
    await using there = await startInstallation();
    await using here = await startHere(there);
    const id = await here.trigger([{ task: "work" }, { task: "work" }]);
    await expect.poll(() => there.runs.length).toBe(2);
    (there.runs[0] ?? { status: "" }).status = "COMPLETED";
    await expect.poll(async () => (await here.host.state(id))?.count("succeeded")).toBe(1);
    expect(await here.host.cancel(id, "ann")).toMatchObject({ isChanged: true });
    expect(told(await here.whenEnded(id))).toEqual(["succeeded", "cancelled"]);
    expect(there.asked.filter((route) => route.endsWith("/cancel"))).toHaveLength(1);
    expect(await here.host.cancel(id)).toMatchObject({ isChanged: false });
  });

  it("can't be paused nor tried again from here, which is said", async () => {
    await using there = await startInstallation();
    await using here = await startHere(there);
    const id = await here.trigger([{ task: "work" }]);
    await expect(here.host.pause(id)).rejects.toMatchObject({ status: 422, message: expect.stringContaining("queue") });
    await expect(here.host.unpause(id)).rejects.toMatchObject({ status: 422 });
    await expect(here.host.retryFailed(id)).rejects.toMatchObject({
      status: 422,
      message: expect.stringContaining("replay"),
    });
  });

  it("is aborted where its items have not come in time, or it is cancelled before", async () => {
    await using there = await startInstallation();
    const clock = new TestClock();
    await using here = await startHere(there, clock);
    const { id } = await here.host.create({ runCount: 2 });
    const other = await here.host.create({ runCount: 2 });
    await here.host.cancel(other.id);
    clock.advance(30 * 60_000);
    await expect.poll(async () => (await onDisk(here, id)).status).toBe("ABORTED");
    expect((await onDisk(here, other.id)).abortReason).toContain("cancelled");
    expect(there.asked).toEqual([]);
  });
});

describe("an installation that fails", () => {
  it("has the batch handed over once it is back, and is told of once", async () => {
    await using there = await startInstallation();
    there.answer = { status: 503, body: "<html>down</html>" };
    await using here = await startHere(there);
    const id = await here.trigger([{ task: "work" }]);
    await expect.poll(() => there.asked.length).toBeGreaterThan(2);
    there.answer = undefined;
    await expect.poll(() => there.runs.length).toBe(1);
    (there.runs[0] ?? { status: "" }).status = "COMPLETED";
    there.answer = { status: 500, body: "" };
    const asked = there.asked.length;
    await expect.poll(() => there.asked.length).toBeGreaterThan(asked + 1);
    there.answer = undefined;
    expect(told(await here.whenEnded(id))).toEqual(["succeeded"]);
    expect(here.problems).toEqual([
      `Batch ${id}: trigger.dev at ${there.url} answered 503: <html>down</html>`,
      `Batch ${id}: trigger.dev at ${there.url} answered 500: Internal Server Error`,
    ]);
  });

  it.each([
    [401, '{"error":"Invalid API key"}', /answered 401: Invalid API key$/],
    [422, '{"error":{"message":"No such plan"}}', /answered 422: No such plan$/],
    [200, "{}", /is not what was asked for: id$/],
    [200, "<html>", /is not what was asked for: it$/],
  ])("with %i and %s has the batch aborted in its words", async (status, body, words) => {
    await using there = await startInstallation();
    there.answer = { status, body };
    await using here = await startHere(there);
    const id = await here.trigger([{ task: "work" }, { task: "work" }]);
    const state = await here.whenEnded(id);
    expect(state.status).toBe("ABORTED");
    expect(told(state)).toEqual([expect.stringMatching(words), expect.stringMatching(words)]);
    expect(here.problems).toEqual([expect.stringMatching(words)]);
  });

  it("that forgets the batch has its runs fail, with what it said", async () => {
    await using there = await startInstallation();
    await using here = await startHere(there);
    const id = await here.trigger([{ task: "work" }, { task: "work" }]);
    await expect.poll(async () => (await here.host.state(id))?.count("queued")).toBe(2);
    there.answer = { status: 404, body: '{"error":"Batch not found"}' };
    const state = await here.whenEnded(id);
    expect(told(state)).toEqual(Array(2).fill(expect.stringMatching(/^failed: .*answered 404: Batch not found$/)));
  });

  it("that nobody can reach is told in words, and the client of the batch has its answer all the same", async () => {
    const gone = await startInstallation();
    await gone[Symbol.asyncDispose]();
    await using here = await startHere(gone);
    const id = await here.trigger([{ task: "work" }]);
    await expect.poll(() => here.problems).toEqual([expect.stringMatching(/can't be reached: .*ECONNREFUSED/)]);
    await here.host.cancel(id);
    expect(told(await here.whenEnded(id))).toEqual(["uncreated: The batch was cancelled before it was handed over"]);
  });

  it("gets no key over an address that is none", () => {
    expect(() => triggerEngine({ url: "ftp://x", key: "k" })).toThrow("must begin with https://");
    expect(() => triggerEngine({ url: "trigger.dev", key: "k" })).toThrow("must begin with https://");
    expect(() => triggerEngine({ url: "https://x", key: "" })).toThrow("needs a secret key");
  });
});
