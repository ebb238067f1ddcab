// Who runs a listed batch, as the view tells it.
import { expect, it, vi } from "vitest";
import { Emitter } from "../../src/base/event";
import type { BatchControl } from "../../src/host/batch/batchControl";
import type { RunnerFacts } from "../../src/host/batch/batchHeader";
import { ListedBatches } from "../../src/host/batch/batchListing";
import type { BatchRunners } from "../../src/host/batch/batchRunners";
import type { BatchCatalog, BatchEntry } from "../../src/store/batches/batchCatalog";

vi.mock("vscode", () => ({ workspace: { isTrusted: true } }));

function listed(doubtMs: number) {
  const entry = { key: "A", summary: { isFinal: false } } as BatchEntry;
  let disk: RunnerFacts = { type: "alive", isReachable: true };
  let seen: RunnerFacts = { type: "unknown", isReachable: false };
  const changes = new Emitter<void>();
  const touches = new Emitter<string>();
  const catalog = { entries: () => [entry], onDidChange: changes.event, onDidTouchOwner: touches.event };
  const runners = {
    of: () => seen,
    look: async () => {
      seen = disk;
      return seen;
    },
  };
  const control = { onDidChange: new Emitter<string>().event, underWay: () => undefined };
  const list = new ListedBatches(
    catalog as unknown as BatchCatalog,
    runners as unknown as BatchRunners,
    control as unknown as BatchControl,
    doubtMs,
  );
  return {
    list,
    touch(facts: RunnerFacts) {
      disk = facts;
      touches.fire("A");
    },
    isLookedAt: () => seen === disk,
  };
}

const alive: RunnerFacts = { type: "alive", isReachable: true };
const gone: RunnerFacts = { type: "gone", isReachable: false };

it("does not seem to be nobody's in the moment between the end of its process and the news of its own", async () => {
  const { list, touch, isLookedAt } = listed(1_000_000);
  touch(alive);
  await vi.waitFor(() => expect(list.runner("A")).toBe("alive"));
  touch(gone);
  await vi.waitFor(() => expect(isLookedAt()).toBe(true));
  expect(list.runner("A")).toBe("alive");
  list.dispose();
});

it("is nobody's once that moment is over, which is told", async () => {
  const { list, touch, isLookedAt } = listed(0);
  touch(alive);
  await vi.waitFor(() => expect(isLookedAt()).toBe(true));
  const told: string[] = [];
  list.onDidChange(() => told.push(list.runner("A")));
  touch(gone);
  await vi.waitFor(() => expect(told.at(-1)).toBe("gone"));
  list.dispose();
});
