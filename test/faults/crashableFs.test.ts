import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readWhole, syncDirectoryOf, writeNew } from "../../src/recorder/fileTasks";
import { nodeFs, type RecorderFs, runAsync, runSync } from "../../src/recorder/recorderFs";
import { encodeLiveMarker } from "../../src/trace/marker";
import { makeTempDir } from "../support/tempDir";
import { beginTool, journalOf, root } from "../trace/journalLines";
import { CrashableFs } from "./crashableFs";
import { choices, chosen, lengthFrom, pick, seeded } from "./random";
import { listing, loadFrom } from "./sessionOnDisk";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const newDisk = () => new CrashableFs({ directories: ["/d"] });
const readText = (fs: RecorderFs, path: string) => {
  const bytes = runSync(fs, readWhole(path));
  return bytes && new TextDecoder().decode(bytes);
};
const codeOf = (call: () => unknown) => {
  try {
    call();
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
};

/** A file whose data and name are safe. */
function putSafe(disk: CrashableFs, path: string, text: string): void {
  runSync(disk, writeNew(path, bytesOf(text), true));
  runSync(disk, syncDirectoryOf(path));
}

/** Everything that 400 power cuts made of `path`. */
function outcomes(disk: CrashableFs, path: string): Set<string> {
  const seen = new Set<string>();
  for (let seed = 0; seed < 400; seed++) {
    seen.add(readText(disk.powerCut(seeded(seed)), path)?.replaceAll("\0", "0") ?? "(missing)");
  }
  return seen;
}

describe("CrashableFs as a file system", () => {
  type Step =
    | ["open", string, "create" | "append" | "read"]
    | ["rename", string, string]
    | ["unlink" | "mkdir" | "list" | "stat", string]
    | ["write", number, string]
    | ["read", number, number]
    | ["close" | "syncData" | "syncAll" | "statFd", number];
  const name = fc.constantFrom("a", "b", "x", "x/a", "x/y", "x/y/a", "a/b", "none/a", ".");
  const openFile = fc.nat(4);
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 4, arbitrary: fc.tuple(fc.constant("open"), name, fc.constantFrom("create", "append", "read")) },
    { weight: 3, arbitrary: fc.tuple(fc.constant("rename"), name, name) },
    { weight: 4, arbitrary: fc.tuple(fc.constantFrom("unlink", "mkdir", "list", "stat"), name) },
    { weight: 4, arbitrary: fc.tuple(fc.constant("write"), openFile, fc.constantFrom("abc", "d", "")) },
    { weight: 2, arbitrary: fc.tuple(fc.constant("read"), openFile, fc.nat(9)) },
    { weight: 2, arbitrary: fc.tuple(fc.constantFrom("close", "syncData", "syncAll", "statFd"), openFile) },
  ) as fc.Arbitrary<Step>;

  /** What the steps give and leave, in words; descriptors are numbered in the order in which they were opened. */
  function play({ sync }: RecorderFs, folder: string, steps: readonly Step[]): string[] {
    const fds: number[] = [];
    const fdOf = (index: number) => fds[index] ?? 987_654;
    const at = (path: string) => (path === "." ? folder : `${folder}/${path}`);
    const facts = ({ kind, sizeBytes, links }: ReturnType<typeof sync.stat>) =>
      kind === "directory" ? kind : `${kind} ${sizeBytes} ${links}`;
    const make = (made: Step): unknown => {
      const [call, target, detail] = made;
      if (call === "open") return `number ${fds.push(sync.open(at(target), detail))}`;
      if (call === "rename") return sync.rename(at(target), at(detail));
      if (call === "list") return [...sync.list(at(target))].sort();
      if (call === "stat") return facts(sync.stat(at(target)));
      if (call === "unlink" || call === "mkdir") return sync[call](at(target));
      if (call === "write") return sync.write(fdOf(target), bytesOf(detail));
      if (call === "statFd") return facts(sync.statFd(fdOf(target)));
      if (call === "read") {
        const into = new Uint8Array(4);
        const count = sync.read(fdOf(target), into, detail);
        return new TextDecoder().decode(into.subarray(0, count));
      }
      const result = sync[call](fdOf(target as number));
      if (call === "close") fds[target as number] = 987_654;
      return result;
    };
    const told = steps.map((made) => {
      let result: string;
      try {
        result = JSON.stringify(make(made)) ?? "done";
      } catch (error) {
        const { code, syscall, message } = error as NodeJS.ErrnoException;
        result = `${code} ${syscall} ${message.replaceAll(folder, "")}`;
      }
      return `${made.join(" ")}: ${result}`;
    });
    for (const fd of fds) if (fd !== 987_654) sync.close(fd);
    return told;
  }

  it.runIf(process.platform === "linux")("does what the real one does, with the same errors", async () => {
    await using folder = await makeTempDir();
    let run = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const path = folder.join(String(run++));
        nodeFs.sync.mkdir(path);
        expect(play(newDisk(), "/d", steps)).toEqual(play(nodeFs, path, steps));
      }),
      { numRuns: 300 },
    );
  });

  it("never uses a descriptor twice, so that a use after close is an error", () => {
    const { sync } = newDisk();
    const first = sync.open("/d/a", "create");
    sync.close(first);
    const second = sync.open("/d/a", "append");
    expect(second).not.toBe(first);
    expect(codeOf(() => sync.write(first, bytesOf("x")))).toBe("EBADF");
    expect(codeOf(() => sync.close(first))).toBe("EBADF");
  });

  it("keeps a removed file for those who have it open", () => {
    const { sync } = newDisk();
    const fd = sync.open("/d/a", "create");
    const { ino } = sync.statFd(fd);
    sync.unlink("/d/a");
    expect(sync.statFd(fd)).toMatchObject({ links: 0, ino });
    expect(sync.write(fd, bytesOf("x"))).toBe(1);
    const other = sync.open("/d/a", "create");
    expect(sync.statFd(other).ino).not.toBe(ino);
    expect(sync.statFd(other).sizeBytes).toBe(0);
  });

  it("lets async calls take effect in a later turn, in the order of calls", async () => {
    const { sync, async } = newDisk();
    const made = async.mkdir("/d/x");
    const listed = async.list("/d/x");
    await Promise.resolve();
    expect(codeOf(() => sync.list("/d/x"))).toBe("ENOENT");
    expect(await listed).toEqual([]);
    await made;
    await expect(async.unlink("/d/none")).rejects.toMatchObject({ code: "ENOENT", syscall: "unlink", path: "/d/none" });
  });

  it("is full at its capacity: a write is cut short, the next one fails, a rename goes on working", () => {
    const disk = new CrashableFs({ directories: ["/d"], capacityBytes: 5 });
    const fd = disk.sync.open("/d/a", "create");
    expect(disk.sync.write(fd, bytesOf("abc"))).toBe(3);
    expect(disk.sync.write(fd, bytesOf("def"))).toBe(2);
    expect(codeOf(() => disk.sync.write(fd, bytesOf("f")))).toBe("ENOSPC");
    disk.sync.rename("/d/a", "/d/b");
    disk.capacityBytes = 6;
    expect(disk.sync.write(fd, bytesOf("fg"))).toBe(1);
    disk.sync.unlink("/d/b");
    expect(codeOf(() => disk.sync.write(fd, bytesOf("g")))).toBe("ENOSPC");
    disk.sync.close(fd);
    const next = disk.sync.open("/d/c", "create");
    expect(disk.sync.write(next, bytesOf("abcdef"))).toBe(6);
  });

  it("takes modification times from its clock", () => {
    let nowMs = 5000;
    const { sync } = new CrashableFs({ directories: ["/d"], nowMs: () => nowMs });
    const fd = sync.open("/d/a", "create");
    nowMs = 6000;
    sync.write(fd, bytesOf("x"));
    expect(sync.statFd(fd).mtimeMs).toBe(6000);
    expect(sync.stat("/d").mtimeMs).toBe(5000);
  });
});

describe("CrashableFs.processKill", () => {
  it("keeps all that was written, and what was unsafe stays so", () => {
    const disk = newDisk();
    runSync(disk, writeNew("/d/a", bytesOf("abc"), false));
    const killed = disk.processKill();
    expect(listing(killed)).toEqual(["/d/a 3"]);
    expect(killed.openCount).toBe(0);
    expect(outcomes(killed, "/d/a")).toEqual(outcomes(disk, "/d/a"));
    expect(outcomes(killed, "/d/a")).toContain("(missing)");
  });

  it("gives a machine of its own", () => {
    const disk = newDisk();
    const fd = disk.sync.open("/d/a", "create");
    disk.sync.write(fd, bytesOf("abc"));
    const killed = disk.processKill();
    disk.sync.write(fd, bytesOf("def"));
    disk.sync.rename("/d/a", "/d/b");
    expect(readText(killed, "/d/a")).toBe("abc");
    const again = killed.sync.open("/d/a", "append");
    killed.sync.write(again, bytesOf("xyz"));
    killed.sync.syncAll(again);
    killed.sync.syncAll(killed.sync.open("/d", "read"));
    expect(readText(disk, "/d/b")).toBe("abcdef");
    expect(readText(killed, "/d/a")).toBe("abcxyz");
    expect([...outcomes(killed, "/d/a")]).toEqual(["abcxyz"]);
    expect(outcomes(disk, "/d/b").size).toBeGreaterThan(1);
  });
});

describe("CrashableFs.powerCut", () => {
  it("may lose, tear, hollow out or keep what was not synced, and keeps what was", () => {
    const disk = newDisk();
    putSafe(disk, "/d/a", "safe");
    const fd = disk.sync.open("/d/a", "append");
    disk.sync.write(fd, bytesOf("1234"));
    disk.sync.write(fd, bytesOf("5678"));
    const seen = outcomes(disk, "/d/a");
    for (const text of ["safe", "safe1", "safe1234", "safe12345678", "safe00000000", "safe00005678", "safe12345600"]) {
      expect(seen).toContain(text);
    }
    for (const text of seen) expect(text).toMatch(/^safe[1-80]{0,8}$/);
    disk.sync.syncData(fd);
    expect([...outcomes(disk, "/d/a")]).toEqual(["safe12345678"]);
  });

  it("may lose a new file whose directory was not synced, however safe its data is", () => {
    const disk = newDisk();
    runSync(disk, writeNew("/d/a", bytesOf("abc"), true));
    expect(outcomes(disk, "/d/a")).toEqual(new Set(["abc", "(missing)"]));
    runSync(disk, syncDirectoryOf("/d/a"));
    expect(outcomes(disk, "/d/a")).toEqual(new Set(["abc"]));
  });

  it("may lose a new directory with all that is in it until the directory above is synced", () => {
    const disk = newDisk();
    disk.sync.mkdir("/d/x/y");
    putSafe(disk, "/d/x/y/a", "abc");
    expect(outcomes(disk, "/d/x/y/a")).toEqual(new Set(["abc", "(missing)"]));
    for (const path of ["/d", "/d/x"]) disk.sync.syncAll(disk.sync.open(path, "read"));
    expect(outcomes(disk, "/d/x/y/a")).toEqual(new Set(["abc"]));
  });

  it("may bring back what was removed", () => {
    const disk = newDisk();
    putSafe(disk, "/d/a", "abc");
    disk.sync.unlink("/d/a");
    expect(outcomes(disk, "/d/a")).toEqual(new Set(["(missing)", "abc"]));
    disk.sync.syncAll(disk.sync.open("/d", "read"));
    expect(outcomes(disk, "/d/a")).toEqual(new Set(["(missing)"]));
  });

  it("leaves the old or the new file where one was renamed onto another, never none", () => {
    const disk = newDisk();
    putSafe(disk, "/d/a", "old");
    putSafe(disk, "/d/tmp", "new");
    disk.sync.rename("/d/tmp", "/d/a");
    expect(outcomes(disk, "/d/a")).toEqual(new Set(["old", "new"]));
    for (let seed = 0; seed < 100; seed++) {
      const after = disk.powerCut(seeded(seed));
      // The temp has its name exactly as long as the rename did not happen.
      expect(readText(after, "/d/tmp")).toBe(readText(after, "/d/a") === "old" ? "new" : undefined);
    }
    disk.sync.syncAll(disk.sync.open("/d", "read"));
    expect(outcomes(disk, "/d/a")).toEqual(new Set(["new"]));
  });

  it("may show an empty, hollow or torn file under the new name where its data was not synced before the rename", () => {
    const disk = newDisk();
    putSafe(disk, "/d/a", "old");
    runSync(disk, writeNew("/d/tmp", bytesOf("new"), false));
    disk.sync.rename("/d/tmp", "/d/a");
    disk.sync.syncAll(disk.sync.open("/d", "read"));
    const seen = outcomes(disk, "/d/a");
    for (const text of ["", "000", "n", "new"]) expect(seen).toContain(text);
    for (const text of ["old", "(missing)"]) expect(seen).not.toContain(text);
  });

  it("may put later changes on the disk before earlier ones of other files", () => {
    const disk = newDisk();
    putSafe(disk, "/d/S.live", "live");
    putSafe(disk, "/d/journal", "records");
    disk.sync.rename("/d/S.live", "/d/S.crash");
    disk.sync.unlink("/d/journal");
    const seen = new Set<string>();
    for (let seed = 0; seed < 200; seed++) seen.add(listing(disk.powerCut(seeded(seed))).join(" "));
    expect(seen).toEqual(
      new Set(["/d/S.crash 4", "/d/S.live 4", "/d/S.crash 4 /d/journal 7", "/d/S.live 4 /d/journal 7"]),
    );
  });

  it("does not let a sync after a failed one make safe what that one left in doubt", () => {
    const disk = newDisk();
    putSafe(disk, "/d/a", "safe");
    const fd = disk.sync.open("/d/a", "append");
    disk.sync.write(fd, bytesOf("12"));
    disk.syncFailed(fd);
    disk.sync.write(fd, bytesOf("34"));
    disk.sync.syncData(fd);
    expect(readText(disk, "/d/a")).toBe("safe1234");
    const seen = outcomes(disk, "/d/a");
    expect(seen).toContain("safe0034");
    expect(seen).toContain("safe1234");
    for (const text of seen) expect(text).toMatch(/^safe(12|10|00)34$/);
  });

  it("does no damage for a source that gives nothing but 0", () => {
    const disk = newDisk();
    runSync(disk, writeNew("/d/a", bytesOf("abc"), false));
    disk.sync.rename("/d/a", "/d/b");
    expect(disk.powerCut(chosen([])).snapshotFiles()).toEqual(disk.snapshotFiles());
  });

  it("leaves everything safe that is there afterwards", () => {
    fc.assert(
      fc.property(fc.integer(), choices, (seed, values) => {
        const disk = newDisk();
        runSync(disk, writeNew("/d/a", bytesOf("abcdef"), false));
        runSync(disk, writeNew("/d/b", bytesOf("abcdef"), true));
        disk.sync.rename("/d/b", "/d/c");
        const once = disk.powerCut(chosen(values));
        expect(once.powerCut(seeded(seed)).snapshotFiles()).toEqual(once.snapshotFiles());
      }),
    );
  });
});

describe("CrashableFs.powerCut against a plain account of what is safe", () => {
  interface Written {
    text: string;
    syncedLength: number;
    /** It had a name when that name's directory was synced. */
    isNameSafe: boolean;
    isRemoved: boolean;
  }
  const directories = ["/d", "/e"];
  const names = directories.flatMap((directory) => ["1", "2", "3"].map((name) => `${directory}/${name}`));
  const path = fc.constantFrom(...names);
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.tuple(fc.constant("create"), path) },
    { weight: 4, arbitrary: fc.tuple(fc.constant("append"), path) },
    { weight: 3, arbitrary: fc.tuple(fc.constant("sync"), path) },
    { weight: 4, arbitrary: fc.tuple(fc.constant("rename"), path, path) },
    { weight: 1, arbitrary: fc.tuple(fc.constant("unlink"), path) },
    { weight: 2, arbitrary: fc.tuple(fc.constant("syncDirectory"), fc.constantFrom(...directories)) },
  );

  /** Plays the steps and keeps account: which files each name had since its directory was synced, and each file's data. */
  function play(steps: readonly (readonly [string, string, string?])[]) {
    const disk = new CrashableFs({ directories });
    const files = new Map<number, Written>();
    const owner = new Map<string, number>();
    const owners = new Map<string, Set<number | undefined>>(names.map((name) => [name, new Set([undefined])]));
    const give = (name: string, ino: number | undefined) => {
      if (ino === undefined) owner.delete(name);
      else owner.set(name, ino);
      owners.get(name)?.add(ino);
    };
    let turn = 0;
    for (const [call, first, second = ""] of steps) {
      const ino = owner.get(first);
      const file = ino === undefined ? undefined : files.get(ino);
      if (call === "create" && !file) {
        const fd = disk.sync.open(first, "create");
        const made = disk.sync.statFd(fd).ino;
        files.set(made, { text: "", syncedLength: 0, isNameSafe: false, isRemoved: false });
        give(first, made);
        disk.sync.close(fd);
      } else if (call === "syncDirectory") {
        disk.sync.syncAll(disk.sync.open(first, "read"));
        for (const name of names.filter((one) => one.startsWith(`${first}/`))) {
          owners.set(name, new Set([owner.get(name)]));
          const named = files.get(owner.get(name) ?? -1);
          if (named) named.isNameSafe = true;
        }
      } else if (file && (call === "append" || call === "sync")) {
        const fd = disk.sync.open(first, "append");
        if (call === "append") {
          const text = String.fromCharCode(65 + (turn++ % 26)).repeat(1 + (turn % 5));
          disk.sync.write(fd, bytesOf(text));
          file.text += text;
        } else {
          disk.sync.syncData(fd);
          file.syncedLength = file.text.length;
        }
        disk.sync.close(fd);
      } else if (file && call === "unlink") {
        disk.sync.unlink(first);
        file.isRemoved = true;
        give(first, undefined);
      } else if (file && call === "rename" && first !== second) {
        disk.sync.rename(first, second);
        const replaced = files.get(owner.get(second) ?? -1);
        if (replaced) replaced.isRemoved = true;
        give(second, ino);
        give(first, undefined);
      }
    }
    return { disk, files, owners };
  }

  it("never loses synced data, keeps each rename whole, and invents nothing", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40, size: "max" }), choices, fc.integer(), (steps, values, seed) => {
        const { disk, files, owners } = play(steps);
        const before = disk.snapshotFiles();
        for (const random of [chosen(values), seeded(seed)]) {
          const after = disk.powerCut(random);
          const found: number[] = [];
          for (const [name, bytes] of after.snapshotFiles()) {
            const { ino } = after.sync.stat(name);
            found.push(ino);
            const file = files.get(ino);
            const text = new TextDecoder().decode(bytes);
            expect(owners.get(name)).toContain(ino);
            expect(text.slice(0, file?.syncedLength)).toBe(file?.text.slice(0, file.syncedLength));
            expect(text.length).toBeGreaterThanOrEqual(file?.syncedLength ?? 0);
            expect(text.length).toBeLessThanOrEqual(file?.text.length ?? 0);
            for (const [index, letter] of [...text].entries()) expect([file?.text[index], "\0"]).toContain(letter);
            expect(after.sync.stat(name).links).toBe(1);
          }
          for (const [name, candidates] of owners) {
            if (!candidates.has(undefined)) expect(after.snapshotFiles().has(name)).toBe(true);
          }
          expect(new Set(found).size).toBe(found.length);
          for (const [ino, { isNameSafe, isRemoved }] of files)
            if (isNameSafe && !isRemoved) expect(found).toContain(ino);
        }
        expect(disk.snapshotFiles()).toEqual(before);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("a session on a CrashableFs", () => {
  it("is read as the store would read it", async () => {
    const disk = newDisk();
    await runAsync(disk, writeNew("/d/S.1.journal.ndjson", journalOf([root, beginTool("a")]), false));
    await runAsync(disk, writeNew("/d/S.live", encodeLiveMarker({ instance: "aaaa-1", incarnation: 1 }), false));
    await runAsync(disk, writeNew("/d/S.json.tmp.1.2.x", bytesOf("{}"), false));
    await runAsync(disk, writeNew("/d/other.json", bytesOf("{}"), false));
    const { trace, problems, evidence } = loadFrom(disk.processKill(), "/d", "S");
    expect(trace.spans.map(({ spanId }) => spanId)).toEqual(["root", "a"]);
    expect(problems).toEqual([]);
    expect(evidence).toMatchObject({ liveness: "gone", liveMarker: { instance: "aaaa-1" }, hasSnapshot: false });
    disk.sync.rename("/d/S.live", "/d/S.crash");
    expect(loadFrom(disk, "/d", "S").evidence.crashMarker).toMatchObject({ incarnation: 1 });
  });
});

describe("the random sources", () => {
  it("repeat themselves for the same seed and stay within their bounds", () => {
    const numbers = (seed: number) => Array.from({ length: 1000 }, seeded(seed));
    expect(numbers(7)).toEqual(numbers(7));
    expect(numbers(7)).not.toEqual(numbers(8));
    for (const number of numbers(9)) expect(number >= 0 && number < 1).toBe(true);
    const tenths = new Set(numbers(10).map((number) => Math.floor(number * 10)));
    expect(tenths.size).toBe(10);
  });

  it("choose the smallest damage for 0", () => {
    expect(pick(() => 0, ["kept", "lost"])).toBe("kept");
    expect(pick(() => 0.99, ["kept", "lost"])).toBe("lost");
    expect([0, 0.5, 0.99].map((number) => lengthFrom(() => number, 2, 4))).toEqual([4, 3, 2]);
    expect(chosen([0.5])()).toBe(0.5);
    expect(chosen([])()).toBe(0);
  });
});
