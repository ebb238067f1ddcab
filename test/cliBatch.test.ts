// `tracekeeper batch`: items of a file as runs of their own, what is told of them, and batches that go on without the
// process that began them.
import { readdir, readFile } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startTaskServer } from "./collector/taskServer";
import { isThere, until } from "./session/runs";
import { type BuiltCli, buildCli, type CliResult, resultOf } from "./support/builtCli";
import { makeTempDir, type TempDir } from "./support/tempDir";

let cli: BuiltCli;
let folder: TempDir;

beforeAll(async () => {
  cli = await buildCli();
});
afterAll(() => cli.remove());
beforeEach(async () => {
  folder = await makeTempDir();
});
afterEach(() => folder.remove());

function batch(...words: readonly string[]): Promise<CliResult> {
  return cli.run(["batch", ...words], { cwd: folder.path });
}

async function lines(name: string): Promise<string[]> {
  const text = await readFile(folder.join(name), "utf8").catch(() => "");
  return text.split("\n").filter((line) => line !== "");
}

async function objects(...words: readonly string[]): Promise<Record<string, unknown>[]> {
  const { stdout } = await batch(...words, "--json");
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

async function onlyId(): Promise<string> {
  const [only] = await objects("ls");
  return String(only?.["id"]);
}

describe("tracekeeper batch run", () => {
  it("runs a command for each item of a JSON array, and ends with 0 where all succeed", async () => {
    await folder.write("items.json", '[{"a":1}, "two", 3]');
    const { code, stdout, stderr } = await batch(
      "run",
      "--task",
      't=echo "$(cat)" >> seen',
      "--items",
      "items.json",
      "t",
    );
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    expect((await lines("seen")).sort()).toEqual(['"two"', "3", '{"a":1}']);
    expect(stderr).toMatch(
      /^tracekeeper: (batch_\w{21}) · tracekeeper batch show \1\ntracekeeper: completed: 3 runs · .*\n$/,
    );
    const names = await readdir(folder.join(".tracekeeper/traces"));
    expect(names.filter((name) => /^run_\w{21}_\d\.json$/.test(name))).toHaveLength(3);
  });

  it("hands them on to trigger.dev where that is asked for, and says where there is no key", async () => {
    await using there = await startTaskServer();
    const { url, key } = there.collector.batchEndpoint;
    await folder.write("items.json", '[{"json": {"name": "far", "item": 0}}, {"json": {"name": "far", "item": 1}}]');
    const words = ["batch", "run", "--engine", "trigger.dev", "--items", "items.json", "note"];
    const run = (env: Readonly<Record<string, string>>) => cli.run(words, { cwd: folder.path, env });
    expect(await run({ TRIGGER_API_URL: url })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("its secret key is neither kept"),
    });
    const { code, stderr } = await run({ TRIGGER_API_URL: url, TRIGGER_SECRET_KEY: key });
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining("completed: 2 runs") });
    expect(await there.written("far")).toEqual(["0", "1"]);

    await folder.write("items.json", '[{"json": {"name": "later", "item": 0}}]');
    const env = { TRIGGER_API_URL: url, TRIGGER_SECRET_KEY: key };
    const { stdout } = await cli.run([...words, "--no-wait"], { cwd: folder.path, env });
    const status = async () => (await objects("show", stdout.trim()))[0]?.["status"];
    await expect.poll(status, { timeout: 20_000, interval: 500 }).toBe("COMPLETED");
    expect(await there.written("later")).toEqual(["0"]);
  });

  it("tells of runs that fail with their errors, and ends with 1", async () => {
    await folder.write("items.ndjson", "1\n\n2\n[3]\n");
    const command = `t=read item; test $TRACEKEEPER_BATCH_INDEX = 1 || { echo "Error: no rate for $TRACEKEEPER_BATCH_INDEX" >&2; exit 3; }`;
    const { code, stderr } = await batch("run", "--task", command, "--items", "items.ndjson", "t");
    expect(code).toBe(1);
    expect(stderr).toMatch(/run 1 of 3 failed: exit 3: Error: no rate for 0 · tracekeeper show run_\w{21}_0\n/);
    expect(stderr).toContain("2 of 3 runs failed: 2 × exit 3: Error: no rate for … · ");
  });

  it("tries again as often as it is told, which is counted", async () => {
    await folder.write("items.json", "[1]");
    const command = "t=test $TRACEKEEPER_BATCH_ATTEMPT = 3";
    const told = await batch(
      "run",
      "--task",
      command,
      "--attempts",
      "3",
      "--backoff",
      "10ms",
      "--items",
      "items.json",
      "t",
    );
    expect(told.code).toBe(0);
    const [, run] = await objects("show", await onlyId());
    expect(run?.["attempts"]).toMatchObject([
      { outcome: "failed" },
      { outcome: "failed" },
      { attempt: 3, outcome: "succeeded" },
    ]);
  });

  it("runs a playbook, by its path or its name, with items as its parameters", async () => {
    await folder.write(
      "media/resize.playbook.yaml",
      "name: Resize\nparams: { width: { type: number } }\nsteps: [{ id: a, action: run, with: { command: 'echo {width} >> ../sizes' } }]\n",
    );
    await folder.write("items.json", '[{"width":1},{"width":"x"}]');
    const first = await batch("run", "--items", "items.json", "media/resize.playbook.yaml");
    expect(first.code).toBe(1);
    expect(first.stderr).toContain('run 2 of 2 failed: Parameter "width" must be a number, not "x".');
    await batch("run", "--items", "items.json", "Resize");
    expect(await lines("sizes")).toEqual(["1", "1"]);
  });

  it("takes tasks from a file, and items from standard input", async () => {
    await folder.write(
      "tasks.yaml",
      "note:\n  command: [sh, -c, 'cat >> $FILE']\n  env: { FILE: noted }\n  cwd: below\n",
    );
    await folder.write("below/.keep", "");
    const child = cli.start(["batch", "run", "--tasks", "tasks.yaml", "--items", "-", "note"], { cwd: folder.path });
    child.stdin.end('"a"\n"b"\n');
    expect(await resultOf(child)).toMatchObject({ code: 0 });
    expect((await lines("below/noted")).join("")).toHaveLength(6);
  });

  it("prints the batch as JSON at its end", async () => {
    await folder.write("items.json", "[1,2]");
    const [told] = await objects("run", "--task", "t=exit 4", "--items", "items.json", "--name", "nightly", "t");
    expect(told).toMatchObject({ type: "batch", name: "nightly", state: "failed", status: "COMPLETED", sealed: true });
    expect(told).toMatchObject({ runCount: 2, done: 2, succeeded: 0, failed: 2 });
    expect(told?.["errors"]).toEqual([{ message: "exit 4", count: 2, indexes: [0, 1] }]);
  });

  it.each([
    [["run"], "batch run needs a task"],
    [["run", "t"], "--items"],
    [["run", "t", "--task", "t=true", "--items", "none.json"], "none.json"],
    [["run", "t", "--items", "items.json"], 'There is no task "t"'],
    [["run", "t", "u", "--items", "items.json"], '"u" is another word'],
    [["run", "t", "--task", "t=true", "--items", "bad.ndjson"], "bad.ndjson:2: no JSON"],
    [["run", "t", "--task", "t=true", "--items", "empty.json"], "no items"],
    [["run", "t", "--task", "t", "--items", "items.json"], "--task takes <name>=<command>"],
    [["run", "t", "--task", "t=a", "--task", "t=b", "--items", "items.json"], '"t" is given twice'],
    [["run", "t", "--tasks", "bad.yaml", "--items", "items.json"], "bad.yaml: task x: command"],
    [["run", "t", "--task", "t=true", "--items", "items.json", "--concurrency", "0"], "--concurrency"],
    [["run", "t", "--task", "t=true", "--items", "items.json", "--backoff", "soon"], "--backoff"],
    [["run", "bad.playbook.yaml", "--items", "items.json"], "bad.playbook.yaml:1: "],
    [["dance"], "batch knows run, ls, show"],
    [[], "batch needs one of run"],
    [["show"], "batch show needs the id"],
    [["pause", "x", "--task", "a=b"], "batch pause runs nothing"],
    [["cancel", "x", "--run", "1"], "--run is for batch retry"],
  ])("%j is answered with one line and exit code 2, and leaves nothing", async (words, message) => {
    await folder.write("items.json", "[1]");
    await folder.write("empty.json", "[]");
    await folder.write("bad.ndjson", "1\n{\n");
    await folder.write("bad.yaml", "x: { command: 7 }\n");
    await folder.write("bad.playbook.yaml", "name: x\n");
    const { code, stdout, stderr } = await batch(...words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/^tracekeeper: [^\n␊]+\n$/);
    expect(await readdir(folder.path)).not.toContain(".tracekeeper");
  });
});

describe("tracekeeper batch show", () => {
  it("tells the states with their flags, errors by what they say, and runs", async () => {
    await folder.write("items.json", "[0,1,2]");
    await batch(
      "run",
      "--task",
      "t=test $TRACEKEEPER_BATCH_INDEX = 1",
      "--items",
      "items.json",
      "--name",
      "nightly",
      "t",
    );
    const { code, stdout } = await batch("show", (await onlyId()).slice("batch_".length, 12));
    expect(code).toBe(0);
    const plain = stdout.replace(/\d\d:\d\d:\d\d/g, "<time>").replace(/ +/g, " ");
    expect(plain).toMatch(/^✗ Partly failed nightly\n 3 of 3, 2 failed · /);
    expect(plain).toContain(
      "\nStates\n <time> PENDING created\n <time> PROCESSING, sealed sealed\n <time> answered 200 3 items taken\n <time> PENDING, sealed, completed <time> all runs created\n <time> COMPLETED, sealed, completed <time> all runs ended\n",
    );
    expect(plain).toMatch(/\nErrors\n 2 × exit 1 +run 1, 3\n/);
    expect(plain).toMatch(
      /\nRuns\n ✗ 1 failed t exit 1 .*run_\w+_0\n ✓ 2 succeeded t .*run_\w+_1\n ✗ 3 failed t exit 1 /,
    );
    const failed = await batch("show", "--failed", await onlyId());
    expect(failed.stdout).not.toContain("succeeded");
  });

  it("shows nothing that could act on the terminal", async () => {
    await folder.write("items.json", "[0]");
    const command = "t=printf '\\033[31mError: \\033]0;owned\\007 no\\n' >&2; exit 1";
    const name = "a\u001b[31mb\u202ec";
    const told = await batch("run", "--task", command, "--items", "items.json", "--name", name, "t");
    const shown = await batch("show", await onlyId());
    const listed = await batch("ls");
    const texts = told.stderr + shown.stdout + listed.stdout;
    for (const control of ["\u001b", "\u0007", "\u202e"]) expect(texts).not.toContain(control);
    expect(listed.stdout).toContain("abc");
  });

  it("says that there is no such batch, or which of several may be meant", async () => {
    await folder.write(".tracekeeper/traces/batches/.keep", "");
    expect(await batch("show", "none")).toMatchObject({ code: 1, stderr: expect.stringContaining('no batch "none"') });
    await folder.write("items.json", "[0]");
    for (let count = 0; count < 2; count++) await batch("run", "--task", "t=true", "--items", "items.json", "t");
    expect((await batch("show", "batch_")).stderr).toContain('"batch_" is the beginning of 2 batches: batch_');
  });
});

describe("a batch whose process is gone", () => {
  /** Notes that it runs, and waits until it may go on. */
  const waits =
    "t=echo $TRACEKEEPER_BATCH_INDEX:$TRACEKEEPER_BATCH_ATTEMPT >> begun; until test -e go; do sleep 0.02; done; echo $TRACEKEEPER_BATCH_INDEX >> done";

  async function killedRun(signal: NodeJS.Signals, begun = 2): Promise<void> {
    await folder.write("items.json", "[0,1,2,3]");
    const words = ["batch", "run", "--task", waits, "--items", "items.json", "--concurrency", "2", "t"];
    const child = cli.start(words, { cwd: folder.path });
    const ended = resultOf(child);
    await until(async () => (await lines("begun")).length >= begun || undefined, "runs are under way");
    child.kill(signal);
    await ended;
  }

  it("goes on where it was when it is resumed: what ran is waited for, and nothing runs twice", async () => {
    await killedRun("SIGKILL");
    expect((await batch("ls")).stdout).toContain("Interrupted");
    const resumed = cli.start(["batch", "resume", await onlyId()], { cwd: folder.path });
    const ended = resultOf(resumed);
    await until(async () => (await batch("ls")).stdout.includes("Running") || undefined, "it goes on");
    await folder.write("go", "");
    expect(await ended).toMatchObject({ code: 0 });
    expect((await lines("begun")).sort()).toEqual(["0:1", "1:1", "2:1", "3:1"]);
    expect((await lines("done")).sort()).toEqual(["0", "1", "2", "3"]);
  });

  it("is cancelled with what it left running", async () => {
    await killedRun("SIGKILL");
    const { code, stdout } = await batch("cancel", await onlyId());
    expect({ code, stdout }).toEqual({ code: 0, stdout: "No further attempt begins, and what runs is stopped\n" });
    const [told, ...runs] = await objects("show", await onlyId());
    expect(told).toMatchObject({ status: "COMPLETED", state: "cancelled", cancelledRuns: 4 });
    expect(runs.map(({ state }) => state)).toEqual(["cancelled", "cancelled", "cancelled", "cancelled"]);
    expect(await lines("done")).toEqual([]);
  });

  it("is paused and resumed, where nobody works on it, too", async () => {
    await killedRun("SIGKILL");
    const id = await onlyId();
    expect((await batch("pause", id)).stdout).toBe("No further attempt begins; what runs goes on\n");
    expect((await batch("pause", id)).stdout).toBe("The batch is paused already\n");
    await folder.write("go", "");
    expect(await batch("resume", id)).toMatchObject({ code: 0, stdout: "The batch goes on\n" });
    expect(await lines("done")).toHaveLength(4);
  });

  it("was cancelled by Ctrl+C, and its runs with it", async () => {
    await killedRun("SIGINT");
    const [told] = await objects("show", await onlyId());
    expect(told).toMatchObject({ status: "COMPLETED", state: "cancelled", cancelled: true, cancelledRuns: 4 });
  });

  it("is left as it is where its terminal was closed", async () => {
    await killedRun("SIGHUP");
    expect((await objects("show", await onlyId()))[0]).toMatchObject({ state: "interrupted", running: 2 });
    await folder.write("go", "");
    expect((await batch("resume", await onlyId())).code).toBe(0);
    expect((await lines("begun")).sort()).toEqual(["0:1", "1:1", "2:1", "3:1"]);
  });
});

describe("a batch that another process runs", () => {
  it("is asked for over that one's port: paused, resumed, cancelled", async () => {
    await folder.write("items.json", "[0,1,2]");
    const command = "t=echo begun >> begun; exec sleep 1000";
    const words = ["batch", "run", "--task", command, "--items", "items.json", "--concurrency", "1", "t"];
    const running = resultOf(cli.start(words, { cwd: folder.path }));
    await until(async () => (await lines("begun")).length === 1 || undefined, "it runs");
    const id = await onlyId();
    expect(await batch("pause", id)).toMatchObject({
      code: 0,
      stdout: "No further attempt begins; what runs goes on\n",
    });
    expect((await objects("show", id))[0]).toMatchObject({ state: "paused", running: 1 });
    expect((await batch("resume", id)).stdout).toBe("The batch goes on\n");
    expect(await batch("retry", id)).toMatchObject({
      code: 0,
      stdout: "No run has failed that could be tried again\n",
    });
    expect(await batch("cancel", id)).toMatchObject({ code: 0 });
    const { code, stderr } = await running;
    expect(code).toBe(1);
    expect(stderr).toContain("3 of 3 runs cancelled");
    expect(await lines("begun")).toEqual(["begun"]);
  });
});

describe("a playbook with a batch", () => {
  it("takes the tasks that are registered on its command line", async () => {
    await folder.write(
      "x.playbook.yaml",
      "name: x\nsteps: [{ id: a, action: batch, with: { task: note, items: [1, 2] } }]\n",
    );
    const words = ["run", "--task", 'note=echo "$(cat)" >> noted', "x.playbook.yaml"];
    expect(await cli.run(words, { cwd: folder.path })).toMatchObject({ code: 0 });
    expect((await lines("noted")).sort()).toEqual(["1", "2"]);
    const wrong = await cli.run(["run", "--task", "note=true", "--", "true"], { cwd: folder.path });
    expect(wrong).toMatchObject({ code: 2, stderr: "tracekeeper: --task is for a playbook\n" });
  });
});

describe("runs that failed", () => {
  it("get another attempt, those that are named or all", async () => {
    await folder.write("items.json", "[0,1,2]");
    const command = "t=echo $TRACEKEEPER_BATCH_INDEX >> ran; test -e mended";
    expect((await batch("run", "--task", command, "--items", "items.json", "t")).code).toBe(1);
    await folder.write("mended", "");
    const id = await onlyId();
    const one = await batch("retry", "--run", "2", id);
    expect(one).toMatchObject({ code: 1, stdout: "1 run is tried again\n" });
    expect((await batch("retry", id)).code).toBe(0);
    expect((await batch("retry", id)).stdout).toBe("No run has failed that could be tried again\n");
    expect((await lines("ran")).sort()).toEqual(["0", "0", "1", "1", "2", "2"]);
  });
});

describe("--no-wait", () => {
  it("leaves the batch to a process in the background, which ends with it", async () => {
    await folder.write("items.json", "[0,1]");
    const command = "t=until test -e go; do sleep 0.02; done; echo done >> done";
    const { code, stdout } = await batch("run", "--no-wait", "--task", command, "--items", "items.json", "t");
    expect(code).toBe(0);
    const id = stdout.trim();
    const owner = JSON.parse(await readFile(folder.join(`.tracekeeper/traces/batches/${id}.owner`), "utf8"));
    await folder.write("go", "");
    await until(async () => (await objects("show", id))[0]?.["state"] === "completed" || undefined, "it ends");
    expect(await lines("done")).toEqual(["done", "done"]);
    await until(() => !isThere(owner.pid) || undefined, "its process ends");
  });
});
