import { appendFile, readFile, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { ItemKeys } from "../../src/batch/itemKeys";
import { nodeFs } from "../../src/recorder/recorderFs";
import { makeTempDir } from "../support/tempDir";
import { type BatchTest, onDisk, startBatches, trigger } from "./batchSetup";
import type { TestTask } from "./recordingRunner";

const fast = { isRecording: false };

async function ended(test: BatchTest, list: Parameters<typeof trigger>[1]) {
  const { created } = await trigger(test, list);
  await test.host.whenEnded(created.id);
  return await onDisk(test, created.id);
}

describe("an item with a key", () => {
  it("uses the run of an earlier item of the same task and key, and runs nothing", async () => {
    await using test = await startBatches({ runs: fast });
    const first = await ended(test, [{ idempotencyKey: "a" }, { idempotencyKey: "b" }]);
    const second = await ended(test, [{ idempotencyKey: "b" }, { idempotencyKey: "c" }, {}]);
    expect(second.run(0)).toMatchObject({
      state: "succeeded",
      runId: first.runIdAt(1),
      cachedFrom: first.runIdAt(1),
      attempts: [],
    });
    expect(second.run(1)).toMatchObject({ state: "succeeded", runId: second.runIdAt(1), cachedFrom: undefined });
    expect(second).toMatchObject({ status: "COMPLETED", successfulRunCount: 3 });
    expect(test.runner.begun).toHaveLength(4);
    const otherTask = await ended(test, [{ task: "fail-once", options: { maxAttempts: 2 }, idempotencyKey: "b" }]);
    expect(otherTask.run(0)?.cachedFrom).toBeUndefined();
  });

  it("is one run with another item of its own batch", async () => {
    await using test = await startBatches({ runs: fast });
    const state = await ended(
      test,
      Array.from({ length: 20 }, () => ({ idempotencyKey: "same" })),
    );
    expect(test.runner.begun).toHaveLength(1);
    expect(state.count("succeeded")).toBe(20);
    expect(new Set(Array.from({ length: 20 }, (_, index) => state.run(index)?.runId)).size).toBe(1);
  });

  it("ends as the run ends that it waits for, also in the next process", async () => {
    let release = () => {};
    const held: TestTask = () =>
      new Promise((resolve) => {
        release = () => resolve({ outcome: "failed", error: "it broke" });
      });
    const first = await startBatches({ runs: { ...fast, tasks: { held } } });
    const source = await trigger(first, [{ task: "held", idempotencyKey: "k" }]);
    await expect.poll(() => first.runner.begun).toHaveLength(1);
    const waiting = await trigger(first, [{ task: "held", idempotencyKey: "k" }]);
    await expect.poll(async () => (await onDisk(first, waiting.created.id)).run(0)?.cachedFrom).toBeDefined();
    await using second = await first.restart();
    release();
    expect((await second.host.whenEnded(source.created.id)).stateOf(0)).toBe("failed");
    const state = await second.host.whenEnded(waiting.created.id);
    expect(state.run(0)).toMatchObject({ state: "failed", error: "it broke", attempts: [] });
    // It is the other batch's to try again.
    expect(await second.host.retryFailed(waiting.created.id)).toMatchObject({ isChanged: false });
    expect(second.runner.begun).toEqual([]);
  });

  it("runs anew where the earlier run failed, and where its time is over", async () => {
    let isGood = false;
    const flaky: TestTask = async () => (isGood ? undefined : { outcome: "failed", error: "bad" });
    await using test = await startBatches({ runs: { ...fast, tasks: { flaky } } });
    const item = { task: "flaky", idempotencyKey: "k" };
    const failed = await ended(test, [item]);
    isGood = true;
    const good = await ended(test, [item]);
    expect(good.run(0)).toMatchObject({ state: "succeeded", cachedFrom: undefined });
    const cached = await ended(test, [item]);
    expect(cached.run(0)?.cachedFrom).toBe(good.runIdAt(0));
    expect(failed.stateOf(0)).toBe("failed");
    const short = { ...item, idempotencyKey: "short", options: { keyTtlMs: 0 } };
    expect((await ended(test, [short])).run(0)?.cachedFrom).toBeUndefined();
    expect((await ended(test, [short])).run(0)?.cachedFrom).toBeUndefined();
    expect(test.runner.begun).toHaveLength(4);
  });
});

describe("the claims of keys", () => {
  const claim = (runId: string, key = "k") => ({ task: "t", key, runId, ttlMs: undefined });
  const kept = async () => false;

  it("are decided the same in several processes at once", async () => {
    await using folder = await makeTempDir();
    const many = ["a", "b", "c", "d"].map((tag) => new ItemKeys(nodeFs, folder.path, tag));
    const keys = Array.from({ length: 50 }, (_, at) => `key ${at}`);
    const holders = await Promise.all(
      many.map(
        async (each, process) =>
          await Promise.all(keys.map((key) => each.claim(claim(`run_${process}_${key}`, key), 0, kept))),
      ),
    );
    for (const others of holders) expect(others).toEqual(holders[0]);
    expect(await new ItemKeys(nodeFs, folder.path, "e").claim(claim("run_later", "key 7"), 0, kept)).toBe(
      holders[0]?.[7],
    );
  });

  it("are given on to one alone of those who find a run that failed", async () => {
    await using folder = await makeTempDir();
    const first = new ItemKeys(nodeFs, folder.path, "a");
    await first.claim(claim("run_bad"), 0, kept);
    const many = ["b", "c", "d"].map((tag) => new ItemKeys(nodeFs, folder.path, tag));
    const found = await Promise.all(
      many.map((each, at) => each.claim(claim(`run_${at}`), 0, async (id) => id === "run_bad")),
    );
    expect(new Set(found).size).toBe(1);
    expect(found[0]).not.toBe("run_bad");
  });

  it("survive a torn line and strange bytes", async () => {
    await using folder = await makeTempDir();
    const file = folder.join("item-keys.ndjson");
    const first = new ItemKeys(nodeFs, folder.path, "a");
    await first.claim(claim("run_1", "one"), 0, kept);
    const line = await readFile(file, "utf8");
    await appendFile(file, `${line.slice(0, 40)}`);
    await first.claim(claim("run_2", "two"), 0, kept);
    await appendFile(file, Buffer.concat([new Uint8Array(100), Buffer.from("\nnoise\n{}\n")]));
    await first.claim(claim("run_3", "three"), 0, kept);
    const later = new ItemKeys(nodeFs, folder.path, "b");
    for (const [key, run] of [
      ["one", "run_1"],
      ["two", "run_2"],
      ["three", "run_3"],
    ] as const) {
      expect(await later.claim(claim("run_x", key), 0, kept)).toBe(run);
    }
    await writeFile(
      file,
      (await readFile(file)).map((byte, at) => (at === 60 ? byte ^ 1 : byte)),
    );
    expect(await new ItemKeys(nodeFs, folder.path, "c").claim(claim("run_y", "one"), 0, kept)).toBe("run_y");
  });
});
