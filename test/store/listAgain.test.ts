import { appendFile, mkdir, rename, rm, stat, truncate, utimes, writeFile } from "node:fs/promises";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FileAccess, type FileStamp, isSettled, nodeFileAccess, sameVersion } from "../../src/store/fileAccess";
import { encodeLiveMarker } from "../../src/trace/marker";
import {
  access,
  folder,
  journal,
  listOnce,
  memory,
  opened,
  remembered,
  rows,
  setUp,
  tearDown,
  writeSamples,
  writeTrace,
} from "./listedFolder";
import { largeBytes, makeTrace, renderEntries } from "./support";

const hourMs = 3_600_000;

beforeEach(setUp);
afterEach(tearDown);

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
