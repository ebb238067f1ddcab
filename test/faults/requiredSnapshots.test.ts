// How often S.json is written: counted in renames for bursts of any size, and in bytes for sessions that grow large. Time
// passes only as the tests say.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { TraceFile as AnyTraceFile } from "../../src/trace/schema";
import type { CrashableFs } from "./crashableFs";
import { type FaultyFs, faultyFs } from "./faultyFs";
import { laterTurn } from "./laterTurn";
import { differences } from "./oracle";
import { directory, emptyDisk, expectSession, fakedTimers, namesOn, snapshotOn, TracedProgram } from "./tracedWork";

const mebibyte = 1024 * 1024;
const smallBytes = 8 * mebibyte;
const onSnapshot = { name: "rename", path: /\/s\.json$/, mode: "async" } as const;

let disk: CrashableFs;
let fs: FaultyFs;
let program: TracedProgram;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: [...fakedTimers] });
  disk = emptyDisk();
  fs = faultyFs(disk);
  program = new TracedProgram({ fs });
  program.start();
  await fs.quiet();
});

afterEach(async () => {
  fs.releaseAll();
  await fs.quiet();
  vi.useRealTimers();
});

function renames(): number {
  return fs.calls.filter(({ name, to }) => name === "rename" && to === `${directory}/s.json`).length;
}

/** Bytes written for snapshots so far. */
function snapshotBytes(): number {
  let sum = 0;
  for (const { path, bytes = 0 } of fs.calls) if (path.includes(".tmp.") || path.endsWith("s.json")) sum += bytes;
  return sum;
}

function journalBytes(): number {
  return disk.sync.stat(`${directory}/s.1.journal.ndjson`).sizeBytes;
}

/** What a reader that knows only `S.json` lacks. */
function missingInSnapshot(): string[] {
  return differences(program.steps, { trace: snapshotOn(disk) as AnyTraceFile });
}

async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 25) {
    vi.advanceTimersByTime(Math.min(25, ms - passed));
    await fs.quiet();
  }
}

describe.each([8, 800])("a burst of %i events", (count) => {
  it("in one turn is one snapshot, within 100 ms of quiet", async () => {
    const before = renames();
    program.work(count);
    await laterTurn();
    await pass(100);
    expect(renames()).toBe(before + 1);
    expect(missingInSnapshot()).toEqual([]);
    await pass(10_000);
    expect(renames()).toBe(before + 1);
  });

  it("that arrives one by one without a pause is one snapshot, within 100 ms of quiet", async () => {
    const before = renames();
    for (let index = 0; index < count; index++) {
      program.work();
      await laterTurn();
      vi.advanceTimersByTime(20);
    }
    await pass(100);
    expect(renames()).toBe(before + 1);
    expect(missingInSnapshot()).toEqual([]);
  });

  it.each(["is quiet in between", "asks for each of them"])(
    "during a snapshot that hangs is one more: it %s",
    async (how) => {
      const before = renames();
      const held = fs.hold(onSnapshot, { count: 1 });
      program.work();
      const first = program.trace.flush();
      await held.reached;
      const flushes: Promise<void>[] = [];
      for (let index = 0; index < count; index++) {
        program.work();
        await laterTurn();
        vi.advanceTimersByTime(100);
        if (how === "asks for each of them") flushes.push(program.trace.flush());
      }
      await fs.quiet();
      expect(renames()).toBe(before + 1);
      held.release();
      await Promise.all([first, ...flushes]);
      await fs.quiet();
      expect(renames()).toBe(before + 2);
      expect(missingInSnapshot()).toEqual([]);
      await pass(10_000);
      expect(renames()).toBe(before + 2);
    },
  );

  it("is there when flush resolves, although events keep arriving", async () => {
    program.work(count);
    const steps = [...program.steps];
    let isFlushed = false;
    const flushed = program.trace.flush().then(() => {
      isFlushed = true;
    });
    for (let turn = 0; turn < 1000 && !isFlushed; turn++) {
      program.work();
      await laterTurn();
      vi.advanceTimersByTime(1);
    }
    expect(isFlushed).toBe(true);
    await flushed;
    expect(differences(steps, { trace: snapshotOn(disk) as AnyTraceFile }, program.steps)).toEqual([]);
  });
});

describe("a session that grows to 64 MB with pauses", () => {
  it("is in S.json at once while it is small, and costs three times its size at most beyond that", async () => {
    let small = 0;
    let lags = 0;
    for (let index = 0; index < 65; index++) {
      const before = renames();
      program.work(1, mebibyte);
      await laterTurn();
      await pass(100);
      const isSmall = journalBytes() <= smallBytes;
      expect(renames()).toBeLessThanOrEqual(before + 1);
      if (renames() === before) lags++;
      else expect(missingInSnapshot()).toEqual([]);
      if (!isSmall) continue;
      expect(lags).toBe(0);
      small = snapshotBytes();
    }
    expect(snapshotOn(disk).summary.status).toBe("running");
    expect(lags).toBeGreaterThan(40);
    expect(small).toBeLessThan(smallBytes * 8);
    expectSession(disk, program.steps, "running");
    await program.trace.endTrace();
    await fs.quiet();
    expect(namesOn(disk)).toEqual(["s.json"]);
    expect(missingInSnapshot()).toEqual([]);
    const finalBytes = disk.sync.stat(`${directory}/s.json`).sizeBytes;
    expect(finalBytes).toBeGreaterThan(64 * mebibyte);
    expect(snapshotBytes() - small).toBeLessThanOrEqual(3 * finalBytes);
  });

  it("takes a sixth of the time at most", async () => {
    program.work(10, mebibyte);
    await laterTurn();
    const held = fs.hold(onSnapshot, { count: 1 });
    vi.advanceTimersByTime(100);
    await held.reached;
    vi.advanceTimersByTime(2000);
    held.release();
    await fs.quiet();
    const before = renames();
    program.work(15, mebibyte);
    await laterTurn();
    await pass(2000 * 5);
    expect(renames()).toBe(before);
    await pass(500);
    expect(renames()).toBe(before + 1);
    expect(missingInSnapshot()).toEqual([]);
  });
});
