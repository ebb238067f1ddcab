// The crash marker fails with every error that the system has. The crash record in the journal is equal evidence, and
// where even that can't be written the marker is; the program is not told, and recovery makes good what is missing.

import { constants } from "node:os";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { recoverSession } from "../../src/recorder/recoverSession";
import type { CrashableFs } from "./crashableFs";
import { type Fault, type FaultyFs, faultyFs } from "./faultyFs";
import { laterTurn } from "./laterTurn";
import type { ErrnoName } from "./systemError";
import {
  directory,
  emptyDisk,
  expectSession,
  fakedTimers,
  laterMachine,
  namesOn,
  snapshotOn,
  TracedProgram,
} from "./tracedWork";

const codes = Object.keys(constants.errno) as ErrnoName[];

let disk: CrashableFs;
let fs: FaultyFs;

beforeEach(() => {
  vi.useFakeTimers({ toFake: [...fakedTimers] });
});

afterEach(() => {
  vi.useRealTimers();
});

/** A session whose snapshot is old, and that has ended nothing of what it has begun. */
async function started(sessionId?: string): Promise<TracedProgram> {
  disk = emptyDisk();
  fs = faultyFs(disk);
  const program = new TracedProgram({ fs, sessionId });
  program.start();
  program.work(3);
  await program.trace.flush();
  program.work(2);
  program.beginTool();
  await laterTurn();
  return program;
}

async function expectRecovered(program: TracedProgram, state = "crashed: SIGTERM"): Promise<void> {
  const result = await recoverSession(directory, "s", { fs: disk, machine: laterMachine });
  expect(result.error).toBeUndefined();
  expectSession(disk, program.steps, state, { liveness: "gone" });
  expect(namesOn(disk)).toEqual(["s.crash", "s.json"]);
  expect(snapshotOn(disk).summary.status).toBe("crashed");
}

/** Crashes with these faults, all of which must strike. */
function crash(program: TracedProgram, faults: readonly Fault[]): void {
  const armed = faults.map((fault) => fs.arm(fault));
  expect(() => program.trace.flushSync("SIGTERM")).not.toThrow();
  expect(armed.map(({ fired }) => fired > 0)).toEqual(faults.map(() => true));
  for (const fault of armed) fault.disarm();
}

const renameLive = { on: { name: "rename", path: /\/s\.live$/ } } as const;
const openCrash = { on: { name: "open", path: /\/s\.crash$/ } } as const;
const openLive = { on: { name: "open", path: /\/s\.live$/ } } as const;
const append = { on: { name: "write", path: /\.journal\.ndjson$/, mode: "sync" } } as const;
const writeAny = { on: { name: "write" } } as const;

describe("with the crash record in the journal", () => {
  it.each(codes)("%s of the rename of S.live hides nothing", async (error) => {
    const program = await started();
    crash(program, [{ ...renameLive, error }]);
    expectSession(disk, program.steps, "crashed: SIGTERM");
    await expectRecovered(program);
  });

  it.each(codes)("%s of the rename and of the creation of S.crash hides nothing", async (error) => {
    const program = await started();
    // A rename that says that S.live is gone means that somebody else has won.
    const isLost = error === "ENOENT" || error === "ENOTDIR";
    const strikes = isLost
      ? [{ ...renameLive, error }]
      : [renameLive, openCrash].map((on) => ({ ...on, error, persist: true }));
    crash(program, strikes);
    expect(namesOn(disk)).not.toContain("s.crash");
    expectSession(disk, program.steps, "crashed: SIGTERM");
    await expectRecovered(program);
  });

  it("no marker at all lets no other trace be exported over it by this process", async () => {
    const program = await started();
    crash(program, [
      { ...renameLive, error: "EIO", persist: true },
      { ...openCrash, error: "EIO", persist: true },
    ]);
    await fs.quiet();
    expect(await program.exporter.export(program.claim())).toBeUndefined();
    expect(snapshotOn(disk).summary.status).toBe("crashed");
    expectSession(disk, program.steps, "crashed: SIGTERM");
  });

  it.each(codes)("%s of every look at S.live hides nothing", async (error) => {
    const program = await started();
    crash(program, [{ ...openLive, error }]);
    expectSession(disk, program.steps, "crashed: SIGTERM");
    await expectRecovered(program);
  });

  it.each(["ENOSPC", "EDQUOT", "EIO"] as const)("%s of all that follows it hides nothing", async (error) => {
    const program = await started();
    crash(program, [{ ...writeAny, at: 1, error, persist: true }]);
    expect(namesOn(disk)).toContain("s.crash");
    expectSession(disk, program.steps, "crashed: SIGTERM");
    await expectRecovered(program);
  });
});

describe("without the crash record", () => {
  it.each(codes)("%s of the append leaves the marker, and all that was acknowledged", async (error) => {
    const program = await started();
    const acknowledged = program.steps.length;
    // Interrupted calls are made again, a hundred times.
    crash(program, [{ ...append, error, persist: true }]);
    expect(namesOn(disk)).toContain("s.crash");
    expectSession(disk, program.steps.slice(0, acknowledged), "crashed: SIGTERM");
    await expectRecovered(program);
  });

  it.each(["ENOSPC", "EDQUOT"] as const)("%s of every write leaves the marker: it takes no space", async (error) => {
    const program = await started();
    crash(program, [{ ...writeAny, error, persist: true }]);
    expect(namesOn(disk)).toContain("s.crash");
    // Its reason takes space, which is not there.
    expectSession(disk, program.steps, "crashed");
    // By now there is some, and the program is still running.
    await fs.quiet();
    await expectRecovered(program);
  });

  it("a record that is torn leaves the marker, and all that was acknowledged", async () => {
    const program = await started();
    crash(program, [{ ...append, failAfterPartial: 10, error: "ENOSPC" }]);
    expectSession(disk, program.steps, "crashed: SIGTERM");
    // A process that lives on writes the whole record after the torn one, one that ends here does not.
    disk = disk.processKill();
    const result = await recoverSession(directory, "s", { fs: disk, machine: laterMachine });
    expect(result).toMatchObject({ action: "cleaned", lostRecords: 1, keptFiles: ["s.1.journal.ndjson.damaged"] });
    expectSession(disk, program.steps, "crashed: SIGTERM", { liveness: "gone" });
  });
});

describe("a session that had crashed before", () => {
  it("is known to have crashed again although its old marker is in the way", async () => {
    const program = await started();
    program.trace.flushSync("the first");
    await fs.quiet();
    program.start();
    program.work(2);
    await laterTurn();
    expectSession(disk, program.steps, "running");
    crash(program, [{ ...renameLive, error: "EPERM" }]);
    expectSession(disk, program.steps, "crashed: SIGTERM");
    await expectRecovered(program);
  });

  it("is not taken for crashed because its old marker is torn", async () => {
    const program = await started();
    crash(program, [{ on: { name: "write", path: /\.(live|crash)$/ }, failAfterPartial: 5, error: "ENOSPC" }]);
    await fs.quiet();
    disk.sync.unlink(`${directory}/s.crash`);
    const fd = disk.sync.open(`${directory}/s.crash`, "create");
    disk.sync.write(fd, Buffer.from('{"incarn'));
    disk.sync.close(fd);
    expectSession(disk, program.steps, "crashed: SIGTERM");
    program.start();
    program.work(2);
    await laterTurn();
    expectSession(disk, program.steps, "running");
    expect(await program.trace.endTrace()).toBe(`${directory}/s.json`);
    await fs.quiet();
    expectSession(disk, program.steps, "completed");
  });
});
