import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { thisMachine } from "../../../src/recorder/liveness";
import { ActionLog, type LoggedAction } from "../../../src/session/actionLog/actionLog";
import { openRunFolder } from "../../../src/session/actionLog/runFolder";
import { EventBus } from "../../../src/session/bus/eventBus";
import type { RunEvent, StepRef } from "../../../src/session/steps/runEvent";
import { makeTempDir, type TempDir } from "../../support/tempDir";

let dir: TempDir;
let folders = 0;

beforeAll(async () => {
  dir = await makeTempDir();
});

afterAll(() => dir.remove());

async function newDirectory(): Promise<string> {
  const path = dir.join(`traces-${++folders}`);
  await mkdir(path);
  return path;
}

const step: StepRef = {
  path: "deploy/build",
  id: "build",
  index: 0,
  name: "Build it",
  action: "run",
  file: "/w/x.playbook.yaml",
  line: 7,
  definitionHash: "h",
};

function startLog(directory: string, runId: string) {
  const errors: string[] = [];
  const bus = new EventBus<RunEvent>({
    nowMs: () => 1_000_250,
    onHandlerError: (error) => errors.push(String(error)),
  });
  const log = new ActionLog({ directory, runId, sessionId: "s" });
  log.listen(bus);
  const run = bus.openRun(runId);
  return {
    log,
    errors,
    async act(name: string): Promise<void> {
      run.emit({
        type: "actionFinished",
        step,
        name,
        input: { command: name },
        outputEnd: `${name}!`,
        durationMs: 250,
      });
      await bus.settled();
    },
  };
}

async function namesIn(path: string): Promise<string[]> {
  return (await readdir(path)).filter((name) => name.startsWith("action_")).sort();
}

async function loggedIn(path: string): Promise<LoggedAction[]> {
  const texts = await Promise.all((await namesIn(path)).map((name) => readFile(join(path, name), "utf8")));
  return texts.map((text) => JSON.parse(text) as LoggedAction);
}

describe("the action log", () => {
  it("writes a file for each action, for its owner alone, below the folder of its run", async () => {
    const directory = await newDirectory();
    const { log, act, errors } = startLog(directory, "nightly");
    await act("one");
    await act("two");
    const path = join(directory, "runs/nightly");
    expect(log.folder).toBe(path);
    expect(await namesIn(path)).toEqual(["action_1.json", "action_2.json"]);
    expect((await loggedIn(path))[0]).toEqual({
      version: 1,
      runId: "nightly",
      sessionId: "s",
      number: 1,
      step: { path: "deploy/build", name: "Build it", file: "/w/x.playbook.yaml", line: 7 },
      action: "one",
      input: { command: "one" },
      startedAt: "1970-01-01T00:16:40.000Z",
      durationMs: 250,
      status: "ok",
      output: "one!",
    });
    expect((await stat(join(path, "action_1.json"))).mode & 0o777).toBe(0o600);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    await log.close();
    expect((await readdir(path)).sort()).toEqual(["action_1.json", "action_2.json", "run.json"]);
    expect(errors).toEqual([]);
  });

  it("goes on with its numbers where an earlier run with the same id ended, and overwrites nothing", async () => {
    const directory = await newDirectory();
    const first = startLog(directory, "r");
    await first.act("one");
    await first.act("two");
    await first.log.close();
    const path = join(directory, "runs/r");
    await writeFile(join(path, "action_9.json"), "somebody else's");
    const second = startLog(directory, "r");
    await second.act("three");
    await writeFile(join(path, "action_11.json"), "put there meanwhile");
    await second.act("four");
    await second.log.close();
    expect(await namesIn(path)).toEqual([
      "action_1.json",
      "action_10.json",
      "action_11.json",
      "action_12.json",
      "action_2.json",
      "action_9.json",
    ]);
    expect(await readFile(join(path, "action_11.json"), "utf8")).toBe("put there meanwhile");
  });

  it("stays in its folder whatever the id is, and has it alone", async () => {
    const directory = await newDirectory();
    const rawIds = fc.oneof(
      fc.constantFrom(
        "../x",
        "..",
        ".",
        "",
        "/etc/passwd",
        "a/../b",
        "C:\\x",
        "CON",
        "nul.txt",
        "a:b",
        "a_b",
        "A_B",
        "é",
      ),
      fc.string({ unit: "binary", maxLength: 200 }),
    );
    const seen = new Map<string, string>();
    await fc.assert(
      fc.asyncProperty(rawIds, async (rawId) => {
        const { path, release } = await openRunFolder(directory, rawId);
        await release();
        const inside = relative(join(directory, "runs"), path);
        expect(inside).toMatch(/^[^/\\]+$/);
        expect([".", ".."]).not.toContain(inside);
        expect(seen.get(inside) ?? rawId).toBe(rawId);
        seen.set(inside, rawId);
      }),
      { numRuns: 150 },
    );
    expect((await readdir(directory)).sort()).toEqual(["runs"]);
    expect(new Set((await readdir(join(directory, "runs"))).map((name) => name.toLowerCase())).size).toBe(seen.size);
  });

  it("keeps runs with the same id that are under way at the same time apart", async () => {
    const directory = await newDirectory();
    const one = startLog(directory, "same");
    const other = startLog(directory, "same");
    await Promise.all([one.act("a"), other.act("b")]);
    await Promise.all([one.act("a"), other.act("b")]);
    expect(one.log.folder).not.toBe(other.log.folder);
    const actions = async (path = "") => (await loggedIn(path)).map(({ action, number }) => `${action}${number}`);
    expect([await actions(one.log.folder), await actions(other.log.folder)].sort()).toEqual([
      ["a1", "a2"],
      ["b1", "b2"],
    ]);
    await one.log.close();
    await other.log.close();
  });

  it("takes over the folder of a process that is gone, and not that of one that is alive", async () => {
    const directory = await newDirectory();
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
    await once(child, "spawn");
    const { host, bootId, pidNamespace, process: factsOf } = thisMachine();
    const facts = factsOf(child.pid ?? 0);
    const processStart = facts.type === "present" ? facts.start : undefined;
    const owner = {
      version: 1,
      rawRunId: "r",
      instance: "i",
      pid: child.pid,
      host,
      bootId,
      pidNamespace,
      processStart,
    };
    const first = await openRunFolder(directory, "r");
    await first.release();
    await writeFile(join(first.path, "owner_1.json"), JSON.stringify(owner));
    const beside = await openRunFolder(directory, "r");
    expect(beside.path).not.toBe(first.path);
    await beside.release();
    child.kill("SIGKILL");
    await once(child, "exit");
    const after = await openRunFolder(directory, "r");
    expect(after.path).toBe(first.path);
    await after.release();
  });
});
