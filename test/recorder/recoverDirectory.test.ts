// A whole directory recovered: under its lock, with what abandoned writers left lying about, on the real file system.
import { readdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Machine } from "../../src/recorder/liveness";
import { nodeFs, type RecorderFs } from "../../src/recorder/recorderFs";
import { recoverDirectory } from "../../src/recorder/recoverDirectory";
import { lockName } from "../../src/recorder/recoveryLock";
import { encodeRecord, writerTag } from "../../src/trace/journalFrame";
import { encodeLiveMarker } from "../../src/trace/marker";
import { makeTempDir, type TempDir } from "../support/tempDir";

const alivePid = 100;
const machine: Machine = {
  host: "here",
  bootId: "boot-1",
  pidNamespace: "ns-1",
  process: (pid) =>
    pid === alivePid || pid === process.pid ? { type: "present", isZombie: false, start: "1" } : { type: "absent" },
};

let folder: TempDir;

beforeEach(async () => {
  folder = await makeTempDir();
});

afterEach(() => folder.remove());

function identity(pid: number, instance: string) {
  return { instance, host: "here", bootId: "boot-1", pidNamespace: "ns-1", pid, processStart: "1" };
}

/** A session that was cut off after its first step began. */
async function leave(safeId: string, pid: number, instance = `${safeId}instance`): Promise<void> {
  const writer = identity(pid, instance);
  const stamp = (seq: number) => ({ seq, wallMs: 1_795_000_000_000, monoMs: seq, tag: writerTag(instance) });
  const lines = [
    encodeRecord(
      {
        t: "header",
        format: "tracekeeper-journal",
        version: 1,
        incarnation: 1,
        writer,
        trace: { traceId: "t", sessionId: safeId },
      },
      stamp(0),
    ),
    encodeRecord(
      { t: "begin", span: { spanId: "root", parentSpanId: null, name: safeId, kind: "session", startTime: 1 } },
      stamp(1),
    ),
    encodeRecord({ t: "span", span: { spanId: "a", parentSpanId: "root", name: "a", kind: "tool" } }, stamp(2)),
  ];
  await folder.write(`${safeId}.1.journal.ndjson`, Buffer.concat(lines));
  await folder.write(`${safeId}.live`, encodeLiveMarker({ ...writer, incarnation: 1 }));
}

const recover = (fs: RecorderFs = nodeFs) => recoverDirectory(folder.path, { fs, machine });
const names = async () => (await readdir(folder.path)).sort();

describe("a directory", () => {
  it("is recovered session by session, and live ones are left alone", async () => {
    await leave("dead", 200);
    await leave("alive", alivePid);
    const seen: string[] = [];
    const { sessions } = await recoverDirectory(folder.path, {
      machine,
      onSession: ({ safeId, action }) => seen.push(`${safeId} ${action}`),
    });
    expect(seen).toEqual(["alive live", "dead folded"]);
    expect(sessions.find(({ safeId }) => safeId === "dead")).toMatchObject({ state: "crashed", recoveredRecords: 2 });
    expect(await names()).toEqual(["alive.1.journal.ndjson", "alive.live", "dead.crash", "dead.json"]);
  });

  it("without anything to recover is not even locked", async () => {
    await folder.write("done.json", "{}");
    const calls: string[] = [];
    const fs: RecorderFs = {
      ...nodeFs,
      async: {
        ...nodeFs.async,
        open: (path, mode) => {
          calls.push(path);
          return nodeFs.async.open(path, mode);
        },
      },
    };
    expect(await recover(fs)).toEqual({ sessions: [], sweptTemps: [], isLockedByOther: false });
    expect(calls).toEqual([]);
  });

  it("changes nothing when it is recovered a second time", async () => {
    await leave("dead", 200);
    await recover();
    const before = await readFile(folder.join("dead.json"));
    const { mtimeMs } = await stat(folder.join("dead.json"));
    expect((await recover()).sessions).toEqual([]);
    expect(await readFile(folder.join("dead.json"))).toEqual(before);
    expect((await stat(folder.join("dead.json"))).mtimeMs).toBe(mtimeMs);
  });
});

describe("the lock", () => {
  it("of somebody who is at work keeps others out", async () => {
    await leave("dead", 200);
    await folder.write(lockName, encodeLiveMarker(identity(alivePid, "other")));
    expect(await recover()).toMatchObject({ sessions: [], isLockedByOther: true });
    expect(await names()).toContain("dead.1.journal.ndjson");
    expect(await names()).toContain(lockName);
  });

  it("of somebody who is gone is taken over, and removed at the end", async () => {
    await leave("dead", 200);
    await folder.write(lockName, encodeLiveMarker(identity(300, "other")));
    expect((await recover()).sessions).toHaveLength(1);
    expect(await names()).toEqual(["dead.crash", "dead.json"]);
  });

  it("without content is young for a minute, and abandoned after that", async () => {
    await leave("dead", 200);
    await folder.write(lockName, "");
    expect((await recover()).isLockedByOther).toBe(true);
    const longAgo = new Date(Date.now() - 120_000);
    await utimes(folder.join(lockName), longAgo, longAgo);
    expect((await recover()).sessions).toHaveLength(1);
    expect(await names()).not.toContain(lockName);
  });

  it("that somebody else has just made is put back", async () => {
    await leave("dead", 200);
    await folder.write(lockName, encodeLiveMarker(identity(300, "stale")));
    const other = encodeLiveMarker(identity(alivePid, "other"));
    const fs: RecorderFs = {
      ...nodeFs,
      async: {
        ...nodeFs.async,
        rename: async (from, to) => {
          // Between the look at the stale lock and its removal another recovery takes it over.
          if (from.endsWith(lockName)) await writeFile(from, other);
          await nodeFs.async.rename(from, to);
        },
      },
    };
    expect((await recover(fs)).isLockedByOther).toBe(true);
    expect(new Uint8Array(await readFile(folder.join(lockName)))).toEqual(other);
  });
});

describe("a temporary file", () => {
  it.each([
    ["of a writer that is gone is removed", "s.json.tmp.1.200.sinstance", 0, false],
    ["of a writer that is alive stays", "l.json.tmp.1.100.linstance", 0, true],
    ["of an unknown writer stays while it is young", "x.json.tmp.1.200.nobody", 0, true],
    ["of an unknown writer is removed after a day", "x.json.tmp.1.200.nobody", 25, false],
    ["of an unknown writer with a process stays", "x.json.tmp.1.100.nobody", 25, true],
    ["of another program stays", "x.json.tmp.1.k3x9qa", 25, true],
  ])("%s", async (_what, name, ageHours, stays) => {
    await leave("s", 200);
    await leave("l", alivePid);
    await folder.write(name, "{");
    const then = new Date(Date.now() - ageHours * 3_600_000);
    await utimes(folder.join(name), then, then);
    const { sweptTemps } = await recover();
    expect((await names()).includes(name)).toBe(stays);
    expect(sweptTemps).toEqual(stays ? [] : [name]);
  });
});
