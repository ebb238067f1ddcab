import { rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { pruneListings } from "../../src/store/directoryMemory";
import { type FileAccess, nodeFileAccess } from "../../src/store/fileAccess";
import { folder, listings, listOnce, memory, setUp, tearDown } from "./listedFolder";
import { makeTrace } from "./support";

const dayMs = 86_400_000;

beforeEach(setUp);
afterEach(tearDown);

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
