// A rename onto S.json that lands late, after the session has crashed, ended or begun again: what every reader of ours
// makes of the files is held against everything that was acknowledged, before and after recovery.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FileExporter } from "../../src/recorder/fileExporter";
import type { Machine } from "../../src/recorder/liveness";
import { recoverSession } from "../../src/recorder/recoverSession";
import type { CrashableFs } from "./crashableFs";
import { type FaultyFs, faultyFs } from "./faultyFs";
import { laterTurn } from "./laterTurn";
import { mortalFs } from "./mortalFs";
import type { Step } from "./oracle";
import {
  directory,
  emptyDisk,
  expectSession,
  fakedTimers,
  laterMachine,
  machineWhere,
  namesOn,
  snapshotOn,
  TracedProgram,
} from "./tracedWork";

const onSnapshot = { name: "rename", path: /\/s\.json$/, mode: "async" } as const;

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

/**
 * Recovers, and holds what is left to the same: by all readers of ours, and in `S.json` alone.
 * @param keptFiles a trace of somebody else is not thrown away
 */
async function expectRecovered(
  steps: readonly Step[],
  state: string,
  { machine = laterMachine, keptFiles = [] }: { machine?: Machine; keptFiles?: string[] } = {},
): Promise<void> {
  const result = await recoverSession(directory, "s", { fs: disk, machine });
  expect(result).toMatchObject({ lostRecords: 0, keptFiles });
  expect(result.error).toBeUndefined();
  const { trace } = expectSession(disk, steps, state, { liveness: "gone" });
  const marker = state.startsWith("crashed") ? ["s.crash"] : [];
  expect(namesOn(disk)).toEqual([...marker, "s.json", ...keptFiles]);
  expect(snapshotOn(disk).spans).toEqual(trace.spans);
  expect(`${state}:`.startsWith(`${snapshotOn(disk).summary.status}:`)).toBe(true);
}

describe("a snapshot of the session that crashed", () => {
  /** Each begins a snapshot whose rename is the next one. */
  const reasons: readonly [string, (program: TracedProgram) => void][] = [
    ["of its start", () => undefined],
    ["of a flush", (program) => void program.trace.flush()],
    ["of a quiet moment", () => vi.advanceTimersByTime(100)],
  ];
  const cases = reasons.flatMap(([name, begin]) =>
    (["before", "after"] as const).map((when) => ({ name, begin, when })),
  );

  it.each(cases)(
    "$name, held $when it takes effect, hides neither the crash nor an event",
    async ({ name, begin, when }) => {
      const program = new TracedProgram({ fs });
      if (name !== "of its start") {
        program.start();
        program.work(2);
        await program.trace.flush();
      }
      const held = fs.hold(onSnapshot, { when, count: 1 });
      if (name === "of its start") program.start();
      program.work(2);
      const open = program.beginTool();
      await laterTurn();
      begin(program);
      await held.reached;
      program.work(25);
      program.endTool(open);
      await laterTurn();
      program.work(25);
      program.trace.flushSync("SIGTERM");
      const before = expectSession(disk, program.steps, "crashed: SIGTERM");
      if (when === "before") expect(snapshotOn(disk).summary.status).toBe("crashed");
      held.release();
      await fs.quiet();
      vi.advanceTimersByTime(10_000);
      await fs.quiet();
      const after = expectSession(disk, program.steps, "crashed: SIGTERM");
      expect(after.trace.spans).toEqual(before.trace.spans);
      expect(namesOn(disk)).toEqual(["s.1.journal.ndjson", "s.crash", "s.json"]);
      expect(await program.trace.endTrace()).toBe(program.trace.getTracePath());
      expectSession(disk, program.steps, "crashed: SIGTERM");
      await expectRecovered(program.steps, "crashed: SIGTERM");
      expect(fs.openFds).toEqual([]);
    },
  );

  it("that lands after the crash keeps a flush waiting until S.json is that of the crash", async () => {
    const program = new TracedProgram({ fs });
    program.start();
    await program.trace.flush();
    program.work(2);
    await laterTurn();
    const rename = fs.hold(onSnapshot, { count: 1 });
    vi.advanceTimersByTime(100);
    await rename.reached;
    program.work(2);
    await laterTurn();
    const sync = fs.hold({ name: "syncData", mode: "async" }, { count: 1 });
    let isFlushed = false;
    const flushed = program.trace.flush().then(() => {
      isFlushed = true;
    });
    await sync.reached;
    program.trace.flushSync("SIGTERM");
    sync.release();
    await fs.quiet();
    expect(isFlushed).toBe(false);
    rename.release();
    await flushed;
    expect(snapshotOn(disk).summary.status).toBe("crashed");
    expectSession(disk, program.steps, "crashed: SIGTERM");
  });

  it("that lands after a person had it recovered takes no event away", async () => {
    const mortal = mortalFs(fs);
    const program = new TracedProgram({ fs: mortal });
    const held = fs.hold(onSnapshot, { count: 1 });
    program.start();
    await held.reached;
    program.work(20);
    program.trace.flushSync("SIGTERM");
    const machine = machineWhere({ type: "absent" }, { host: "elsewhere" });
    expect((await recoverSession(directory, "s", { fs: disk, machine })).action).toBe("unknown");
    await recoverSession(directory, "s", { fs: disk, machine, foldUnknown: true });
    expectSession(disk, program.steps, "crashed: SIGTERM", { liveness: "unknown" });
    // The process is killed by then: a living one would write the crash once more.
    fs.stop("finished");
    mortal.bury();
    expect(snapshotOn(disk).summary.status).toBe("running");
    expectSession(disk, program.steps, "crashed: SIGTERM", { liveness: "unknown" });
    await expectRecovered(program.steps, "crashed: SIGTERM");
  });

  it("that the kernel finishes after the process was killed changes nothing either", async () => {
    const mortal = mortalFs(fs);
    const program = new TracedProgram({ fs: mortal });
    const held = fs.hold(onSnapshot, { count: 1 });
    program.start();
    await held.reached;
    program.work(20);
    await laterTurn();
    program.trace.flushSync("SIGTERM");
    fs.stop("finished");
    mortal.bury();
    expect(snapshotOn(disk).summary.status).toBe("running");
    expectSession(disk, program.steps, "crashed: SIGTERM", { liveness: "gone" });
    await expectRecovered(program.steps, "crashed: SIGTERM");
  });
});

describe("a trace that another exporter writes to the same file", () => {
  /** Of the same program, of another part of it, or with a recorder of its own that was never told of anything. */
  const others: readonly [string, (program: TracedProgram) => Promise<FileExporter>][] = [
    ["by the session's own exporter", async (program) => program.exporter],
    ["by another exporter of the process", async () => new FileExporter(directory, 0, { fs })],
    [
      "by one that nobody told of the crash",
      async () => new (await anotherRecorder()).FileExporter(directory, 0, { fs }),
    ],
  ];

  it.each(others)("%s and lands late hides neither the crash nor an event", async (_, make) => {
    const program = new TracedProgram({ fs });
    const exporter = await make(program);
    program.start();
    program.work(20);
    await program.trace.flush();
    const held = fs.hold(onSnapshot, { count: 1 });
    const exported = exporter.export(program.claim());
    await held.reached;
    program.work(3);
    await laterTurn();
    program.trace.flushSync("SIGTERM");
    const before = expectSession(disk, program.steps, "crashed: SIGTERM");
    held.release();
    await exported;
    expect(snapshotOn(disk).summary.status).toBe("completed");
    const after = expectSession(disk, program.steps, "crashed: SIGTERM");
    expect(after.trace.spans).toEqual(before.trace.spans);
    await expectRecovered(program.steps, "crashed: SIGTERM", { keptFiles: ["s.json.replaced"] });
  });

  it.each(others)("%s is not even begun after the crash", async (_, make) => {
    const program = new TracedProgram({ fs });
    const exporter = await make(program);
    program.start();
    program.work();
    program.trace.flushSync("SIGTERM");
    await fs.quiet();
    expect(await exporter.export(program.claim())).toBeUndefined();
    expect(snapshotOn(disk).summary.status).toBe("crashed");
    await expectRecovered(program.steps, "crashed: SIGTERM");
    expect(await exporter.export(program.claim())).toBeUndefined();
    expectSession(disk, program.steps, "crashed: SIGTERM", { liveness: "gone" });
  });

  it.each(others)("%s is dropped where the crash comes while it is written", async (_, make) => {
    const program = new TracedProgram({ fs });
    const exporter = await make(program);
    program.start();
    program.work();
    await program.trace.flush();
    const held = fs.hold({ name: "write", path: /tmp/ }, { count: 1 });
    const exported = exporter.export(program.claim());
    await held.reached;
    program.trace.flushSync("SIGTERM");
    held.release();
    expect(await exported).toBeUndefined();
    expect(snapshotOn(disk).summary.status).toBe("crashed");
    expect(namesOn(disk)).toEqual(["s.1.journal.ndjson", "s.crash", "s.json"]);
  });

  it.each(others)("%s and lands after recovery takes no event away", async (_, make) => {
    const program = new TracedProgram({ fs });
    const exporter = await make(program);
    program.start();
    program.work(20);
    await program.trace.flush();
    const held = fs.hold(onSnapshot, { count: 1 });
    const exported = exporter.export(program.claim());
    await held.reached;
    program.trace.flushSync("SIGTERM");
    // The session's writer is gone, and the process that exports, whose pid the temporary file tells, is not.
    const another = machineWhere({ type: "present", isZombie: false, start: "2" });
    await recoverSession(directory, "s", { fs: disk, machine: another });
    expectSession(disk, program.steps, "crashed: SIGTERM", { liveness: "gone" });
    held.release();
    await exported;
    expect(snapshotOn(disk).summary.status).toBe("completed");
    expectSession(disk, program.steps, "crashed: SIGTERM", { liveness: "gone" });
    await expectRecovered(program.steps, "crashed: SIGTERM", { machine: another, keptFiles: ["s.json.replaced"] });
  });

  it.each(others)("%s and lands after the end takes no event away", async (_, make) => {
    const program = new TracedProgram({ fs });
    const exporter = await make(program);
    program.start();
    program.work(20);
    await program.trace.flush();
    const held = fs.hold(onSnapshot, { count: 1 });
    const exported = exporter.export(program.claim());
    await held.reached;
    program.work(3);
    const ended = program.trace.endTrace();
    await fs.quiet();
    vi.advanceTimersByTime(10_000);
    await fs.quiet();
    expectSession(disk, program.steps, "completed");
    held.release();
    await exported;
    await ended;
    await fs.quiet();
    expectSession(disk, program.steps, "completed");
    const isReplaced = snapshotOn(disk).traceId === "claimed";
    await expectRecovered(program.steps, "completed", { keptFiles: isReplaced ? ["s.json.replaced"] : [] });
  });
});

describe("a process", () => {
  it("has one rename onto a file under way at most, whoever asks for it", async () => {
    const program = new TracedProgram({ fs });
    program.start();
    await program.trace.flush();
    const held = fs.hold(onSnapshot);
    const exported = [program.exporter, new FileExporter(directory, 0, { fs })].map((each) =>
      each.export(program.claim()),
    );
    await held.reached;
    program.work(3);
    const flushed = program.trace.flush();
    const again = new TracedProgram({ fs, exporter: new FileExporter(`${directory}/.`, 0, { fs }) });
    for (let landed = 0; landed < 3; landed++) {
      await fs.quiet();
      expect(held.waiting).toHaveLength(1);
      if (landed === 1) again.start();
      held.releaseNext();
    }
    await fs.quiet();
    held.release();
    await Promise.all([...exported, flushed]);
    await again.trace.endTrace();
  });
});

/** The recorder as another thread or another program has it: the same code, and nothing shared but the files. */
async function anotherRecorder() {
  vi.resetModules();
  return await import("../../src/recorder/fileExporter");
}
