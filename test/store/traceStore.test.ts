import { execFile } from "node:child_process";
import { renameSync, writeFileSync } from "node:fs";
import { appendFile, mkdir, rename, rm, symlink, unlink, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Logger, silentLogger } from "../../src/base/logger";
import { importedFiles } from "../../src/reader/listImported";
import { type FileAccess, nodeFileAccess } from "../../src/store/fileAccess";
import { edgeBytes } from "../../src/store/fileEdges";
import { type StoreChange, type StoreOptions, TraceStore } from "../../src/store/traceStore";
import { encodeRecord } from "../../src/trace/journalFrame";
import type { JournalHeader, JournalRecord } from "../../src/trace/journalRecord";
import { encodeCrashNote, encodeLiveMarker } from "../../src/trace/marker";
import { makeTempDir, type TempDir } from "../support/tempDir";
import { CountingAccess, largeBytes, makeTrace, renderEntries, until } from "./support";

let folder: TempDir;
let access: CountingAccess;
let stores: TraceStore[];
let warnings: string[];

const logger: Logger = {
  ...silentLogger,
  warn: (message) => warnings.push(message),
  error: (message) => warnings.push(String(message)),
};

beforeEach(async () => {
  folder = await makeTempDir();
  access = new CountingAccess();
  stores = [];
  warnings = [];
});

afterEach(async () => {
  for (const store of stores) store.dispose();
  await folder.remove();
  expect(warnings).toEqual([]);
});

/** What a store reported, and what a view that only follows its events would show. */
class Follower {
  readonly changes: StoreChange[] = [];
  readonly rows = new Map<string, string>();
  removals = 0;

  constructor(store: TraceStore) {
    store.onDidChange((change) => {
      this.changes.push(change);
      for (const entry of change.changed) this.rows.set(entry.key, entry.state.status);
      for (const key of change.removed) this.rows.delete(key);
      this.removals += change.removed.length;
    });
  }
}

function makeStore(directories: readonly string[], options: Partial<StoreOptions> = {}): TraceStore {
  const store = new TraceStore({ directories, logger, access, ...options });
  stores.push(store);
  return store;
}

async function startStore(directories: readonly string[], options?: Partial<StoreOptions>): Promise<TraceStore> {
  const store = makeStore(directories, options);
  store.start();
  await store.ready;
  return store;
}

function untilRows(store: TraceStore, expected: string): Promise<void> {
  const isTrue = () => renderEntries(store.entries()) === expected;
  return until(isTrue, [store.onDidChange], `the rows are ${expected}`).catch((error) => {
    expect(renderEntries(store.entries())).toBe(expected);
    throw error;
  });
}

async function replace(path: string, value: unknown): Promise<void> {
  const temp = `${path}.tmp.1.2.x`;
  await writeFile(temp, JSON.stringify(value));
  await rename(temp, path);
}

function writeTrace(directory: string, id: string, options?: Parameters<typeof makeTrace>[1]): Promise<string> {
  return folder.write(join(directory, `${id}.json`), JSON.stringify(makeTrace(id, options)));
}

function journal(instance: string, records: readonly JournalRecord[], startMs: number): Uint8Array {
  const header: JournalHeader = {
    t: "header",
    format: "tracekeeper-journal",
    version: 1,
    incarnation: 1,
    writer: { instance, rawSessionId: "raw:id" },
    trace: { traceId: "t", sessionId: "raw:id", metadata: { title: "From the journal", agent: "runner" } },
  };
  const tag = instance.slice(0, 4);
  return Buffer.concat(
    [header, ...records].map((record, seq) => encodeRecord(record, { seq, wallMs: startMs + seq, monoMs: seq, tag })),
  );
}

describe("the list of sessions", () => {
  it("lists the sessions of several directories and of none that is missing", async () => {
    await writeTrace("one", "a");
    await writeTrace("one", "b", { status: "error" });
    await writeTrace("two", "a", { status: "crashed", title: "Other a" });
    const store = await startStore([folder.join("one"), folder.join("two"), folder.join("missing")]);
    expect(renderEntries(store.entries())).toBe(
      ["a completed Title of a", "a crashed Other a", "b failed Title of b"].join("\n"),
    );
    expect(store.entry(folder.join("two", "a.json"))?.title).toBe("Other a");
    expect(store.directories().map(({ exists }) => exists)).toEqual([true, true, false]);
  });

  it("ignores temps, hidden files, the action log and what else lies about", async () => {
    await writeTrace("d", "a");
    await folder.write("d/a.json.tmp.1795167000000.k3x9qa", "{}");
    await folder.write("d/.hidden.json", "{}");
    await folder.write("d/.gitignore", "*");
    await folder.write("d/notes.txt", "{}");
    await folder.write("d/runs/run_1/action_1.json", "{}");
    const store = await startStore([folder.join("d")]);
    expect(store.entries().map(({ files }) => files)).toEqual([["a.json"]]);
    expect([...access.counts.keys()]).toEqual([folder.join("d", "a.json")]);
  });

  it("shows what can't be read or is no trace as rows with their problem", async () => {
    await folder.write("d/empty.json", "");
    await folder.write("d/text.json", "Dear diary");
    await folder.write("d/package.json", '{"name":"x"}');
    await folder.write("d/cut.json", JSON.stringify(makeTrace("cut", { padding: largeBytes })).slice(0, -100));
    await mkdir(folder.join("d/folder.json"));
    await symlink("nowhere", folder.join("d/dangling.json"));
    await symlink("loop.json", folder.join("d/loop.json"));
    await promisify(execFile)("mkfifo", [folder.join("d/pipe.json")]);
    const store = await startStore([folder.join("d")]);
    expect(renderEntries(store.entries())).toBe(
      [
        "cut unknown Title of cut !truncated",
        "dangling unknown - !unreadable",
        "empty unknown - !empty-file",
        "folder unknown - !unreadable",
        "loop unknown - !unreadable",
        "package unknown - !not-a-trace",
        "pipe unknown - !unreadable",
        "text unknown - !syntax",
      ].join("\n"),
    );
    const message = (id: string) => store.entry(folder.join("d", `${id}.json`))?.problem?.message;
    expect(["folder", "dangling", "loop", "pipe"].map(message)).toEqual([
      "It is a folder, not a file",
      "Its symbolic link points to nothing",
      "Its symbolic links form a circle",
      "It is a pipe, a socket or a device, not a file",
    ]);
    expect(access.counts.has(folder.join("d/pipe.json"))).toBe(false);
  });

  it("shows a session that has but a journal or a marker", async () => {
    const nowMs = 1_800_000_000_000;
    const identity = { instance: "inst-1", incarnation: 1, rawSessionId: "raw:id" };
    const begin: JournalRecord = {
      t: "begin",
      span: { spanId: "r", parentSpanId: null, name: "s", kind: "session", startTime: nowMs, status: "ok" },
    };
    await folder.write("d/live.1.journal.ndjson", journal("inst-1", [begin], nowMs));
    await folder.write("d/live.live", encodeLiveMarker(identity));
    await folder.write(
      "d/done.1.journal.ndjson",
      journal("inst-2", [begin, { t: "finish", status: "error", error: "Out of luck" }], nowMs),
    );
    await folder.write("d/crash.crash", encodeLiveMarker(identity));
    await appendFile(folder.join("d/crash.crash"), encodeCrashNote({ timeMs: nowMs, reason: "SIGSEGV" }));
    await folder.write("d/begun.live", encodeLiveMarker(identity));
    await folder.write("d/only.seen", "");
    for (const name of ["live.1.journal.ndjson", "live.live", "begun.live"])
      await utimes(folder.join("d", name), nowMs / 1000, nowMs / 1000);
    const store = await startStore([folder.join("d")], { now: () => nowMs + 1000, probe: () => "unknown" });
    expect(renderEntries(store.entries())).toBe(
      ["begun running -", "crash crashed -", "done failed From the journal", "live running From the journal"].join(
        "\n",
      ),
    );
    expect(store.entry(folder.join("d/crash.json"))).toMatchObject({
      sessionId: "raw:id",
      state: { error: "SIGSEGV" },
    });
    expect(store.entry(folder.join("d/done.json"))).toMatchObject({
      sessionId: "raw:id",
      agent: "runner",
      program: "runner",
    });
  });

  it("reads at most 16 KiB of a file, of all files of a directory of thousands, eight at a time", async () => {
    const directory = folder.join("d");
    await mkdir(directory);
    const text = JSON.stringify(makeTrace("x", { padding: 100_000 }));
    for (let index = 0; index < 3000; index++)
      await writeFile(join(directory, `s${index}.json`), index % 10 === 0 ? text : "{}");
    const long = Buffer.concat(Array.from({ length: 500 }, (_, seq) => journal(`i${seq}`, [], 1)));
    await writeFile(join(directory, "s1.1.journal.ndjson"), long);
    const store = makeStore([directory]);
    const follower = new Follower(store);
    store.start();
    await store.ready;
    expect(store.entries()).toHaveLength(3000);
    expect(follower.rows.size).toBe(3000);
    expect(follower.changes.every(({ initial }) => initial)).toBe(true);
    const counts = [...access.counts.values()];
    expect(Math.max(...counts.map(({ bytes }) => bytes))).toBe(2 * edgeBytes);
    expect(counts.every(({ opens, closes }) => opens === 1 && closes === 1)).toBe(true);
    expect(access.maxConcurrent).toBeLessThanOrEqual(8);
  });
});

describe("following the disk", () => {
  it("sees a file appear, change and go", async () => {
    await mkdir(folder.join("d"));
    const store = await startStore([folder.join("d")]);
    const path = await writeTrace("d", "a");
    await untilRows(store, "a completed Title of a");
    await replace(path, makeTrace("a", { status: "error" }));
    await untilRows(store, "a failed Title of a");
    await unlink(path);
    await untilRows(store, "");
  });

  it("reads only what changed", async () => {
    for (const id of ["a", "b", "c"]) await writeTrace("d", id);
    const store = await startStore([folder.join("d")]);
    access.reset();
    await writeTrace("d", "b", { title: "New title" });
    await until(() => store.entry(folder.join("d/b.json"))?.title === "New title", [store.onDidChange], "b is read");
    expect([...access.counts.keys()]).toEqual([folder.join("d/b.json")]);
    access.reset();
    await store.refresh();
    expect([...access.counts.keys()].sort()).toEqual(["a", "b", "c"].map((id) => folder.join("d", `${id}.json`)));
  });

  it("reads a file that is written eight times in a burst at most twice, and at most every 200 ms", async () => {
    const path = await writeTrace("d", "a");
    const store = await startStore([folder.join("d")]);
    const follower = new Follower(store);
    access.reset();
    const beganMs = performance.now();
    for (let round = 1; round <= 8; round++) await replace(path, makeTrace("a", { title: `Round ${round}` }));
    const readings = 2 + Math.floor((performance.now() - beganMs) / 200);
    await untilRows(store, "a completed Round 8");
    expect(access.of(path).opens).toBeLessThanOrEqual(readings);
    expect(follower.changes.length).toBeLessThanOrEqual(readings);
  });

  it("reports hundreds of files that change at once in a few events", async () => {
    await mkdir(folder.join("d"));
    const store = await startStore([folder.join("d")]);
    const follower = new Follower(store);
    const startMs = performance.now();
    await Promise.all(Array.from({ length: 400 }, (_, index) => writeTrace("d", `s${index}`)));
    await until(() => store.entries().length === 400, [store.onDidChange], "all are listed");
    const elapsedMs = performance.now() - startMs;
    expect(follower.changes.length).toBeLessThanOrEqual(Math.ceil(elapsedMs / 50) + 1);
    expect(access.maxConcurrent).toBeLessThanOrEqual(8);
  });

  it("never misses the row of a file that is replaced 200 times, also while everything is listed again", async () => {
    const path = await writeTrace("d", "a");
    await writeTrace("d", "b");
    const store = await startStore([folder.join("d")]);
    const follower = new Follower(store);
    for (let round = 1; round <= 200; round++) {
      await replace(path, makeTrace("a", { title: `Round ${round}` }));
      if (round % 10 === 0) await store.refresh();
      expect(store.entries()).toHaveLength(2);
    }
    await untilRows(store, "a completed Round 200\nb completed Title of b");
    expect(follower.removals).toBe(0);
  });

  it("keeps the row of a file that is removed and written again, as some writers replace it", async () => {
    const path = await writeTrace("d", "a");
    const store = await startStore([folder.join("d")]);
    const follower = new Follower(store);
    let long = 0;
    for (let round = 1; round <= 20; round++) {
      const beganMs = performance.now();
      await unlink(path);
      await delay(round);
      await writeFile(path, JSON.stringify(makeTrace("a", { title: `Round ${round}` })));
      // On a machine that is too busy the file is away for so long that it is gone.
      if (performance.now() - beganMs > 100) long++;
    }
    await untilRows(store, "a completed Round 20");
    expect(follower.removals).toBeLessThanOrEqual(long);
  });

  it("looks twice before it takes a row away, or all rows of a directory", async () => {
    const path = await writeTrace("d", "a");
    const hidden = new Set<string>();
    const flickering: FileAccess = {
      ...nodeFileAccess,
      stat: async (at) => {
        if (hidden.delete(at)) throw Object.assign(new Error(`ENOENT: ${at}`), { code: "ENOENT" });
        return nodeFileAccess.stat(at);
      },
    };
    const store = await startStore([folder.join("d")], { access: flickering });
    const follower = new Follower(store);
    hidden.add(path);
    await replace(path, makeTrace("a", { title: "Second" }));
    await untilRows(store, "a completed Second");
    expect(hidden.size).toBe(0);
    hidden.add(folder.join("d"));
    // In one go: what is away for long is gone.
    renameSync(folder.join("d"), folder.join("e"));
    renameSync(folder.join("e"), folder.join("d"));
    await until(() => hidden.size === 0, [], "the directory was looked at");
    await replace(path, makeTrace("a", { title: "Third" }));
    await untilRows(store, "a completed Third");
    expect(follower.removals).toBe(0);
  });

  it("follows a directory that appears later, deep below, and one that is removed and made again", async () => {
    const directory = folder.join("x/y/z/traces");
    const store = await startStore([directory]);
    expect(store.entries()).toEqual([]);
    for (let round = 1; round <= 3; round++) {
      await writeTrace("x/y/z/traces", "a", { title: `Round ${round}` });
      await untilRows(store, `a completed Round ${round}`);
      await rm(folder.join("x"), { recursive: true });
      await untilRows(store, "");
      await until(() => store.directories()[0]?.exists === false, [store.onDidChangeDirectories], "it is gone");
    }
  });

  it("follows a directory that is renamed away, and another that takes its place", async () => {
    await writeTrace("d", "a");
    await writeTrace("other", "b");
    const store = await startStore([folder.join("d")]);
    await rename(folder.join("d"), folder.join("away"));
    await untilRows(store, "");
    await writeTrace("away", "unseen");
    await rename(folder.join("other"), folder.join("d"));
    await untilRows(store, "b completed Title of b");
    await rename(folder.join("d"), folder.join("other"));
    await rename(folder.join("away"), folder.join("d"));
    await untilRows(store, "a completed Title of a\nunseen completed Title of unseen");
    await writeTrace("d", "c");
    await untilRows(store, "a completed Title of a\nc completed Title of c\nunseen completed Title of unseen");
  });

  it("keeps the rows of a directory that is replaced by another with the same sessions", async () => {
    await writeTrace("d", "a");
    await writeTrace("next", "a", { title: "Next" });
    const store = await startStore([folder.join("d")]);
    const follower = new Follower(store);
    await rename(folder.join("d"), folder.join("old"));
    await rename(folder.join("next"), folder.join("d"));
    await untilRows(store, "a completed Next");
    expect(follower.removals).toBe(0);
  });

  it("follows a symbolic link: into its target, to another target, and to one that appears later", async () => {
    await writeTrace("real", "a");
    await writeTrace("second", "b");
    await symlink(folder.join("real"), folder.join("link"));
    const store = await startStore([folder.join("link")]);
    expect(renderEntries(store.entries())).toBe("a completed Title of a");
    await writeTrace("real", "c");
    await untilRows(store, "a completed Title of a\nc completed Title of c");
    await symlink("second", folder.join("link.new"));
    await rename(folder.join("link.new"), folder.join("link"));
    await untilRows(store, "b completed Title of b");
    await symlink("later/traces", folder.join("link.new"));
    await rename(folder.join("link.new"), folder.join("link"));
    await untilRows(store, "");
    await writeTrace("later/traces", "d");
    await untilRows(store, "d completed Title of d");
  });

  it("takes other directories while it runs", async () => {
    await writeTrace("one", "a");
    await writeTrace("two", "b");
    const store = await startStore([folder.join("one")]);
    const follower = new Follower(store);
    store.setDirectories([folder.join("two"), folder.join("two")]);
    await untilRows(store, "b completed Title of b");
    await until(() => follower.removals === 1, [store.onDidChange], "a is reported as removed");
    await writeTrace("two", "c");
    await untilRows(store, "b completed Title of b\nc completed Title of c");
  });

  it("polls where it is told to, changes in place included", async () => {
    const path = await writeTrace("d", "a");
    const untouched = await writeTrace("d", "z");
    const store = await startStore([folder.join("d"), folder.join("late")], { polling: { intervalMs: 20 } });
    expect(process.getActiveResourcesInfo()).not.toContain("FSEventWrap");
    await writeFile(path, JSON.stringify(makeTrace("a", { title: "In place" })));
    await untilRows(store, "a completed In place\nz completed Title of z");
    await writeTrace("late", "b");
    await untilRows(store, "a completed In place\nb completed Title of b\nz completed Title of z");
    await until(() => access.lists > 30, [], "it was looked at many times");
    expect(access.of(untouched).opens).toBe(1);
    await rm(folder.join("d"), { recursive: true });
    await untilRows(store, "b completed Title of b");
    store.setDirectories([folder.join("late")]);
    await unlink(folder.join("late/b.json"));
    await untilRows(store, "");
  });

  it("looks now and then where the system has no watchers left, and says so", async () => {
    await writeTrace("d", "a");
    const store = await startStore([folder.join("d"), folder.join("missing")], {
      access: {
        ...nodeFileAccess,
        watch: () => {
          throw Object.assign(new Error("ENOSPC: System limit for number of file watchers reached"), {
            code: "ENOSPC",
          });
        },
      },
      fallbackPolling: { intervalMs: 20 },
    });
    expect(renderEntries(store.entries())).toBe("a completed Title of a");
    await writeTrace("d", "b");
    await writeTrace("missing", "c");
    await untilRows(store, "a completed Title of a\nb completed Title of b\nc completed Title of c");
    expect(warnings.splice(0).join("\n")).toContain("is looked at every");
  });

  it("derives the state of a live session anew, and reports only what changed", async () => {
    let nowMs = 1_800_000_000_000;
    let liveness: "alive" | "gone" = "alive";
    await folder.write("d/s.live", encodeLiveMarker({ instance: "inst-1", incarnation: 1 }));
    await writeTrace("d", "t");
    const store = await startStore([folder.join("d")], { now: () => nowMs, probe: () => liveness });
    const follower = new Follower(store);
    expect(store.entry(folder.join("d/s.json"))?.state.status).toBe("running");
    store.refreshStates();
    liveness = "gone";
    nowMs += 1000;
    store.refreshStates();
    await until(() => follower.rows.get(folder.join("d/s.json")) === "crashed", [store.onDidChange], "it is crashed");
    expect([...follower.rows.keys()]).toEqual([folder.join("d/s.json")]);
  });
});

describe("the life of the store", () => {
  const watchers = () => process.getActiveResourcesInfo().filter((type) => type === "FSEventWrap").length;

  it("holds two watchers for a directory that exists and one for one that does not, whatever is in it", async () => {
    for (let index = 0; index < 50; index++) await writeTrace("d", `s${index}`);
    const before = watchers();
    const store = await startStore([folder.join("d")]);
    expect(watchers() - before).toBe(2);
    store.setDirectories([folder.join("x/y/z")]);
    await until(() => watchers() - before === 1, [store.onDidChangeDirectories], "one watcher is left");
  });

  it("does nothing before start, and leaves nothing after dispose", async () => {
    await writeTrace("d", "a");
    await folder.write("d/s.live", encodeLiveMarker({ instance: "inst-1" }));
    await mkdir(folder.join("e"));
    const isLeft = (before: readonly string[]) => {
      const rest = [...process.getActiveResourcesInfo()];
      for (const type of before) if (rest.includes(type)) rest.splice(rest.indexOf(type), 1);
      return rest.filter((type) => type !== "FSReqPromise");
    };
    const before = process.getActiveResourcesInfo();
    const store = makeStore([folder.join("d"), folder.join("x/y")], { probe: () => "alive" });
    store.setDirectories([folder.join("d"), folder.join("x/z")]);
    await store.refresh();
    expect(isLeft(before)).toEqual([]);
    expect(access.lists + access.stats + access.opens).toBe(0);

    store.start();
    await store.ready;
    const inside = store.watchSession(folder.join("d/a.json"), () => undefined);
    store.watchSession(folder.join("e/b.json"), () => undefined);
    await writeTrace("d", "b");
    await until(() => store.entries().length === 3, [store.onDidChange], "b is listed");
    await until(() => watchers() >= 5, [store.onDidChange], "e is watched");
    expect(isLeft(before)).toContain("FSEventWrap");
    await writeTrace("d", "c");
    store.dispose();
    store.dispose();
    inside.dispose();
    await store.ready;
    await until(() => isLeft(before).length === 0, [], "nothing is left");
    expect(store.entries()).toEqual([]);
  });

  it("settles ready when it is disposed of while it reads", async () => {
    for (let index = 0; index < 300; index++) await writeTrace("d", `s${index}`);
    const store = makeStore([folder.join("d")]);
    const follower = new Follower(store);
    store.start();
    await until(() => access.opens > 0, [], "it reads");
    store.dispose();
    await store.ready;
    const { opens } = access;
    const reported = follower.changes.length;
    await until(() => access.concurrent === 0, [], "what was begun is finished");
    expect(access.opens - opens).toBeLessThanOrEqual(8);
    expect(follower.changes).toHaveLength(reported);
  });
});

describe("watching one session", () => {
  it.each(["in a watched directory", "elsewhere"])("hears of each of its files %s, once for a burst", async (where) => {
    const directory = where === "elsewhere" ? "other" : "d";
    await mkdir(folder.join("d"));
    await mkdir(folder.join("other"));
    const store = await startStore([folder.join("d")]);
    let calls = 0;
    const watched = store.watchSession(folder.join(directory, "s.json"), () => calls++);
    // Events come in order, so what happened before is told once a sentinel is; a new one each time, because of an old one
    // a late call may come.
    let sentinels = 0;
    const settle = async () => {
      const path = folder.join(directory, `sentinel${sentinels++}.json`);
      let isTold = false;
      store.watchSession(path, () => {
        isTold = true;
      });
      const touch = async () => {
        await writeFile(path, "{}");
        return isTold;
      };
      await until(touch, [], "the sentinel is told");
    };
    await settle();
    expect(calls).toBe(0);
    const beganMs = performance.now();
    for (let round = 0; round < 8; round++) await replace(folder.join(directory, "s.json"), makeTrace("s"));
    await settle();
    expect(calls).toBeGreaterThanOrEqual(1);
    // Once in 50 ms, of which a slow machine makes more.
    expect(calls).toBeLessThanOrEqual(2 + (performance.now() - beganMs) / 50);
    calls = 0;
    await writeTrace(directory, "other");
    await folder.write(join(directory, "s.json.tmp.1.2.3"), "");
    await folder.write(join(directory, "s.seen"), "");
    await settle();
    expect(calls).toBe(0);
    for (const name of ["s.1.journal.ndjson", "s.live"]) {
      await appendFile(folder.join(directory, name), "x");
      await settle();
      expect(calls).toBeGreaterThanOrEqual(1);
      calls = 0;
    }
    watched.dispose();
    await unlink(folder.join(directory, "s.json"));
    await settle();
    expect(calls).toBe(0);
  });

  it("hears of the files of a transcript's sub-agents, also of a folder that comes later, and of no others", async () => {
    const store = makeStore([], { foreign: importedFiles });
    let calls = 0;
    const path = folder.join("project", "s1.jsonl");
    await mkdir(folder.join("project"));
    await writeFile(path, "{}\n");
    store.watchSession(path, () => calls++);
    const told = async (name: string) => {
      calls = 0;
      const touch = async () => {
        await mkdir(dirname(folder.join("project", name)), { recursive: true });
        await appendFile(folder.join("project", name), "{}\n");
        return calls > 0;
      };
      await until(touch, [], `${name} is told`);
    };
    await told("s1.jsonl");
    await told("s1/subagents/agent-a1.jsonl");
    await told("s1/subagents/agent-a2.jsonl");
    await told("agent-a3.jsonl");
    await told("s1.jsonl");
    await until(
      async () => {
        const before = calls;
        await delay(120);
        return calls === before;
      },
      [],
      "nothing is told any more",
    );
    calls = 0;
    let others = 0;
    store.watchSession(folder.join("project", "s2.jsonl"), () => others++);
    const touchOther = async () => {
      await appendFile(folder.join("project", "s1", "subagents", "notes.jsonl"), "{}\n");
      await appendFile(folder.join("project", "s2.jsonl"), "{}\n");
      return others > 0;
    };
    await until(touchOther, [], "the other session is told");
    expect(calls).toBe(0);
  });

  it("misses nothing that happens while the watcher is set up", async () => {
    const path = await writeTrace("d", "s");
    let changes = 0;
    const store = makeStore([], {
      access: {
        ...nodeFileAccess,
        watch(at, ...rest) {
          if (at === folder.join("d") && changes++ === 0) writeFileSync(path, "{}");
          return nodeFileAccess.watch(at, ...rest);
        },
      },
    });
    let calls = 0;
    store.watchSession(path, () => calls++);
    await until(() => calls > 0, [], "the change is told");
    expect(changes).toBe(1);
  });

  it("hears of a session in a directory that does not exist yet, also without start and when polling", async () => {
    for (const polling of [undefined, { intervalMs: 20 }]) {
      const store = makeStore([]);
      store.setDirectories([], polling);
      let calls = 0;
      const name = polling ? "polled" : "told";
      store.watchSession(folder.join(name, "s.json"), () => calls++);
      const touch = async () => {
        await writeTrace(name, "s");
        return calls > 0;
      };
      await until(touch, [], "its first file is told");
    }
  });
});

describe("files of a session", () => {
  it("names all that belongs to it and nothing else", async () => {
    for (const name of [
      "s.json",
      "s.live",
      "s.crash",
      "s.seen",
      "s.2.journal.ndjson",
      "s.json.tmp.1.2.3",
      "s2.json",
      "s.txt",
      ".s.json",
      "resumed/s.1.json",
      "resumed/s.2.json.tmp.0a1b",
      "resumed/s2.1.json",
    ]) {
      await folder.write(`d/${name}`, "");
    }
    const store = makeStore([]);
    const files = await store.deleteFiles(folder.join("d/s.json"));
    expect(files.map((file) => file.slice(folder.join("d").length + 1))).toEqual([
      "s.2.journal.ndjson",
      "s.crash",
      "s.json",
      "s.json.tmp.1.2.3",
      "s.live",
      "s.seen",
      "resumed/s.1.json",
      "resumed/s.2.json.tmp.0a1b",
    ]);
    expect(await store.deleteFiles(folder.join("none/s.json"))).toEqual([]);
  });
});
