// What lies in files before and while a session runs: launches and their claims, the trace's folder, what is kept for
// "Run Again", names, and the packages of VS Code that are looked for.
import { chmod, mkdir, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isClaimAlive, keptClaimMs, keptLaunchMs, LaunchFolder } from "../../src/host/start/launchFolder";
import {
  distinctRecords,
  keptRecords,
  type LaunchRecord,
  readRecords,
  withRecord,
} from "../../src/host/start/launchRecord";
import { sessionIdFor } from "../../src/host/start/sessionName";
import { findNodePty } from "../../src/host/start/sessionProcess";
import { folderOf, makeTraceFolder } from "../../src/host/start/traceFolder";
import type { ProcessFacts } from "../../src/recorder/liveness";
import { type Launch, type LaunchClaim, readClaim } from "../../src/session/launch";
import { makeTempDir, type TempDir } from "../support/tempDir";

let folder: TempDir;
beforeEach(async () => {
  folder = await makeTempDir();
});
afterEach(() => folder.remove());

function launch(id: string): Launch {
  return {
    version: 1,
    id,
    directory: "/w/.tracekeeper/traces",
    sessionId: `ses_${id}`,
    title: id,
    program: { type: "shell", line: "SECRET=1 true" },
    cwd: "/w",
    capture: "terminal",
    origin: { type: "command", label: id },
    stop: { terminateAfterMs: 1, killAfterMs: 1 },
  };
}

function claim(id: string, pid: number, processStart?: string): LaunchClaim {
  return { version: 1, id, pid, claimedAt: "2026-01-01T00:00:00.000Z", ...(processStart ? { processStart } : {}) };
}

const absent = (): ProcessFacts => ({ type: "absent" });
const present =
  (start?: string, isZombie = false) =>
  (): ProcessFacts => ({ type: "present", isZombie, start });

describe("the launches folder", () => {
  it("holds launches that nobody else can read", async () => {
    const launches = new LaunchFolder(folder.join("storage/launches"));
    const path = await launches.write(launch("a"));
    expect(path).toBe(folder.join("storage/launches/a.json"));
    expect(await launches.list()).toEqual([{ path, launch: launch("a"), claim: undefined }]);
    if (process.platform === "win32") return;
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(launches.path)).mode & 0o777).toBe(0o700);
  });

  it.runIf(process.platform !== "win32")("is closed to others where it was open", async () => {
    await mkdir(folder.join("launches"), { mode: 0o755 });
    await chmod(folder.join("launches"), 0o755);
    await new LaunchFolder(folder.join("launches")).write(launch("a"));
    expect((await stat(folder.join("launches"))).mode & 0o777).toBe(0o700);
  });

  it("never writes over a launch", async () => {
    const launches = new LaunchFolder(folder.path);
    await launches.write(launch("a"));
    await expect(launches.write(launch("a"))).rejects.toMatchObject({ code: "EEXIST" });
  });

  it("lists claims with their launches, also where one of them can't be read", async () => {
    const launches = new LaunchFolder(folder.path);
    const a = await launches.write(launch("a"));
    await folder.write("a.claim.json", JSON.stringify(claim("a", 7)));
    await folder.write("b.json", "{");
    await folder.write("c.claim.json", JSON.stringify(claim("c", 8)));
    await folder.write("notes.txt", "x");
    expect(await launches.list()).toEqual([
      { path: a, launch: launch("a"), claim: claim("a", 7) },
      { path: folder.join("b.json"), launch: undefined, claim: undefined },
      { path: folder.join("c.json"), launch: undefined, claim: claim("c", 8) },
    ]);
  });

  it("is empty before anything was started", async () => {
    const launches = new LaunchFolder(folder.join("none"));
    expect(await launches.list()).toEqual([]);
    expect(await launches.cleanUp(0, absent)).toEqual([]);
  });

  it("loses what ended a day ago, never what runs or is younger", async () => {
    const launches = new LaunchFolder(folder.path);
    const nowMs = 1_800_000_000_000;
    const old = new Date(nowMs - keptLaunchMs - 1_000);
    const young = new Date(nowMs - keptLaunchMs + 1_000);
    const make = async (id: string, at: Date, pid?: number) => {
      await utimes(await launches.write(launch(id)), at, at);
      if (pid === undefined) return;
      const path = await folder.write(`${id}.claim.json`, JSON.stringify(claim(id, pid)));
      await utimes(path, at, at);
    };
    await make("ended", old, 1);
    await make("running", old, 2);
    await make("young", young, 1);
    await make("neverRun", old);
    await utimes(await folder.write("x.claim.json.ab12.tmp", "{"), old, old);
    const removed = await launches.cleanUp(nowMs, (pid) => (pid === 2 ? present()() : absent()));
    expect(removed).toEqual([folder.join("ended.json"), folder.join("neverRun.json")]);
    expect((await readdir(folder.path)).sort()).toEqual([
      "ended.claim.json",
      "running.claim.json",
      "running.json",
      "young.claim.json",
      "young.json",
    ]);
  });

  it("keeps for 90 days that a launch was run, but not how its process was reached", async () => {
    const launches = new LaunchFolder(folder.path);
    const nowMs = 1_800_000_000_000;
    const make = async (id: string, ageMs: number) => {
      const control = { url: "http://127.0.0.1:1", token: "SECRET" };
      const at = new Date(nowMs - ageMs);
      await utimes(await launches.write(launch(id)), at, at);
      const path = await folder.write(`${id}.claim.json`, JSON.stringify({ ...claim(id, 1), path: "/t/a", control }));
      await utimes(path, at, at);
    };
    await make("kept", keptClaimMs - 1_000);
    await make("forgotten", keptClaimMs + 1_000);
    const removed = await launches.cleanUp(nowMs, absent);
    expect(removed).toEqual([folder.join("forgotten.json"), folder.join("kept.json")]);
    expect(await readdir(folder.path)).toEqual(["kept.claim.json"]);
    expect(await readClaim(folder.join("kept.json"))).toEqual({ ...claim("kept", 1), path: "/t/a" });
    expect(await readFile(folder.join("kept.claim.json"), "utf8")).not.toContain("SECRET");
    // Its age goes on, although it was written anew.
    expect(await launches.cleanUp(nowMs, absent)).toEqual([]);
    expect(await launches.cleanUp(nowMs + 2_000, absent)).toEqual([]);
    expect(await readdir(folder.path)).toEqual([]);
  });
});

describe("a claim", () => {
  it("is alive while that very process is there", () => {
    expect(isClaimAlive(claim("a", 7, "123"), present("123"))).toBe(true);
    expect(isClaimAlive(claim("a", 7, "123"), present("124"))).toBe(false);
    expect(isClaimAlive(claim("a", 7, "123"), present("123", true))).toBe(false);
    expect(isClaimAlive(claim("a", 7, "123"), absent)).toBe(false);
  });

  it("counts as alive where nobody can tell", () => {
    expect(isClaimAlive(claim("a", 7, "123"), () => ({ type: "unknown" }))).toBe(true);
    expect(isClaimAlive(claim("a", 7), present("1"))).toBe(true);
  });
});

describe("the folder of a trace", () => {
  it("is made in the workspace folder, and kept out of git by who makes it", async () => {
    const { directory, fallback } = await makeTraceFolder(folder.path, folder.join("storage"));
    expect(directory).toBe(folder.join(".tracekeeper/traces"));
    expect(fallback).toBeUndefined();
    expect(await readFile(folder.join(".tracekeeper/.gitignore"), "utf8")).toBe("*\n");
    await expect(stat(folder.join("storage"))).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("leaves alone what is there", async () => {
    await folder.write(".tracekeeper/.gitignore", "mine\n");
    await makeTraceFolder(folder.path, folder.join("storage"));
    await makeTraceFolder(folder.path, folder.join("storage"));
    expect(await readFile(folder.join(".tracekeeper/.gitignore"), "utf8")).toBe("mine\n");
    await rm(folder.join(".tracekeeper/.gitignore"));
    await makeTraceFolder(folder.path, folder.join("storage"));
    expect(await readdir(folder.join(".tracekeeper"))).toEqual(["traces"]);
  });

  it("is in the storage where the workspace folder can't hold it", async () => {
    await writeFile(folder.join(".tracekeeper"), "a file");
    expect(await makeTraceFolder(folder.path, folder.join("storage"))).toEqual({
      directory: folder.join("storage/traces"),
      fallback: "notWritable",
    });
    expect((await stat(folder.join("storage/traces"))).isDirectory()).toBe(true);
  });

  it("does not bring back a workspace folder that is gone", async () => {
    expect(await makeTraceFolder(folder.join("gone"), folder.join("storage"))).toMatchObject({
      fallback: "notWritable",
    });
    await expect(stat(folder.join("gone"))).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("is in the storage in a window without a folder", async () => {
    expect(await makeTraceFolder(undefined, folder.join("storage"))).toMatchObject({ fallback: "noFolder" });
  });

  it("is that of the innermost workspace folder that holds the program, else of the first", () => {
    const folders = ["/w/a", "/w/b", "/w/b/inner"];
    expect(folderOf("/w/b/inner/x.js", folders)).toBe("/w/b/inner");
    expect(folderOf("/w/b", folders)).toBe("/w/b");
    expect(folderOf("/elsewhere", folders)).toBe("/w/a");
    expect(folderOf("/elsewhere", [])).toBeUndefined();
  });
});

describe("what is kept to run it again", () => {
  const record = (id: string, line: string, cwd = "/w"): LaunchRecord => ({
    id,
    key: `/w/.tracekeeper/traces/${id}.json`,
    title: line,
    atMs: 1,
    origin: { type: "command", label: line },
    start: { type: "program", program: { type: "shell", line }, cwd },
  });

  it("survives being stored, without what can't be read", () => {
    const task: LaunchRecord = {
      ...record("t", "x"),
      start: { type: "task", name: "build", source: "Workspace", scope: "workspace" },
    };
    const stored = JSON.parse(JSON.stringify([record("a", "x"), { id: "broken" }, task, 3]));
    expect(readRecords(stored)).toEqual([record("a", "x"), task]);
    for (const nothing of [undefined, null, {}, "x"]) expect(readRecords(nothing)).toEqual([]);
  });

  it("is the newest twenty, each once", () => {
    let records: readonly LaunchRecord[] = [];
    for (let at = 0; at < keptRecords + 5; at++) records = withRecord(records, record(`r${at}`, "x"));
    expect(records).toHaveLength(keptRecords);
    expect(records[0]?.id).toBe("r24");
    expect(withRecord(records, record("r20", "other")).filter(({ id }) => id === "r20")).toHaveLength(1);
  });

  it("offers the same thing once, by its newest run", () => {
    const records = [record("3", "a"), record("2", "b"), record("1", "a"), record("0", "a", "/other")];
    expect(distinctRecords(records).map(({ id }) => id)).toEqual(["3", "2", "0"]);
  });
});

describe("the id of a session", () => {
  const at = new Date(2026, 0, 5, 14, 2, 7);

  it.each([
    ["npm run test", "npm-run-test_20260105-140207_a1b2c3"],
    ["node ./src/Übung.js --x", "node-src-u-bung-js-x_20260105-140207_a1b2c3"],
    ["API_KEY=hush TOKEN='a b' curl x", "curl-x_20260105-140207_a1b2c3"],
    ["日本", "run_20260105-140207_a1b2c3"],
    ["x".repeat(100), `${"x".repeat(40)}_20260105-140207_a1b2c3`],
  ])("of %j says what was run and when", (title, id) => {
    expect(sessionIdFor(title, at, "a1b2c3")).toBe(id);
  });
});

describe("the node-pty of VS Code", () => {
  const root = join("/", "app");
  const find = (...there: string[]) => {
    const paths = new Set(there.map((each) => join(root, each)));
    return findNodePty(root, (path) => paths.has(path));
  };

  it("is taken from the packages, or from their archive", () => {
    expect(find("node_modules/node-pty/package.json")).toBe(join(root, "node_modules/node-pty"));
    expect(find("node_modules.asar/node-pty/package.json")).toBe(join(root, "node_modules.asar/node-pty"));
    expect(find("node_modules.asar.unpacked/node-pty/package.json")).toBe(
      join(root, "node_modules.asar.unpacked/node-pty"),
    );
  });

  it("is taken from the archive where only its native part can be seen beside it", () => {
    expect(find("node_modules.asar.unpacked/node-pty")).toBe(join(root, "node_modules.asar/node-pty"));
  });

  it("is none where nothing is to be seen", () => {
    expect(find("node_modules")).toBeUndefined();
  });
});
