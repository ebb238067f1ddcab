// One sync of the process at a time; those of a directory that wait are one, which begins after all that it stands for.
import { mkdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { syncDirectoryOf } from "../../src/recorder/fileTasks";
import { openSessionRecorder } from "../../src/recorder/openSession";
import { nodeFs, runAsync } from "../../src/recorder/recorderFs";
import { inSyncQueue, inSyncQueueOnce } from "../../src/recorder/syncQueue";
import { faultyFs } from "../faults/faultyFs";
import { makeTempDir, type TempDir } from "../support/tempDir";

let folder: TempDir;
beforeEach(async () => {
  folder = await makeTempDir();
});
afterEach(() => folder.remove());

describe("syncs", () => {
  it("run one after another, and those of one directory that have not begun together", async () => {
    const fs = {};
    const log: string[] = [];
    const sync = (name: string) => async () => {
      log.push(`${name} begins`);
      await delay(1);
      log.push(`${name} ends`);
    };
    const first = inSyncQueueOnce(fs, "/d", sync("d"));
    const file = inSyncQueue(fs, sync("file"));
    // It has not begun, so it covers this one as well.
    const joined = inSyncQueueOnce(fs, "/d", sync("never"));
    const other = inSyncQueueOnce(fs, "/e", sync("e"));
    await first;
    // That one has ended: what was changed since needs another.
    const later = inSyncQueueOnce(fs, "/d", sync("d again"));
    await Promise.all([joined, file, other, later]);
    const names = ["d", "file", "e", "d again"];
    expect(log).toEqual(names.flatMap((name) => [`${name} begins`, `${name} ends`]));
  });

  it("of a directory that fail are told to all who waited for them, and the next is another one", async () => {
    const fs = {};
    const failing = () => Promise.reject(new Error("EIO"));
    const all = [inSyncQueueOnce(fs, "/d", failing), inSyncQueueOnce(fs, "/d", failing)];
    expect((await Promise.allSettled(all)).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(await inSyncQueueOnce(fs, "/d", async () => "done")).toBe("done");
  });

  it("of a directory that tasks ask for at one time are fewer than the tasks", async () => {
    mkdirSync(folder.join("d"));
    const fs = faultyFs(nodeFs);
    await Promise.all(Array.from({ length: 20 }, () => runAsync(fs, syncDirectoryOf(folder.join("d", "file")))));
    expect(fs.calls.filter(({ name }) => name === "syncAll").length).toBeLessThan(5);
    expect(fs.openFds).toEqual([]);
  });
});

it("a session that records at once is there by its journal, and has S.json when it has gone quiet", async () => {
  const open = (sessionId: string, hasFirstRecords: boolean) => {
    const fs = faultyFs(nodeFs);
    const recorder = openSessionRecorder({
      directory: folder.path,
      sessionId,
      traceId: "t",
      metadata: {},
      mode: "start",
      hasFirstRecords,
      fsync: "interval",
      fs,
      machine: undefined,
      onProblem: ({ message }) => {
        throw new Error(message);
      },
    });
    if (recorder === undefined) throw new Error("No session");
    const root = { spanId: "r", parentSpanId: null, name: "root", kind: "session", startTime: 1 };
    recorder.begin("r", JSON.stringify(root), { kind: "session", name: "root" });
    recorder.appendNow();
    return { recorder, renames: () => fs.calls.filter(({ name }) => name === "rename").length };
  };
  // Each ends at once: a busy machine would come to its next snapshot before that.
  const quick = open("quick", true);
  await quick.recorder.finish({ status: "completed" });
  const plain = open("plain", false);
  await plain.recorder.finish({ status: "completed" });
  expect([quick.renames(), plain.renames()]).toEqual([1, 2]);
  const slow = open("slow", true);
  const shown = () => {
    try {
      return (JSON.parse(readFileSync(folder.join("slow.json"), "utf8")) as { spans: unknown[] }).spans.length;
    } catch {
      return 0;
    }
  };
  await expect.poll(shown).toBe(1);
  await slow.recorder.finish({ status: "completed" });
});
