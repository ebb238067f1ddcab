// What may come between two steps of the second phase, each at the instant that hurts most.

import { readdir } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import type { ItemLine } from "../../src/batch/itemLine";
import { runIdOf } from "../../src/trace/batch/batchIds";
import { items, never } from "./batchSetup";
import { type WrappedEngine, wrappedEngine } from "./wrappedEngine";

/** Sends all items in another stream, and waits until all runs have ended. */
async function completeElsewhere({ engine, store, ended }: WrappedEngine, id: string, count: number): Promise<void> {
  store.hooks = {};
  const answer = await engine.streamItems(id, items(count), never);
  expect(answer).toMatchObject({ status: 200, sealed: true });
  await ended(id);
}

function runsOf({ runner }: WrappedEngine): string[] {
  return runner.begun.map((text) => text.replace(/^run_.{21}_/, "")).sort();
}

describe("the second phase answers success and runs nothing twice", () => {
  it("when everything was completed and cleaned up before the count", async () => {
    await using test = await wrappedEngine();
    const { id } = await test.engine.create({ runCount: 3 });
    test.store.hooks.countItems = async () => {
      await completeElsewhere(test, id, 3);
      // What a store says that has let go of the items.
      return 0;
    };
    const answer = await test.engine.streamItems(id, items(3), never);
    expect(answer).toMatchObject({
      status: 200,
      sealed: true,
      itemsAccepted: 3,
      retryReason: "already completed: answered as success",
    });
    expect(runsOf(test)).toEqual(["0 1", "1 1", "2 1"]);
  });

  it("when everything was completed between the count and the seal", async () => {
    await using test = await wrappedEngine();
    const { id } = await test.engine.create({ runCount: 3 });
    test.store.hooks.update = async (real, type) => {
      if (type === "sealed") await completeElsewhere(test, id, 3);
      return await real();
    };
    const answer = await test.engine.streamItems(id, items(3), never);
    expect(answer).toMatchObject({ status: 200, sealed: true, retryReason: "already completed: answered as success" });
    expect(runsOf(test)).toEqual(["0 1", "1 1", "2 1"]);
    const state = await test.ended(id);
    expect(state.statusChanges.map(({ status }) => status)).toEqual(["PENDING", "PROCESSING", "PENDING", "COMPLETED"]);
  });

  it("when the callback comes between the count and the second look", async () => {
    await using test = await wrappedEngine();
    const { id } = await test.engine.create({ runCount: 3 });
    let looks = 0;
    test.store.hooks.read = async (real) => {
      // The first look is the one before the stream.
      if (++looks === 2) await completeElsewhere(test, id, 3);
      return await real();
    };
    const answer = await test.engine.streamItems(id, items(2), never);
    expect(answer).toMatchObject({ status: 200, sealed: true, itemsAccepted: 2, runCount: 3 });
    expect(runsOf(test)).toEqual(["0 1", "1 1", "2 1"]);
  });

  it("when the callback of an engine that does not wait for the seal comes before it", async () => {
    for (const place of ["countItems", "sealed"] as const) {
      await using test = await wrappedEngine();
      const { id } = await test.engine.create({ runCount: 2 });
      const createRuns = async () => {
        test.store.hooks = {};
        for (const index of [0, 1]) {
          await test.store.update(id, () => true, [{ type: "run", index, runId: runIdOf(id, index) }]);
        }
        expect(await test.service.complete(id)).toBe(true);
        expect(await test.service.complete(id)).toBe(false);
      };
      test.store.hooks = {
        countItems: async (real) => {
          if (place !== "countItems") return await real();
          await createRuns();
          return 0;
        },
        update: async (real, type) => {
          if (place === "sealed" && type === "sealed") await createRuns();
          return await real();
        },
      };
      const answer = await test.engine.streamItems(id, items(2), never);
      expect(answer).toMatchObject({ status: 200, sealed: true });
      await test.engine.goOn(id);
      const state = await test.ended(id);
      expect(state.sealed).toBe(place === "sealed");
      expect(state).toMatchObject({ successfulRunCount: 2, failedRunCount: 0, status: "COMPLETED" });
      expect(state.statusChanges.filter(({ why }) => why === "all runs created")).toHaveLength(1);
    }
  });

  it("in two streams at once, each item kept once", async () => {
    await using test = await wrappedEngine();
    const { id } = await test.engine.create({ runCount: 40 });
    const backwards = async function* (): AsyncGenerator<ItemLine> {
      const all: ItemLine[] = [];
      for await (const item of items(40)) all.push(item);
      yield* all.reverse();
    };
    const answers = await Promise.all([
      test.engine.streamItems(id, items(40), never),
      test.engine.streamItems(id, backwards(), never),
    ]);
    expect(answers.map(({ status, sealed }) => [status, sealed])).toEqual([
      [200, true],
      [200, true],
    ]);
    expect(answers.reduce((sum, { itemsAccepted }) => sum + itemsAccepted, 0)).toBe(40);
    expect(answers.reduce((sum, { itemsDeduplicated }) => sum + itemsDeduplicated, 0)).toBe(40);
    await test.ended(id);
    expect(new Set(runsOf(test)).size).toBe(40);
    expect(runsOf(test)).toHaveLength(40);
  });

  it("after completion, without touching the body", async () => {
    await using test = await wrappedEngine();
    const { id } = await test.engine.create({ runCount: 2 });
    await completeElsewhere(test, id, 2);
    const untouched: AsyncIterable<ItemLine> = {
      [Symbol.asyncIterator]: () => {
        throw new Error("The body was touched");
      },
    };
    for (let retry = 1; retry <= 3; retry++) {
      const answer = await test.engine.streamItems(id, untouched, never);
      expect(answer).toMatchObject({ status: 200, sealed: true, itemsAccepted: 0, itemsDeduplicated: 0, runCount: 2 });
    }
    expect(runsOf(test)).toEqual(["0 1", "1 1"]);
    expect((await test.ended(id)).streams.map(({ isRetrySuccess }) => isRetrySuccess)).toEqual([
      undefined,
      true,
      true,
      true,
    ]);
    // It belongs to nobody again.
    await expect.poll(() => readdir(test.folder.join("batches"))).toEqual([`${id}.batch.ndjson`]);
  });

  it("after the process was started again, at any point of the batch", async () => {
    for (const sent of [0, 1, 2]) {
      const first = await wrappedEngine();
      const { id } = await first.engine.create({ runCount: 2 });
      const before = await first.engine.streamItems(id, items(sent), never);
      expect(before.sealed).toBe(sent === 2);
      await first.dispose();
      await using second = await wrappedEngine(first.folder, first.clock);
      await second.engine.goOn(id);
      const answer = await second.engine.streamItems(id, items(2), never);
      const counts = sent === 2 ? [0, 0] : [2 - sent, sent];
      expect(answer).toMatchObject({
        status: 200,
        sealed: true,
        itemsAccepted: counts[0],
        itemsDeduplicated: counts[1],
      });
      await second.ended(id);
      expect([...runsOf(first), ...runsOf(second)].sort()).toEqual(["0 1", "1 1"]);
      await second.dispose();
      await first.folder.remove();
    }
  });
});

describe("the second phase fails where no run exists and none will", () => {
  it("when the batch is aborted between the count and the seal", async () => {
    await using test = await wrappedEngine();
    const { id } = await test.engine.create({ runCount: 1 });
    test.store.hooks.update = async (real, type) => {
      if (type === "sealed") expect(await test.service.abort(id, "too late")).toBe(true);
      return await real();
    };
    const answer = await test.engine.streamItems(id, items(1), never);
    expect(answer).toMatchObject({ status: 422, sealed: false, batchStatus: "ABORTED" });
    expect(runsOf(test)).toEqual([]);
  });

  it("when the batch is aborted in the middle of the stream, whose rest is not read", async () => {
    await using test = await wrappedEngine();
    const { id } = await test.engine.create({ runCount: 1_000 });
    let taken = 0;
    let isClosed = false;
    const body = async function* (): AsyncGenerator<ItemLine> {
      try {
        for await (const item of items(1_000)) {
          if (++taken === 500) {
            test.clock.advance(30 * 60_000);
            await test.ended(id);
          }
          yield item;
        }
      } finally {
        isClosed = true;
      }
    };
    const answer = await test.engine.streamItems(id, body(), never);
    expect(answer).toMatchObject({
      status: 422,
      error: "The batch is ABORTED and takes no items",
      batchStatus: "ABORTED",
    });
    expect(taken).toBeLessThan(700);
    expect(isClosed).toBe(true);
    expect((await test.ended(id)).abortReason).toBe("not sealed within 30 minutes");
  });

  it("when it is aborted just as the count does not match", async () => {
    await using test = await wrappedEngine();
    const { id } = await test.engine.create({ runCount: 3 });
    test.store.hooks.countItems = async (real) => {
      const count = await real();
      await test.engine.cancel(id);
      return count;
    };
    const answer = await test.engine.streamItems(id, items(2), never);
    expect(answer).toMatchObject({ status: 422, batchStatus: "ABORTED" });
  });
});

describe("a batch that nobody seals", () => {
  it("is aborted after 30 minutes, and not before; one that is sealed is not", async () => {
    await using test = await wrappedEngine();
    const waiting = await test.engine.create({ runCount: 2 });
    const sealed = await test.engine.create({ runCount: 1 });
    await test.engine.streamItems(sealed.id, items(1), never);
    await test.engine.streamItems(waiting.id, items(1), never);
    test.clock.advance(30 * 60_000 - 1);
    expect((await test.store.read(waiting.id))?.status).toBe("PENDING");
    test.clock.advance(1);
    await expect.poll(async () => (await test.store.read(waiting.id))?.status).toBe("ABORTED");
    expect((await test.ended(sealed.id)).status).toBe("COMPLETED");
    expect(test.clock.timerCount).toBe(0);
  });

  it("is aborted by the next process too, at once where the time is over", async () => {
    const first = await wrappedEngine();
    const { id } = await first.engine.create({ runCount: 2 });
    await first.dispose();
    first.clock.advance(31 * 60_000);
    await using second = await wrappedEngine(first.folder, first.clock);
    await second.engine.goOn(id);
    expect((await second.ended(id)).status).toBe("ABORTED");
    await second.dispose();
    await first.folder.remove();
  });
});
