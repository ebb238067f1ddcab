// Old sessions removed by number, age and size, on the real file system.

import { mkdir, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { pruneByAgeAndSize, pruneToCount } from "../../src/recorder/prune";
import { nodeFs, type RecorderFs } from "../../src/recorder/recorderFs";
import { faultyFs } from "../faults/faultyFs";
import { makeTempDir, type TempDir } from "../support/tempDir";
import { concat } from "../trace/journalLines";
import { journal, lay, liveMarker, names, rootSpan, snapshot, toolSpan } from "./recoveryFiles";

const dayMs = 24 * 60 * 60 * 1000;
/** A time of whole days, so that file systems with coarse times hold it exactly. */
const now = 20_000 * dayMs;
const nowMs = () => now;

let folder: TempDir;

beforeEach(async () => {
  folder = await makeTempDir();
});

afterEach(() => folder.remove());

const ours = snapshot([rootSpan({ endTime: 1_000_009 })], { seq: 3 }, { summary: { status: "completed" } });
const foreign = snapshot([rootSpan({ endTime: 1_000_009 })], undefined, { summary: { status: "completed" } });

/** A session of ours that ended so many days ago, with more files beside its `S.json`. */
async function leave(safeId: string, ageDays: number, more: Record<string, Uint8Array | string> = {}, bytes = ours) {
  const name = `${safeId}.json`;
  await lay(folder.path, { [name]: bytes });
  for (const [suffix, content] of Object.entries(more)) await lay(folder.path, { [`${safeId}.${suffix}`]: content });
  const at = new Date(now - ageDays * dayMs);
  await utimes(folder.join(name), at, at);
}

const toCount = (maxFiles: number, more: Partial<Parameters<typeof pruneToCount>[0]> = {}) =>
  pruneToCount({ directory: folder.path, maxFiles, nowMs, ...more });
const byLimits = (more: Partial<Parameters<typeof pruneByAgeAndSize>[0]>) =>
  pruneByAgeAndSize({ directory: folder.path, nowMs, ...more });

describe("pruning to a number of sessions", () => {
  it("removes the oldest by modification time, whatever their names", async () => {
    for (const [safeId, age] of [
      ["b", 3],
      ["a", 1],
      ["d", 4],
      ["c", 2],
    ] as const)
      await leave(safeId, age);
    expect(await toCount(2)).toEqual({ removed: ["d", "b"], failed: [] });
    expect(await names(folder.path)).toEqual(["a.json", "c.json"]);
    expect((await toCount(2)).removed).toEqual([]);
  });

  it("takes all that belongs to a session with it, and nothing that does not", async () => {
    const companions = {
      crash: "",
      seen: "",
      "json.damaged": "x",
      "json.replaced.2": "x",
      "1.journal.ndjson.damaged": "x",
      "12.journal.ndjson.unmerged": "x",
    };
    await leave("old", 9, companions);
    await leave("new", 1, companions);
    const others = ["old.txt", "old", "old.json.bak", "older.crash", "old.1.journal.damaged", ".gitignore"];
    for (const name of others) await writeFile(folder.join(name), "x");
    expect((await toCount(1)).removed).toEqual(["old"]);
    const kept = Object.keys(companions).map((suffix) => `new.${suffix}`);
    expect(await names(folder.path)).toEqual([...others, "new.json", ...kept].sort());
  });

  it("takes what says who resumed a session with it", async () => {
    await leave("old", 9);
    await leave("new", 1);
    await mkdir(folder.join("resumed"));
    const claims = [
      "old.1.json",
      "old.12.json",
      "old.2.json.tmp.0a1b",
      "new.1.json",
      "old.more.1.json",
      "older.1.json",
    ];
    for (const name of claims) await writeFile(folder.join("resumed", name), "x");
    expect((await toCount(1)).removed).toEqual(["old"]);
    expect(await names(folder.join("resumed"))).toEqual(["new.1.json", "old.more.1.json", "older.1.json"]);
  });

  it("counts and removes only sessions of ours", async () => {
    for (const safeId of ["f1", "f2", "f3"]) await leave(safeId, 9, {}, foreign);
    await leave("torn", 9, {}, ours.subarray(0, ours.length - 5));
    await leave("none", 9, {}, concat([""]));
    await leave("quoted", 9, {}, snapshot([toolSpan("a", { input: ',"writer":{"instance":"i"}' })], undefined));
    await leave("a", 2);
    await leave("b", 1);
    expect((await toCount(2)).removed).toEqual([]);
    expect((await toCount(1)).removed).toEqual(["a"]);
    expect(await names(folder.path)).toEqual(
      ["f1", "f2", "f3", "torn", "none", "quoted", "b"].map((safeId) => `${safeId}.json`).sort(),
    );
  });

  it.each<[string, Record<string, Uint8Array | string>]>([
    ["has a journal", { "1.journal.ndjson": journal([]) }],
    ["has S.live", { live: liveMarker(1) }],
  ])("keeps a session that %s", async (_, more) => {
    await leave("running", 99, more);
    await leave("ended", 1);
    expect((await toCount(1)).removed).toEqual(["ended"]);
  });

  it("keeps what something refers to, also where nobody can say", async () => {
    for (const [safeId, age] of [
      ["a", 9],
      ["b", 8],
      ["c", 7],
      ["d", 6],
    ] as const)
      await leave(safeId, age);
    const isReferenced = (safeId: string) => {
      if (safeId === "b") throw new Error("The batch can't be read");
      return safeId === "a";
    };
    expect((await toCount(2, { isReferenced })).removed).toEqual(["c", "d"]);
  });

  it("keeps a crash that nobody has seen for 30 days", async () => {
    await leave("young", 29, { crash: "" });
    await leave("due", 31, { crash: "" });
    await leave("seen", 5, { crash: "", seen: "" });
    await leave("new", 1);
    expect((await toCount(1)).removed).toEqual(["due", "seen", "new"]);
    expect(await names(folder.path)).toEqual(["young.crash", "young.json"]);
  });

  it("has no limit with 0", async () => {
    await leave("a", 9);
    expect((await toCount(0)).removed).toEqual([]);
  });

  it("costs one look at the names where there are few", async () => {
    for (const safeId of ["a", "b"]) await leave(safeId, 1);
    const fs = faultyFs(nodeFs);
    await toCount(2, { fs });
    expect(fs.calls.map(({ name }) => name)).toEqual(["list"]);
  });

  it("reads no more of a trace than its end", async () => {
    const large = snapshot([rootSpan(), toolSpan("a", { output: "x".repeat(300_000) })], { seq: 3 });
    await leave("large", 9, {}, large);
    await leave("new", 1);
    const fs = faultyFs(nodeFs);
    let bytes = 0;
    const read: RecorderFs["async"]["read"] = async (fd, into, offsetBytes) => {
      const count = await fs.async.read(fd, into, offsetBytes);
      bytes += count;
      return count;
    };
    expect((await toCount(1, { fs: { ...fs, async: { ...fs.async, read } } })).removed).toEqual(["large"]);
    expect(bytes).toBeLessThanOrEqual(2 * 16 * 1024);
    expect(fs.openFds).toEqual([]);
  });
});

describe("pruning by age and size", () => {
  it("has no limits by itself", async () => {
    await leave("a", 9999);
    expect((await byLimits({})).removed).toEqual([]);
  });

  it("removes what is older than the limit, and keeps the rest however much that is", async () => {
    for (const [safeId, age] of [
      ["a", 8],
      ["b", 7],
      ["c", 1],
    ] as const)
      await leave(safeId, age);
    expect((await byLimits({ maxAgeMs: 7 * dayMs })).removed).toEqual(["a"]);
  });

  it("removes the oldest until the rest is small enough, companions counted", async () => {
    await leave("a", 3);
    await leave("b", 2, { "1.journal.ndjson.damaged": "x".repeat(10_000) });
    await leave("c", 1);
    await leave("theirs", 4, { txt: "x".repeat(100_000) }, foreign);
    const size = (await stat(folder.join("a.json"))).size;
    expect((await byLimits({ maxBytes: 3 * size + 10_000 })).removed).toEqual([]);
    expect((await byLimits({ maxBytes: 2 * size + 10_000 })).removed).toEqual(["a"]);
    expect((await byLimits({ maxBytes: size })).removed).toEqual(["b"]);
    expect((await byLimits({ maxBytes: 0 })).removed).toEqual(["c"]);
    expect(await names(folder.path)).toEqual(["theirs.json", "theirs.txt"]);
  });

  it("counts a running session and does not remove it", async () => {
    await leave("running", 9, { "2.journal.ndjson": "x".repeat(10_000), live: liveMarker(2) });
    await leave("ended", 1);
    expect((await byLimits({ maxBytes: 10_000, maxAgeMs: 5 * dayMs })).removed).toEqual(["ended"]);
  });
});

describe("a session that is to go", () => {
  it.each<[string, (directory: string) => Promise<void>]>([
    ["begins again", (directory) => writeFile(join(directory, "a.2.journal.ndjson"), journal([]))],
    ["is live again", (directory) => writeFile(join(directory, "a.live"), liveMarker(2))],
    ["is written anew", (directory) => writeFile(join(directory, "a.json"), foreign)],
  ])("stays when it %s meanwhile", async (_, change) => {
    await leave("a", 9, { crash: "", seen: "" });
    await leave("b", 1);
    let isChanged = false;
    const statOf: RecorderFs["async"]["stat"] = async (path) => {
      // The last look at its files is the one before the removal: whatever is looked at of `b` came before.
      if (path.endsWith("b.json") && !isChanged) {
        isChanged = true;
        await change(folder.path);
      }
      return await nodeFs.async.stat(path);
    };
    const result = await toCount(1, { fs: { ...nodeFs, async: { ...nodeFs.async, stat: statOf } } });
    expect(isChanged).toBe(true);
    expect(result.removed).toEqual([]);
    expect(await names(folder.path)).toEqual(expect.arrayContaining(["a.crash", "a.json", "a.seen", "b.json"]));
  });

  it("may be removed by the next pruning when this one is stopped at any call", async () => {
    for (let at = 0; ; at++) {
      await leave("a", 99, { crash: "", seen: "", "json.damaged": "x" });
      await leave("b", 1);
      const fs = faultyFs(nodeFs, [{ at, stop: "before" }]);
      await Promise.race([toCount(1, { fs }), fs.stopped]);
      fs.closeAll();
      if (fs.fired === 0) break;
      await toCount(1);
      const left = (await names(folder.path)).filter((name) => name !== "a.seen");
      expect(left, `stopped at ${fs.calls.at(-1)?.name} ${at}`).toEqual(["b.json"]);
    }
  });

  it("does not keep the others from going when it can't be removed", async () => {
    for (const [safeId, age] of [
      ["a", 3],
      ["b", 2],
      ["c", 1],
    ] as const)
      await leave(safeId, age);
    const fs = faultyFs(nodeFs, [{ on: { name: "unlink", path: /a\.json$/ }, error: "EBUSY" }]);
    const { removed, failed } = await toCount(1, { fs });
    expect(removed).toEqual(["b"]);
    expect(failed).toMatchObject([{ safeId: "a", error: { code: "EBUSY" } }]);
  });

  it("is gone when another pruning was faster", async () => {
    for (const [safeId, age] of [
      ["a", 3],
      ["b", 2],
      ["c", 1],
    ] as const)
      await leave(safeId, age, { seen: "" });
    const results = await Promise.all([toCount(1), toCount(1), toCount(1)]);
    expect(results.flatMap(({ failed }) => failed)).toEqual([]);
    expect(await names(folder.path)).toEqual(["c.json", "c.seen"]);
  });
});
