import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readWhole, syncDirectoryOf, writeAll, writeNew } from "../../src/recorder/fileTasks";
import { type Io, io, nodeFs, type RecorderFs, runAsync, runSync } from "../../src/recorder/recorderFs";
import { makeTempDir } from "../support/tempDir";
import { CrashableFs } from "./crashableFs";
import { type Fault, type FaultyFs, faultyFs, ProcessStopped } from "./faultyFs";
import { seeded } from "./random";
import { listing } from "./sessionOnDisk";
import type { ErrnoName } from "./systemError";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const newDisk = () => new CrashableFs({ directories: ["/d"] });
const readText = (fs: RecorderFs, path: string) => new TextDecoder().decode(runSync(fs, readWhole(path)));

/** `open /d/a`, `rename /d/a -> /d/b`: the log without what a test does not ask for. */
const render = (fs: FaultyFs) =>
  fs.calls.map(({ name, path, to }) => `${name} ${path}${to === undefined ? "" : ` -> ${to}`}`);

async function errorOf(call: () => unknown): Promise<NodeJS.ErrnoException> {
  try {
    await call();
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
  throw new Error("Nothing was thrown");
}

/** Writes `/d/a` under another name first, as snapshots are written. */
function* replace(text: string): Io<void> {
  yield* writeNew("/d/tmp", bytesOf(text), true);
  yield* io.rename("/d/tmp", "/d/a");
}
const replaceCalls = ["open /d/tmp", "write /d/tmp", "syncAll /d/tmp", "close /d/tmp", "rename /d/tmp -> /d/a"];

/** Both ways to make a call, so that every test of a fault is one of both. */
const ways = [
  { way: "sync", run: async <T>(fs: RecorderFs, task: Io<T>) => runSync(fs, task) },
  { way: "async", run: runAsync },
];

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

describe("a stop of FaultyFs", () => {
  /** What is there after so many calls of `replace("xyz")`. */
  const states = [[], ["/d/tmp 0"], ["/d/tmp 3"], ["/d/tmp 3"], ["/d/tmp 3"], ["/d/a 3"]];
  const stops = replaceCalls.flatMap((call, at) => [
    { call, at, when: "before" as const, expected: states[at] },
    { call, at, when: "after" as const, expected: states[at + 1] },
  ]);

  it.each(stops)("leaves what was done, $when $call", async ({ at, when, expected }) => {
    for (const { way, run } of ways) {
      const disk = newDisk();
      const fs = faultyFs(disk, [{ at, stop: when }]);
      let outcome = "nothing";
      const work = run(fs, replace("xyz")).then(
        () => (outcome = "done"),
        (error) => (outcome = error.name),
      );
      await fs.stopped;
      if (way === "sync") await work;
      else await fs.quiet();
      // Sync calls throw; what is async never hears of anything again.
      expect(outcome).toBe(way === "sync" ? "ProcessStopped" : "nothing");
      expect(fs.isStopped).toBe(true);
      expect(fs.fired).toBe(1);
      expect(fs.calls.length).toBe(at + 1);
      expect(fs.calls[at]?.outcome).toBe("process died");
      expect(listing(disk)).toEqual(expected);
    }
  });

  it("leaves the first bytes of a write that it strikes", () => {
    const disk = newDisk();
    const fs = faultyFs(disk, [{ stop: { afterBytes: 2 } }]);
    expect(() => runSync(fs, replace("xyz"))).toThrow(ProcessStopped);
    expect(readText(disk, "/d/tmp")).toBe("xy");
    expect(fs.fired).toBe(1);
  });

  it("comes also where the call itself fails", () => {
    const fs = faultyFs(newDisk(), [{ stop: "after" }]);
    expect(() => fs.sync.unlink("/d/none")).toThrow(ProcessStopped);
    expect(fs.isStopped).toBe(true);
  });

  it("lets nothing through any more, sync or async", async () => {
    const disk = newDisk();
    const fs = faultyFs(disk);
    fs.stop();
    fs.stop();
    await fs.stopped;
    expect(() => fs.sync.mkdir("/d/x")).toThrow(ProcessStopped);
    let isSettled = false;
    const settled = () => {
      isSettled = true;
    };
    fs.async.mkdir("/d/y").then(settled, settled);
    await fs.quiet();
    expect(isSettled).toBe(false);
    expect(disk.sync.list("/d")).toEqual([]);
  });

  const inFlight: ["lost" | "finished", string[]][] = [
    ["lost", []],
    ["finished", ["one", "two", "held"]],
  ];
  it.each(inFlight)("leaves async calls under way %s", async (fate, expected) => {
    const disk = newDisk();
    const fs = faultyFs(disk, [{ on: { name: "stat" }, stop: "before", inFlight: fate }]);
    const held = fs.hold({ path: /held/ });
    const done: string[] = [];
    const make = (name: string) => fs.async.mkdir(`/d/${name}`).then(() => done.push(name));
    void Promise.all([make("one"), make("two"), make("held")]);
    expect(() => fs.sync.stat("/d")).toThrow(ProcessStopped);
    held.release();
    await fs.quiet();
    expect(disk.sync.list("/d")).toEqual(expected);
    expect(done).toEqual([]);
  });

  it("does not answer a call whose effect came before it", async () => {
    const disk = newDisk();
    const fs = faultyFs(disk);
    const held = fs.hold({}, { when: "after" });
    let isAnswered = false;
    void fs.async.mkdir("/d/x").then(() => {
      isAnswered = true;
    });
    await held.reached;
    fs.stop();
    held.release();
    await fs.quiet();
    expect(disk.sync.list("/d")).toEqual(["x"]);
    expect(isAnswered).toBe(false);
  });

  it("on a real file system leaves descriptors that can be closed", async () => {
    await using folder = await makeTempDir();
    const fs = faultyFs(nodeFs, [{ on: { name: "write" }, stop: { afterBytes: 1 } }]);
    const path = join(folder.path, "a");
    void runAsync(fs, writeNew(path, bytesOf("abc"), true));
    await fs.stopped;
    expect(readText(nodeFs, path)).toBe("a");
    expect(fs.openFds).toEqual([path]);
    fs.closeAll();
    expect(fs.openFds).toEqual([]);
  });
});

describe("a hold of FaultyFs", () => {
  it("keeps a call from taking effect until it is released, and not a moment longer", async () => {
    const disk = newDisk();
    const fs = faultyFs(disk);
    const held = fs.hold({ name: "rename" });
    const work = runAsync(fs, replace("x"));
    expect(await held.reached).toMatchObject({ name: "rename", path: "/d/tmp", to: "/d/a", outcome: "under way" });
    await fs.quiet();
    expect(listing(disk)).toEqual(["/d/tmp 1"]);
    expect(held.waiting.length).toBe(1);
    held.release();
    expect(listing(disk)).toEqual(["/d/a 1"]);
    await work;
    await runAsync(fs, replace("again"));
    expect(readText(disk, "/d/a")).toBe("again");
  });

  it("keeps the answer of a call that has taken effect", async () => {
    const disk = newDisk();
    const fs = faultyFs(disk);
    const held = fs.hold({ name: "rename" }, { when: "after" });
    let isDone = false;
    const work = runAsync(fs, replace("x")).then(() => {
      isDone = true;
    });
    await held.reached;
    await fs.quiet();
    expect(listing(disk)).toEqual(["/d/a 1"]);
    expect(isDone).toBe(false);
    held.release();
    await work;
    expect(isDone).toBe(true);
  });

  it("lets calls go one by one, and lets other calls pass", async () => {
    const disk = newDisk();
    const fs = faultyFs(disk);
    const held = fs.hold({ name: "mkdir", path: /slow/ });
    const calls = ["slow1", "fast", "slow2", "slow3"].map((name) => fs.async.mkdir(`/d/${name}`));
    await held.reach(3);
    await fs.quiet();
    expect(disk.sync.list("/d")).toEqual(["fast"]);
    held.releaseNext();
    expect(disk.sync.list("/d")).toEqual(["fast", "slow1"]);
    fs.releaseAll();
    expect(disk.sync.list("/d")).toEqual(["fast", "slow1", "slow2", "slow3"]);
    await Promise.all(calls);
  });

  it("holds as many calls as asked, so that a later one may overtake", async () => {
    for (const when of ["before", "after"] as const) {
      const disk = newDisk();
      const fs = faultyFs(disk);
      runSync(fs, writeNew("/d/1", bytesOf("first"), true));
      runSync(fs, writeNew("/d/2", bytesOf("second"), true));
      const held = fs.hold({ name: "rename" }, { count: 1, when });
      const late = fs.async.rename("/d/1", "/d/a");
      await fs.async.rename("/d/2", "/d/a");
      expect(held.waiting.length).toBe(1);
      expect(readText(disk, "/d/a")).toBe("second");
      held.release();
      await late;
      expect(readText(disk, "/d/a")).toBe(when === "before" ? "first" : "second");
    }
  });

  it("does not hold sync calls", () => {
    const fs = faultyFs(newDisk());
    const held = fs.hold({});
    fs.sync.mkdir("/d/x");
    expect(held.waiting).toEqual([]);
  });

  it("gives a held call the fault that struck it", async () => {
    const fs = faultyFs(newDisk(), [{ on: { name: "rename" }, error: "EIO" }]);
    const held = fs.hold({ name: "rename" });
    const work = errorOf(() => runAsync(fs, replace("x")));
    await held.reached;
    expect(fs.fired).toBe(1);
    held.release();
    expect((await work).code).toBe("EIO");
  });

  it("tells when as many calls wait as asked for, and not before", async () => {
    const fs = faultyFs(newDisk());
    const held = fs.hold({ name: "stat" });
    let isReached = false;
    const reached = held.reach(2).then(() => {
      isReached = true;
    });
    const calls = [fs.async.stat("/d")];
    await fs.quiet();
    expect(isReached).toBe(false);
    calls.push(fs.async.stat("/d"));
    await reached;
    held.release();
    await Promise.all(calls);
  });

  it("tells of calls that reached it before anybody asked", async () => {
    const fs = faultyFs(newDisk());
    const held = fs.hold({});
    const calls = [fs.async.stat("/d"), fs.async.list("/d")];
    held.releaseNext();
    await held.reached;
    await held.reach(1);
    held.release();
    expect(await calls[1]).toEqual([]);
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
