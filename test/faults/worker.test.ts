// Incarnations of one session in one process: a worker thread that records is terminated and its session goes on in this
// thread, and a `Trace` of an older incarnation that nobody has ended is used on.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import * as esbuild from "esbuild";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { repositoryRoot } from "../../scripts/lib/paths.mjs";
import { FileExporter } from "../../src/recorder/fileExporter";
import { makeProbeLiveness, thisMachine } from "../../src/recorder/liveness";
import { recoverSession } from "../../src/recorder/recoverSession";
import { Trace } from "../../src/recorder/trace";
import { loadSession } from "../../src/store/loadSession";
import { parseTraceFileName } from "../../src/trace/safeId";
import { deriveState } from "../../src/trace/state";
import { makeTempDir, type TempDir } from "../support/tempDir";
import { type FoundSession, SessionLedger } from "./killLedger";
import { planRuns, type Run } from "./killPlan";
import { noProgress } from "./killReport";
import { type Random, seeded } from "./random";
import { recordRun } from "./recordRun";
import type { WorkerTask } from "./workerChild";

let program: TempDir;
let folder: TempDir;

beforeAll(async () => {
  program = await makeTempDir();
  await esbuild.build({
    absWorkingDir: repositoryRoot,
    entryPoints: ["test/faults/workerChild.ts"],
    outfile: program.join("worker.mjs"),
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    logLevel: "warning",
  });
});

afterAll(() => program.remove());

beforeEach(async () => {
  folder = await makeTempDir();
});

afterEach(() => folder.remove());

interface Found extends FoundSession {
  /** Names of all spans, in their order. */
  readonly names: readonly string[];
  /** Crashes that the root tells of. */
  readonly crashes: readonly unknown[];
}

async function load(sessionId = "s"): Promise<Found> {
  const loaded = await loadSession(folder.join(`${sessionId}.json`), makeProbeLiveness());
  const { spans } = loaded.trace;
  const events = spans.flatMap((span) => span.events ?? []);
  return {
    ...loaded,
    state: deriveState(loaded.evidence, Date.now()),
    names: spans.map(({ name }) => name),
    crashes: events.filter(({ name }) => name === "tracekeeper.crash").map(({ attributes }) => attributes),
  };
}

/** As another process sees the session when this one is gone. */
async function recoverAfterwards(sessionId = "s") {
  const machine = { ...thisMachine(), process: () => ({ type: "absent" }) as const };
  return await recoverSession(folder.path, sessionId, { machine });
}

/** Temporary files aside: the thread of which they are is gone, but not its process. */
function files(): string[] {
  return readdirSync(folder.path)
    .filter((name) => parseTraceFileName(name).type !== "temp")
    .sort();
}

const endOfTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("a worker that is terminated while it records", () => {
  function start(run?: Run): { worker: Worker; counts: Int32Array } {
    const counts = new SharedArrayBuffer(8);
    const workerData: WorkerTask = { directory: folder.path, counts, run };
    return { worker: new Worker(program.join("worker.mjs"), { workerData }), counts: new Int32Array(counts) };
  }

  /** Resolves when the worker has told that it has come so far. */
  async function reached(counts: Int32Array, index: number, least: number): Promise<void> {
    while (Atomics.load(counts, index) < least) await endOfTurn();
  }

  test("loses nothing acknowledged, and its session goes on in the same process", async () => {
    const { worker, counts } = start();
    await reached(counts, 1, 1);
    await worker.terminate();
    const left = await load();
    expect(left.names).toEqual(["older", "acknowledged", "bash"]);
    // Threads have no identity of their own, so that this may as well be a worker that goes on.
    expect(left.state.status).toBe("running");

    const trace = Trace.withExporters([new FileExporter(folder.path, 0)]);
    expect(await trace.rehydrateFromFile("s")).toBe(true);
    trace.logSpan({ name: "newer", startTime: 1, endTime: 2 });
    await endOfTurn();
    const resumed = await load();
    expect(resumed.names).toEqual(["older", "acknowledged", "bash", "newer"]);
    expect(resumed.state.status).toBe("running");
    expect(resumed.crashes).toEqual([{ incarnation: 1, reason: "killed" }]);
    expect(resumed.trace.spans[2]).toMatchObject({ interrupted: true, status: "error" });

    await trace.endTrace();
    const ended = await load();
    expect(ended.names).toEqual(resumed.names);
    expect(ended.state.status).toBe("completed");
    expect(ended.crashes).toEqual(resumed.crashes);
    expect(await recoverAfterwards()).toMatchObject({ state: "completed", lostRecords: 0 });
    expect(files()).toEqual(["s.json"]);
    expect(await load()).toMatchObject({ names: ended.names, state: { status: "completed" }, crashes: ended.crashes });
  });

  test("keeps every acknowledged call wherever it is terminated", async () => {
    const random = seeded(20);
    for (let round = 1; round <= 12; round++) {
      const [run, next] = plan(random, round);
      const { worker, counts } = start(run);
      await reached(counts, Math.floor(random() * 2), 1 + Math.floor(random() * 40));
      await worker.terminate();
      const ledger = new SessionLedger(run.id);
      const [attempted = 0, acknowledged = 0] = counts;
      ledger.add(run, { ...noProgress(), attempted, acknowledged });
      const id = run.id.replace("/", "_");
      // How it ended is not known yet; what has landed is.
      expect(ledger.check({ ...(await load(id)), state: { status: "crashed", reasons: [] } })).toEqual([]);

      const progress = noProgress();
      await recordRun(folder.path, next, (report) => {
        if (report.type === "attempt") progress.attempted = report.count;
        if (report.type === "acknowledged") progress.acknowledged = report.count;
        if (report.type === "refused") progress.isRefused = true;
        if (report.type === "problem") progress.problems.push(report.what);
      });
      ledger.add(next, progress);
      const found = await load(id);
      expect(ledger.check(found), `round ${round}`).toEqual([]);
      expect(found.crashes, `round ${round}`).toHaveLength(1);
      await recoverAfterwards(id);
      expect(ledger.check(await load(id)), `round ${round}, recovered`).toEqual([]);
    }
  });

  /** A run that never ends before it is terminated, and one that goes on with it and ends. */
  function plan(random: Random, round: number): [Run, Run] {
    const seed = () => Math.floor(random() * 2 ** 31);
    const job = { directory: folder.path, runs: 1, emphasis: "burst" } as const;
    const [run] = planRuns({ ...job, seed: seed(), firstRun: 2 * round });
    if (!run) throw new Error("There is no run");
    const bursts = run.bursts.filter(({ phase }) => phase !== "end" && phase !== "crash");
    for (;;) {
      const goOn = { id: run.id, root: run.root };
      const [next] = planRuns({ ...job, emphasis: "end", seed: seed(), firstRun: 2 * round + 1, goOn });
      const [begin] = next?.bursts[0]?.calls ?? [];
      if (next && begin?.type === "begin" && begin.how === "rehydrate") return [{ ...run, bursts }, next];
    }
  }
});

describe("a Trace of an older incarnation", () => {
  let older: Trace;
  let newer: Trace;

  beforeEach(async () => {
    older = Trace.withExporters([new FileExporter(folder.path, 0), new FileExporter(folder.join("copies"), 0)]);
    older.startTrace("s", { instance_id: "older" });
    older.logSpan({ name: "before", startTime: 1, endTime: 2 });
    await endOfTurn();
    newer = Trace.withExporters([new FileExporter(folder.path, 0), new FileExporter(folder.join("copies"), 0)]);
    newer.startTrace("s", { instance_id: "newer" });
    newer.logSpan({ name: "now", startTime: 1, endTime: 2 });
    await newer.flush();
  });

  function crash(): undefined {
    older.flushSync("too late");
  }

  const lastWords: readonly [string, () => Promise<unknown> | undefined][] = [
    ["ends", () => older.endTrace("too late")],
    ["flushes", () => older.flush()],
    ["crashes", () => crash()],
    [
      "crashes while it ends",
      () => {
        const ended = older.endTrace();
        crash();
        return ended;
      },
    ],
    ["syncs", () => older.sync()],
  ];

  test.each(lastWords)("that %s changes neither S.json nor the state, and keeps what it logs", async (_, act) => {
    const before = readFileSync(folder.join("s.json"), "utf8");
    older.logSpan({ name: "late", startTime: 1, endTime: 2 });
    await act();
    await endOfTurn();
    expect(readFileSync(folder.join("s.json"), "utf8")).toBe(before);
    const found = await load();
    expect([...found.names].sort()).toEqual(["before", "late", "newer", "now", "older"]);
    expect(found.state).toEqual({ status: "running", reasons: [] });
    expect(files()).not.toContain("s.crash");

    newer.logSpan({ name: "after", startTime: 1, endTime: 2 });
    expect(await newer.endTrace()).toBe(folder.join("s.json"));
    const ended = await load();
    expect([...ended.names].sort()).toEqual(["after", "before", "late", "newer", "now", "older"]);
    expect(ended.state.status).toBe("completed");
    // The copy is the newer one's too.
    const copy = JSON.parse(readFileSync(join(folder.join("copies"), "s.json"), "utf8")) as FoundSession["trace"];
    expect(copy.spans.map(({ name }) => name)).toContain("after");

    await recoverAfterwards();
    expect(files()).toEqual(["copies", "s.json"]);
    const recovered = await load();
    expect([...recovered.names].sort()).toEqual([...ended.names].sort());
    expect(recovered.state.status).toBe("completed");
  });

  test("that crashed before the newer one began does not silence what that one exports", async () => {
    const copies = new FileExporter(folder.join("copies"), 0);
    const crashed = Trace.withExporters([new FileExporter(folder.path, 0), copies]);
    crashed.startTrace("again", {});
    crashed.flushSync("first");
    const after = Trace.withExporters([new FileExporter(folder.path, 0), copies]);
    after.startTrace("again", { instance_id: "second" });
    await after.endTrace();
    const copy = JSON.parse(readFileSync(folder.join("copies", "again.json"), "utf8")) as FoundSession["trace"];
    expect(copy.spans.map(({ name }) => name)).toContain("second");
    expect(copy.summary.status).toBe("completed");
  });

  test("that logs when the newer one has ended keeps that too", async () => {
    await newer.endTrace();
    older.logSpan({ name: "after the end", startTime: 1, endTime: 2 });
    await endOfTurn();
    const found = await load();
    expect([...found.names].sort()).toEqual(["after the end", "before", "newer", "now", "older"]);
    expect(found.state.status).toBe("completed");
    await recoverAfterwards();
    expect([...(await load()).names].sort()).toEqual([...found.names].sort());
  });
});
