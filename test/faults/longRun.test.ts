// Long runs and many sessions at once: what is open stays bounded, everything is there in the end, and a disk on which
// single calls hang for the whole run keeps nobody from going on.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FileExporter } from "../../src/recorder/fileExporter";
import { nodeFs } from "../../src/recorder/recorderFs";
import { recoverSession } from "../../src/recorder/recoverSession";
import { makeTempDir } from "../support/tempDir";
import type { CrashableFs } from "./crashableFs";
import { type CallMatch, type FaultyFs, faultyFs } from "./faultyFs";
import { laterTurn } from "./laterTurn";
import {
  directory,
  emptyDisk,
  expectSession,
  fakedTimers,
  laterMachine,
  namesOn,
  runningMachine,
  snapshotOn,
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

describe("1,000 sessions at once on one exporter", () => {
  it("are recorded side by side with a bounded number of open files", async () => {
    await using folder = await makeTempDir();
    const open = new Set<number>();
    let mostOpen = 0;
    const { sync } = nodeFs;
    const counted: typeof sync = {
      ...sync,
      open: (path, mode) => {
        const fd = sync.open(path, mode);
        open.add(fd);
        mostOpen = Math.max(mostOpen, open.size);
        return fd;
      },
      close: (fd) => {
        open.delete(fd);
        sync.close(fd);
      },
    };
    fs = faultyFs({ sync: counted });
    const exporter = new FileExporter(folder.path, 0, { fs, machine: runningMachine, fsync: "never" });
    const programs = Array.from(
      { length: 1000 },
      (_, index) => new TracedProgram({ fs, exporter, sessionId: `session-${index}` }),
    );
    for (const program of programs) program.start();
    for (let round = 0; round < 3; round++) {
      for (const program of programs) program.work();
      await laterTurn();
      vi.advanceTimersByTime(500);
      await fs.quiet();
    }
    for (const [index, { trace }] of programs.entries()) if (index % 3 === 0) trace.flushSync("SIGTERM");
    await Promise.all(programs.map(({ trace }, index) => (index % 3 === 1 ? trace.endTrace() : undefined)));
    await fs.quiet();
    const states = ["crashed: SIGTERM", "completed", "running"];
    for (const [index, { steps, sessionId }] of programs.entries()) {
      expectSession(nodeFs, steps, states[index % 3] ?? "", { safeId: sessionId, at: folder.path });
    }
    // 256 journals, and a few files for each of the 32 snapshots that are written at once.
    expect(mostOpen).toBeGreaterThan(200);
    expect(mostOpen).toBeLessThan(360);
    await Promise.all(programs.map(({ trace }) => trace.endTrace()));
    await fs.quiet();
  });
});

describe("100,000 events in one session", () => {
  it("are all there, in few calls and with few files open", async () => {
    const program = new TracedProgram({ fs });
    program.start();
    let mostOpen = 0;
    // Each piece of work is three events.
    for (let turn = 0; turn < 334; turn++) {
      program.work(100);
      await laterTurn();
      mostOpen = Math.max(mostOpen, fs.openFds.length);
      if (turn % 20 === 0) vi.advanceTimersByTime(500);
    }
    const appends = fs.calls.filter(({ name, path }) => name === "write" && path.endsWith(".ndjson"));
    expect(appends.length).toBeLessThan(334 * 2);
    expect(mostOpen).toBeLessThanOrEqual(5);
    expect(program.problems).toEqual([]);
    expect(program.trace.health).toMatchObject({ state: "ok", droppedRecords: 0 });
    expectSession(disk, program.steps, "running");
    expect(await program.trace.endTrace()).toBe(`${directory}/s.json`);
    await fs.quiet();
    expect(namesOn(disk)).toEqual(["s.json"]);
    const { trace } = expectSession(disk, program.steps, "completed");
    expect(snapshotOn(disk).spans).toEqual(trace.spans);
    expect(trace.spans).toHaveLength(334 * 100 + 1);
    expect(fs.openFds).toEqual([]);
  });
});

describe("on a disk on which it hangs for the whole run, a program goes on with", () => {
  const hanging: readonly [string, readonly CallMatch[]][] = [
    ["each sync", [{ name: ["syncData", "syncAll"], mode: "async" }]],
    ["each rename", [{ name: "rename", mode: "async" }]],
    ["the writing of each snapshot", [{ name: ["open", "write"], path: /\.tmp\./, mode: "async" }]],
    ["each removal", [{ name: "unlink", mode: "async" }]],
    ["each call that is not made in its own thread", [{ mode: "async" }]],
  ];

  async function run(program: TracedProgram): Promise<void> {
    program.start();
    for (let turn = 0; turn < 60; turn++) {
      program.work(10);
      if (turn % 7 === 0) void program.trace.flush();
      if (turn % 11 === 0) void program.trace.sync();
      await laterTurn();
      // What was logged in an earlier turn is acknowledged.
      if (turn % 10 === 0) expectSession(disk, program.steps, "running", { safeId: program.sessionId });
      vi.advanceTimersByTime(1000);
    }
    await laterTurn();
  }

  it.each(hanging)("%s, and crashes safely", async (_, matches) => {
    for (const match of matches) fs.hold(match);
    const program = new TracedProgram({ fs });
    await run(program);
    expectSession(disk, program.steps, "running");
    program.trace.flushSync("SIGTERM");
    expectSession(disk, program.steps, "crashed: SIGTERM");
    expect(program.trace.health).toMatchObject({ state: "ok", droppedRecords: 0 });
    // A second session beside it, which begins while everything hangs.
    const next = new TracedProgram({ fs, sessionId: "next" });
    await run(next);
    fs.releaseAll();
    await next.trace.endTrace();
    await fs.quiet();
    expectSession(disk, program.steps, "crashed: SIGTERM");
    expectSession(disk, next.steps, "completed", { safeId: "next" });
    await recoverSession(directory, "s", { fs: disk, machine: laterMachine });
    expectSession(disk, program.steps, "crashed: SIGTERM", { liveness: "gone" });
    expect(namesOn(disk)).toEqual(["next.json", "s.crash", "s.json"]);
  });

  it.each(hanging)("%s, and ends when the disk answers again", async (_, matches) => {
    for (const match of matches) fs.hold(match);
    const program = new TracedProgram({ fs });
    await run(program);
    const ended = program.trace.endTrace();
    await laterTurn();
    vi.advanceTimersByTime(60_000);
    await fs.quiet();
    expectSession(disk, program.steps, "completed");
    fs.releaseAll();
    expect(await ended).toBe(`${directory}/s.json`);
    await fs.quiet();
    expect(namesOn(disk)).toEqual(["s.json"]);
    expectSession(disk, program.steps, "completed");
  });
});

describe("a snapshot that hangs", () => {
  it("keeps others from being written no longer than half a minute", async () => {
    const programs = Array.from({ length: 80 }, (_, index) => new TracedProgram({ fs, sessionId: `s${index}` }));
    const held = fs.hold({ name: "rename", path: /\/s[0-9]\.json$|\/s[1-4][0-9]\.json$/, mode: "async" });
    for (const program of programs) program.start();
    await held.reach(32);
    await fs.quiet();
    expect(held.waiting).toHaveLength(32);
    // The others are there all the same, without it.
    for (const program of programs) program.work();
    await laterTurn();
    for (const { steps, sessionId } of programs) expectSession(disk, steps, "running", { safeId: sessionId });
    vi.advanceTimersByTime(31_000);
    await fs.quiet();
    vi.advanceTimersByTime(31_000);
    await fs.quiet();
    expect(held.waiting).toHaveLength(50);
    for (const { sessionId } of programs.slice(50)) expect(snapshotOn(disk, sessionId).spans).toHaveLength(2);
  });
});
