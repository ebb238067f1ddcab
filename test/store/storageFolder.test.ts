import { mkdir, readdir, readFile, stat, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { StorageFolder } from "../../src/store/storageFolder";
import { makeTempDir, type TempDir } from "../support/tempDir";

const dayMs = 86_400_000;

let folder: TempDir;
let storage: StorageFolder;

beforeEach(async () => {
  folder = await makeTempDir();
  storage = new StorageFolder(folder.join("made", "later"), ".piece");
});

afterEach(() => folder.remove());

function* pieces(...texts: readonly string[]): Generator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

describe("a storage folder", () => {
  it("has one path for one subject, whatever that holds", () => {
    const subjects = ["", "/a", "/A", "../../etc/passwd", "\0", "\ud800", "x".repeat(10_000)];
    const paths = subjects.map((subject) => storage.pathFor(subject));
    expect(new Set(paths).size).toBe(subjects.length);
    for (const path of paths) expect(path.slice(storage.path.length)).toMatch(/^[/\\][0-9a-f]{32}\.piece$/);
    expect(storage.pathFor("/a")).toBe(paths[1]);
  });

  it("replaces a file whole", async () => {
    const path = storage.pathFor("a");
    await storage.replace(path, pieces("one", " and more"));
    expect(await readFile(path, "utf8")).toBe("one and more");
    await storage.replace(path, pieces("two"));
    storage.replaceSync(path, pieces("thr", "ee"));
    expect(await readFile(path, "utf8")).toBe("three");
    expect(await readdir(storage.path)).toHaveLength(1);
  });

  it("leaves the old file and nothing else where writing fails or is no longer wanted", async () => {
    const path = storage.pathFor("a");
    await storage.replace(path, pieces("old"));
    function* failing(): Generator<Uint8Array> {
      yield Buffer.from("new");
      throw new Error("no more");
    }
    await expect(storage.replace(path, failing())).rejects.toThrow("no more");
    expect(() => storage.replaceSync(path, failing())).toThrow("no more");
    await storage.replace(path, pieces("new"), () => false);
    expect(await readFile(path, "utf8")).toBe("old");
    expect(await readdir(storage.path)).toHaveLength(1);
  });

  it("reads nothing that is missing, too large, or no file", async () => {
    const path = storage.pathFor("a");
    expect(await storage.read(path, 100)).toBeUndefined();
    await mkdir(path, { recursive: true });
    expect(await storage.read(path, 100)).toBeUndefined();
    const other = storage.pathFor("b");
    await writeFile(other, "12345");
    expect(Buffer.from((await storage.read(other, 5)) ?? []).toString()).toBe("12345");
    expect(await storage.read(other, 4)).toBeUndefined();
    expect(Buffer.from((await storage.readStart(other, 2)) ?? []).toString()).toBe("12");
    expect(Buffer.from((await storage.readStart(other, 20)) ?? []).toString()).toBe("12345");
  });

  it("keeps of its files those that were used last, within its limit", async () => {
    const nowMs = Date.now();
    for (const [index, name] of ["a", "b", "c", "d"].entries()) {
      const path = storage.pathFor(name);
      await storage.replace(path, pieces("x"));
      await truncate(path, 100);
      await utimes(path, 0, (nowMs - index * 1000) / 1000);
    }
    await storage.pruneDaily({ nowMs, mostBytes: 250, isOfUse: async () => true });
    const left = (await readdir(storage.path)).filter((name) => name.endsWith(".piece")).sort();
    expect(left.map((name) => join(storage.path, name))).toEqual([storage.pathFor("a"), storage.pathFor("b")].sort());
  });

  it("touches a file at most once a day", async () => {
    const path = storage.pathFor("a");
    await storage.replace(path, pieces("x"));
    const nowMs = Math.floor(Date.now() / 1000) * 1000;
    await utimes(path, 0, (nowMs - dayMs / 2) / 1000);
    await storage.touch(path, nowMs);
    expect((await stat(path)).mtimeMs).toBe(nowMs - dayMs / 2);
    await storage.touch(path, nowMs + dayMs);
    expect((await stat(path)).mtimeMs).toBe(nowMs + dayMs);
    await storage.touch(storage.pathFor("missing"), nowMs);
  });
});
