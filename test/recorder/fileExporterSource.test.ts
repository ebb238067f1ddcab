// What a FileExporter does beside writing a trace that is in memory: it writes one from a source, and asks for pruning.

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { FileExporter, type PruneToCount } from "../../src/recorder/fileExporter";
import type { RecorderProblem } from "../../src/recorder/sessionRequest";
import { Trace } from "../../src/recorder/trace";
import type { TraceFile, TraceSource } from "../../src/recorder/traceTypes";
import { makeTempDir } from "../support/tempDir";
import { makeTrace, watchedFs } from "./exportedTrace";

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
