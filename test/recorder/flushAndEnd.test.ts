// What `flush` and `sync` promise and do while a session ends or crashes, and after it.
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { FileExporter } from "../../src/recorder/fileExporter";
import { Trace } from "../../src/recorder/trace";
import type { FsyncMode, TraceExporter, TraceFile } from "../../src/recorder/traceTypes";
import { faultyFs } from "../faults/faultyFs";
import { laterTurn } from "../faults/laterTurn";
import { directory, emptyDisk, expectSession, snapshotOn, TracedProgram } from "../faults/tracedWork";
import { makeTempDir } from "../support/tempDir";

function begin(directory: string, ...others: TraceExporter[]): Trace {
  const trace = Trace.withExporters([new FileExporter(directory, 0), ...others]);
  trace.startTrace("s", {});
  return trace;
}

function namesIn(trace: Trace): string[] {
  const { spans } = JSON.parse(readFileSync(trace.getTracePath() ?? "", "utf8")) as TraceFile;
  return spans.map(({ name }) => name);
}

test("a flush that the end overtakes resolves when S.json holds what was logged", async () => {
  await using folder = await makeTempDir();
  const trace = begin(folder.path);
  trace.logSpan({ name: "before", startTime: 1, endTime: 2 });
  const flushed = trace.flush().then(() => namesIn(trace));
  const ended = trace.endTrace();
  expect(await flushed).toEqual(["s", "before"]);
  await ended;
});

test("a flush that a crash overtakes resolves when S.json holds what was logged", async () => {
  await using folder = await makeTempDir();
  const trace = begin(folder.path);
  trace.logSpan({ name: "before", startTime: 1, endTime: 2 });
  const flushed = trace.flush().then(() => namesIn(trace));
  trace.flushSync("crashed");
  expect(await flushed).toEqual(["s", "before"]);
});

test("a snapshot whose rename lands on that of the crash is followed by the crash's once more", async () => {
  const disk = emptyDisk();
  const fs = faultyFs(disk);
  const program = new TracedProgram({ fs });
  program.start();
  program.work();
  await program.trace.flush();
  const held = fs.hold({ name: "rename", path: /\/s\.json$/, mode: "async" }, { count: 1 });
  const flushed = program.trace.flush();
  await held.reached;
  program.work(3);
  await laterTurn();
  program.trace.flushSync("SIGTERM");
  held.release();
  await flushed;
  await fs.quiet();
  const { trace } = expectSession(disk, program.steps, "crashed: SIGTERM");
  expect(snapshotOn(disk)).toMatchObject({ spans: trace.spans, summary: { status: "crashed", error: "SIGTERM" } });
  expect(fs.calls.at(-1)?.path).toBe(directory);
});

test("an exporter that flushes the trace which is handed to it waits for nothing but the journal", async () => {
  await using folder = await makeTempDir();
  const results: string[] = [];
  const exporter: TraceExporter = {
    name: "flushing",
    async export() {
      await trace.flush();
      results.push("exported");
      return "exported";
    },
  };
  const trace = begin(folder.path, exporter);
  await trace.endTrace();
  expect(results).toEqual(["exported"]);
});

test.each<FsyncMode>(["never", "interval", "always"])(
  "with fsync %s, nothing is asked of a journal that the end has removed",
  async (fsync) => {
    await using folder = await makeTempDir();
    const problems: string[] = [];
    const onProblem = ({ message }: { message: string }) => problems.push(message);
    const ends = Array.from({ length: 4 }, async (_, index) => {
      const trace = Trace.withExporters([new FileExporter(folder.path, 0, { fsync, onProblem })]);
      trace.startTrace(`s${index}`, {});
      trace.logSpan({ name: "one", startTime: 1, endTime: 2 });
      // The syncs of a process wait for one another: some of these have their turn when the end is over.
      const asked = [trace.sync(), trace.flush()];
      await trace.endTrace();
      await Promise.all([...asked, trace.sync(), trace.flush()]);
    });
    await Promise.all(ends);
    expect(problems).toEqual([]);
    expect(readdirSync(folder.path).sort()).toEqual(["s0.json", "s1.json", "s2.json", "s3.json"]);
  },
);
