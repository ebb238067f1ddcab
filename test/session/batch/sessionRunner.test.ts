// Attempts at runs of a batch, as real session processes: what they get, what comes of them, and that whoever comes after a
// process that was killed finds what that one has started.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ItemRefused } from "../../../src/batch/runner";
import { LaunchPlace } from "../../../src/session/batch/launchPlace";
import type { Launch } from "../../../src/session/launch";
import { readClaim } from "../../../src/session/launch";
import { isThere, nodeLine, until } from "../runs";
import { batchId, makeRunnerFolder, never, type RunnerFolder } from "./testRunner";

let sample: RunnerFolder;
let next = 0;

beforeAll(async () => {
  sample = await makeRunnerFolder();
}, 300_000);

afterAll(() => sample[Symbol.asyncDispose]());

/** Each test has a run of its own. */
function attempt(changes: Parameters<RunnerFolder["attempt"]>[0] = {}) {
  return sample.attempt({ index: next++, runCount: 1000, ...changes });
}

function recorded(sessionId: string) {
  return sample.folder.recorded({ sessionId, directory: sample.folder.traces() } as Launch);
}

function claimOf(sessionId: string) {
  return readClaim(new LaunchPlace(sample.folder.traces(), sessionId).launchPath);
}

describe("a command", () => {
  it("gets its payload on standard input, in a file and in a variable, and knows its batch", async () => {
    const script = `
      const { readFileSync, statSync } = require("node:fs");
      const { env } = process;
      const mode = statSync(env.TRACEKEEPER_PAYLOAD_FILE).mode & 0o777;
      console.log(JSON.stringify([readFileSync(0, "utf8"), readFileSync(env.TRACEKEEPER_PAYLOAD_FILE, "utf8"), mode,
        env.TRACEKEEPER_PAYLOAD, env.TRACEKEEPER_BATCH_ID, env.TRACEKEEPER_BATCH_INDEX,
        env.TRACEKEEPER_BATCH_ATTEMPT, env.TRACEKEEPER_RUN_ID, env.MINE]));`;
    const runner = sample.runner({ task: { command: nodeLine(script), env: { MINE: "yes" } } });
    const run = attempt({ payload: '{"a":1}', attempt: 2 });
    expect(await runner.run(run, never)).toEqual({ outcome: "succeeded", exitCode: 0 });
    const { root, output } = await recorded(run.sessionId);
    expect(JSON.parse(output())).toEqual([
      '{"a":1}',
      '{"a":1}',
      0o600,
      '{"a":1}',
      batchId,
      String(run.index),
      "2",
      run.runId,
      "yes",
    ]);
    expect(root.attributes?.["tracekeeper.batch"]).toEqual({
      id: batchId,
      index: run.index,
      runCount: 1000,
      runId: run.runId,
      attempt: 2,
    });
    expect(await sample.launches()).toEqual([]);
  });

  it("gets what the SDK has wrapped without its envelope", async () => {
    const runner = sample.runner({ task: { command: ["cat"] } });
    const payload = '{"json":{"at":"2026-11-20T10:00:00.000Z"},"meta":{"values":{"at":["Date"]}}}';
    const run = attempt({ payload, payloadType: "application/super+json" });
    await runner.run(run, never);
    expect((await recorded(run.sessionId)).output()).toBe('{"at":"2026-11-20T10:00:00.000Z"}');
  });

  it("without a payload reads nothing and has no variable of one, also within another batch", async () => {
    const runner = sample.runner({ task: { command: 'cat; echo "<$TRACEKEEPER_PAYLOAD$TRACEKEEPER_PAYLOAD_FILE>"' } });
    process.env["TRACEKEEPER_PAYLOAD"] = "of another";
    try {
      const run = attempt();
      await runner.run(run, never);
      expect((await recorded(run.sessionId)).output()).toBe("<>\n");
    } finally {
      delete process.env["TRACEKEEPER_PAYLOAD"];
    }
  });

  it("that fails is told with its exit code and the line that says why", async () => {
    const line = nodeLine(`console.error("at work"); throw new RangeError("no rate for 2027")`);
    const run = attempt();
    expect(await sample.runner({ task: { command: line } }).run(run, never)).toEqual({
      outcome: "failed",
      exitCode: 1,
      error: "exit 1: RangeError: no rate for 2027",
    });
  });

  it("that was not found is told so in the trace, too", async () => {
    const run = attempt();
    const ended = await sample.runner({ task: { command: ["no-such-program"] } }).run(run, never);
    expect(ended).toEqual({ outcome: "failed", error: "could not be started: no-such-program was not found" });
    expect((await recorded(run.sessionId)).state.status).toBe("failed");
  });
});

describe("a playbook", () => {
  beforeAll(async () => {
    const yaml = `name: Resize it
params:
  file: { type: path }
  width: { type: number, default: 100 }
steps:
  - id: resize
    action: run
    with: { command: "echo {file} {width}; test {width} != 13" }
    failure_message: "{width} is no width"
`;
    await sample.folder.dir.write("work/media/resize.playbook.yaml", yaml);
    await sample.folder.dir.write("work/twice/a/same.playbook.yaml", yaml);
    await sample.folder.dir.write("work/twice/b/same.playbook.yaml", yaml.replace("Resize it", "Another"));
  });

  it.each(["resize", "Resize it!", "media/resize.playbook.yaml"])("is found by %s", async (task) => {
    if (task === "Resize it!") {
      await sample.folder.dir.write(
        "work/named.playbook.yaml",
        "name: Resize it!\nparams: { file: {} }\nsteps: [{ id: a, action: run, with: { command: 'echo {file}' } }]\n",
      );
    }
    const runner = sample.runner({});
    const run = attempt({ task, payload: '{"file":"a.png"}' });
    await runner.prepare(run);
    expect(await runner.run(run, never)).toMatchObject({ outcome: "succeeded" });
    const name = task === "Resize it!" ? task : "resize";
    expect((await recorded(run.sessionId)).root.name).toBe(`${name} · run ${run.index + 1} of 1000`);
  });

  it("takes its parameters from the payload, paths from where tasks are at home", async () => {
    const runner = sample.runner({});
    const run = attempt({ task: "resize", payload: '{"file":"a.png","width":7}' });
    await runner.run(run, never);
    expect((await recorded(run.sessionId)).output()).toBe(`${sample.folder.dir.join("work", "a.png")} 7\n`);
  });

  it("that fails is told in the words of its step", async () => {
    const run = attempt({ task: "resize", payload: '{"file":"a.png","width":13}' });
    expect(await sample.runner({}).run(run, never)).toEqual({
      outcome: "failed",
      exitCode: 1,
      error: "resize: 13 is no width",
    });
  });

  it.each([
    ["an unknown task", { task: "resiz" }, "TASK_UNKNOWN", 'There is no task "resiz". Did you mean "resize"?'],
    [
      "one of two with the same name",
      { task: "same" },
      "TASK_AMBIGUOUS",
      '2 playbooks are called "same" (twice/a/same.playbook.yaml, twice/b/same.playbook.yaml): give a path.',
    ],
    ["one outside", { task: "../work/../../x.playbook.yaml" }, "TASK_UNKNOWN", "There is no task"],
    ["a missing parameter", { task: "resize" }, "PARAMETERS_UNFIT", 'Parameter "file" is required.'],
    [
      "an unknown parameter",
      { task: "resize", payload: '{"file":"a","widht":1}' },
      "PARAMETERS_UNFIT",
      'There is no parameter "widht". Did you mean "width"?',
    ],
    ["a payload that is no object", { task: "resize", payload: "[1]" }, "PAYLOAD_UNFIT", "A playbook takes an object"],
    ["a payload that is no JSON", { task: "resize", payload: "{" }, "PAYLOAD_UNFIT", "The payload is no JSON"],
  ])("refuses %s before there is a run", async (_what, changes, code, message) => {
    const refused = await sample
      .runner({})
      .prepare(attempt(changes))
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ItemRefused);
    expect(refused).toMatchObject({ code, message: expect.stringContaining(message) });
  });
});

describe("an attempt that another process has started", () => {
  const waits = `echo run >> ran; until test -e go-"$TRACEKEEPER_BATCH_INDEX"; do sleep 0.02; done; exit 4`;

  it("is found and waited for, and its outcome read from its trace", async () => {
    const tasks = { task: { command: waits } };
    const first = sample.runner(tasks);
    const run = attempt();
    const lost = first.run(run, never).catch((error: unknown) => error);
    await until(() => claimOf(run.sessionId), "it is claimed");
    await first.leave();
    expect(await lost).toBeInstanceOf(Error);
    const found = sample.runner(tasks).run(run, never);
    await sample.folder.dir.write(`work/go-${run.index}`, "");
    expect(await found).toMatchObject({ outcome: "failed", exitCode: 4 });
    expect(await sample.lines("ran")).toEqual(["run"]);
    // Once more, after its launch is gone: also when the process was killed before it could write this down.
    expect(await sample.runner(tasks).run(run, never)).toMatchObject({ outcome: "failed", exitCode: 4 });
    expect(await sample.lines("ran")).toEqual(["run"]);
  });

  it("is started once, however many start it at the same time", async () => {
    const tasks = { task: { command: "echo run >> at-once" } };
    const run = attempt();
    const ended = await Promise.all([1, 2, 3].map(() => sample.runner(tasks).run(run, never)));
    expect(ended).toEqual(Array(3).fill({ outcome: "succeeded", exitCode: 0 }));
    expect(await sample.lines("at-once")).toEqual(["run"]);
  });

  it("and whose session was killed has crashed, and what it left running is ended", async () => {
    const runner = sample.runner({ task: { command: "echo $$ > orphan; exec sleep 1000" } });
    const run = attempt();
    const ended = runner.run(run, never);
    const pid = Number(await until(async () => (await sample.lines("orphan"))[0], "its program runs"));
    process.kill((await claimOf(run.sessionId))?.pid ?? Number.NaN, "SIGKILL");
    expect(await ended).toMatchObject({ outcome: "crashed", error: "its process was killed" });
    expect(isThere(pid)).toBe(false);
    const { state } = await recorded(run.sessionId);
    expect(state.status).toBe("crashed");
  });

  it("and was claimed by a process that is gone, without a trace, has crashed and is not run", async () => {
    const runner = sample.runner({ task: { command: "echo run >> gone" } });
    const run = attempt();
    const place = new LaunchPlace(sample.folder.traces(), run.sessionId);
    await place.write({ nothing: "of use" } as unknown as Launch, undefined);
    const claim = { version: 1, id: "x", pid: 2 ** 22, claimedAt: "2026-11-20T10:00:00Z" };
    await sample.folder.dir.write(`traces/batches/launches/${run.sessionId}/launch.claim.json`, JSON.stringify(claim));
    expect(await runner.run(run, never)).toMatchObject({ outcome: "crashed" });
    expect(await sample.lines("gone")).toEqual([]);
  });
});

describe("a cancelled attempt", () => {
  it("is interrupted, which is no failure of its own", async () => {
    const runner = sample.runner({ task: { command: "echo ready >> stopped; exec sleep 1000" } });
    const stop = new AbortController();
    const run = attempt();
    const ended = runner.run(run, stop.signal);
    await until(async () => (await sample.lines("stopped"))[0], "it runs");
    stop.abort();
    expect(await ended).toMatchObject({ outcome: "cancelled" });
    expect((await recorded(run.sessionId)).state).toMatchObject({ status: "failed", error: "stopped" });
  });

  it("is stopped also where another process has started it", async () => {
    const tasks = { task: { command: "echo ready >> found-stopped; exec sleep 1000" } };
    const first = sample.runner(tasks);
    const run = attempt();
    first.run(run, never).catch(() => undefined);
    await until(async () => (await sample.lines("found-stopped"))[0], "it runs");
    await first.leave();
    expect(await sample.runner(tasks).run(run, AbortSignal.abort())).toMatchObject({ outcome: "cancelled" });
  });

  it("is not begun where it was cancelled before", async () => {
    const run = attempt();
    const ended = await sample.runner({ task: { command: "echo run >> not-begun" } }).run(run, AbortSignal.abort());
    expect(ended).toMatchObject({ outcome: "cancelled" });
    expect(await sample.lines("not-begun")).toEqual([]);
  });

  it("is killed where it does not listen", async () => {
    const stop = new AbortController();
    const settings = { stop: { terminateAfterMs: 0, killAfterMs: 0 } };
    const command = "trap '' INT TERM; echo ready >> stubborn; while :; do sleep 0.05; done";
    const run = attempt();
    const ended = sample.runner({ task: { command } }, { settings }).run(run, stop.signal);
    await until(async () => (await sample.lines("stubborn"))[0], "it runs");
    stop.abort();
    expect(await ended).toMatchObject({ outcome: "cancelled" });
  });
});

describe("a run that can't be created", () => {
  it("leaves a small failed trace that says why, once", async () => {
    const runner = sample.runner({});
    const run = { ...attempt(), fault: { code: "PAYLOAD_TOO_LARGE", message: "3 MB are too much" } };
    await runner.prefail(run);
    await runner.prefail(run);
    const { state, root, trace } = await recorded(run.sessionId);
    expect(state).toMatchObject({ status: "failed", error: "3 MB are too much" });
    expect(trace.spans).toHaveLength(1);
    expect(root.attributes).toMatchObject({ "error.type": "PAYLOAD_TOO_LARGE", "tracekeeper.batch": { attempt: 1 } });
  });

  it("has a trace also where its task is gone when an attempt begins", async () => {
    const run = attempt({ task: "gone" });
    const ended = await sample.runner({}).run(run, never);
    expect(ended).toMatchObject({ outcome: "failed", error: expect.stringContaining('There is no task "gone"') });
    expect((await recorded(run.sessionId)).state.status).toBe("failed");
  });
});

describe("a task", () => {
  it("is known to a process that comes later and has not registered it", async () => {
    const first = attempt();
    await sample.runner({ task: { command: "exit 7" } }).prepare(first);
    expect(await sample.runner({}).run(first, never)).toMatchObject({ outcome: "failed", exitCode: 7 });
    const second = attempt();
    const mended = sample.runner({ task: { command: "exit 0" } });
    expect(await mended.run(second, never)).toMatchObject({ outcome: "succeeded" });
  });
});
