// The policy in all three places, for every status x sealed x completedAt: what a client is answered, from the contract.

import { describe, expect, it } from "vitest";
import { type BatchStatus, batchStatuses } from "../../src/trace/batch/batchRecord";
import { isIdempotentRetrySuccess } from "../../src/trace/batch/retryPolicy";
import { items, never } from "./batchSetup";
import { wrappedEngine } from "./wrappedEngine";

const done = "200 sealed";
/** Before the stream, on a count mismatch, on a lost race to seal. */
type Answers = readonly [before: string, mismatch: string, lostRace: string];

const success: Answers = [done, done, done];
const aborted: Answers = [
  "422 The batch is ABORTED and takes no items",
  "422 The batch is ABORTED and takes no items",
  "422 The batch is in an unexpected state: ABORTED",
];

const table: readonly (readonly [BatchStatus, sealed: boolean, completedAt: number | undefined, Answers])[] = [
  ["PENDING", false, undefined, ["goes on", "200 unsealed 1 of 2", "422 The batch is in an unexpected state: PENDING"]],
  ["PENDING", false, 5, success],
  ["PENDING", true, undefined, success],
  ["PENDING", true, 5, success],
  ["PROCESSING", false, undefined, success],
  ["PROCESSING", false, 5, success],
  ["PROCESSING", true, undefined, success],
  ["PROCESSING", true, 5, success],
  ["COMPLETED", false, undefined, success],
  ["COMPLETED", false, 5, success],
  ["COMPLETED", true, undefined, success],
  ["COMPLETED", true, 5, success],
  ["PARTIAL_FAILED", false, undefined, success],
  ["PARTIAL_FAILED", false, 5, success],
  ["PARTIAL_FAILED", true, undefined, success],
  ["PARTIAL_FAILED", true, 5, success],
  ["ABORTED", false, undefined, aborted],
  ["ABORTED", false, 5, aborted],
  ["ABORTED", true, undefined, aborted],
  ["ABORTED", true, 5, aborted],
];

const places = ["before the stream", "on a count mismatch", "on a lost race to seal"] as const;

describe("a retry of the second phase", () => {
  it("is judged for every combination there is", () => {
    const seen = new Set(table.map(([status, sealed, completedAt]) => `${status} ${sealed} ${completedAt}`));
    expect(seen.size).toBe(batchStatuses.length * 2 * 2);
    expect(table).toHaveLength(seen.size);
  });

  const rows = table.flatMap(([status, sealed, processingCompletedAt, answers]) =>
    places.map((place, at) => ({ status, sealed, processingCompletedAt, place, answer: answers[at] ?? "" })),
  );
  it.each(rows)(
    "of a batch that is $status, sealed $sealed, completed at $processingCompletedAt, $place: $answer",
    async (row) => {
      const { status, sealed, processingCompletedAt, place, answer: expected } = row;
      await using test = await wrappedEngine();
      const { engine, store } = test;
      const { id } = await engine.create({ runCount: 2 });
      const found = await store.read(id);
      const facts = found && { ...found, status, sealed, processingCompletedAt };
      const before = store.calls.length;
      let reads = 0;
      store.hooks = {
        read: async (real) => (++reads === (place === "before the stream" ? 1 : 2) ? facts : await real()),
        countItems: async (real) => (place === "on a count mismatch" ? (await real()) - 1 : await real()),
        update: async (real, type) => (type === "sealed" && place === "on a lost race to seal" ? false : await real()),
      };
      let taken = 0;
      const body = async function* () {
        for await (const item of items(2)) {
          taken++;
          yield item;
        }
      };
      const answer = await engine.streamItems(id, body(), never);
      const counts = [answer.itemsAccepted, answer.itemsDeduplicated];
      if (expected === "goes on") {
        expect(answer).toMatchObject({ status: 200, sealed: true, itemsAccepted: 2 });
        expect(answer).not.toHaveProperty("retryReason");
        return;
      }
      // Before the stream its body is not touched.
      expect(taken).toBe(place === "before the stream" ? 0 : 2);
      expect(counts).toEqual(place === "before the stream" ? [0, 0] : [2, 0]);
      expect(store.calls.slice(before)).toContain("read");
      if ("error" in answer) {
        expect(`${answer.status} ${answer.error}`).toBe(expected);
        expect(answer.batchStatus).toBe(status);
      } else if (answer.sealed) {
        expect(`${answer.status} sealed`).toBe(expected);
        expect(answer).toMatchObject({ id, runCount: 2 });
        expect(answer.retryReason).toMatch(/answered as success$/);
      } else {
        expect(`${answer.status} unsealed ${answer.enqueuedCount} of ${answer.expectedCount}`).toBe(expected);
      }
      const recorded = (await store.state(id))?.streams.at(-1);
      expect(recorded?.isRetrySuccess).toBe(expected === done ? true : undefined);
      expect(recorded).toMatchObject({
        status: answer.status,
        sealed: answer.sealed,
        accepted: counts[0],
        deduplicated: 0,
      });
    },
  );

  it("is decided by what the one function says", () => {
    for (const [status, sealed, completedAt, [before]] of table) {
      expect(isIdempotentRetrySuccess(status, sealed, completedAt)).toBe(before === done);
    }
  });
});
