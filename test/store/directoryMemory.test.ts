import { readFileSync } from "node:fs";
import { appendFile, mkdir, readdir, readFile, rename, rm, stat, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Logger, silentLogger } from "../../src/base/logger";
import { type MemoryOptions, pruneListings } from "../../src/store/directoryMemory";
import { type FileAccess, type FileStamp, isSettled, nodeFileAccess, sameVersion } from "../../src/store/fileAccess";
import { decodeHeader, decodeListing } from "../../src/store/rememberedListing";
import type { SessionEntry } from "../../src/store/sessionEntry";
import { type StoreOptions, TraceStore } from "../../src/store/traceStore";
import { encodeRecord } from "../../src/trace/journalFrame";
import type { JournalRecord } from "../../src/trace/journalRecord";
import { encodeCrashNote, encodeLiveMarker } from "../../src/trace/marker";
import { makeTempDir, type TempDir } from "../support/tempDir";
import { CountingAccess, largeBytes, makeTrace, renderEntries, until } from "./support";

// Only so that a failure ends: what is waited for comes when it comes.
vi.setConfig({ testTimeout: 60_000 });

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

let folder: TempDir;
let access: CountingAccess;
let warnings: string[];
let stores: TraceStore[];

const logger: Logger = {
  ...silentLogger,
  warn: (message) => warnings.push(message),
  error: (message) => warnings.push(String(message)),
};

beforeEach(async () => {
  folder = await makeTempDir();
  await mkdir(folder.join("d"));
  access = new CountingAccess();
  warnings = [];
  stores = [];
});

afterEach(async () => {
  for (const store of stores) store.dispose();
  await folder.remove();
  expect(warnings).toEqual([]);
});

function memory(options: Partial<MemoryOptions> = {}): MemoryOptions {
  return { folder: folder.join("storage", "listings"), producer: "1", mayWrite: () => true, ...options };
}

/** Files that a test has just written are an hour old, so that they may be remembered. */
const later = () => Date.now() + hourMs;

async function startStore(options: Partial<StoreOptions> = {}): Promise<TraceStore> {
  const store = new TraceStore({
    directories: [folder.join("d")],
    logger,
    access,
    now: later,
    memory: memory(),
    probe: () => "gone",
    ...options,
  });
  stores.push(store);
  store.start();
  await store.ready;
  return store;
}

/** Lists the directory in a window that is then closed. */
async function listOnce(options: Partial<StoreOptions> = {}): Promise<readonly SessionEntry[]> {
  const store = await startStore(options);
  const entries = store.entries();
  store.dispose();
  return entries;
}

/** The rows by key, as a list that remembers nothing has them too. */
function rows(entries: readonly SessionEntry[]): unknown {
  return JSON.parse(JSON.stringify(Object.fromEntries(entries.map((entry) => [entry.key, entry]).sort())));
}

function opened(): readonly string[] {
  return [...access.counts]
    .filter(([, { opens }]) => opens > 0)
    .map(([path]) => path.slice(folder.join("d").length + 1));
}

function writeTrace(id: string, options?: Parameters<typeof makeTrace>[1]): Promise<string> {
  return folder.write(`d/${id}.json`, JSON.stringify(makeTrace(id, options)));
}

async function listings(): Promise<string[]> {
  return (await readdir(folder.join("storage/listings")))
    .filter((name) => name !== "pruned")
    .map((name) => folder.join("storage/listings", name));
}

async function theListing(): Promise<string> {
  const [path, ...rest] = await listings();
  expect(rest).toEqual([]);
  return path ?? "";
}

async function remembered(): Promise<string[]> {
  const text = await readFile(await theListing(), "utf8");
  return [...text.matchAll(/^[0-9a-f]{8} "([^"]*)"\t/gm)].flatMap((match) => match[1] ?? []).sort();
}

function journal(records: readonly JournalRecord[]): Buffer {
  const header = {
    t: "header",
    format: "tracekeeper-journal",
    version: 1,
    incarnation: 1,
    writer: { instance: "abcdef", rawSessionId: "raw" },
    trace: { traceId: "t", sessionId: "raw", metadata: { title: "From the journal" } },
  } as const;
  return Buffer.concat(
    [header, ...records].map((record, seq) =>
      encodeRecord(record, { seq, wallMs: 1_795_170_000_000 + seq, monoMs: seq, tag: "abcd" }),
    ),
  );
}

/** Sessions of every sort, of which none goes on. */
async function writeSamples(): Promise<void> {
  await writeTrace("small");
  await writeTrace("large", { padding: largeBytes, prompt: "Do it\nnow" });
  await writeTrace("failed", { status: "error" });
  await folder.write("d/cut.json", JSON.stringify(makeTrace("cut", { padding: largeBytes })).slice(0, -100));
  await folder.write("d/empty.json", "");
  await folder.write("d/text.json", "Dear diary");
  await folder.write("d/both.json", JSON.stringify(makeTrace("both")));
  await folder.write("d/both.1.journal.ndjson", journal([{ t: "finish", status: "completed" }]));
  await folder.write(
    "d/crashed.crash",
    Buffer.concat([
      encodeLiveMarker({ instance: "abcdef", pid: 1 }),
      encodeCrashNote({ timeMs: 1, reason: "SIGSEGV" }),
    ]),
  );
  await folder.write("d/crashed.1.journal.ndjson", journal([]));
  await folder.write("d/seen.json", JSON.stringify(makeTrace("seen")));
  await folder.write("d/seen.seen", "");
}

describe("listing a directory again", () => {
  it("reads no file, looks at each once, and shows the same rows", async () => {
    await writeSamples();
    const first = await listOnce();
    expect(opened()).toHaveLength(11);
    access.reset();
    const again = await listOnce();
    expect(opened()).toEqual([]);
    expect(rows(again)).toEqual(rows(first));
    expect(rows(await listOnce({ memory: undefined }))).toEqual(rows(first));
  });

  it("looks at each of many files once", async () => {
    for (let index = 0; index < 230; index++) await writeTrace(`s${index}`);
    const first = await listOnce();
    const statsOfFirst = access.stats;
    access.reset();
    const again = await listOnce();
    expect(opened()).toEqual([]);
    expect(access.stats).toBe(statsOfFirst);
    expect(rows(again)).toEqual(rows(first));
  });

  it("reads what was changed, added or replaced meanwhile, and nothing else", async () => {
    for (const id of ["same", "rewritten", "appended", "replaced", "touched", "removed"]) await writeTrace(id);
    await listOnce();
    await writeTrace("rewritten", { status: "error" });
    await appendFile(folder.join("d/appended.json"), " ");
    await folder.write("d/replaced.json.tmp.1.2.x", JSON.stringify(makeTrace("replaced", { title: "New" })));
    await rename(folder.join("d/replaced.json.tmp.1.2.x"), folder.join("d/replaced.json"));
    await utimes(folder.join("d/touched.json"), 5, 5);
    await rm(folder.join("d/removed.json"));
    await writeTrace("added");
    access.reset();
    const again = await listOnce();
    expect([...opened()].sort()).toEqual([
      "added.json",
      "appended.json",
      "replaced.json",
      "rewritten.json",
      "touched.json",
    ]);
    expect(renderEntries(again)).toBe(
      [
        "added completed Title of added",
        "appended completed Title of appended",
        "replaced completed New",
        "rewritten failed Title of rewritten",
        "same completed Title of same",
        "touched completed Title of touched",
      ].join("\n"),
    );
  });

  it("notices a file that was rewritten with as many bytes and its old time set back", async () => {
    const path = await writeTrace("a", { title: "Title 1" });
    const { atimeMs, mtimeMs } = await stat(path);
    await utimes(path, atimeMs / 1000, Math.floor(mtimeMs / 1000));
    await listOnce();
    await writeTrace("a", { title: "Title 2" });
    await utimes(path, atimeMs / 1000, Math.floor(mtimeMs / 1000));
    expect(renderEntries(await listOnce())).toBe("a completed Title 2");
  });

  it.each<[string, (stamp: FileStamp) => FileStamp]>([
    ["size", (stamp) => ({ ...stamp, sizeBytes: stamp.sizeBytes + 1 })],
    ["time of writing", (stamp) => ({ ...stamp, mtimeNs: stamp.mtimeNs + 1n })],
    ["time of change", (stamp) => ({ ...stamp, ctimeNs: stamp.ctimeNs + 1n })],
    ["inode", (stamp) => ({ ...stamp, ino: stamp.ino + 1n })],
  ])("reads a file again whose %s is another", async (_part, change) => {
    const path = await writeTrace("a");
    await listOnce();
    const other: FileAccess = {
      ...nodeFileAccess,
      list: (directory) => access.list(directory),
      stat: async (file) => (file === path ? change(await nodeFileAccess.stat(file)) : nodeFileAccess.stat(file)),
      open: (file) => access.open(file),
    };
    access.reset();
    await listOnce({ access: other });
    expect(opened()).toEqual(["a.json"]);
  });

  it("compares each part of a version", () => {
    const version = { sizeBytes: 1, mtimeNs: 2n, ctimeNs: 3n, ino: 4n };
    expect(sameVersion(version, { ...version })).toBe(true);
    for (const other of [{ sizeBytes: 2 }, { mtimeNs: 1n }, { ctimeNs: 1n }, { ino: 1n }])
      expect(sameVersion(version, { ...version, ...other })).toBe(false);
  });

  it("takes a device of another number for the same, because restarts renumber them", async () => {
    await writeTrace("a");
    await listOnce();
    const other: FileAccess = {
      ...nodeFileAccess,
      stat: async (path) => ({ ...(await nodeFileAccess.stat(path)), dev: 99n }),
      open: (path) => access.open(path),
    };
    access.reset();
    await listOnce({ access: other });
    expect(opened()).toEqual([]);
  });

  it("does not believe what was read within seconds of a change, or of a file from the future", async () => {
    await writeTrace("a");
    const { mtimeNs, ctimeNs } = await nodeFileAccess.stat(folder.join("d/a.json"));
    const changedMs = Number((mtimeNs > ctimeNs ? mtimeNs : ctimeNs) / 1_000_000n);
    for (const nowMs of [changedMs, changedMs + 3000, changedMs - hourMs]) {
      await listOnce({ now: () => nowMs });
      access.reset();
      await listOnce({ now: () => nowMs });
      expect(opened()).toEqual(["a.json"]);
    }
    await listOnce({ now: () => changedMs + 5000 });
    access.reset();
    await listOnce({ now: () => changedMs + 5000 });
    expect(opened()).toEqual([]);
  });

  it("counts a file as settled by the later of its two times", () => {
    const version = { sizeBytes: 0, mtimeNs: 0n, ctimeNs: 0n, ino: 1n };
    expect(isSettled(version, 4000)).toBe(true);
    expect(isSettled(version, 3999)).toBe(false);
    expect(isSettled({ ...version, mtimeNs: 1_000_000n }, 4000)).toBe(false);
    expect(isSettled({ ...version, ctimeNs: 1_000_000n }, 4000)).toBe(false);
  });

  it("remembers nothing of a session that goes on", async () => {
    await writeTrace("over");
    await writeTrace("live", { open: true });
    await folder.write("d/live.live", encodeLiveMarker({ instance: "abcdef" }));
    await folder.write("d/live.1.journal.ndjson", journal([]));
    const probe = () => "alive" as const;
    expect(renderEntries(await listOnce({ probe }))).toMatch(/^live running/);
    expect(await remembered()).toEqual(["over"]);
    access.reset();
    await listOnce({ probe });
    expect([...opened()].sort()).toEqual(["live.1.journal.ndjson", "live.json", "live.live"]);
  });

  it("derives states anew, from the time and from who is there now", async () => {
    const path = await writeTrace("foreign", { open: true, status: "running" });
    await folder.write("d/ours.live", encodeLiveMarker({ instance: "abcdef" }));
    await folder.write("d/ours.1.journal.ndjson", journal([]));
    const { mtimeMs } = await stat(path);
    const idle = await listOnce();
    access.reset();
    const now = () => mtimeMs + 5000;
    const probe = () => "alive" as const;
    const fresh = await listOnce({ now, probe });
    expect(opened()).toEqual([]);
    expect(renderEntries(fresh)).not.toBe(renderEntries(idle));
    expect(rows(fresh)).toEqual(rows(await listOnce({ now, probe, memory: undefined })));
  });

  it("shows what can't be read any more as such", async () => {
    await writeTrace("a");
    await listOnce();
    const refusing: FileAccess = {
      ...nodeFileAccess,
      async stat(path) {
        if (path.endsWith(".json")) throw Object.assign(new Error("outside"), { code: "EOUTSIDE" });
        return nodeFileAccess.stat(path);
      },
    };
    expect(renderEntries(await listOnce({ access: refusing }))).toBe("a unknown - !unreadable");
  });

  it("shows the same rows as a list without memory, whatever happens between", async () => {
    type Step = (id: string) => Promise<unknown>;
    const at = (id: string, ending = ".json") => folder.join("d", id + ending);
    const steps: Record<string, Step> = {
      write: (id) => writeTrace(id),
      fail: (id) => writeTrace(id, { status: "error", title: `Tutle of ${id}` }),
      enlarge: (id) => writeTrace(id, { padding: largeBytes }),
      cut: (id) => truncate(at(id), 30),
      append: (id) => appendFile(at(id), "  "),
      "set back": (id) => utimes(at(id), 1000, 1000),
      remove: (id) => rm(at(id)),
      rename: (id) => rename(at(id), at(`${id}2`)),
      "add journal": (id) => appendFile(at(id, ".1.journal.ndjson"), journal([])),
      "end journal": (id) => appendFile(at(id, ".1.journal.ndjson"), journal([{ t: "finish", status: "completed" }])),
      "go live": (id) => writeFile(at(id, ".live"), encodeLiveMarker({ instance: "abcdef" })),
      crash: (id) => rename(at(id, ".live"), at(id, ".crash")),
      see: (id) => writeFile(at(id, ".seen"), ""),
      folder: (id) => mkdir(at(id)),
    };
    const step = fc.record({ name: fc.constantFrom(...Object.keys(steps)), id: fc.constantFrom("a", "b", "c") });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(step, { maxLength: 6 }), { minLength: 2, maxLength: 4 }), async (rounds) => {
        await rm(folder.join("d"), { recursive: true });
        await mkdir(folder.join("d"));
        const options = { memory: memory({ folder: folder.join(`storage${run++}`) }) };
        for (const round of rounds) {
          // What can't be done in the state in which things are is left out.
          for (const { name, id } of round) await steps[name]?.(id).catch(() => undefined);
          expect(rows(await listOnce(options))).toEqual(rows(await listOnce({ memory: undefined })));
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe("what is remembered", () => {
  it("is in the storage alone, for this user alone", async () => {
    await writeTrace("a");
    await listOnce();
    expect(await readdir(folder.join("d"))).toEqual(["a.json"]);
    const path = await theListing();
    expect(decodeHeader(readFileSync(path))).toEqual(
      expect.objectContaining({ directory: folder.join("d"), producer: "1" }),
    );
    if (process.platform === "win32") return;
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(folder.join("storage/listings"))).mode & 0o777).toBe(0o700);
  });

  it("is written while the window is open, a while after the first list", async () => {
    await writeTrace("a");
    const store = await startStore({ memory: memory({ delayMs: 1 }) });
    const isWritten = async () => (await listings().catch(() => [])).some((path) => path.endsWith(".listing"));
    await until(isWritten, [store.onDidChange], "the listing is written");
    expect(await remembered()).toEqual(["a"]);
  });

  it("is not written again where nothing has changed", async () => {
    await writeSamples();
    await listOnce();
    const path = await theListing();
    const before = await nodeFileAccess.stat(path);
    await listOnce();
    expect(sameVersion(await nodeFileAccess.stat(path), before)).toBe(true);
  });

  it("forgets a session that is gone", async () => {
    await writeTrace("kept");
    await writeTrace("gone", { title: "A secret" });
    await listOnce();
    expect(await remembered()).toEqual(["gone", "kept"]);
    await rm(folder.join("d/gone.json"));
    await listOnce();
    expect(await remembered()).toEqual(["kept"]);
    expect(await readFile(await theListing(), "utf8")).not.toContain("A secret");
  });

  it("forgets a file that is gone from its session", async () => {
    await folder.write("d/both.json", JSON.stringify(makeTrace("both")));
    await folder.write("d/both.1.journal.ndjson", journal([{ t: "finish", status: "completed" }]));
    await listOnce();
    await rm(folder.join("d/both.1.journal.ndjson"));
    await listOnce();
    expect(await remembered()).toEqual(["both"]);
    expect(await readFile(await theListing(), "utf8")).not.toContain("From the journal");
  });

  it("holds no session that was changed within seconds of its reading, beside those that were not", async () => {
    await writeTrace("old");
    await writeTrace("young");
    const aged = (stamp: FileStamp) => ({
      ...stamp,
      mtimeNs: stamp.mtimeNs - 3_600_000_000_000n,
      ctimeNs: stamp.ctimeNs - 3_600_000_000_000n,
    });
    const isOld = (path: string) => path.endsWith("old.json");
    const half: FileAccess = {
      ...nodeFileAccess,
      stat: async (path) => (isOld(path) ? aged(await nodeFileAccess.stat(path)) : nodeFileAccess.stat(path)),
      async open(path) {
        const file = await nodeFileAccess.open(path);
        return { ...file, stat: async () => (isOld(path) ? aged(await file.stat()) : file.stat()) };
      },
    };
    const { mtimeMs } = await stat(folder.join("d/young.json"));
    await listOnce({ access: half, now: () => mtimeMs + 2000 });
    expect(await remembered()).toEqual(["old"]);
  });

  it("forgets a session that is removed while the window is open", async () => {
    await writeTrace("kept");
    await writeTrace("gone");
    await listOnce();
    const store = await startStore();
    await rm(folder.join("d/gone.json"));
    await until(() => store.entries().length === 1, [store.onDidChange], "the row is gone");
    store.dispose();
    expect(await remembered()).toEqual(["kept"]);
  });

  it("goes with its directory", async () => {
    await writeTrace("a");
    await listOnce();
    const path = await theListing();
    const store = await startStore();
    await rm(folder.join("d"), { recursive: true });
    const isGone = async () => (await stat(path).catch(() => undefined)) === undefined;
    await until(isGone, [store.onDidChange], "the listing is gone");
    store.dispose();
    expect(await listings()).toEqual([]);
  });

  it("stays where the directory is on a drive that is away", async () => {
    await writeTrace("a");
    await listOnce();
    await rename(folder.join("d"), folder.join("away"));
    await listOnce({ polling: { intervalMs: 1000 } });
    await listOnce();
    await rename(folder.join("away"), folder.join("d"));
    access.reset();
    expect(renderEntries(await listOnce())).toBe("a completed Title of a");
    expect(opened()).toEqual([]);
  });

  it("is used and not written where nothing may be written", async () => {
    await writeTrace("a");
    await listOnce();
    await writeTrace("b");
    const path = await theListing();
    const before = readFileSync(path);
    access.reset();
    await listOnce({ memory: memory({ mayWrite: () => false }) });
    expect(opened()).toEqual(["b.json"]);
    expect(readFileSync(path).equals(before)).toBe(true);
    await rm(folder.join("storage"), { recursive: true });
    await listOnce({ memory: memory({ mayWrite: () => false }) });
    await expect(stat(folder.join("storage"))).rejects.toThrow();
  });

  it("is not replaced by a list that was broken off", async () => {
    for (let index = 0; index < 10; index++) await writeTrace(`s${index}`);
    await listOnce();
    await rm(folder.join("d/s1.json"));
    await writeTrace("new");
    const stuck: FileAccess = {
      ...nodeFileAccess,
      stat(path) {
        return path.endsWith("s5.json") ? new Promise(() => undefined) : nodeFileAccess.stat(path);
      },
    };
    const store = new TraceStore({
      directories: [folder.join("d")],
      logger,
      access: stuck,
      now: later,
      memory: memory(),
    });
    store.start();
    await until(() => store.entry(folder.join("d/new.json")) !== undefined, [], "something new was read");
    store.dispose();
    expect(await remembered()).toHaveLength(10);
  });

  it.each<[string, (path: string) => Promise<unknown>]>([
    ["empty", (path) => writeFile(path, "")],
    ["cut", (path) => truncate(path, 100)],
    ["blank", async (path) => writeFile(path, Buffer.alloc((await stat(path)).size))],
    ["too large", (path) => truncate(path, 17 * 1024 * 1024)],
    [
      "a folder",
      async (path) => {
        await rm(path);
        await mkdir(path);
      },
    ],
    [
      "that of another version",
      async (path) => writeFile(path, (await readFile(path, "utf8")).replace('"producer":"1"', '"producer":"2"')),
    ],
  ])("is read anew, silently, where its file is %s", async (_what, damage) => {
    await writeSamples();
    const before = rows(await listOnce());
    const path = await theListing();
    const sound = readFileSync(path);
    await damage(path);
    access.reset();
    expect(rows(await listOnce())).toEqual(before);
    expect(opened().length).toBeGreaterThan(0);
    if (_what === "a folder") return;
    // By the next window it is what it was.
    expect((await stat(path)).size).toBe(sound.length);
    access.reset();
    expect(rows(await listOnce())).toEqual(before);
    expect(opened()).toEqual([]);
  });

  it("is replaced where it can't be read and there is nothing to remember", async () => {
    await writeTrace("a", { title: "A secret" });
    await listOnce();
    await rm(folder.join("d/a.json"));
    await listOnce({ memory: memory({ producer: "2" }) });
    expect(await readFile(await theListing(), "utf8")).not.toContain("A secret");
  });

  it("costs nothing but time where the storage can't be written", async () => {
    await writeTrace("a");
    await folder.write("storage", "a file");
    expect(renderEntries(await listOnce())).toBe("a completed Title of a");
    expect(renderEntries(await listOnce({ memory: memory({ delayMs: 1 }) }))).toBe("a completed Title of a");
  });

  it("stays sound while several windows write it, and none leaves anything behind", async () => {
    for (let index = 0; index < 20; index++) await writeTrace(`s${index}`);
    const before = rows(await listOnce({ memory: undefined }));
    const windows = Array.from({ length: 6 }, async (_, window) => {
      for (let round = 0; round < 5; round++) {
        const store = await startStore({ memory: memory({ delayMs: window % 2 === 0 ? 0 : 1000 }) });
        await store.refresh();
        // Some are closed while they write.
        await delay(window);
        store.dispose();
      }
    });
    await Promise.all(windows);
    // Whoever was interrupted removes what it began.
    await until(async () => (await listings()).length === 1, [], "one file is left");
    const origin = { directory: folder.join("d"), producer: "1" };
    expect((await decodeListing(readFileSync(await theListing()), origin))?.rest).toBe(20);
    access.reset();
    expect(rows(await listOnce())).toEqual(before);
    expect(opened()).toEqual([]);
  });
});

describe("old listings", () => {
  async function listingOf(name: string): Promise<string> {
    await folder.write(`${name}/a.json`, JSON.stringify(makeTrace("a")));
    const known = new Set(await listings().catch(() => []));
    await listOnce({ directories: [folder.join(name)] });
    const path = (await listings()).find((other) => !known.has(other));
    if (path === undefined) throw new Error("Nothing was remembered");
    return path;
  }

  it("are removed once a day where their directory is gone", async () => {
    const kept = await listingOf("kept");
    const gone = await listingOf("gone");
    const later = await listingOf("later");
    await rm(folder.join("gone"), { recursive: true });
    const nowMs = Date.now();
    await pruneListings(memory(), nodeFileAccess, nowMs);
    expect((await listings()).sort()).toEqual([kept, later].sort());
    expect(gone).not.toBe(kept);
    await rm(folder.join("later"), { recursive: true });
    await pruneListings(memory(), nodeFileAccess, nowMs + dayMs / 2);
    expect((await listings()).sort()).toEqual([kept, later].sort());
    await pruneListings(memory(), nodeFileAccess, nowMs + dayMs + 1);
    expect(await listings()).toEqual([kept]);
  });

  it("are removed when nobody used them for a month, are damaged, or were left half-written", async () => {
    const [kept, old, damaged] = [await listingOf("kept"), await listingOf("old"), await listingOf("damaged")];
    const nowMs = Date.now();
    await utimes(old, 0, nowMs / 1000 - 31 * 86_400);
    await writeFile(damaged, "x");
    const half = `${kept}.12.0a.tmp`;
    const current = `${kept}.13.0b.tmp`;
    await writeFile(half, "x");
    await utimes(half, 0, nowMs / 1000 - 2 * 3600);
    await writeFile(current, "x");
    const foreign = await folder.write("storage/listings/notes.txt", "mine");
    await pruneListings(memory(), nodeFileAccess, nowMs);
    expect((await listings()).sort()).toEqual([kept, current, foreign].sort());
  });

  it("are kept where nobody can tell whether the directory is there", async () => {
    const path = await listingOf("d2");
    const unreachable: FileAccess = {
      ...nodeFileAccess,
      stat: () => Promise.reject(Object.assign(new Error("no answer"), { code: "EIO" })),
    };
    await pruneListings(memory(), unreachable, Date.now());
    expect(await listings()).toEqual([path]);
  });

  it("are touched by use, so that they last", async () => {
    const path = await listingOf("used");
    await utimes(path, 0, Date.now() / 1000 - 29 * 86_400);
    await listOnce({ directories: [folder.join("used")] });
    expect(Date.now() - (await stat(path)).mtimeMs).toBeLessThan(dayMs);
  });

  it("of a storage that is not there need nothing", async () => {
    await pruneListings(memory(), nodeFileAccess, Date.now());
    await expect(stat(join(folder.path, "storage"))).rejects.toThrow();
  });
});
