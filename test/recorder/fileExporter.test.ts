import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { defaultTracesDirectory, FileExporter } from "../../src/recorder/fileExporter";
import type { FileCallName } from "../../src/recorder/recorderFs";
import type { RecorderProblem } from "../../src/recorder/sessionRequest";
import type { TraceFile } from "../../src/recorder/traceTypes";
import { makeTempDir } from "../support/tempDir";
import { makeTrace, readTrace, watchedFs } from "./exportedTrace";

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
