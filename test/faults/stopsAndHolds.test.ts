import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeNew } from "../../src/recorder/fileTasks";
import { nodeFs, runAsync, runSync } from "../../src/recorder/recorderFs";
import { makeTempDir } from "../support/tempDir";
import { faultyFs, ProcessStopped } from "./faultyFs";
import { bytesOf, errorOf, newDisk, readText, replace, replaceCalls, ways } from "./replaceTask";
import { listing } from "./sessionOnDisk";

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
