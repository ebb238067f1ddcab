// Which batches are of the sessions that were started here.
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { Emitter } from "../../src/base/event";
import { silentLogger } from "../../src/base/logger";
import { StartedBatches } from "../../src/host/batch/startedBatches";
import type { BatchEntry } from "../../src/store/batches/batchCatalog";
import type { SessionEntry } from "../../src/store/sessionEntry";
import type { StoreChange } from "../../src/store/traceStore";

const directory = "/home/ann/shop/.tracekeeper/traces";
const keyOf = (session: string) => join(directory, `${session}.json`);
const launched = (session: string, isBackground: boolean) => {
  return { key: keyOf(session), title: session, isPlaybook: true, isBackground };
};

function startedHere() {
  const batches: BatchEntry[] = [];
  const sessions = new Map<string, SessionEntry>();
  const listings = new Emitter<void>();
  const changes = new Emitter<StoreChange>();
  const told: string[] = [];
  let refreshed = 0;
  const started = new StartedBatches({
    catalog: {
      entries: () => batches,
      onDidChange: listings.event,
      refresh: async () => void refreshed++,
    },
    store: { entry: (key) => sessions.get(key), onDidChange: changes.event },
    logger: silentLogger,
    onBatch: ({ safeId }, isTriggered) => void told.push(`${safeId}${isTriggered ? ", triggered" : ""}`),
    onNone: ({ safeId }) => void told.push(`none of ${safeId}`),
  });
  return {
    started,
    told,
    batches,
    refreshed: () => refreshed,
    list(safeId: string, parentSession: string | undefined) {
      batches.push({ key: safeId, directory, safeId, summary: { parentSession } } as BatchEntry);
      listings.fire();
    },
    fail(session: string) {
      const entry = { key: keyOf(session), safeId: session, state: { status: "failed" } } as SessionEntry;
      sessions.set(entry.key, entry);
      changes.fire({ changed: [entry], removed: [] } as unknown as StoreChange);
    },
  };
}

it("knows the batches of its sessions by the session that they name, each once", () => {
  const { started, told, list } = startedHere();
  started.add(launched("mine", true));
  started.add(launched("nightly", false));
  list("A", "mine");
  list("B", "nightly");
  list("C", "somebody");
  list("D", undefined);
  list("E", "nightly");
  expect(told).toEqual(["A, triggered", "B", "E"]);
  expect([started.isBatch(keyOf("mine")), started.isBatch(keyOf("nightly"))]).toEqual([true, false]);
  expect([started.hasBatch(keyOf("somebody")), started.hasBatch(keyOf("nobody"))]).toEqual([true, false]);
});

it("tells of a trigger that led to no batch, but not of one whose batch is not listed yet", async () => {
  const here = startedHere();
  here.started.add(launched("soon", true));
  here.started.add(launched("never", true));
  here.batches.push({ key: "A", directory, safeId: "A", summary: { parentSession: "soon" } } as BatchEntry);
  here.fail("soon");
  await vi.waitFor(() => expect(here.told).toEqual(["A, triggered"]));
  here.fail("never");
  here.fail("never");
  await vi.waitFor(() => expect(here.told).toEqual(["A, triggered", "none of never"]));
  // One that is no batch is told of as a session.
  here.started.add(launched("playbook", false));
  here.fail("playbook");
  expect(here.refreshed()).toBe(3);
});
