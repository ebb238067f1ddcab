import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { syncDirectoryOf, writeAll, writeNew } from "../../src/recorder/fileTasks";
import { io, nodeFs, type RecorderFs, runAsync, runSync } from "../../src/recorder/recorderFs";
import { makeTempDir } from "../support/tempDir";
import { CrashableFs } from "./crashableFs";
import { type Fault, type FaultyFs, faultyFs } from "./faultyFs";
import { seeded } from "./random";
import { bytesOf, errorOf, newDisk, readText, replace, replaceCalls, ways } from "./replaceTask";
import { listing } from "./sessionOnDisk";
import type { ErrnoName } from "./systemError";

/** `open /d/a`, `rename /d/a -> /d/b`: the log without what a test does not ask for. */
const render = (fs: FaultyFs) =>
  fs.calls.map(({ name, path, to }) => `${name} ${path}${to === undefined ? "" : ` -> ${to}`}`);

describe("the log of FaultyFs", () => {
  it.each(ways)("holds every $way call in order, also by descriptor", async ({ way, run }) => {
    const fs = faultyFs(newDisk());
    await run(fs, replace("x"));
    expect(render(fs)).toEqual(replaceCalls);
    expect(fs.calls.map(({ index, mode, outcome }) => `${index} ${mode} ${outcome}`)).toEqual(
      replaceCalls.map((_, index) => `${index} ${way} done`),
    );
    expect(fs.fired).toBe(0);
  });

  it("follows an open file to its new name, and a file in a renamed directory", async () => {
    const disk = newDisk();
    const fs = faultyFs(disk);
    fs.sync.mkdir("/d/sub");
    const live = fs.sync.open("/d/live", "create");
    const inner = fs.sync.open("/d/sub/inner", "create");
    await fs.async.rename("/d/live", "/d/crash");
    fs.sync.rename("/d/sub", "/d/moved");
    fs.sync.write(live, bytesOf("x"));
    fs.sync.syncData(inner);
    expect(render(fs).slice(-2)).toEqual(["write /d/crash", "syncData /d/moved/inner"]);
    expect(fs.openFds).toEqual(["/d/crash", "/d/moved/inner"]);
    fs.sync.close(live);
    await fs.async.close(inner);
    expect(fs.openFds).toEqual([]);
    expect(disk.openCount).toBe(0);
  });

  it("counts sync and async calls by the order in which they are made, not in which they take effect", async () => {
    const fs = faultyFs(newDisk());
    const slow = fs.async.mkdir("/d/one");
    fs.sync.mkdir("/d/two");
    expect(fs.sync.list("/d")).toEqual(["two"]);
    await slow;
    expect(fs.calls.map(({ name, path, mode }) => `${name} ${path} ${mode}`)).toEqual([
      "mkdir /d/one async",
      "mkdir /d/two sync",
      "list /d sync",
    ]);
    expect(fs.sync.list("/d")).toEqual(["two", "one"]);
  });

  it("tells when calls that follow one another are over", async () => {
    const fs = faultyFs(newDisk());
    void runAsync(fs, replace("x"));
    await fs.quiet();
    expect(render(fs)).toEqual(replaceCalls);
    expect(fs.calls.at(-1)?.outcome).toBe("done");
  });

  it("says how a call ended that failed by itself", async () => {
    const fs = faultyFs(newDisk());
    expect((await errorOf(() => fs.async.unlink("/d/none"))).code).toBe("ENOENT");
    expect(fs.calls[0]?.outcome).toBe("ENOENT");
    expect(fs.fired).toBe(0);
  });
});

describe("an error of FaultyFs", () => {
  const codes: ErrnoName[] = ["ENOSPC", "EIO", "EROFS", "EMFILE", "EACCES", "EINTR", "EPERM", "EAGAIN", "EDQUOT"];

  it.each(codes)("is like the system's own: %s", async (code) => {
    const fs = faultyFs(newDisk(), [{ error: code, persist: true }]);
    const error = await errorOf(() => fs.sync.rename("/d/a", "/d/b"));
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ code, syscall: "rename", path: "/d/a", dest: "/d/b" });
    expect(error.message).toMatch(new RegExp(`^${code}: [a-z /-]+, rename '/d/a' -> '/d/b'$`));
    expect(error.errno).toBeLessThan(0);
    expect(await errorOf(() => fs.async.rename("/d/a", "/d/b"))).toEqual(error);
  });

  it("has the very fields and words that Node gives it", async () => {
    await using folder = await makeTempDir();
    const missing = folder.join("none");
    const facts = (error: NodeJS.ErrnoException) => ({ ...error, message: error.message });
    const attempts: [ErrnoName, (fs: RecorderFs) => unknown][] = [
      ["ENOENT", (fs) => fs.sync.open(missing, "read")],
      ["ENOENT", (fs) => fs.sync.rename(missing, folder.join("b"))],
      ["ENOENT", (fs) => fs.sync.list(missing)],
      ["ENOENT", (fs) => fs.sync.stat(missing)],
      ["ENOENT", (fs) => fs.sync.unlink(missing)],
      ["EBADF", (fs) => fs.sync.syncData(987_654)],
      ["EBADF", (fs) => fs.sync.syncAll(987_654)],
      ["EBADF", (fs) => fs.sync.statFd(987_654)],
      ["EBADF", (fs) => fs.sync.write(987_654, bytesOf("x"))],
    ];
    for (const [code, attempt] of attempts) {
      const real = await errorOf(() => attempt(nodeFs));
      expect(facts(await errorOf(() => attempt(faultyFs(newDisk(), [{ error: code }]))))).toEqual(facts(real));
    }
  });

  const places: [string, Fault, string][] = [
    ["the first call alone", { error: "EIO" }, "E-----"],
    ["the n-th call alone", { error: "EIO", at: 2 }, "--E---"],
    ["every call from the n-th on", { error: "EIO", at: 4, persist: true }, "----EE"],
    ["as many calls as asked", { error: "EIO", at: 1, times: 3 }, "-EEE--"],
    ["the n-th call of one name", { error: "EIO", on: { name: "stat" }, at: 1 }, "---E--"],
    ["calls of several names", { error: "EIO", on: { name: ["stat", "list"] }, persist: true }, "-E-EE-"],
    ["calls on a path", { error: "EIO", on: { path: /\/b$/ }, at: 1 }, "--E---"],
    ["calls of one mode", { error: "EIO", on: { mode: "async" } }, "-----E"],
    ["no call where none matches", { error: "EIO", on: { name: "unlink" } }, "------"],
  ];
  it.each(places)("strikes %s", async (_, fault, expected) => {
    const fs = faultyFs(newDisk(), [fault]);
    const attempts = [
      () => fs.sync.mkdir("/d/b"),
      () => fs.sync.stat("/d"),
      () => fs.sync.mkdir("/d/b"),
      () => fs.sync.stat("/d"),
      () => fs.sync.list("/d"),
      () => fs.async.mkdir("/d"),
    ];
    let seen = "";
    for (const attempt of attempts) {
      const error = await Promise.resolve()
        .then(attempt)
        .then(
          () => undefined,
          (reason: NodeJS.ErrnoException) => reason,
        );
      expect(error?.code).toBe(error && "EIO");
      seen += error ? "E" : "-";
    }
    expect(seen).toBe(expected);
    expect(fs.fired).toBe(seen.split("E").length - 1);
  });

  it("strikes a rename by where it goes", async () => {
    const fs = faultyFs(newDisk(), [{ on: { name: "rename", path: /\/a$/ }, error: "EPERM" }]);
    expect((await errorOf(() => runAsync(fs, replace("x")))).code).toBe("EPERM");
    expect(fs.fired).toBe(1);
  });

  it("can be armed and disarmed while calls go on, and counts from then", async () => {
    const disk = newDisk();
    const fs = faultyFs(disk);
    fs.sync.mkdir("/d/1");
    const full = fs.arm({ on: { name: "mkdir" }, at: 1, error: "ENOSPC", persist: true });
    fs.sync.mkdir("/d/2");
    expect((await errorOf(() => fs.sync.mkdir("/d/3"))).code).toBe("ENOSPC");
    expect((await errorOf(() => fs.sync.mkdir("/d/4"))).code).toBe("ENOSPC");
    full.disarm();
    full.disarm();
    fs.sync.mkdir("/d/5");
    expect(disk.sync.list("/d")).toEqual(["1", "2", "5"]);
    expect(full.fired).toBe(2);
    expect(fs.fired).toBe(2);
  });

  it("of two that are due is the one that was armed first; both have counted the call", async () => {
    const fs = faultyFs(newDisk(), [
      { error: "EIO", at: 1 },
      { error: "EACCES", at: 1, times: 2 },
    ]);
    fs.sync.stat("/d");
    expect((await errorOf(() => fs.sync.stat("/d"))).code).toBe("EIO");
    expect((await errorOf(() => fs.sync.stat("/d"))).code).toBe("EACCES");
    fs.sync.stat("/d");
    expect(fs.fired).toBe(2);
  });

  it.each(ways)("keeps a $way call from taking effect, unless its answer alone was lost", async ({ run }) => {
    for (const tookEffect of [false, true]) {
      const disk = newDisk();
      const fs = faultyFs(disk, [{ on: { name: "open" }, error: "EIO", tookEffect }]);
      expect((await errorOf(() => run(fs, replace("x")))).code).toBe("EIO");
      expect(listing(disk)).toEqual(tookEffect ? ["/d/tmp 0"] : []);
      expect(fs.openFds).toEqual([]);
      expect(disk.openCount).toBe(0);
    }
  });

  it.each(ways)("of a $way sync leaves in doubt what was not synced, and no later sync helps", async ({ run }) => {
    for (const name of ["syncData", "syncAll"] as const) {
      const disk = newDisk();
      const fs = faultyFs(disk, [{ on: { name, path: /\/a$/ }, error: "EIO" }]);
      const fd = fs.sync.open("/d/a", "create");
      runSync(fs, syncDirectoryOf("/d/a"));
      fs.sync.write(fd, bytesOf("abc"));
      expect((await errorOf(() => run(fs, io[name](fd)))).code).toBe("EIO");
      await run(fs, io[name](fd));
      const seen = new Set(Array.from({ length: 50 }, (_, seed) => readText(disk.powerCut(seeded(seed)), "/d/a")));
      expect(seen).toContain("abc");
      expect(seen).toContain("\0\0\0");
    }
  });

  it.each(ways)("of a $way close lets go of the descriptor all the same", async ({ run }) => {
    const disk = newDisk();
    const fs = faultyFs(disk, [{ on: { name: "close" }, error: "EIO" }]);
    await run(fs, replace("x"));
    expect(fs.fired).toBe(1);
    expect(fs.openFds).toEqual([]);
    expect(disk.openCount).toBe(0);
  });
});

describe("a write through FaultyFs", () => {
  it.each(ways)("is cut short, and the rest comes with the next one ($way)", async ({ run }) => {
    const disk = newDisk();
    const fs = faultyFs(disk, [{ shortWrite: 2, times: 2 }]);
    await run(fs, writeNew("/d/a", bytesOf("abcdefg"), false));
    expect(fs.calls.filter(({ name }) => name === "write").map(({ bytes }) => bytes)).toEqual([7, 5, 3]);
    expect(readText(disk, "/d/a")).toBe("abcdefg");
    expect(fs.fired).toBe(2);
  });

  it("is not cut where it is no longer than what would be left", () => {
    const fs = faultyFs(newDisk(), [{ shortWrite: 2 }]);
    const fd = fs.sync.open("/d/a", "create");
    expect(fs.sync.write(fd, bytesOf("ab"))).toBe(2);
    expect(fs.fired).toBe(0);
    expect(fs.sync.write(fd, bytesOf("abc"))).toBe(2);
    expect(fs.fired).toBe(1);
  });

  it.each(ways)("fails after a part of it ($way)", async ({ run }) => {
    const disk = newDisk();
    const fs = faultyFs(disk, [{ failAfterPartial: 3, error: "ENOSPC" }]);
    const fd = fs.sync.open("/d/a", "create");
    expect((await errorOf(() => run(fs, writeAll(fd, bytesOf("abcdefg"))))).code).toBe("ENOSPC");
    expect(readText(disk, "/d/a")).toBe("abc");
    expect(fs.fired).toBe(1);
  });
});

describe("FaultyFs without faults", () => {
  it("is the file system beneath it, in any mixture of calls", async () => {
    const name = fc.constantFrom("/d/a", "/d/b", "/d/x/c", "/d/x");
    const call = fc.oneof(
      fc.tuple(
        fc.constant("open" as const),
        name,
        fc.constantFrom("create" as const, "append" as const, "read" as const),
      ),
      fc.tuple(fc.constant("rename" as const), name, name),
      fc.tuple(fc.constantFrom("unlink" as const, "mkdir" as const, "list" as const, "stat" as const), name),
      fc.tuple(fc.constant("write" as const), fc.integer({ min: 3, max: 8 }), fc.constant(bytesOf("abc"))),
      fc.tuple(
        fc.constantFrom("close" as const, "syncData" as const, "syncAll" as const, "statFd" as const),
        fc.integer({ min: 3, max: 8 }),
      ),
    );
    const resultOf = async (make: () => unknown) => {
      try {
        return { value: await make() };
      } catch (error) {
        return { error: { ...(error as object), message: (error as Error).message } };
      }
    };
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(call, fc.boolean()), { maxLength: 25 }), async (steps) => {
        const plain = new CrashableFs({ directories: ["/d"] });
        const disk = new CrashableFs({ directories: ["/d"] });
        const fs = faultyFs(disk);
        for (const [[callName, ...args], isAsync] of steps) {
          const of = (calls: unknown) => (calls as Record<string, (...all: unknown[]) => unknown>)[callName];
          const expected = await resultOf(() => of(plain.sync)?.(...args));
          expect(await resultOf(() => of(isAsync ? fs.async : fs.sync)?.(...args))).toEqual(expected);
        }
        expect(disk.snapshotFiles()).toEqual(plain.snapshotFiles());
        expect(fs.openFds.length).toBe(disk.openCount);
        expect(fs.calls.length).toBe(steps.length);
      }),
    );
  });
});
