// A directory whose recovery is stopped or fails at any of its calls, or that several recover at once.

import { readdir } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import type { Machine } from "../../src/recorder/liveness";
import { nodeFs, type RecorderFs } from "../../src/recorder/recorderFs";
import { recoverDirectory } from "../../src/recorder/recoverDirectory";
import { lockName } from "../../src/recorder/recoveryLock";
import { faultyFs } from "../faults/faultyFs";
import { makeTempDir } from "../support/tempDir";
import {
  contents,
  finish,
  journal,
  layAnew,
  liveMarker,
  machineWith,
  names,
  render,
  rootSpan,
  snapshot,
  work,
} from "./recoveryFiles";

const gone = machineWith();
/** The machine while the recovery of this process runs; with `gone` it has ended. */
const running: Machine = {
  ...gone,
  process: (pid) => (pid === process.pid ? { type: "present", isZombie: false, start: "own" } : gone.process(pid)),
};
const unsynced = { sync: { ...nodeFs.sync, syncAll: () => undefined, syncData: () => undefined } };

const scene = {
  "a.1.journal.ndjson": journal(work),
  "a.live": liveMarker(1),
  "b.1.journal.ndjson": journal([...work, finish()]),
  "b.json": snapshot([rootSpan()], { seq: 1, offsetBytes: 1 }),
  "b.json.tmp.1.100.1111writer": "{",
  "c.json": snapshot([rootSpan()], undefined),
  "c.json.tmp.1.k3x9": "another program's",
};

async function recover(directory: string, fs: RecorderFs = faultyFs(unsynced), machine = gone) {
  return await recoverDirectory(directory, { fs, machine });
}

describe("the recovery of a directory", () => {
  it("comes to the same end when it was stopped at any call, and leaves nothing lying about", async () => {
    await using whole = await makeTempDir();
    await layAnew(whole.path, scene);
    await recover(whole.path);
    const expected = await contents(whole.path);
    const left = await names(whole.path);
    expect(left).toEqual(["a.crash", "a.json", "b.json", "c.json", "c.json.tmp.1.k3x9"]);

    await using folder = await makeTempDir();
    for (let at = 0; ; at++) {
      await layAnew(folder.path, scene);
      const fs = faultyFs(unsynced, [{ at, stop: "before" }]);
      await Promise.race([recover(folder.path, fs, running), fs.stopped]);
      fs.closeAll();
      if (fs.fired === 0) break;
      const where = `stopped at ${fs.calls.at(-1)?.name} ${fs.calls.at(-1)?.path} ${at}`;
      // A lock that was made and says nothing is waited for, a minute long; nothing else is.
      const { isLockedByOther } = await recover(folder.path);
      if (isLockedByOther) {
        expect((await contents(folder.path))[lockName], where).toBe("");
        continue;
      }
      const after = await names(folder.path);
      // A lock that is all that was left keeps nobody from anything.
      expect(
        after.filter((name) => !name.startsWith(lockName)),
        where,
      ).toEqual(left);
      const { [lockName]: _lock, ...files } = await contents(folder.path);
      if ((await render(folder.path, "a")).includes("(killed)")) expect(files, where).toEqual(expected);
    }
  });

  it("goes on with the others, and is unlocked, when any call fails once", async () => {
    await using folder = await makeTempDir();
    for (const error of ["EIO", "EACCES"] as const) {
      for (let at = 0; ; at++) {
        await layAnew(folder.path, scene);
        const fs = faultyFs(unsynced, [{ at, error }]);
        const result = await recover(folder.path, fs, running).catch((thrown: unknown) => thrown);
        const { name, path } = fs.calls[at] ?? {};
        if (fs.fired === 0) break;
        const where = `${error} of ${name} ${path} ${at}`;
        expect(fs.openFds, where).toEqual([]);
        // Where the directory can't be read or locked, or the lock can't be looked at, it says so.
        if (result instanceof Error) expect(`${path}/`, where).toMatch(/^[^.]*\/$|\.recover\.lock\/$/);
        const again = await recover(folder.path);
        expect(again.isLockedByOther, where).toBe(false);
        expect(await render(folder.path, "a"), where).toMatch(/^crashed/);
        expect(await render(folder.path, "b"), where).toMatch(/^completed/);
      }
    }
  });

  it("is done by one when several begin at once", async () => {
    await using folder = await makeTempDir();
    for (let turn = 0; turn < 10; turn++) {
      await layAnew(folder.path, scene);
      const all = Array.from({ length: 4 }, () => recover(folder.path, nodeFs, running));
      const results = await Promise.all(all);
      expect(results.filter(({ isLockedByOther }) => !isLockedByOther).length).toBeGreaterThanOrEqual(1);
      expect(results.flatMap(({ sessions }) => sessions).filter(({ action }) => action === "failed")).toEqual([]);
      await recover(folder.path);
      expect(await names(folder.path)).toEqual(["a.crash", "a.json", "b.json", "c.json", "c.json.tmp.1.k3x9"]);
    }
  });

  it("stops between sessions when it is asked to, and gives the lock back", async () => {
    await using folder = await makeTempDir();
    await layAnew(folder.path, scene);
    const stop = new AbortController();
    const { sessions } = await recoverDirectory(folder.path, {
      machine: running,
      signal: stop.signal,
      onSession: () => stop.abort(),
    });
    expect(sessions.map(({ safeId, action }) => `${safeId} ${action}`)).toEqual(["a folded"]);
    expect(await names(folder.path)).toContain("b.1.journal.ndjson");
    expect(await names(folder.path)).not.toContain(lockName);
  });

  it("is not even locked for the temporary files of other programs", async () => {
    await using folder = await makeTempDir();
    await layAnew(folder.path, { "c.json": "{}", "c.json.tmp.1.k3x9": "x" });
    const fs = faultyFs(unsynced);
    await recover(folder.path, fs, running);
    expect(fs.calls.map(({ name }) => name)).toEqual(["list"]);
  });

  it("takes what a recovery left that was stopped while it took the lock over", async () => {
    await using folder = await makeTempDir();
    await layAnew(folder.path, { ...scene, [`${lockName}.k3x9`]: liveMarker(1), [`${lockName}.alive`]: liveMarker(2) });
    await recover(folder.path, nodeFs, machineWith({ 2: "alive" }));
    const hidden = (await readdir(folder.path)).filter((name) => name.startsWith("."));
    expect(hidden).toEqual([`${lockName}.alive`]);
  });

  it("tells why a directory can't be recovered", async () => {
    await expect(recoverDirectory("/no/such/directory")).rejects.toMatchObject({ code: "ENOENT" });
  });
});
