// A session that was begun again while its older incarnation was still there: what that one renames, ends or crashes late
// changes neither S.json for good nor the state, and what it logs is kept. The older recorder shares nothing with the newer
// one but the files, as in a worker that was thought to be terminated, or it is in the same process.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { recoverSession } from "../../src/recorder/recoverSession";
import type { CrashableFs } from "./crashableFs";
import { type FaultyFs, faultyFs } from "./faultyFs";
import { laterTurn } from "./laterTurn";
import type { Step } from "./oracle";
import { loadFrom } from "./sessionOnDisk";
import {
  directory,
  emptyDisk,
  expectSession,
  fakedTimers,
  laterMachine,
  machineWhere,
  namesOn,
  snapshotOn,
  stateOf,
  TracedProgram,
} from "./tracedWork";

const onSnapshot = { name: "rename", path: /\/s\.json$/, mode: "async" } as const;

let disk: CrashableFs;
/** Calls of the older recorder, and of the newer one. */
let olderFs: FaultyFs;
let newerFs: FaultyFs;

beforeEach(() => {
  vi.useFakeTimers({ toFake: [...fakedTimers] });
  disk = emptyDisk();
  olderFs = faultyFs(disk);
  newerFs = faultyFs(disk);
});

afterEach(async () => {
  for (const fs of [olderFs, newerFs]) {
    fs.releaseAll();
    await fs.quiet();
  }
  vi.useRealTimers();
});

async function quiet(): Promise<void> {
  for (const fs of [olderFs, newerFs, olderFs]) await fs.quiet();
}

/** The programs of the same process, or each with a recorder of its own. */
async function programs(place: string): Promise<{ older: TracedProgram; newer: TracedProgram }> {
  const older = new TracedProgram({ fs: olderFs });
  if (place === "in the same process") return { older, newer: new TracedProgram({ fs: newerFs }) };
  vi.resetModules();
  const another = await import("./tracedWork");
  return { older, newer: new another.TracedProgram({ fs: newerFs }) as unknown as TracedProgram };
}

const places = ["in the same process", "that shares nothing but the files"];

describe.each(places)("an older incarnation %s", (place) => {
  let older: TracedProgram;
  let newer: TracedProgram;

  beforeEach(async () => {
    ({ older, newer } = await programs(place));
    older.start();
    older.work(5);
    await older.trace.flush();
  });

  /** Everything that both of them logged. */
  const steps = (): Step[] => [...older.steps, ...newer.steps];

  async function restart(): Promise<void> {
    expect(await newer.trace.rehydrateFromFile("s")).toBe(true);
    newer.work(5);
    await laterTurn();
  }

  async function end(program: TracedProgram): Promise<void> {
    const ended = program.trace.endTrace();
    await quiet();
    vi.advanceTimersByTime(10_000);
    expect(await ended).toBe(`${directory}/s.json`);
    await quiet();
  }

  async function expectRecovered(state: string): Promise<void> {
    const result = await recoverSession(directory, "s", { fs: disk, machine: laterMachine });
    expect(result).toMatchObject({ lostRecords: 0, keptFiles: [] });
    const { trace } = expectSession(disk, steps(), state, { liveness: "gone" });
    expect(namesOn(disk)).toEqual(state.startsWith("crashed") ? ["s.crash", "s.json"] : ["s.json"]);
    expect(snapshotOn(disk).spans).toEqual(trace.spans);
  }

  it("renames its snapshot after the newer one has ended", async () => {
    const held = olderFs.hold(onSnapshot, { count: 1 });
    older.work(3);
    void older.trace.flush();
    await held.reached;
    await restart();
    await end(newer);
    expectSession(disk, steps(), "completed");
    held.release();
    await quiet();
    expectSession(disk, steps(), "completed");
    await expectRecovered("completed");
  });

  it("renames its snapshot after the newer one has crashed", async () => {
    const held = olderFs.hold(onSnapshot, { count: 1 });
    older.work(3);
    void older.trace.flush();
    await held.reached;
    await restart();
    newer.trace.flushSync("SIGTERM");
    expectSession(disk, steps(), "crashed: SIGTERM");
    held.release();
    await quiet();
    expectSession(disk, steps(), "crashed: SIGTERM");
    await expectRecovered("crashed: SIGTERM");
  });

  it("renames the trace of its own end after the newer one has ended", async () => {
    const held = olderFs.hold(onSnapshot, { count: 1 });
    older.work(3);
    const ended = older.trace.endTrace();
    await held.reached;
    await restart();
    await end(newer);
    expectSession(disk, steps(), "completed");
    held.release();
    vi.advanceTimersByTime(10_000);
    expect(await ended).toBe(`${directory}/s.json`);
    await quiet();
    expectSession(disk, steps(), "completed");
    await expectRecovered("completed");
  });

  it.each(["logs", "flushes", "ends", "crashes"])("%s while the newer one runs", async (what) => {
    await restart();
    await newer.trace.flush();
    older.work(3);
    await laterTurn();
    if (what === "flushes") await older.trace.flush();
    if (what === "ends") expect(await older.trace.endTrace("an orphan's error")).toBe(`${directory}/s.json`);
    if (what === "crashes") older.trace.flushSync("an orphan's crash");
    await quiet();
    expect(namesOn(disk)).not.toContain("s.crash");
    expect(namesOn(disk)).toContain("s.live");
    expectSession(disk, steps(), "running");
    newer.work(2);
    await end(newer);
    expectSession(disk, steps(), "completed");
    await expectRecovered("completed");
  });

  it.each(["logs", "flushes", "ends", "crashes"])("%s after the newer one has ended", async (what) => {
    await restart();
    await end(newer);
    const before = snapshotOn(disk);
    older.work(3);
    await laterTurn();
    if (what === "flushes") await older.trace.flush();
    if (what === "ends") expect(await older.trace.endTrace("an orphan's error")).toBe(`${directory}/s.json`);
    if (what === "crashes") older.trace.flushSync("an orphan's crash");
    await quiet();
    expect(snapshotOn(disk)).toEqual(before);
    expect(namesOn(disk)).not.toContain("s.crash");
    expectSession(disk, steps(), "completed");
    await expectRecovered("completed");
  });

  it.each(["logs", "ends", "crashes"])("%s after the newer one has crashed", async (what) => {
    await restart();
    newer.trace.flushSync("SIGTERM");
    older.work(3);
    await laterTurn();
    if (what === "ends") expect(await older.trace.endTrace()).toBe(`${directory}/s.json`);
    if (what === "crashes") older.trace.flushSync("an orphan's crash");
    await quiet();
    expectSession(disk, steps(), "crashed: SIGTERM");
    await expectRecovered("crashed: SIGTERM");
  });
});

describe("a session that crashed, was begun again by another process and has ended", () => {
  it("does not look crashed, whoever writes its file afterwards", async () => {
    const older = new TracedProgram({ fs: olderFs });
    older.start();
    older.work(3);
    older.trace.flushSync("SIGTERM");
    await quiet();
    const second = machineWhere({ type: "present", isZombie: false, start: "2" });
    const newer = new TracedProgram({ fs: newerFs, machine: second });
    expect(await newer.trace.rehydrateFromFile("s")).toBe(true);
    newer.work(2);
    expect(await newer.trace.endTrace()).toBe(`${directory}/s.json`);
    await quiet();
    const { trace } = expectSession(disk, [...older.steps, ...newer.steps], "completed");
    const crashes = trace.spans[0]?.events?.filter(({ name }) => name === "tracekeeper.crash");
    expect(crashes?.map(({ attributes }) => attributes)).toEqual([{ reason: "SIGTERM", incarnation: 1 }]);
    expect(await newer.exporter.export(newer.claim())).toBe(`${directory}/s.json`);
    expect(snapshotOn(disk).traceId).toBe("claimed");
    expect(stateOf(loadFrom(disk, directory, "s", "gone"))).toBe("completed");
  });
});
