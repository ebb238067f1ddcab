import { appendFile, readFile, truncate } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { BatchRefused } from "../../src/batch/batchEngine";
import type { AttemptOutcome } from "../../src/batch/runner";
import { readAllSessions } from "../recorder/sessionsOnDisk";
import { type BatchTest, items, never, onDisk, startBatches, statusesOf, trigger } from "./batchSetup";
import type { TestTask } from "./recordingRunner";
import { TestClock } from "./testClock";

/** Attempts that run until the test ends them, or until they are stopped. */
class Held {
  readonly #ends = new Map<string, (outcome: AttemptOutcome) => void>();
  readonly stopped: string[] = [];

  readonly task: TestTask = ({ index, attempt }, _payload, signal) =>
    new Promise((resolve) => {
      const name = `${index} ${attempt}`;
      this.#ends.set(name, resolve);
      signal.addEventListener("abort", () => {
        this.stopped.push(name);
        this.end(name, { outcome: "cancelled" });
      });
    });

  get names(): string[] {
    return [...this.#ends.keys()].sort();
  }

  end(name: string, outcome: AttemptOutcome = { outcome: "succeeded" }): void {
    const resolve = this.#ends.get(name);
    this.#ends.delete(name);
    resolve?.(outcome);
  }
}

async function statesOf(test: BatchTest, id: string): Promise<string> {
  const state = await onDisk(test, id);
  return Array.from({ length: state.runCount }, (_, index) => state.stateOf(index)).join(" ");
}

describe("the local engine", () => {
  it("runs no more at once than it may, in the order of the items", async () => {
    await using test = await startBatches({ settings: { concurrency: 3 }, runs: { isRecording: false } });
    const { created } = await trigger(
      test,
      Array.from({ length: 30 }, () => ({})),
    );
    await test.host.whenEnded(created.id);
    expect(test.runner.mostRunning).toBe(3);
    expect(
      test.runner.begun
        .slice(0, 3)
        .map((name) => name.slice(26))
        .sort(),
    ).toEqual(["0 1", "1 1", "2 1"]);
    expect(test.runner.begun).toHaveLength(30);
  });

  it("begins nothing while it is paused, and lets what runs go on", async () => {
    const held = new Held();
    await using test = await startBatches({
      settings: { concurrency: 2 },
      runs: { tasks: { held: held.task }, isRecording: false },
    });
    const {
      created: { id },
    } = await trigger(test, [{ task: "held" }, { task: "held" }, { task: "held" }]);
    await expect.poll(() => held.names).toEqual(["0 1", "1 1"]);
    expect(await test.host.pause(id, "ann")).toMatchObject({ isChanged: true, status: "PENDING" });
    expect(await test.host.pause(id)).toMatchObject({ isChanged: false, message: "The batch is paused already" });
    held.end("0 1");
    await expect.poll(() => statesOf(test, id)).toBe("succeeded running queued");
    expect(held.names).toEqual(["1 1"]);
    expect(await test.host.unpause(id)).toMatchObject({ isChanged: true });
    await expect.poll(() => held.names).toEqual(["1 1", "2 1"]);
    held.end("1 1");
    held.end("2 1");
    expect((await test.host.whenEnded(id)).count("succeeded")).toBe(3);
    expect(await test.host.unpause(id)).toMatchObject({ isChanged: false, message: "The batch has ended" });
  });

  it("stays paused when another process takes it up, and until then its items may come", async () => {
    const first = await startBatches({ runs: { isRecording: false } });
    const { id } = await first.host.create({ runCount: 2 });
    await first.host.pause(id);
    await first.host.streamItems(id, items(2), never);
    await expect.poll(() => statesOf(first, id)).toBe("queued queued");
    await using second = await first.restart();
    expect(second.runner.begun).toEqual([]);
    await second.host.unpause(id);
    expect((await second.host.whenEnded(id)).count("succeeded")).toBe(2);
  });

  it("is cancelled: what runs is stopped, what waits never begins, and it can be tried again", async () => {
    const held = new Held();
    await using test = await startBatches({
      settings: { concurrency: 1, maxAttempts: 5 },
      runs: { tasks: { held: held.task }, isRecording: false },
    });
    const {
      created: { id },
    } = await trigger(test, [{ task: "held" }, {}, { task: "unknown" }]);
    await expect.poll(() => held.names).toEqual(["0 1"]);
    await expect.poll(async () => (await onDisk(test, id)).successfulRunCount).toBe(3);
    expect(await test.host.cancel(id, "ann")).toMatchObject({ isChanged: true });
    const state = await test.host.whenEnded(id);
    expect(held.stopped).toEqual(["0 1"]);
    expect(await statesOf(test, id)).toBe("cancelled cancelled prefailed");
    expect(state).toMatchObject({ status: "COMPLETED", isCancelled: true });
    expect(await test.host.cancel(id)).toMatchObject({ isChanged: false, message: "The batch has ended" });
    expect(await test.host.retryFailed(id, [0, 1])).toMatchObject({
      isChanged: true,
      status: "PENDING",
      message: "2 runs are tried again",
    });
    await expect.poll(() => held.names).toEqual(["0 2"]);
    held.end("0 2");
    const again = await test.host.whenEnded(id);
    expect(await statesOf(test, id)).toBe("succeeded succeeded prefailed");
    expect(again.isCancelled).toBe(false);
    expect(again.run(0)?.attempts.map(({ outcome }) => outcome)).toEqual(["cancelled", "succeeded"]);
  });

  it("is cancelled before its items have come, and then has no runs at all", async () => {
    await using test = await startBatches();
    const { id } = await test.host.create({ runCount: 2, idempotencyKey: "k" });
    await test.host.streamItems(id, items(1), never);
    expect(await test.host.cancel(id)).toMatchObject({ isChanged: true, status: "ABORTED" });
    expect(await test.host.streamItems(id, items(2), never)).toMatchObject({ status: 422, batchStatus: "ABORTED" });
    expect(test.runner.begun).toEqual([]);
    await expect(test.host.retryFailed(id)).rejects.toThrow("The batch is ABORTED: it has no runs to retry");
    // Its key is free.
    const next = await test.host.create({ runCount: 2, idempotencyKey: "k" });
    expect(next).toMatchObject({ isCached: false });
    expect(next.id).not.toBe(id);
  });

  it("goes on cancelling in the process that takes it up", async () => {
    const held = new Held();
    const stubborn: TestTask = () => new Promise(() => {});
    const first = await startBatches({
      settings: { concurrency: 1 },
      runs: { tasks: { held: stubborn }, isRecording: false, isMortal: true },
    });
    const {
      created: { id },
    } = await trigger(first, [{ task: "held" }, {}]);
    await expect.poll(() => first.runner.begun).toHaveLength(1);
    await first.host.cancel(id);
    await using second = await first.restart({ tasks: { held: held.task } });
    const state = await second.host.whenEnded(id);
    expect(await statesOf(second, id)).toBe("failed cancelled");
    expect(state.run(0)?.error).toBe("The program is gone");
    expect(second.runner.begun).toEqual([]);
  });

  it("makes a pre-failed run of what can't be run, and counts as failed only what has not even that", async () => {
    await using test = await startBatches({
      runs: {
        onPrefail: ({ index }) => {
          if (index === 3) throw new Error("ENOSPC: no space left");
        },
      },
    });
    const {
      created: { id },
    } = await trigger(test, [
      {},
      { task: "unknown" },
      { problem: { code: "PAYLOAD_TOO_LARGE", message: "The item has 4 MiB" } },
      { task: "unknown" },
    ]);
    const state = await test.host.whenEnded(id);
    expect(await statesOf(test, id)).toBe("succeeded prefailed prefailed uncreated");
    expect(statusesOf(state).slice(2)).toEqual([
      "PARTIAL_FAILED sealed: 1 of 4 runs could not be created",
      "COMPLETED sealed: all runs ended",
    ]);
    expect(state).toMatchObject({ successfulRunCount: 3, failedRunCount: 1 });
    expect([1, 2, 3].map((index) => state.run(index)?.fault?.code)).toEqual([
      "TASK_UNKNOWN",
      "PAYLOAD_TOO_LARGE",
      "TASK_UNKNOWN",
    ]);
    expect(state.run(3)?.error).toMatch(/^There is no task unknown \(and no trace of that can be recorded: ENOSPC/);
    const sessions = await readAllSessions(test.folder.path);
    expect(sessions.map(({ sessionId }) => sessionId).sort()).toEqual([0, 1, 2].map((index) => state.runIdAt(index)));
  });

  it("is aborted when no run at all can be created, and its key is free again", async () => {
    await using test = await startBatches({
      runs: {
        onPrefail: () => {
          throw new Error("no room");
        },
      },
    });
    const { id } = await test.host.create({ runCount: 2, idempotencyKey: "k" });
    await test.host.streamItems(id, items([{ task: "unknown" }, { task: "unknown" }]), never);
    const state = await test.host.whenEnded(id);
    expect(state).toMatchObject({ status: "ABORTED", sealed: true, successfulRunCount: 0, failedRunCount: 2 });
    expect(await test.host.streamItems(id, items(2), never)).toMatchObject({ status: 422 });
    expect((await test.host.create({ runCount: 2, idempotencyKey: "k" })).id).not.toBe(id);
  });

  it("tries again what had failed, each run once, and checks anew what could not be run", async () => {
    let isFixed = false;
    await using test = await startBatches({
      settings: { maxAttempts: 2, backoffMs: 0 },
      runs: {
        isRecording: false,
        tasks: { flaky: async () => (isFixed ? undefined : { outcome: "failed", error: "not yet" }) },
      },
    });
    const {
      created: { id },
    } = await trigger(test, [
      { task: "flaky" },
      {},
      { task: "late" },
      { problem: { code: "PAYLOAD_TOO_LARGE", message: "x" } },
    ]);
    await test.host.whenEnded(id);
    expect(await statesOf(test, id)).toBe("failed succeeded prefailed prefailed");
    expect(await test.host.retryFailed(id, [1])).toMatchObject({
      isChanged: false,
      message: "No run has failed that could be tried again",
    });
    await expect(test.host.retryFailed(id, [4])).rejects.toThrow("The batch has runs 1 to 4, and no run 5");
    expect(await test.host.retryFailed(id)).toMatchObject({ isChanged: true, message: "2 runs are tried again" });
    const second = await test.host.whenEnded(id);
    expect(await statesOf(test, id)).toBe("failed succeeded failed prefailed");
    expect(second.run(0)?.attempts.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(second.run(2)?.error).toBe("There is no task late");
    isFixed = true;
    await using later = await test.restart({ tasks: { late: async () => undefined, flaky: async () => undefined } });
    await later.host.retryFailed(id, [0, 2], "ann");
    const third = await later.host.whenEnded(id);
    expect(await statesOf(later, id)).toBe("succeeded succeeded succeeded prefailed");
    expect(third.run(2)?.attempts.map(({ attempt, session }) => `${attempt} ${session.slice(26)}`)).toEqual([
      "1 2",
      "2 2_a2",
    ]);
    expect(statusesOf(third).slice(-2)).toEqual([
      "PENDING sealed: 2 runs are tried again",
      "COMPLETED sealed: all runs ended",
    ]);
  });

  it("waits for the delay of an item, and says no more of a run than has happened", async () => {
    const clock = new TestClock();
    await using test = await startBatches({ clock, runs: { isRecording: false } });
    const {
      created: { id },
    } = await trigger(test, [{ options: { delayMs: 90_000 } }, {}]);
    await expect.poll(() => statesOf(test, id)).toBe("queued succeeded");
    clock.advance(89_999);
    expect(test.runner.begun).toHaveLength(1);
    const ended = test.host.whenEnded(id);
    clock.advance(1);
    expect((await ended).run(0)?.attempts[0]?.startMs).toBe(clock.nowMs());
  });

  it("takes a runner that throws for an attempt that crashed, and a payload that is damaged for what it is", async () => {
    await using test = await startBatches({
      runs: {
        isRecording: false,
        tasks: {
          broken: async () => {
            throw new Error("the session can't be started");
          },
        },
      },
    });
    const { id } = await test.host.create({ runCount: 3 });
    await test.host.pause(id);
    await test.host.streamItems(
      id,
      items([{ task: "broken" }, { task: "ok", payload: Buffer.from("first") }, { payload: Buffer.from("second") }]),
      never,
    );
    const file = test.folder.join("batches", `${id}.items.ndjson`);
    expect(await readFile(file, "utf8")).toBe("first\nsecond\n");
    await truncate(file, 8);
    await appendFile(file, "xxxx\n");
    await test.host.unpause(id);
    const state = await test.host.whenEnded(id);
    expect([0, 1, 2].map((index) => `${state.run(index)?.attempts[0]?.outcome} ${state.errorOf(index) ?? ""}`)).toEqual(
      ["crashed the session can't be started", "succeeded ", "crashed The payload of item 3 is no longer what came"],
    );
  });
});

describe("what is asked for", () => {
  it.each([
    ["no run", { runCount: 0 }, 400, "runCount has to be a whole number from 1 to 100000"],
    ["too many runs", { runCount: 100_001 }, 400, "runCount has to be a whole number from 1 to 100000"],
    ["half a run", { runCount: 1.5 }, 400, "runCount has to be a whole number from 1 to 100000"],
    ["an empty key", { runCount: 1, idempotencyKey: "" }, 422, "idempotencyKey has to have 1 to 2048 characters"],
    [
      "a long key",
      { runCount: 1, idempotencyKey: "k".repeat(2_049) },
      422,
      "idempotencyKey has to have 1 to 2048 characters",
    ],
    ["a long name", { runCount: 1, name: "n".repeat(1_025) }, 422, "name has more than 1024 characters"],
    [
      "no concurrency",
      { runCount: 1, settings: { concurrency: 0 } },
      422,
      "The settings of the batch are impossible: concurrency",
    ],
    [
      "no pause",
      { runCount: 1, settings: { backoffMs: Number.NaN } },
      422,
      "The settings of the batch are impossible: backoffMs",
    ],
  ])("is refused where it is impossible: %s", async (_, request, status, message) => {
    await using test = await startBatches();
    const error = await test.host.create(request).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BatchRefused);
    expect(error).toMatchObject({ status, message });
  });

  it("of a batch that does not exist is refused, and leaves nothing", async () => {
    await using test = await startBatches();
    for (const id of ["batch_ABCDEFGHIJKLMNOPQRSTU", "../escape", "", "a/b", "x".repeat(300)]) {
      expect(await test.host.streamItems(id, items(1), never)).toMatchObject({
        status: 404,
        error: `There is no batch ${id}`,
      });
      await expect(test.host.cancel(id)).rejects.toMatchObject({ status: 404 });
      await expect(test.host.retryFailed(id)).rejects.toMatchObject({ status: 404 });
      expect(await test.host.state(id)).toBeUndefined();
    }
    expect(await test.host.list()).toEqual([]);
  });

  it("under the same key is the same batch: also at once, and after its end", async () => {
    await using test = await startBatches({ runs: { isRecording: false } });
    const request = { runCount: 2, idempotencyKey: "night run" };
    const many = await Promise.all(Array.from({ length: 8 }, () => test.host.create(request)));
    expect(new Set(many.map(({ id }) => id)).size).toBe(1);
    expect(many.every(({ isCached }) => !isCached)).toBe(true);
    const id = many[0]?.id ?? "";
    await expect(test.host.create({ ...request, runCount: 3 })).rejects.toMatchObject({ status: 422 });
    await test.host.streamItems(id, items(2), never);
    expect(await test.host.create(request)).toMatchObject({ id, isCached: true, idempotencyKey: "night run" });
    await test.host.whenEnded(id);
    expect(await test.host.create(request)).toMatchObject({ id, isCached: true });
    expect(await test.host.list()).toEqual([id]);
  });

  it("again by the same request is the same batch for half an hour", async () => {
    const clock = new TestClock();
    await using test = await startBatches({ clock, runs: { isRecording: false } });
    const request = { runCount: 1, requestKey: "2f1c" };
    const { id, idempotencyKey } = await test.host.create(request);
    expect(idempotencyKey).toBeUndefined();
    expect(await test.host.create(request)).toMatchObject({ id, isCached: false });
    await test.host.streamItems(id, items(1), never);
    clock.advance(30 * 60_000 - 1);
    expect(await test.host.create(request)).toMatchObject({ id, isCached: true });
    clock.advance(1);
    expect((await test.host.create(request)).id).not.toBe(id);
    // One kind of key is never the other.
    expect((await test.host.create({ runCount: 1, idempotencyKey: "2f1c" })).id).not.toBe(id);
  });
});
