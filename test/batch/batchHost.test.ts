import { readdir, stat } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { readAllSessions } from "../recorder/sessionsOnDisk";
import { makeTempDir } from "../support/tempDir";
import { items, never, onDisk, startBatches, statusesOf, trigger } from "./batchSetup";
import { TestClock } from "./testClock";

describe("a batch", () => {
  it("runs from its creation to its end, and each run is a trace", async () => {
    await using test = await startBatches();
    const { created, answer } = await trigger(test, [{ payload: Buffer.from("one") }, {}, { task: "fail" }]);
    expect(answer).toEqual({
      status: 200,
      sealed: true,
      id: created.id,
      itemsAccepted: 3,
      itemsDeduplicated: 0,
      runCount: 3,
    });
    await test.host.whenEnded(created.id);
    const state = await onDisk(test, created.id);
    expect(statusesOf(state)).toEqual([
      "PENDING unsealed: created",
      "PROCESSING sealed: sealed",
      "PENDING sealed: all runs created",
      "COMPLETED sealed: all runs ended",
    ]);
    expect(state).toMatchObject({ successfulRunCount: 3, failedRunCount: 0 });
    expect([0, 1, 2].map((index) => state.stateOf(index))).toEqual(["succeeded", "succeeded", "failed"]);
    expect(state.run(2)?.error).toBe("item 2 failed");
    const sessions = await readAllSessions(test.folder.path);
    expect(sessions.map(({ sessionId }) => sessionId).sort()).toEqual([0, 1, 2].map((index) => state.runIdAt(index)));
    const files = await readdir(test.folder.join("batches"));
    expect(files.sort()).toEqual([`${created.id}.batch.ndjson`, `${created.id}.items.ndjson`]);
    for (const file of files) expect((await stat(test.folder.join("batches", file))).mode & 0o777).toBe(0o600);
  });

  it("is not gone on with by itself where another machine left it, and is when somebody asks", async () => {
    const folder = await makeTempDir();
    const left = await startBatches({ identity: { instance: "one", host: "elsewhere", pid: 1 } }, folder);
    const { id } = await left.host.create({ runCount: 1 });
    await left.host.dispose();
    await using test = await startBatches({}, folder);
    expect(await test.host.takeUp()).toEqual({ ids: [], elsewhere: [], foreign: [id] });
    await test.host.goOn(id);
    expect((await test.host.streamItems(id, items(1), never)).status).toBe(200);
    expect((await test.host.whenEnded(id)).status).toBe("COMPLETED");
  });

  it("tries a run again after its pause, and gives up after its last attempt", async () => {
    const clock = new TestClock();
    await using test = await startBatches({
      clock,
      settings: { maxAttempts: 3, backoffMs: 1_000, backoffFactor: 3, maxBackoffMs: 2_000 },
    });
    const { created } = await trigger(test, [
      { task: "fail" },
      { task: "fail-once" },
      { task: "fail", options: { maxAttempts: 1 } },
    ]);
    await expect.poll(() => clock.nextInMs).toBe(1_000);
    await expect.poll(async () => (await onDisk(test, created.id)).count("backing-off")).toBe(2);
    clock.advance(1_000);
    await expect.poll(async () => (await onDisk(test, created.id)).run(0)?.attempts.length).toBe(2);
    await expect.poll(async () => (await onDisk(test, created.id)).stateOf(0)).toBe("backing-off");
    clock.advance(2_000);
    const ended = test.host.whenEnded(created.id);
    await expect.poll(async () => (await onDisk(test, created.id)).status).toBe("COMPLETED");
    const state = await ended;
    expect([0, 1, 2].map((index) => `${state.stateOf(index)} ${state.attemptsOf(index)}`)).toEqual([
      "failed 3",
      "succeeded 2",
      "failed 1",
    ]);
  });

  it("goes on where an earlier process has left it", async () => {
    const clock = new TestClock();
    const first = await startBatches({ clock, runs: { tasks: { hold: () => new Promise(() => {}) } } });
    const { id } = await first.host.create({ runCount: 3, idempotencyKey: "k", settings: { concurrency: 1 } });
    const half = await first.host.streamItems(id, items(2), never);
    expect(half).toMatchObject({ status: 200, sealed: false, itemsAccepted: 2, enqueuedCount: 2, expectedCount: 3 });
    await using second = await first.restart({ tasks: { hold: async () => undefined } });
    expect(await second.host.create({ runCount: 3, idempotencyKey: "k" })).toMatchObject({ id, isCached: false });
    const whole = await second.host.streamItems(id, items(3), never);
    expect(whole).toMatchObject({ status: 200, sealed: true, itemsAccepted: 1, itemsDeduplicated: 2 });
    await second.host.whenEnded(id);
    expect(await second.host.create({ runCount: 3, idempotencyKey: "k" })).toMatchObject({ id, isCached: true });
  });
});
