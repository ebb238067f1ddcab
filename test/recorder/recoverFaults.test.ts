// Recovery that is stopped or fails at any of its calls, whose files change underneath, or that is not alone.

import { appendFile, readdir, rename, unlink, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { nodeFs, type RecorderFs } from "../../src/recorder/recorderFs";
import { recoverSession } from "../../src/recorder/recoverSession";
import { encodeCrashNote, parseCrashMarker } from "../../src/trace/marker";
import { CrashableFs } from "../faults/crashableFs";
import { faultyFs } from "../faults/faultyFs";
import { seeded } from "../faults/random";
import { loadFrom } from "../faults/sessionOnDisk";
import type { ErrnoName } from "../faults/systemError";
import { makeTempDir } from "../support/tempDir";
import { concat } from "../trace/journalLines";
import {
  baseMs,
  begin,
  contents,
  crash,
  end,
  type Files,
  finish,
  journal,
  journalLines,
  lay,
  layAnew,
  liveMarker,
  load,
  machineWith,
  names,
  render,
  renderSession,
  rootSpan,
  snapshot,
  text,
  toolSpan,
  work,
  writerOf,
} from "./recoveryFiles";

const gone = machineWith();
/** Nothing here is cut from power, so nothing has to be brought to the disk. */
const unsynced = { sync: { ...nodeFs.sync, syncAll: () => undefined, syncData: () => undefined } };
const quick = faultyFs(unsynced);
const recover = (directory: string, fs: RecorderFs = quick, machine = gone) =>
  recoverSession(directory, "S", { fs, machine });

const live = liveMarker(1);
const ended = [...work, end("a"), end("root"), finish()];
const whole = journal(ended);
const spansAtEnd = [
  rootSpan({ endTime: baseMs + 7 }),
  toolSpan("a", { output: "said", endTime: baseMs + 6 }),
  toolSpan("b", { status: "error", endTime: baseMs + 5 }),
];
const foldOfEnd = snapshot(spansAtEnd, { seq: 8, offsetBytes: whole.length }, { summary: { status: "completed" } });
const foldBefore = snapshot([rootSpan()], { seq: 1, offsetBytes: 1 });
const continues = { instance: writerOf(1).instance, incarnation: 1 };

const scenes: Record<string, Files> = {
  "a killed session": { "S.1.journal.ndjson": journal(work), "S.live": live, "S.json": foldBefore },
  "a killed session without S.live": { "S.1.journal.ndjson": journal(work) },
  "a crashed session": {
    "S.1.journal.ndjson": journal([...work, crash()]),
    "S.crash": concat([live, encodeCrashNote({ timeMs: baseMs + 6, reason: "SIGTERM" })]),
    "S.json": foldBefore,
  },
  "a crash that could not be marked": { "S.1.journal.ndjson": journal([...work, crash()]), "S.live": live },
  "an end that was not folded": { "S.1.journal.ndjson": whole, "S.live": live, "S.json": foldBefore },
  "an end that was folded": { "S.1.journal.ndjson": whole, "S.live": live, "S.json": foldOfEnd },
  "an end whose S.live is removed": { "S.1.journal.ndjson": whole, "S.json": foldOfEnd },
  "a session without a record": { "S.1.journal.ndjson": journal([]), "S.live": live },
  "a session without a record, and its first snapshot": {
    "S.1.journal.ndjson": journal([]),
    "S.live": live,
    "S.json": snapshot([], { seq: 0, offsetBytes: 1 }),
  },
  "a damaged journal": {
    "S.1.journal.ndjson": concat(journalLines(work).filter((_, seq) => seq !== 3)),
    "S.live": live,
  },
  "a damaged snapshot": {
    "S.1.journal.ndjson": journal(work),
    "S.live": live,
    "S.json": foldBefore.subarray(0, foldBefore.length - 250),
  },
  "a snapshot of somebody else": {
    "S.1.journal.ndjson": journal(work),
    "S.live": live,
    "S.json": snapshot([rootSpan({ endTime: 9 }), toolSpan("theirs")], undefined, { summary: { status: "completed" } }),
  },
  "two incarnations, the older one's crash told by its marker": {
    "S.1.journal.ndjson": journal(work),
    "S.crash": concat([live, encodeCrashNote({ timeMs: baseMs + 6, reason: "SIGHUP" })]),
    "S.2.journal.ndjson": journal([begin(rootSpan()), text("a", "!")], { incarnation: 2, continues }),
    "S.live": liveMarker(2),
  },
};

describe("recovery stopped at any call and run again comes to the same end, and nothing is lost meanwhile:", () => {
  it.each(Object.keys(scenes))("%s", async (scene) => {
    const files = scenes[scene] ?? {};
    await using whole = await makeTempDir();
    await lay(whole.path, files);
    await recover(whole.path);
    const expected = await contents(whole.path);
    const seen = await render(whole.path);

    await using folder = await makeTempDir();
    for (const stop of ["before", { afterBytes: 20 }] as const) {
      for (let at = 0; ; at++) {
        await layAnew(folder.path, files);
        const fs = faultyFs(unsynced, [{ at, stop }]);
        await Promise.race([recover(folder.path, fs), fs.stopped]);
        fs.closeAll();
        if (fs.fired === 0) {
          expect(fs.openFds).toEqual([]);
          break;
        }
        const where = `stopped ${JSON.stringify(stop)} ${fs.calls.at(-1)?.name} ${at}`;
        if (Object.keys(expected).length > 0) expect(await render(folder.path), where).toMatch(sameOf(seen));
        await recover(folder.path);
        const after = await contents(folder.path);
        expect(Object.keys(after), where).toEqual(Object.keys(expected));
        if (isSilent(after["S.crash"])) expect(await render(folder.path), where).toMatch(sameOf(seen));
        else expect(withoutTornLines(after), where).toEqual(expected);
      }
    }
  });
});

/** A marker that was created and not written to: it holds, and tells nothing. */
function isSilent(marker: string | undefined): boolean {
  return marker !== undefined && parseCrashMarker(Buffer.from(marker)).timeMs === undefined;
}

function withoutTornLines(files: Record<string, string>): Record<string, string> {
  const marker = files["S.crash"];
  if (marker === undefined) return files;
  const isWhole = (line: string) => line === "" || line.endsWith("}");
  return { ...files, "S.crash": marker.split("\n").filter(isWhole).join("\n") };
}

describe("recovery cut from power at any call loses nothing that was on the disk:", () => {
  it.each(Object.keys(scenes))("%s", async (scene) => {
    await using whole = await makeTempDir();
    await lay(whole.path, scenes[scene] ?? {});
    await recover(whole.path);
    const left = await names(whole.path);
    const seen = await render(whole.path);
    for (let at = 0; ; at++) {
      const disk = new CrashableFs({ directories: ["/traces"] });
      for (const [name, content] of Object.entries(scenes[scene] ?? {})) {
        const fd = disk.sync.open(`/traces/${name}`, "create");
        disk.sync.write(fd, Buffer.from(content));
        disk.sync.close(fd);
      }
      disk.syncEverything();
      const fs = faultyFs(disk, [{ at, stop: "before" }]);
      await Promise.race([recover("/traces", fs), fs.stopped]);
      for (let seed = 0; seed < 32; seed++) {
        const rebooted = disk.powerCut(seeded(at * 100 + seed));
        const where = `${fs.calls.at(-1)?.name} ${at}, seed ${seed}`;
        if (left.length > 0) expect(renderSession(loadFrom(rebooted, "/traces", "S")), where).toMatch(sameOf(seen));
        // What can't be brought into the trace is there as it was, under whatever name.
        for (const name of left.filter((one) => /\.(damaged|replaced)$/.test(one))) {
          const before = Buffer.from(scenes[scene]?.[name.replace(/\.[a-z]+$/, "")] ?? "");
          const isKept = [...rebooted.snapshotFiles().values()].some((bytes) => before.equals(bytes));
          expect(isKept, `${name} ${where}`).toBe(true);
        }
        if (seed % 8 > 0) continue;
        await recover("/traces", rebooted);
        if (left.length > 0) expect(renderSession(loadFrom(rebooted, "/traces", "S")), where).toMatch(sameOf(seen));
      }
      if (fs.fired === 0) break;
    }
  });
});

/** Before the marker is there, nobody knows why the session crashed, only that it did. */
function sameOf(seen: string): RegExp {
  const [state = "", spans = ""] = seen.split(" | ");
  const quoted = (said: string) => said.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const [status = ""] = state.split(" ");
  return new RegExp(`^${quoted(status)}( \\(.*\\))? \\| ${quoted(spans)}$`);
}

/** Each of two recoveries may add the same line to the marker. */
function withoutRepeatedLines(files: Record<string, string>): Record<string, string> {
  const marker = files["S.crash"];
  return marker === undefined
    ? files
    : { ...files, "S.crash": `${[...new Set(marker.split("\n"))].filter(Boolean).join("\n")}\n` };
}

describe("recovery of which any call fails", () => {
  const faults = [{ error: "EIO" }, { error: "ENOSPC" }, { error: "EIO", tookEffect: true }] as const;
  it.each(Object.keys(scenes))("loses nothing, and the next one comes to the same end: %s", async (scene) => {
    const files = scenes[scene] ?? {};
    await using whole = await makeTempDir();
    await lay(whole.path, files);
    await recover(whole.path);
    const seen = await render(whole.path);
    const left = await names(whole.path);

    await using folder = await makeTempDir();
    for (const fault of faults) {
      for (let at = 0; ; at++) {
        await layAnew(folder.path, files);
        const fs = faultyFs(unsynced, [{ at, ...fault }]);
        const result = await recover(folder.path, fs);
        expect(fs.openFds).toEqual([]);
        if (fs.fired === 0) break;
        const where = `${JSON.stringify(fault)} ${fs.calls[at]?.name} ${at}`;
        if (left.length > 0) expect(await render(folder.path), where).toMatch(sameOf(seen));
        expect(["failed", "marked", "folded", "cleaned", "removed-empty", "nothing", "busy"]).toContain(result.action);
        await recover(folder.path);
        const isTemp = (name: string) => name.includes(".json.tmp.");
        expect(
          (await names(folder.path)).filter((name) => !isTemp(name)),
          where,
        ).toEqual(left);
        expect(await render(folder.path), where).toMatch(sameOf(seen));
      }
    }
  });

  it.each<ErrnoName>([
    "EACCES",
    "EBUSY",
    "EDQUOT",
    "EIO",
    "ELOOP",
    "EMFILE",
    "ENAMETOOLONG",
    "ENFILE",
    "ENOENT",
    "ENOSPC",
    "ENOTDIR",
    "EPERM",
    "EROFS",
    "ETXTBSY",
    "EXDEV",
  ])("says so when the marker can't be made for %s, and leaves the journal", async (error) => {
    await using folder = await makeTempDir();
    await lay(folder.path, scenes["a killed session"] ?? {});
    const before = await contents(folder.path);
    const fs = faultyFs(unsynced, [
      { on: { name: ["open", "rename"], path: /S\.crash$/ }, error, persist: true },
      { on: { name: "open", path: /\.tmp\./ }, error, persist: true },
    ]);
    const result = await recover(folder.path, fs);
    expect(fs.fired).toBeGreaterThan(1);
    expect(result).toMatchObject({ action: "failed", error: { code: error } });
    expect(await contents(folder.path)).toEqual(before);
    expect(await render(folder.path)).toMatch(/^crashed \| /);
    expect(fs.openFds).toEqual([]);
  });

  it("marks a crash on a disk that is full", async () => {
    await using folder = await makeTempDir();
    await lay(folder.path, scenes["a killed session"] ?? {});
    const fs = faultyFs(unsynced, [{ on: { name: "write" }, error: "ENOSPC", persist: true }]);
    const result = await recover(folder.path, fs);
    expect(result).toMatchObject({ action: "marked", state: "crashed", error: { code: "ENOSPC" } });
    expect(await names(folder.path)).toEqual(["S.1.journal.ndjson", "S.crash", "S.json"]);
    expect((await recover(folder.path)).action).toBe("folded");
  });

  it("takes an answer that was lost on the network for what it was", async () => {
    await using folder = await makeTempDir();
    await lay(folder.path, scenes["a killed session"] ?? {});
    const fs = faultyFs(unsynced, [{ on: { name: "rename", path: /S\.crash$/ }, error: "EIO", tookEffect: true }]);
    expect(await recover(folder.path, fs)).toMatchObject({ action: "folded" });
    expect(fs.fired).toBe(1);
  });

  it("does not remove a journal whose fold was not written as it should be", async () => {
    await using folder = await makeTempDir();
    await lay(folder.path, scenes["a killed session"] ?? {});
    const write: RecorderFs["async"]["write"] = async (fd, bytes) => {
      // A disk that says it wrote and did not.
      const isTrace = Buffer.from(bytes).includes('"version":2');
      await nodeFs.async.write(fd, isTrace ? Buffer.from(bytes).fill(0, 40, 90) : bytes);
      return bytes.length;
    };
    const result = await recover(folder.path, { ...nodeFs, async: { ...nodeFs.async, write } });
    expect(result.action).toBe("busy");
    expect(await names(folder.path)).toContain("S.1.journal.ndjson");
    await recover(folder.path);
    expect(await render(folder.path)).toBe('crashed (killed) | ses/1… bash…"said" bash!');
  });
});

describe("a session that changes while it is recovered", () => {
  /** Runs recovery and lets `change` happen just before its nth call of this sort. */
  async function recoverWhile(
    directory: string,
    match: { name: "rename" | "unlink" | "list"; path: RegExp; at?: number },
    change: () => Promise<unknown>,
    machine = gone,
  ) {
    const fs = faultyFs(unsynced);
    let turn = 0;
    let changed: Promise<unknown> | undefined;
    const calls = { ...fs.async };
    const original = fs.async[match.name] as (...args: string[]) => Promise<unknown>;
    const late = async (...args: string[]) => {
      if (args.some((arg) => match.path.test(arg)) && turn++ === (match.at ?? 0)) {
        changed = change();
        await changed;
      }
      return await original(...args);
    };
    const result = await recoverSession(directory, "S", {
      fs: { sync: fs.sync, async: { ...calls, [match.name]: late } as RecorderFs["async"] },
      machine,
    });
    expect(changed, "the change took place").toBeDefined();
    return result;
  }

  const line = (index: number) => journalLines([...work, text("a", " and"), text("a", " more")])[index] ?? "";

  it("takes in what a journal has got since it was read", async () => {
    for (const at of [0, 1, 2, 3]) {
      await using folder = await makeTempDir();
      await lay(folder.path, scenes["a killed session"] ?? {});
      const grow = () => appendFile(folder.join("S.1.journal.ndjson"), line(6));
      const result = await recoverWhile(folder.path, { name: "list", path: /./, at }, grow);
      expect(result.action).toBe("folded");
      expect(await names(folder.path)).toEqual(["S.crash", "S.json"]);
      expect(await render(folder.path)).toBe('crashed (killed) | ses/1… bash…"said and" bash!');
    }
  });

  it("keeps the journal that grows at the last moment, when its fold was renamed", async () => {
    await using folder = await makeTempDir();
    await lay(folder.path, scenes["a killed session"] ?? {});
    const grow = () => appendFile(folder.join("S.1.journal.ndjson"), line(6));
    await recoverWhile(folder.path, { name: "rename", path: /S\.json$/ }, grow);
    expect(await render(folder.path)).toBe('crashed (killed) | ses/1… bash…"said and" bash!');
  });

  it("leaves a journal alone that never stops growing", async () => {
    await using folder = await makeTempDir();
    await lay(folder.path, scenes["a killed session"] ?? {});
    const fs = faultyFs(unsynced);
    let seq = 5;
    const list: RecorderFs["async"]["list"] = async (path) => {
      seq++;
      const records = [...work, ...Array.from({ length: seq - 5 }, () => text("a", "."))];
      await appendFile(folder.join("S.1.journal.ndjson"), journalLines(records)[seq] ?? "");
      return await fs.async.list(path);
    };
    const result = await recoverSession(folder.path, "S", {
      fs: { sync: fs.sync, async: { ...fs.async, list } },
      machine: gone,
    });
    expect(result.action).toBe("busy");
    expect(await names(folder.path)).toEqual(["S.1.journal.ndjson", "S.json", "S.live"]);
    expect((await load(folder.path)).trace.spans[1]?.output).toBe(`said${".".repeat(seq - 5)}`);
  });

  it.each([0, 1, 2, 3, 4])("stops when a newer incarnation begins, at look %i", async (at) => {
    await using folder = await makeTempDir();
    await lay(folder.path, scenes["a killed session"] ?? {});
    const start = async () => {
      const records = [begin(rootSpan())];
      await writeFile(folder.join("S.2.journal.ndjson"), journal(records, { incarnation: 2, continues }), {
        flag: "wx",
      });
      await writeFile(folder.join("new.tmp"), liveMarker(2));
      await rename(folder.join("new.tmp"), folder.join("S.live"));
      await writeFile(folder.join("S.json"), newSnapshot);
    };
    const newSnapshot = snapshot([rootSpan(), toolSpan("a"), toolSpan("b"), toolSpan("new")], {
      incarnation: 2,
      seq: 1,
    });
    const alive = machineWith({ 2: "alive" });
    const result = await recoverWhile(folder.path, { name: "list", path: /./, at }, start, alive);
    expect(result.action).toBe("live");
    const left = await names(folder.path);
    expect(left).toEqual(expect.arrayContaining(["S.1.journal.ndjson", "S.2.journal.ndjson", "S.live"]));
    expect((await contents(folder.path))["S.json"]).toBe(Buffer.from(newSnapshot).toString("latin1"));
    expect(await render(folder.path, "S", "alive")).toBe("running | ses/1… bash… bash… bash…");
  });

  it("writes its file again when somebody takes it for an abandoned one", async () => {
    await using folder = await makeTempDir();
    await lay(folder.path, scenes["a killed session"] ?? {});
    const sweep = async () => {
      for (const name of await readdir(folder.path)) if (name.includes(".tmp.")) await unlink(folder.join(name));
    };
    const result = await recoverWhile(folder.path, { name: "rename", path: /\.tmp\./ }, sweep);
    expect(result.action).toBe("folded");
    expect(await names(folder.path)).toEqual(["S.crash", "S.json"]);
  });

  it("keeps a journal that grows when the removal has begun", async () => {
    await using folder = await makeTempDir();
    await lay(folder.path, scenes["an end that was folded"] ?? {});
    const more = journalLines([...ended, text("a", "late")])[9] ?? "";
    const grow = () => appendFile(folder.join("S.1.journal.ndjson"), more);
    await recoverWhile(folder.path, { name: "unlink", path: /S\.live$/ }, grow);
    expect(await names(folder.path)).toEqual(["S.1.journal.ndjson", "S.json"]);
    expect(await render(folder.path)).toBe('completed | ses/1 bash"saidlate" bash!');
  });

  it("tells of its fold when another recovery has removed the rest", async () => {
    await using folder = await makeTempDir();
    await lay(folder.path, scenes["a killed session"] ?? {});
    const result = await recoverWhile(folder.path, { name: "list", path: /./, at: 4 }, () => recover(folder.path));
    expect(result).toMatchObject({ action: "folded", state: "crashed", recoveredRecords: 4 });
  });

  it("folds what there is of an older writer that never stops", async () => {
    await using folder = await makeTempDir();
    await lay(folder.path, scenes["two incarnations, the older one's crash told by its marker"] ?? {});
    let seq = 5;
    const list: RecorderFs["async"]["list"] = async (path) => {
      seq++;
      const records = [...work, ...Array.from({ length: seq - 5 }, () => text("a", "."))];
      await appendFile(folder.join("S.1.journal.ndjson"), journalLines(records)[seq] ?? "");
      return await quick.async.list(path);
    };
    const fs = { ...quick, async: { ...quick.async, list } };
    const result = await recover(folder.path, fs, machineWith({ 1: "alive" }));
    expect(result.action).toBe("folded");
    expect(await names(folder.path)).toEqual([
      "S.1.journal.ndjson",
      "S.2.journal.ndjson",
      "S.crash",
      "S.json",
      "S.live",
    ]);
    expect((await load(folder.path)).trace.spans[1]?.output).toMatch(/^said\.+!\.+$/);
  });

  it("keeps the data when a late rename puts an older trace in place of the fold", async () => {
    for (const at of [0, 1, 2, 3]) {
      await using folder = await makeTempDir();
      await lay(folder.path, { ...scenes["an end that was not folded"], "late.tmp": foldBefore });
      const land = () => rename(folder.join("late.tmp"), folder.join("S.json"));
      const result = await recoverWhile(folder.path, { name: "list", path: /./, at }, land);
      expect(result.action).toBe("folded");
      expect(await names(folder.path)).toEqual(["S.json"]);
      expect(await render(folder.path)).toBe('completed | ses/1 bash"said" bash!');
    }
  });
});

describe("two recoveries at once", () => {
  it.each(Object.keys(scenes))("come to the same end: %s", async (scene) => {
    await using alone = await makeTempDir();
    await lay(alone.path, scenes[scene] ?? {});
    await recover(alone.path);
    await using folder = await makeTempDir();
    for (let turn = 0; turn < 5; turn++) {
      await layAnew(folder.path, scenes[scene] ?? {});
      const results = await Promise.all([recover(folder.path), recover(folder.path), recover(folder.path)]);
      expect(results.map(({ error }) => error?.message).filter((message) => message !== undefined)).toEqual([]);
      await recover(folder.path);
      expect(withoutRepeatedLines(await contents(folder.path))).toEqual(await contents(alone.path));
      expect((await readdir(folder.path)).filter((name) => name.includes(".tmp."))).toEqual([]);
    }
  });
});
