// Another recorder works on our directory: it lists what it takes for traces, prunes what it takes for old ones, and
// sweeps what it takes for abandoned. These are written here as such programs do it, and know nothing of us.

import { readdir, readFile, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeFs } from "../../src/recorder/recorderFs";
import { recoverSession } from "../../src/recorder/recoverSession";
import { Trace } from "../../src/recorder/trace";
import { loadSession } from "../../src/store/loadSession";
import { makeTempDir, type TempDir } from "../support/tempDir";
import { laterTurn } from "./laterTurn";
import { differences, type Step } from "./oracle";
import { expectLoaded, laterMachine, runningMachine, TracedProgram } from "./tracedWork";

const hourMs = 60 * 60 * 1000;

interface ForeignTrace {
  readonly sessionId: string;
  readonly startedAt: string;
  readonly summary: { readonly status: string };
}

/** Every `*.json` that parses, the newest start first. */
async function foreignList(directory: string): Promise<{ file: string; trace: ForeignTrace }[]> {
  const traces: { file: string; trace: ForeignTrace }[] = [];
  for (const file of (await readdir(directory)).filter((name) => name.endsWith(".json"))) {
    const trace = JSON.parse(await readFile(join(directory, file), "utf8")) as ForeignTrace;
    traces.push({ file, trace });
  }
  return traces.sort((a, b) => new Date(b.trace.startedAt).getTime() - new Date(a.trace.startedAt).getTime());
}

/** Deletes the first `*.json` by name beyond `maxFiles`, and temporary files that are older than an hour. */
async function foreignPrune(directory: string, maxFiles: number, nowMs = Date.now()): Promise<void> {
  const names = (await readdir(directory)).sort();
  const traces = names.filter((name) => name.endsWith(".json"));
  for (const name of traces.slice(0, Math.max(0, traces.length - maxFiles))) await rm(join(directory, name));
  for (const name of names) {
    const madeMs = Number(/\.json\.tmp\.(\d+)\./.exec(name)?.[1]);
    if (nowMs - madeMs > hourMs) await rm(join(directory, name), { force: true });
  }
}

let folder: TempDir;

beforeEach(async () => {
  folder = await makeTempDir();
});
afterEach(() => folder.remove());

function programOf(sessionId: string): TracedProgram {
  return new TracedProgram({ fs: nodeFs, directory: folder.path, machine: runningMachine, sessionId });
}

async function started(sessionId: string): Promise<TracedProgram> {
  const program = programOf(sessionId);
  program.start();
  program.work(3);
  await program.trace.flush();
  program.work(2);
  await laterTurn();
  return program;
}

async function expectSession(program: TracedProgram, state: string, steps: readonly Step[] = program.steps) {
  expectLoaded(await loadSession(folder.join(`${program.sessionId}.json`), () => "alive"), steps, state);
}

async function snapshotOf({ sessionId }: TracedProgram) {
  return JSON.parse(await readFile(folder.join(`${sessionId}.json`), "utf8")) as Parameters<
    typeof differences
  >[1]["trace"];
}

/** The four states in which a session may be found. */
async function sessions() {
  const ended = await started("a-ended");
  await ended.trace.endTrace();
  const crashed = await started("b-crashed");
  crashed.trace.flushSync("SIGTERM");
  const running = await started("c-running");
  const recovered = await started("d-recovered");
  recovered.trace.flushSync("SIGKILL");
  await recoverSession(folder.path, "d-recovered", { machine: laterMachine });
  return { ended, crashed, running, recovered, all: [ended, crashed, running, recovered] };
}

describe("a foreign lister", () => {
  it("finds each session once, says nothing of one that runs or crashed but the truth, and takes no other file for a trace", async () => {
    const { all, running } = await sessions();
    const found = await foreignList(folder.path);
    expect(found.map(({ file, trace }) => [file, trace.sessionId, trace.summary.status]).sort()).toEqual([
      ["a-ended.json", "a-ended", "completed"],
      ["b-crashed.json", "b-crashed", "crashed"],
      ["c-running.json", "c-running", "running"],
      ["d-recovered.json", "d-recovered", "crashed"],
    ]);
    const starts = found.map(({ trace }) => Date.parse(trace.startedAt));
    expect(starts).toEqual([...starts].sort((a, b) => b - a));
    const names = await readdir(folder.path);
    expect(names.filter((name) => /crash|live|journal/.test(name) && name.endsWith(".json")).sort()).toEqual([
      "b-crashed.json",
    ]);
    const ours = await Trace.listTraces(folder.path);
    expect(ours.map(({ sessionId }) => sessionId).sort()).toEqual(all.map(({ sessionId }) => sessionId));
    await running.trace.endTrace();
  });
});

describe("a foreign pruner", () => {
  it("that keeps every trace changes nothing, whatever our files are called and however old they are", async () => {
    const { ended, crashed, running, recovered } = await sessions();
    const old = new Date(Date.now() - 100 * hourMs);
    for (const name of await readdir(folder.path)) await utimes(folder.join(name), old, old);
    const ourNames = async () => (await readdir(folder.path)).filter((name) => !name.includes(".tmp.")).sort();
    const before = await ourNames();
    await foreignPrune(folder.path, 4, Date.now() + 100 * hourMs);
    expect(await ourNames()).toEqual(before);
    await expectSession(ended, "completed");
    await expectSession(crashed, "crashed: SIGTERM");
    await expectSession(running, "running");
    await expectSession(recovered, "crashed: SIGKILL");
    await running.trace.endTrace();
  });

  it("that removes all traces takes away none of a session that runs or crashed", async () => {
    const { crashed, running } = await sessions();
    await foreignPrune(folder.path, 0);
    expect((await readdir(folder.path)).filter((name) => name.endsWith(".json"))).toEqual([]);
    await expectSession(crashed, "crashed: SIGTERM");
    await expectSession(running, "running");
    running.work(2);
    await running.trace.flush();
    expect(differences(running.steps, { trace: await snapshotOf(running) })).toEqual([]);
    running.work(2);
    await running.trace.endTrace();
    await expectSession(running, "completed");
    expect(differences(running.steps, { trace: await snapshotOf(running) })).toEqual([]);
    await recoverSession(folder.path, "b-crashed", { machine: laterMachine });
    await expectSession(crashed, "crashed: SIGTERM");
    expect(differences(crashed.steps, { trace: await snapshotOf(crashed) })).toEqual([]);
  });

  it("that removes the trace before the crash leaves it complete", async () => {
    const program = await started("s");
    await foreignPrune(folder.path, 0);
    program.work(2);
    program.trace.flushSync("SIGTERM");
    await expectSession(program, "crashed: SIGTERM");
    expect(differences(program.steps, { trace: await snapshotOf(program) })).toEqual([]);
  });

  it("that removes the trace of an incarnation that is not over takes none of it from the next one", async () => {
    const older = await started("s");
    older.trace.flushSync("SIGTERM");
    const newer = programOf("s");
    expect(await newer.trace.rehydrateFromFile("s")).toBe(true);
    newer.work(2);
    await laterTurn();
    await foreignPrune(folder.path, 0);
    const steps = () => [...older.steps, ...newer.steps];
    await expectSession(newer, "running", steps());
    newer.work(2);
    await newer.trace.flush();
    expect(differences(steps(), { trace: await snapshotOf(newer) })).toEqual([]);
    await newer.trace.endTrace();
    await expectSession(newer, "completed", steps());
  });

  it("that sweeps our temporary files makes us write them again", async () => {
    const program = programOf("s");
    let sweeps = 0;
    const sweeping = {
      sync: nodeFs.sync,
      async: {
        ...nodeFs.async,
        rename: async (from: string, to: string) => {
          if (from.includes(".tmp.") && sweeps++ < 2) await foreignPrune(folder.path, 100, Date.now() + 2 * hourMs);
          await nodeFs.async.rename(from, to);
        },
      },
    };
    const swept = new TracedProgram({ fs: sweeping, directory: folder.path, machine: runningMachine, sessionId: "s" });
    swept.start();
    swept.work(3);
    await swept.trace.flush();
    expect(sweeps).toBeGreaterThanOrEqual(2);
    expect(differences(swept.steps, { trace: await snapshotOf(program) })).toEqual([]);
    await swept.trace.endTrace();
    await expectSession(swept, "completed");
    expect(await readdir(folder.path)).toEqual(["s.json"]);
    expect((await stat(folder.join("s.json"))).mode & 0o777).toBe(0o600);
  });
});
