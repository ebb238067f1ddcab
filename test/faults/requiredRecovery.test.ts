// Recovery that meets a writer which is there after all: the journal grows, ends or crashes underneath, at each of its
// calls in turn. And writers of whom nobody here can know anything, because they are in another container.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { recoverSession } from "../../src/recorder/recoverSession";
import type { Liveness } from "../../src/trace/evidence";
import type { CrashableFs } from "./crashableFs";
import { type FaultyFs, faultyFs } from "./faultyFs";
import { laterTurn } from "./laterTurn";
import { differences, type Step } from "./oracle";
import { loadFrom } from "./sessionOnDisk";
import {
  directory,
  emptyDisk,
  fakedTimers,
  laterMachine,
  machineWhere,
  namesOn,
  snapshotOn,
  stateOf,
  TracedProgram,
} from "./tracedWork";

let disk: CrashableFs;
let fs: FaultyFs;

beforeEach(() => {
  vi.useFakeTimers({ toFake: [...fakedTimers] });
  disk = emptyDisk();
  fs = faultyFs(disk);
});

afterEach(async () => {
  fs.releaseAll();
  await fs.quiet();
  vi.useRealTimers();
});

async function recorded(): Promise<TracedProgram> {
  const program = new TracedProgram({ fs });
  program.start();
  program.work(5);
  await program.trace.flush();
  program.work(2);
  await laterTurn();
  return program;
}

/** Runs a recovery up to before its call number `count`, then `meanwhile`, then the rest. False where it has fewer calls. */
async function recoverAround(
  recover: (of: FaultyFs) => Promise<unknown>,
  count: number,
  meanwhile: () => Promise<void>,
): Promise<boolean> {
  const own = faultyFs(disk);
  const held = own.hold({});
  let isOver = false;
  const over = recover(own).then(() => {
    isOver = true;
  });
  for (let call = 0; call < count && !isOver; call++) {
    await Promise.race([held.reach(1), over]);
    held.releaseNext();
  }
  await Promise.race([held.reach(1), over]);
  if (isOver) return false;
  await meanwhile();
  held.release();
  await over;
  return true;
}

/** What is wrong with the session, if anything, in one line. */
function wrongWith(steps: readonly Step[], states: readonly string[], liveness: Liveness = "alive"): string[] {
  const loaded = loadFrom(disk, directory, "s", liveness);
  const state = stateOf(loaded);
  return [...(states.includes(state) ? [] : [`it is ${state}`]), ...differences(steps, loaded)];
}

describe("a recovery because a person said that the writer is gone", () => {
  const elsewhere = machineWhere({ type: "absent" }, { host: "elsewhere" });
  const recover = (of: FaultyFs) => recoverSession(directory, "s", { fs: of, machine: elsewhere, foldUnknown: true });

  const actions: readonly [string, string, (program: TracedProgram) => Promise<unknown>][] = [
    ["grows", "running", async () => undefined],
    ["is flushed", "running", (program) => program.trace.flush()],
    ["ends", "completed", (program) => program.trace.endTrace()],
    ["crashes", "crashed: SIGTERM", async (program) => program.trace.flushSync("SIGTERM")],
  ];

  it.each(actions)("loses nothing of a session that %s underneath, and does not stop it", async (_, state, act) => {
    const wrong: string[] = [];
    let count = 0;
    for (; ; count++) {
      disk = emptyDisk();
      fs = faultyFs(disk);
      const program = await recorded();
      const look = (when: string, states: readonly string[], liveness?: Liveness) =>
        wrong.push(...wrongWith(program.steps, states, liveness).map((what) => `${when} at call ${count}: ${what}`));
      const isStruck = await recoverAround(recover, count, async () => {
        program.work(2);
        await laterTurn();
        await act(program);
        await fs.quiet();
      });
      if (!isStruck) break;
      // Where the recovery has read what was logged meanwhile, it calls the session crashed until something follows.
      look("recovered", state === "running" ? ["running", "crashed: killed"] : [state]);
      if (state === "running") {
        program.work();
        await laterTurn();
        look("grown", ["running"]);
        await program.trace.endTrace();
        look("ended", ["completed"]);
      }
      await recoverSession(directory, "s", { fs: disk, machine: laterMachine });
      look("in the end", [state === "running" ? "completed" : state], "gone");
      expect(`${state === "running" ? "completed" : state}:`).toContain(`${snapshotOn(disk).summary.status}:`);
    }
    expect(wrong).toEqual([]);
    expect(count).toBeGreaterThan(20);
  });
});

describe("a recovery of a session whose writer is gone", () => {
  /** The first writer's process is gone, the second one's is there. */
  const second = machineWhere({ type: "present", isZombie: false, start: "2" });
  const recover = (of: FaultyFs) => recoverSession(directory, "s", { fs: of, machine: second });

  it.each(["startTrace", "rehydrateFromFile"] as const)("loses nothing where %s begins it again", async (how) => {
    const wrong: string[] = [];
    let count = 0;
    for (; ; count++) {
      disk = emptyDisk();
      fs = faultyFs(disk);
      const program = await recorded();
      const next = new TracedProgram({ fs, machine: second });
      const look = (when: string, state: string, liveness?: Liveness) => {
        const steps = [...program.steps, ...next.steps];
        wrong.push(...wrongWith(steps, [state], liveness).map((what) => `${when} at call ${count}: ${what}`));
      };
      const isStruck = await recoverAround(recover, count, async () => {
        if (how === "startTrace") next.start();
        else expect(await next.trace.rehydrateFromFile("s")).toBe(true);
        next.work(2);
        await laterTurn();
        await fs.quiet();
      });
      if (!isStruck) break;
      look("recovered", "running");
      next.work(2);
      await next.trace.flush();
      look("flushed", "running");
      await next.trace.endTrace();
      look("ended", "completed");
      await recoverSession(directory, "s", { fs: disk, machine: laterMachine });
      look("in the end", "completed", "gone");
    }
    expect(wrong).toEqual([]);
    expect(count).toBeGreaterThan(20);
  });
});

describe("two containers", () => {
  // One kernel, so one boot id, and the same process numbers in both.
  const first = machineWhere(
    { type: "present", isZombie: false, start: "1" },
    { host: "one", pidNamespace: "pid:[1]" },
  );
  const elsewhere = { host: "two", pidNamespace: "pid:[2]" };
  const second = machineWhere({ type: "present", isZombie: false, start: "2" }, elsewhere);

  it.each([
    ["with names of their own", machineWhere({ type: "absent" }, elsewhere)],
    ["of one name", machineWhere({ type: "absent" }, { host: "one", pidNamespace: "pid:[2]" })],
  ])("%s do not take each other's sessions for dead", async (_, other) => {
    const program = new TracedProgram({ fs, machine: first });
    program.start();
    program.work(3);
    await program.trace.flush();
    program.work(2);
    await laterTurn();
    await fs.quiet();
    const before = disk.snapshotFiles();
    const found = await recoverSession(directory, "s", { fs: disk, machine: other });
    expect(found).toMatchObject({ action: "unknown", keptFiles: [] });
    expect(disk.snapshotFiles()).toEqual(before);
    expect(wrongWith(program.steps, ["running"], "unknown")).toEqual([]);
    program.trace.flushSync("SIGTERM");
    await fs.quiet();
    const crashed = disk.snapshotFiles();
    expect((await recoverSession(directory, "s", { fs: disk, machine: other })).action).toBe("unknown");
    expect(disk.snapshotFiles()).toEqual(crashed);
    expect(wrongWith(program.steps, ["crashed: SIGTERM"], "unknown")).toEqual([]);
  });

  it.each(["ends", "crashes"])(
    "that record one session keep what both of them logged, also when the newer %s",
    async (how) => {
      const older = new TracedProgram({ fs, machine: first });
      const newer = new TracedProgram({ fs: faultyFs(disk), machine: second });
      older.start();
      older.work(3);
      await laterTurn();
      expect(await newer.trace.rehydrateFromFile("s")).toBe(true);
      newer.work(3);
      older.work(2);
      await laterTurn();
      if (how === "ends") await newer.trace.endTrace();
      else newer.trace.flushSync("SIGTERM");
      older.work(2);
      await laterTurn();
      older.trace.flushSync("the older one's end");
      await fs.quiet();
      const steps = [...older.steps, ...newer.steps];
      const state = how === "ends" ? "completed" : "crashed: SIGTERM";
      expect(wrongWith(steps, [state], "unknown")).toEqual([]);
      // Seen from the newer one's container, where nobody knows of the older one: nothing of it may go.
      const gone = machineWhere({ type: "absent" }, elsewhere);
      await recoverSession(directory, "s", { fs: disk, machine: gone });
      expect(namesOn(disk)).toEqual(expect.arrayContaining(["s.1.journal.ndjson", "s.2.journal.ndjson"]));
      expect(wrongWith(steps, [state], "unknown")).toEqual([]);
      expect(snapshotOn(disk).spans).toHaveLength(steps.filter((step) => "event" in step).length + 1);
    },
  );
});
