// The same as in renameRace.test.ts on a real disk, with the late rename made by another thread or another process that
// knows nothing of this recorder: its own copy of it, another program's writer, or an older incarnation of the session.

import { type ChildProcess, spawn } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Worker } from "node:worker_threads";
import { build } from "esbuild";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Machine, parseProcStat, probeLiveness, thisMachine } from "../../src/recorder/liveness";
import { nodeFs } from "../../src/recorder/recorderFs";
import { recoverSession } from "../../src/recorder/recoverSession";
import { loadSession } from "../../src/store/loadSession";
import { makeTempDir, type TempDir } from "../support/tempDir";
import type { RenamerReport, RenamerTask } from "./lateRenamer";
import type { Step } from "./oracle";
import { expectLoaded, TracedProgram } from "./tracedWork";

let bundle: TempDir;
let folder: TempDir;
let renamer: Renamer | undefined;

beforeAll(async () => {
  bundle = await makeTempDir();
  await build({
    entryPoints: [join(import.meta.dirname, "lateRenamer.ts")],
    outfile: bundle.join("lateRenamer.mjs"),
    bundle: true,
    platform: "node",
    format: "esm",
    logLevel: "silent",
  });
});
afterAll(() => bundle.remove());

beforeEach(async () => {
  folder = await makeTempDir();
});
afterEach(async () => {
  await renamer?.stop();
  renamer = undefined;
  await folder.remove();
});

/** Another thread or process that holds its rename. */
class Renamer {
  readonly #thread: Worker | undefined;
  readonly #child: ChildProcess | undefined;
  readonly #gate = new Int32Array(new SharedArrayBuffer(4));
  readonly #over: Promise<void>;
  readonly steps: Step[] = [];
  readonly #waits = new Map<string, () => void>();
  readonly #reported = new Set<string>();

  constructor(where: string, task: RenamerTask) {
    const script = bundle.join("lateRenamer.mjs");
    if (where === "a thread") {
      const thread = new Worker(script, { workerData: { task, gate: this.#gate } });
      this.#thread = thread;
      thread.on("message", (report: RenamerReport) => this.#take(report));
      this.#over = new Promise((resolve) => void thread.once("exit", () => resolve()));
    } else {
      const child = spawn(process.execPath, [script, JSON.stringify(task)], { stdio: ["pipe", "pipe", "inherit"] });
      this.#child = child;
      createInterface({ input: child.stdout }).on("line", (line) => this.#take(JSON.parse(line) as RenamerReport));
      this.#over = new Promise((resolve) => void child.once("close", () => resolve()));
    }
  }

  async reach(type: "held" | "landed"): Promise<void> {
    const isReported = new Promise<boolean>((resolve) => {
      if (this.#reported.has(type)) resolve(true);
      this.#waits.set(type, () => resolve(true));
    });
    expect(await Promise.race([isReported, this.#over.then(() => this.#reported.has(type))])).toBe(true);
  }

  /** Lets the rename go on, and waits until all is done and the thread or process is gone. */
  async land(): Promise<void> {
    Atomics.store(this.#gate, 0, 1);
    Atomics.notify(this.#gate, 0);
    this.#child?.stdin?.end("\n");
    await this.reach("landed");
    await this.#over;
  }

  async stop(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#thread?.terminate();
    await this.#over;
  }

  #take(report: RenamerReport): void {
    if (report.type === "logged") {
      for (const spanId of report.spanIds) this.steps.push({ spanId, fields: { name: "bash", output: spanId } });
      return;
    }
    this.#reported.add(report.type);
    this.#waits.get(report.type)?.();
  }
}

const machine = thisMachine();
/** This process, as a writer whose process number belongs to another one by now. */
const departed: Machine = { ...machine, process: () => ({ type: "present", isZombie: false, start: "departed" }) };
const empty: Machine = { ...machine, process: () => ({ type: "absent" }) };

async function expectHere(steps: readonly Step[], state: string): Promise<void> {
  expectLoaded(await loadSession(folder.join("s.json"), () => "alive"), steps, state);
}

async function recover(on: Machine): Promise<void> {
  const { error, lostRecords } = await recoverSession(folder.path, "s", { machine: on });
  expect({ error, lostRecords }).toEqual({ error: undefined, lostRecords: 0 });
}

async function expectRecovered(steps: readonly Step[], state: string): Promise<void> {
  await recover(empty);
  await expectHere(steps, state);
  const names = (await readdir(folder.path)).filter((name) => name !== "s.json.replaced").sort();
  expect(names).toEqual(state.startsWith("crashed") ? ["s.crash", "s.json"] : ["s.json"]);
}

describe.each(["a thread", "a process"])("%s", (where) => {
  let program: TracedProgram;

  beforeEach(() => {
    program = new TracedProgram({ fs: nodeFs, directory: folder.path, machine: departed });
  });

  const crash = async () => program.trace.flushSync("SIGTERM");
  const end = async () => void (await program.trace.endTrace());
  const kinds = ["exporter", "foreign"] as const;
  const endings = [
    { ending: "crashed", state: "crashed: SIGTERM", close: crash },
    { ending: "ended", state: "completed", close: end },
  ];
  const moments = ["before recovery", "after recovery"];
  const cases = kinds.flatMap((as) => endings.flatMap((how) => moments.map((moment) => ({ as, ...how, moment }))));

  it.each(cases)("that is $as renames after the session has $ending, $moment", async ({ as, state, close, moment }) => {
    program.start();
    program.work(20);
    await program.trace.flush();
    renamer = new Renamer(where, { as, directory: folder.path, claim: program.claim() });
    await renamer.reach("held");
    program.work(5);
    await close();
    await expectHere(program.steps, state);
    if (moment === "after recovery") {
      await recover(machine);
      await expectHere(program.steps, state);
    }
    await renamer.land();
    await expectHere(program.steps, state);
    await expectRecovered(program.steps, state);
  });

  it.each(endings)("that is an older incarnation renames after the newer one has $ending", async ({ state, close }) => {
    renamer = new Renamer(where, { as: "incarnation", directory: folder.path, claim: program.claim() });
    await renamer.reach("held");
    expect(await program.trace.rehydrateFromFile("s")).toBe(true);
    program.work(10);
    await close();
    const steps = () => [...(renamer?.steps ?? []), ...program.steps];
    expect(renamer.steps).toHaveLength(10);
    await expectHere(steps(), state);
    await recover(machine);
    await expectHere(steps(), state);
    await renamer.land();
    expect(renamer.steps).toHaveLength(15);
    await expectHere(steps(), state);
    await expectRecovered(steps(), state);
  });
});

describe("a process that was killed", () => {
  // As Linux shows it: field 3 is the state of the main thread, field 20 the number of threads.
  const statOf = (threads: number) =>
    `26465 (node) Z 1 1 1 0 -1 4227084 0 0 0 0 3 1 3 1 20 0 ${threads} 0 964601 0 0 0`;

  it.each([
    [1, "gone"],
    [2, "alive"],
  ])("and has %i thread left, which may be the one of a rename, is %s", (threads, liveness) => {
    const facts = parseProcStat(statOf(threads)) ?? { type: "unknown" };
    expect(facts).toMatchObject({ type: "present", start: "964601" });
    const { host, bootId, pidNamespace } = machine;
    const writer = { instance: "i", host, bootId, pidNamespace, pid: 26465, processStart: "964601" };
    expect(probeLiveness(writer, { ...machine, process: () => facts })).toBe(liveness);
  });
});
