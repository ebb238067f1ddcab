import { describe, expect, it } from "vitest";
import type { BatchStore } from "../../src/batch/batchStore";
import { ItemIntake, mostItemsInFlight } from "../../src/batch/itemIntake";
import { type ItemLine, ItemLineError } from "../../src/batch/itemLine";
import { items, never } from "./batchSetup";
import { wrappedEngine } from "./wrappedEngine";

/** A store whose writes wait until the test lets them go. */
class SlowStore {
  readonly waiting: (() => void)[] = [];
  inFlight = 0;
  mostInFlight = 0;

  addItem = (): Promise<"added"> =>
    new Promise((resolve) => {
      this.inFlight++;
      this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
      this.waiting.push(() => {
        this.inFlight--;
        resolve("added");
      });
    });

  releaseAll(): void {
    for (const release of this.waiting.splice(0)) release();
  }
}

const batch = {
  id: "batch_ABCDEFGHIJKLMNOPQRSTU",
  status: "PENDING",
  sealed: false,
  processingCompletedAt: undefined,
  runCount: 1_000,
  createdAt: 0,
  engine: "local",
  idempotencyKey: undefined,
  streamCount: 0,
} as const;

function intakeOf(store: SlowStore): ItemIntake {
  return new ItemIntake(store as unknown as BatchStore, batch);
}

/** Counts how many lines were asked for. */
async function* counting(
  lines: AsyncIterable<ItemLine>,
  count: { asked: number; isLeft: boolean },
): AsyncGenerator<ItemLine> {
  try {
    for await (const line of lines) {
      count.asked++;
      yield line;
    }
  } finally {
    count.isLeft = true;
  }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe("the intake of items", () => {
  it("asks for no more lines than are in flight", async () => {
    const store = new SlowStore();
    const count = { asked: 0, isLeft: false };
    const intake = intakeOf(store);
    const end = intake.take(counting(items(500), count), never);
    await turns();
    expect(count.asked).toBe(mostItemsInFlight);
    store.waiting.shift()?.();
    await turns();
    expect(count.asked).toBe(mostItemsInFlight + 1);
    while (intake.accepted < 500) {
      store.releaseAll();
      await turns();
    }
    expect(await end).toEqual({ type: "whole" });
    expect(store.mostInFlight).toBe(mostItemsInFlight);
  });

  it("holds no more than some bytes of payloads, and one larger payload", async () => {
    const store = new SlowStore();
    const count = { asked: 0, isLeft: false };
    const large = Array.from({ length: 20 }, () => ({ payload: new Uint8Array(3 * 1024 * 1024) }));
    const intake = intakeOf(store);
    const end = intake.take(counting(items(large), count), never);
    await turns();
    expect(count.asked).toBe(3);
    while (intake.accepted < 20) {
      store.releaseAll();
      await turns();
    }
    await end;
    expect(store.mostInFlight).toBe(3);
  });

  it("ends at the first fault, once all that is in flight is in the log", async () => {
    const store = new SlowStore();
    const count = { asked: 0, isLeft: false };
    const error = new ItemLineError(400, 4, "The line is not JSON");
    const body = async function* (): AsyncGenerator<ItemLine> {
      yield* items(3);
      throw error;
    };
    const intake = intakeOf(store);
    let isEnded = false;
    const end = intake.take(counting(body(), count), never).finally(() => {
      isEnded = true;
    });
    await turns();
    expect([count.asked, isEnded]).toEqual([3, false]);
    store.releaseAll();
    expect(await end).toEqual({ type: "line", error });
    expect(intake.accepted).toBe(3);
  });

  it("waits for nobody when the client is gone, not even for a body that says nothing more", async () => {
    for (const abortAfter of [0, 2]) {
      const store = new SlowStore();
      const controller = new AbortController();
      const body = async function* (): AsyncGenerator<ItemLine> {
        yield* items(abortAfter);
        await new Promise(() => {});
      };
      const intake = intakeOf(store);
      const end = intake.take(body(), controller.signal);
      await turns();
      controller.abort(new Error("the socket is closed"));
      store.releaseAll();
      expect(await end).toEqual({ type: "cut", error: new Error("the socket is closed") });
      expect(intake.accepted).toBe(abortAfter);
    }
    const gone = AbortSignal.abort(new Error("gone before"));
    const untouched = { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error("asked")) }) };
    expect(await intakeOf(new SlowStore()).take(untouched, gone)).toEqual({
      type: "cut",
      error: new Error("gone before"),
    });
  });

  it("leaves no promise behind that nobody handles", async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown) => void unhandled.push(error);
    process.on("unhandledRejection", note);
    try {
      await using test = await wrappedEngine();
      const { id } = await test.engine.create({ runCount: 200 });
      let calls = 0;
      test.store.hooks.addItem = async (real, { index }) => {
        calls++;
        if (index % 3 === 1) throw new Error(`ENOSPC at ${index}`);
        return await real();
      };
      const rude: AsyncIterable<ItemLine> = {
        [Symbol.asyncIterator]: () => {
          const inner = items(200);
          return { next: () => inner.next(), return: () => Promise.reject(new Error("rude")) };
        },
      };
      const answer = await test.engine.streamItems(id, rude, never);
      expect(answer).toMatchObject({ status: 503, sealed: false, error: "An item could not be kept: ENOSPC at 1" });
      expect(calls).toBeLessThanOrEqual(mostItemsInFlight);
      test.store.hooks = {};
      expect(await test.engine.streamItems(id, items(200), never)).toMatchObject({ status: 200, sealed: true });
      await test.ended(id);
      await turns();
      expect(unhandled).toEqual([]);
    } finally {
      process.off("unhandledRejection", note);
    }
  });
});
