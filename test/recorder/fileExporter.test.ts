import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { clear, isCrashed } from "../../src/recorder/crashGuard";
import { defaultTracesDirectory, FileExporter, type PruneToCount } from "../../src/recorder/fileExporter";
import { type FileCallName, nodeFs, type RecorderFs } from "../../src/recorder/recorderFs";
import type { RecorderProblem } from "../../src/recorder/sessionRequest";
import { Trace } from "../../src/recorder/trace";
import type { TraceFile, TraceSource } from "../../src/recorder/traceTypes";
import { encodeCrashNote, encodeLiveMarker } from "../../src/trace/marker";
import { makeTempDir, type TempDir } from "../support/tempDir";

function makeTrace(sessionId = "ses_1"): TraceFile {
  return {
    version: 2,
    traceId: "t",
    sessionId,
    startedAt: "2026-11-20T09:30:00.000Z",
    metadata: { title: "Title" },
    spans: [{ spanId: "r", parentSpanId: null, name: "n", kind: "session", startTime: 1, endTime: 2, status: "ok" }],
    summary: {
      totalTokens: 0,
      totalCost: 0,
      totalToolCalls: 0,
      totalGenerations: 0,
      duration: 1,
      status: "completed",
      tokens: { input: 0, output: 0, reasoning: 0, cacheRead: 0, cacheWrite: 0 },
    },
  };
}

function readTrace(path: string | undefined): TraceFile {
  return JSON.parse(readFileSync(path ?? "", "utf8")) as TraceFile;
}

/** A file system that calls `before` ahead of each call; what that throws is what the call fails with. */
function watchedFs(before: (name: FileCallName, path: string) => void): RecorderFs {
  const calls = Object.entries(nodeFs.async).map(([name, call]) => [
    name,
    async (...args: readonly unknown[]) => {
      before(name as FileCallName, String(args[0]));
      return await (call as (...all: readonly unknown[]) => Promise<unknown>)(...args);
    },
  ]);
  return { ...nodeFs, async: Object.fromEntries(calls) as RecorderFs["async"] };
}

describe("the directory", () => {
  const { XDG_DATA_HOME } = process.env;
  afterEach(() => {
    if (XDG_DATA_HOME === undefined) delete process.env["XDG_DATA_HOME"];
    else process.env["XDG_DATA_HOME"] = XDG_DATA_HOME;
  });

  test("is the one that it is given, else altimate-code's own", () => {
    expect(new FileExporter("/some/where").getDir()).toBe("/some/where");
    process.env["XDG_DATA_HOME"] = "/data";
    expect(new FileExporter().getDir()).toBe(join("/data", "altimate-code", "traces"));
    process.env["XDG_DATA_HOME"] = "";
    expect(defaultTracesDirectory()).toMatch(/\.local.share.altimate-code.traces$/);
    expect([new FileExporter().maxFiles, new FileExporter("/x", 0).maxFiles]).toEqual([100, 0]);
  });
});

describe("export", () => {
  test("writes the trace under its safe id, in a directory that need not exist", async () => {
    await using folder = await makeTempDir();
    const directory = folder.join("a", "b");
    const path = await new FileExporter(directory, 0).export(makeTrace("ses/1"));
    expect(path).toBe(join(directory, "ses_1.json"));
    expect(readTrace(path)).toEqual(makeTrace("ses/1"));
    expect(readdirSync(directory)).toEqual(["ses_1.json"]);
  });

  test("names no writer, whoever wrote the trace before", async () => {
    await using folder = await makeTempDir();
    const trace = { ...makeTrace(), writer: { instance: "i", incarnation: 1, seq: 3, offsetBytes: 9 }, other: [1] };
    const path = await new FileExporter(folder.path, 0).export(trace);
    expect(readTrace(path)).toEqual({ ...makeTrace(), other: [1] });
    expect(trace.writer.seq).toBe(3);
  });

  test("writes the trace as it was at the call", async () => {
    await using folder = await makeTempDir();
    const trace = makeTrace();
    const exported = new FileExporter(folder.path, 0).export(trace);
    trace.spans.length = 0;
    trace.metadata.title = "changed";
    expect(readTrace(await exported)).toEqual(makeTrace());
  });

  test("replaces the file whole, and many at once do not meet", async () => {
    await using folder = await makeTempDir();
    const exporter = new FileExporter(folder.path, 0);
    const paths = await Promise.all(Array.from({ length: 20 }, () => exporter.export(makeTrace())));
    expect(new Set(paths)).toEqual(new Set([folder.join("ses_1.json")]));
    expect(readdirSync(folder.path)).toEqual(["ses_1.json"]);
  });

  test("returns undefined for what is no trace, and for one that has no JSON", async () => {
    await using folder = await makeTempDir();
    const exporter = new FileExporter(folder.path, 0);
    const circle = makeTrace() as TraceFile & { self?: unknown };
    circle.self = circle;
    expect(await exporter.export(circle)).toBeUndefined();
    for (const odd of [null, undefined]) expect(await exporter.export(odd as unknown as TraceFile)).toBeUndefined();
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test("leaves no temporary file whichever call fails, tells why, and keeps the file before it", async () => {
    await using folder = await makeTempDir();
    const before = await new FileExporter(folder.path, 0).export(makeTrace());
    const original = readFileSync(before ?? "", "utf8");
    let calls = 0;
    const count = watchedFs(() => void calls++);
    await new FileExporter(folder.path, 0, { fs: count }).export(makeTrace());
    expect(calls).toBeGreaterThan(6);
    for (let failing = 1; failing <= calls; failing++) {
      let call = 0;
      let struck: FileCallName | undefined;
      const problems: RecorderProblem[] = [];
      const fs = watchedFs((name) => {
        if (++call !== failing) return;
        struck = name;
        throw Object.assign(new Error("EIO: injected"), { code: "EIO" });
      });
      const path = await new FileExporter(folder.path, 0, {
        fs,
        onProblem: (problem) => problems.push(problem),
      }).export({ ...makeTrace(), traceId: "new" });
      expect(struck).toBeDefined();
      expect(readdirSync(folder.path), `after ${struck} failed`).toEqual(["ses_1.json"]);
      const isWhole = ["t", "new"].includes(readTrace(folder.join("ses_1.json")).traceId);
      expect(isWhole).toBe(true);
      // A descriptor that does not close has done its work all the same.
      if (struck === "close") expect(path).toBeDefined();
      else expect([path, problems.length]).toEqual([undefined, 1]);
      writeFileSync(folder.join("ses_1.json"), original);
    }
  });

  test("begins again where somebody removes the temporary file", async () => {
    await using folder = await makeTempDir();
    let renames = 0;
    const fs = watchedFs((name) => {
      if (name === "rename" && ++renames < 3) throw Object.assign(new Error("ENOENT"), { code: "ENOENT" });
    });
    expect(await new FileExporter(folder.path, 0, { fs }).export(makeTrace())).toBe(folder.join("ses_1.json"));
    expect(renames).toBe(3);
  });

  test("syncs the file and its directory unless it is told not to", async () => {
    await using folder = await makeTempDir();
    const synced: string[] = [];
    const fs = watchedFs((name) => {
      if (name === "syncAll") synced.push(name);
    });
    await new FileExporter(folder.path, 0, { fs }).export(makeTrace());
    expect(synced).toHaveLength(2);
    await new FileExporter(folder.path, 0, { fs, fsync: "never" }).export(makeTrace());
    expect(synced).toHaveLength(2);
  });
});

describe("a crash", () => {
  afterEach(() => expect(isCrashed("/", "ses_1")).toBe(false));

  test("keeps every exporter of that directory from writing that session, and no other", async () => {
    await using folder = await makeTempDir();
    const one = new FileExporter(folder.path, 0);
    const other = new FileExporter(`${folder.path}/.`, 0);
    one.markCrashed("ses/1");
    expect(await other.export(makeTrace("ses_1"))).toBeUndefined();
    expect(await one.export(makeTrace("ses/1"))).toBeUndefined();
    expect(await one.export(makeTrace("ses_2"))).toBe(folder.join("ses_2.json"));
    expect(await new FileExporter(folder.join("elsewhere"), 0).export(makeTrace("ses_1"))).toBeDefined();
    clear(folder.path, "ses_1");
    expect(await one.export(makeTrace("ses_1"))).toBe(folder.join("ses_1.json"));
  });

  test("wins at whichever call an export is, and then not one more byte is written", async () => {
    await using folder = await makeTempDir();
    // The marker of an older crash makes the export look at the journals, too.
    await writeMarker(folder, 1);
    await folder.write("ses_1.2.journal.ndjson", "");
    const calls: FileCallName[] = [];
    await new FileExporter(folder.path, 0, { fs: watchedFs((name) => void calls.push(name)) }).export(makeTrace());
    await rm(folder.join("ses_1.json"));
    const lastChance = calls.indexOf("rename");
    expect(lastChance).toBeGreaterThan(6);
    for (let crash = 0; crash < lastChance; crash++) {
      const after: FileCallName[] = [];
      let call = 0;
      const fs = watchedFs((name) => {
        if (call++ === crash) exporter.markCrashed("ses_1");
        else if (call > crash) after.push(name);
      });
      const exporter = new FileExporter(folder.path, 0, { fs });
      expect(await exporter.export(makeTrace()), `crash at call ${crash}, ${calls[crash]}`).toBeUndefined();
      expect(isCrashed(folder.path, "ses_1")).toBe(true);
      clear(folder.path, "ses_1");
      expect(readdirSync(folder.path).sort()).toEqual(["ses_1.2.journal.ndjson", "ses_1.crash"]);
      expect(after).not.toContain("rename");
      // At the call itself the program has been told nothing yet.
      if (!["open", "write"].includes(calls[crash] ?? "")) expect(after).not.toContain("write");
    }
  });

  test("on the disk keeps a session from being written, whoever wrote the marker", async () => {
    await using folder = await makeTempDir();
    await writeMarker(folder, 2);
    await folder.write("ses_1.2.journal.ndjson", "");
    const calls: FileCallName[] = [];
    const exporter = new FileExporter(folder.path, 0, { fs: watchedFs((name) => void calls.push(name)) });
    expect(await exporter.export(makeTrace())).toBeUndefined();
    expect(calls).not.toContain("write");
    await folder.write("ses_1.3.journal.ndjson", "");
    expect(await exporter.export(makeTrace())).toBe(folder.join("ses_1.json"));
  });

  test("on the disk counts however torn its marker is", async () => {
    await using folder = await makeTempDir();
    await folder.write("ses_1.crash", "{");
    await folder.write("ses_1.9.journal.ndjson", "");
    expect(await new FileExporter(folder.path, 0).export(makeTrace())).toBeUndefined();
  });
});

describe("exportFrom", () => {
  const spans = `{"spanId":"r","output":"${"x".repeat(50)} \\"writer\\""}`;
  const sourceOf = (text: string, chunk: number): TraceSource => ({
    sessionId: "ses/1",
    sizeBytes: text.length,
    open: async function* () {
      for (let at = 0; at < text.length; at += chunk) yield Buffer.from(text.slice(at, at + chunk));
    },
  });
  const text = `{"version":2,"spans":[\n${spans}\n],"summary":{"status":"completed"},"writer":{"instance":"i"},"more":1}\n`;

  test.each([1, 7, 64, 100_000])("writes a source without its writer, in pieces of %d bytes", async (chunk) => {
    await using folder = await makeTempDir();
    const path = await new FileExporter(folder.path, 0).exportFrom(sourceOf(text, chunk));
    expect(path).toBe(folder.join("ses_1.json"));
    const { writer: _writer, ...rest } = JSON.parse(text) as Record<string, unknown>;
    expect(JSON.parse(readFileSync(path ?? "", "utf8"))).toEqual(rest);
  });

  test("passes large traces on without a change but at their end", async () => {
    await using folder = await makeTempDir();
    const large = text.replace(spans, Array(40_000).fill(spans).join(",\n"));
    const path = await new FileExporter(folder.path, 0).exportFrom(sourceOf(large, 65_536));
    expect(readFileSync(path ?? "", "utf8")).toBe(large.replace(',"writer":{"instance":"i"}', ""));
  });

  test.each([1, 3])("stops when it is told to after %d pieces, and leaves nothing", async (pieces) => {
    await using folder = await makeTempDir();
    const stop = new AbortController();
    const megabyte = Buffer.alloc(1024 * 1024, 0x20);
    let read = 0;
    const source: TraceSource = {
      ...sourceOf(text, 10),
      open: async function* () {
        for (let piece = 1; piece <= 10; piece++) {
          if (piece === pieces) stop.abort();
          read++;
          yield megabyte;
        }
      },
    };
    expect(await new FileExporter(folder.path, 0).exportFrom(source, stop.signal)).toBeUndefined();
    expect(readdirSync(folder.path)).toEqual([]);
    // One piece is held back, in case it is the last one.
    expect(read).toBeLessThanOrEqual(pieces + 1);
  });

  test("stops at the last moment, too", async () => {
    await using folder = await makeTempDir();
    const stop = new AbortController();
    const fs = watchedFs((name) => {
      if (name === "syncAll") stop.abort();
    });
    const exporter = new FileExporter(folder.path, 0, { fs });
    expect(await exporter.exportFrom(sourceOf(text, 10), stop.signal)).toBeUndefined();
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test("writes nothing where the source breaks off", async () => {
    await using folder = await makeTempDir();
    const broken: TraceSource = {
      ...sourceOf(text, 10),
      open: async function* () {
        yield Buffer.from("{");
        throw new Error("EIO");
      },
    };
    expect(await new FileExporter(folder.path, 0).exportFrom(broken)).toBeUndefined();
    expect(readdirSync(folder.path)).toEqual([]);
  });
});

async function writeMarker(folder: TempDir, incarnation: number): Promise<void> {
  const lines = [encodeLiveMarker({ instance: "i", incarnation }), encodeCrashNote({ timeMs: 1, reason: "r" })];
  await folder.write("ses_1.crash", Buffer.concat(lines));
}

describe("pruning", () => {
  interface Run {
    readonly maxFiles: number;
    readonly directory: string;
    finish(error?: Error): void;
  }

  /** Runs that last until they are finished. */
  function heldRuns(): { readonly runs: Run[]; readonly pruneToCount: PruneToCount } {
    const runs: Run[] = [];
    const pruneToCount: PruneToCount = ({ directory, maxFiles }) =>
      new Promise((resolve, reject) => {
        runs.push({ directory, maxFiles, finish: (error) => (error ? reject(error) : resolve(undefined)) });
      });
    return { runs, pruneToCount };
  }

  test("follows an export and an end, by the limit that holds, and keeps nobody waiting", async () => {
    await using folder = await makeTempDir();
    const { runs, pruneToCount } = heldRuns();
    const exporter = new FileExporter(folder.path, 7, { pruneToCount });
    expect(await exporter.export(makeTrace())).toBeDefined();
    expect(runs).toMatchObject([{ directory: folder.path, maxFiles: 7 }]);
    const other = new FileExporter(folder.path, 0, { pruneToCount });
    const trace = Trace.withExporters([other], { maxFiles: 3 });
    trace.startTrace("ses_2", {});
    expect(await trace.endTrace()).toBeDefined();
    expect(runs).toMatchObject([{ maxFiles: 7 }, { maxFiles: 3 }]);
    expect(other.maxFiles).toBe(0);
  });

  test("is not asked for without a limit, nor where nothing was written", async () => {
    await using folder = await makeTempDir();
    const { runs, pruneToCount } = heldRuns();
    await new FileExporter(folder.path, 0, { pruneToCount }).export(makeTrace());
    await new FileExporter(folder.path, 5, { pruneToCount }).export(null as unknown as TraceFile);
    const trace = Trace.withExporters([new FileExporter(folder.path, 5, { pruneToCount })], { maxFiles: 0 });
    trace.startTrace("ses_2", {});
    await trace.endTrace();
    expect(runs).toEqual([]);
  });

  test("runs once at a time, and once more however often it is asked for meanwhile", async () => {
    const { runs, pruneToCount } = heldRuns();
    const problems: string[] = [];
    const onProblem = ({ message }: RecorderProblem) => void problems.push(message);
    const exporter = new FileExporter("/traces", 5, { pruneToCount, onProblem });
    for (let request = 0; request < 5; request++) exporter.prune();
    expect(runs).toHaveLength(1);
    runs[0]?.finish(new Error("EACCES"));
    await new Promise(setImmediate);
    expect([runs.length, problems]).toEqual([2, ["Old traces could not be removed"]]);
    runs[1]?.finish();
    await new Promise(setImmediate);
    expect(runs).toHaveLength(2);
    exporter.prune();
    expect(runs).toHaveLength(3);
  });
});
