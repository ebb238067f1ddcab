import { readFileSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, truncate, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FileAccess, type FileStamp, nodeFileAccess, sameVersion } from "../../src/store/fileAccess";
import { decodeHeader, decodeListing } from "../../src/store/rememberedListing";
import { TraceStore } from "../../src/store/traceStore";
import {
  access,
  folder,
  journal,
  later,
  listings,
  listOnce,
  logger,
  memory,
  opened,
  remembered,
  rows,
  setUp,
  startStore,
  tearDown,
  theListing,
  writeSamples,
  writeTrace,
} from "./listedFolder";
import { makeTrace, renderEntries, until } from "./support";

beforeEach(setUp);
afterEach(tearDown);

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

  it("is written later where it could not be written at first", async () => {
    await writeTrace("a");
    await folder.write("storage", "a file");
    let failures = 0;
    const store = await startStore({
      memory: memory({ delayMs: 1 }),
      logger: { ...logger, debug: (message) => void (message.includes("could not be remembered") && failures++) },
    });
    await until(() => failures > 0, [store.onDidChange], "the first writing failed");
    await rm(folder.join("storage"));
    store.dispose();
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
    await listOnce({ memory: memory({ producer: () => "2" }) });
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
