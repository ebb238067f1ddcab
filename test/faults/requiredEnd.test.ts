// A crash that comes before, during and after the end of a session: whichever record is in the journal first wins, and
// then nothing else can make the session look otherwise. What was logged is there either way.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { recoverSession } from "../../src/recorder/recoverSession";
import type { TraceExporter } from "../../src/recorder/traceTypes";
import type { CrashableFs } from "./crashableFs";
import { type FaultyFs, faultyFs } from "./faultyFs";
import { laterTurn } from "./laterTurn";
import { loadFrom } from "./sessionOnDisk";
import {
  directory,
  emptyDisk,
  expectSession,
  fakedTimers,
  laterMachine,
  namesOn,
  snapshotOn,
  stateOf,
  TracedProgram,
} from "./tracedWork";

const path = `${directory}/s.json`;

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

async function started(exporters: readonly TraceExporter[] = []): Promise<TracedProgram> {
  const program = new TracedProgram({ fs, exporters });
  program.start();
  program.work(3);
  await program.trace.flush();
  program.work(2);
  program.beginTool();
  await laterTurn();
  return program;
}

async function expectRecovered(program: TracedProgram, state: string): Promise<void> {
  await recoverSession(directory, "s", { fs: disk, machine: laterMachine });
  expectSession(disk, program.steps, state, { liveness: "gone" });
  expect(namesOn(disk)).toEqual(state.startsWith("crashed") ? ["s.crash", "s.json"] : ["s.json"]);
  expect(`${state}:`).toContain(`${snapshotOn(disk).summary.status}:`);
}

describe("flushSync in each gap of the end", () => {
  it("wins until the end is recorded, and changes nothing from there on", async () => {
    const states: string[] = [];
    for (let gap = 0; ; gap++) {
      disk = emptyDisk();
      fs = faultyFs(disk);
      const program = await started();
      const held = fs.hold({ mode: "async" });
      let isOver = false;
      const ended = program.trace.endTrace().then((result) => {
        isOver = true;
        return result;
      });
      for (let call = 0; call < gap && !isOver; call++) {
        await Promise.race([held.reach(1), ended]);
        held.releaseNext();
      }
      // In the very call of `endTrace`, and then before each of its calls to the file system.
      if (gap > 0) await Promise.race([held.reach(1), ended]);
      program.trace.flushSync("SIGTERM");
      const state = stateOf(loadFrom(disk, directory, "s", "alive"));
      states.push(state);
      expectSession(disk, program.steps, state);
      if (isOver) {
        expect(namesOn(disk)).toEqual(["s.json"]);
        break;
      }
      held.release();
      expect(await ended).toBe(path);
      await fs.quiet();
      expectSession(disk, program.steps, state);
      expect(namesOn(disk)).toEqual(state === "completed" ? ["s.json"] : ["s.1.journal.ndjson", "s.crash", "s.json"]);
      await expectRecovered(program, state);
    }
    const last = states.lastIndexOf("crashed: SIGTERM");
    expect(states.slice(0, last + 1)).toEqual(Array(last + 1).fill("crashed: SIGTERM"));
    expect(states.slice(last + 1)).toEqual(Array(states.length - last - 1).fill("completed"));
    expect(last).toBeGreaterThanOrEqual(0);
    expect(states.length).toBeGreaterThan(15);
  });

  it.each(["exports", "is being told"])("wins while an exporter %s", async (what) => {
    let goOn = (): void => undefined;
    let reached = (): void => undefined;
    const isReached = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const exporter: TraceExporter = {
      name: "slow",
      export: () => {
        reached();
        return new Promise((resolve) => {
          goOn = () => resolve("elsewhere");
        });
      },
      markCrashed: () => {
        throw new Error("an exporter that fails");
      },
    };
    const program = await started([exporter]);
    const ended = program.trace.endTrace();
    await isReached;
    if (what === "exports") program.work(2);
    program.trace.flushSync("SIGTERM");
    expectSession(disk, program.steps, "crashed: SIGTERM");
    goOn();
    expect(await ended).toBe(path);
    await fs.quiet();
    expectSession(disk, program.steps, "crashed: SIGTERM");
    await expectRecovered(program, "crashed: SIGTERM");
  });
});

describe("flushSync", () => {
  it("before the start does nothing, and the session that begins then is as any other", async () => {
    const program = new TracedProgram({ fs });
    program.trace.flushSync("too early");
    expect(fs.calls).toEqual([]);
    program.start();
    program.work(2);
    await laterTurn();
    expectSession(disk, program.steps, "running");
    expect(await program.trace.endTrace()).toBe(path);
    expectSession(disk, program.steps, "completed");
    expect(namesOn(disk)).toEqual(["s.json"]);
  });

  it("after the end does nothing", async () => {
    const program = await started();
    expect(await program.trace.endTrace()).toBe(path);
    const before = disk.snapshotFiles();
    program.trace.flushSync("too late");
    program.trace.flushSync();
    await fs.quiet();
    expect(disk.snapshotFiles()).toEqual(before);
    expectSession(disk, program.steps, "completed");
    expect(await program.trace.endTrace("too late as well")).toBe(path);
    expect(disk.snapshotFiles()).toEqual(before);
  });

  it("a second time changes nothing but what was logged in between", async () => {
    const program = await started();
    program.trace.flushSync("SIGTERM");
    const first = disk.snapshotFiles();
    program.trace.flushSync("another reason");
    expect(disk.snapshotFiles()).toEqual(first);
    program.work(2);
    program.trace.flushSync("a third one");
    await laterTurn();
    await fs.quiet();
    expectSession(disk, program.steps, "crashed: SIGTERM");
    expect(snapshotOn(disk).summary).toMatchObject({ status: "crashed", error: "SIGTERM" });
    await expectRecovered(program, "crashed: SIGTERM");
  });

  it("of a session of 50 MB that ends is over in a constant number of small calls", async () => {
    const mebibyte = 1024 * 1024;
    const program = await started();
    for (let index = 0; index < 50; index++) {
      program.work(1, mebibyte);
      await laterTurn();
    }
    const held = fs.hold({ mode: "async" });
    const ended = program.trace.endTrace();
    const firstCall = fs.calls.length;
    program.trace.flushSync("SIGTERM");
    const calls = fs.calls.slice(firstCall).filter(({ mode }) => mode === "sync");
    expect(calls.length).toBeLessThan(30);
    expect(calls.reduce((sum, { bytes = 0 }) => sum + bytes, 0)).toBeLessThan(16 * 1024);
    // More than 32 MiB are missing in it: what makes the crash known is beside it, and recovery folds it.
    expect(snapshotOn(disk).summary.status).toBe("running");
    expectSession(disk, program.steps, "crashed: SIGTERM");
    held.release();
    expect(await ended).toBe(path);
    await fs.quiet();
    await expectRecovered(program, "crashed: SIGTERM");
  });

  it("during the fold of the end of a session of 50 MB changes nothing", async () => {
    const program = await started();
    for (let index = 0; index < 50; index++) {
      program.work(1, 1024 * 1024);
      await laterTurn();
    }
    const held = fs.hold({ name: "write", path: /\.tmp\./, mode: "async" }, { count: 30 });
    const ended = program.trace.endTrace();
    for (let write = 0; write < 20; write++) {
      await held.reach(1);
      held.releaseNext();
    }
    await held.reach(1);
    const firstCall = fs.calls.length;
    program.trace.flushSync("SIGTERM");
    expect(fs.calls.length).toBe(firstCall);
    held.release();
    expect(await ended).toBe(path);
    await fs.quiet();
    expectSession(disk, program.steps, "completed");
    expect(namesOn(disk)).toEqual(["s.json"]);
  });
});

describe("what is logged while the session ends", () => {
  it("is in the trace as long as the end is not recorded, and makes no snapshot begin", async () => {
    let goOn = (): void => undefined;
    let reached = (): void => undefined;
    const isReached = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const slow: TraceExporter = {
      name: "slow",
      export: () => {
        reached();
        return new Promise((resolve) => {
          goOn = () => resolve(undefined);
        });
      },
    };
    const program = await started([slow]);
    const ended = program.trace.endTrace();
    await isReached;
    await fs.quiet();
    const renames = () => fs.calls.filter(({ name, to }) => name === "rename" && to === path).length;
    const before = renames();
    for (let index = 0; index < 5; index++) {
      program.work();
      await laterTurn();
      vi.advanceTimersByTime(500);
      await fs.quiet();
    }
    void program.trace.flush();
    await fs.quiet();
    expect(renames()).toBe(before);
    expectSession(disk, program.steps, "running");
    goOn();
    expect(await ended).toBe(path);
    await fs.quiet();
    expect(renames()).toBe(before + 1);
    expectSession(disk, program.steps, "completed");
  });

  it("after the end is recorded is refused without harm", async () => {
    const program = await started();
    const held = fs.hold({ mode: "async" });
    const ended = program.trace.endTrace();
    await held.reached;
    expect(program.trace.startToolCall({ tool: "late" })).toBe("");
    program.trace.logText({ text: "late" });
    held.release();
    expect(await ended).toBe(path);
    await fs.quiet();
    expectSession(disk, program.steps, "completed");
    expect(namesOn(disk)).toEqual(["s.json"]);
  });
});
