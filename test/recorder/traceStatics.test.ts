import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cp } from "node:fs/promises";
import { join, resolve } from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { FileExporter } from "../../src/recorder/fileExporter";
import { type Machine, thisMachine } from "../../src/recorder/liveness";
import { Trace } from "../../src/recorder/trace";
import { makeTempDir, type TempDir } from "../support/tempDir";
import { oddValue, withOddValues } from "./hostileValues";

const samples = resolve(import.meta.dirname, "../fixtures/trace-v2");

afterEach(() => Trace.setActive(null));

test("the active trace is the one that was set", () => {
  expect(Trace.active).toBeNull();
  const trace = Trace.create();
  Trace.setActive(trace);
  expect(Trace.active).toBe(trace);
  Trace.setActive(null);
  expect(Trace.active).toBeNull();
});

test("the directory is the given one, else that of the default exporter", () => {
  expect(Trace.getTracesDir("/some/where")).toBe("/some/where");
  expect(Trace.getTracesDir()).toBe(new FileExporter().getDir());
});

function minimal(sessionId: string, startedAt: string): string {
  return JSON.stringify({ version: 2, sessionId, startedAt, spans: [], own: { field: 1 } });
}

async function record(folder: TempDir, sessionId: string): Promise<Trace> {
  const trace = Trace.withExporters([new FileExporter(folder.path, 0)]);
  trace.startTrace(sessionId, { title: sessionId });
  trace.logUserMessage("hello");
  await trace.flush();
  return trace;
}

describe("listTraces", () => {
  test("names the newest start first and passes over what is no trace", async () => {
    await using folder = await makeTempDir();
    await folder.write("b.json", minimal("b", "2026-01-02T00:00:00.000Z"));
    await folder.write("a.json", minimal("a", "2026-01-03T00:00:00.000Z"));
    await folder.write("c.json", minimal("c", "2026-01-01T00:00:00.000Z"));
    await folder.write("d.json", minimal("d", "no date"));
    await folder.write("e.json", "not json{{{");
    await folder.write("f.json", "");
    await folder.write("g.json", "[1,2]");
    await folder.write("h.json.tmp.1.2.x", minimal("h", "2026-01-01T00:00:00.000Z"));
    await folder.write("notes.txt", "text");
    mkdirSync(folder.join("folder.json"));
    const traces = await Trace.listTraces(folder.path);
    expect(traces.map(({ sessionId, file }) => [sessionId, file])).toEqual([
      ["a", "a.json"],
      ["b", "b.json"],
      ["c", "c.json"],
      ["d", "d.json"],
    ]);
    expect(traces[0]?.trace).toEqual(JSON.parse(minimal("a", "2026-01-03T00:00:00.000Z")));
  });

  test("finds nothing where there is no directory, and makes none", async () => {
    await using folder = await makeTempDir();
    expect(await Trace.listTraces(folder.join("none"))).toEqual([]);
    expect(await Trace.listTraces(folder.path)).toEqual([]);
  });

  test("reads the files of another recorder as they are", async () => {
    const traces = await Trace.listTraces(samples);
    const names = traces.map(({ file }) => file);
    expect(names).not.toContain("ses_damaged_truncated.json");
    for (const { file, trace } of traces) expect(trace).toEqual(JSON.parse(readFileSync(join(samples, file), "utf8")));
    const starts = traces.map(({ trace }) => Date.parse(trace.startedAt));
    expect(starts).toEqual([...starts].sort((a, b) => b - a));
  });

  test("passes over neither a crash nor what is only in a journal", async () => {
    await using folder = await makeTempDir();
    const crashing = await record(folder, "crashing");
    const claim = readFileSync(folder.join("crashing.json"), "utf8");
    crashing.flushSync("SIGTERM");
    // A rename that the system delayed.
    writeFileSync(folder.join("crashing.json"), claim);
    const running = await record(folder, "running");
    running.logUserMessage("not folded yet");
    await running.sync();
    const traces = await Trace.listTraces(folder.path);
    const statuses = Object.fromEntries(traces.map(({ sessionId, trace }) => [sessionId, trace.summary.status]));
    expect(statuses).toEqual({ crashing: "crashed", running: "running" });
    const inputs = traces.find(({ sessionId }) => sessionId === "running")?.trace.spans.map((span) => span.input);
    expect(inputs).toEqual([undefined, "hello", "not folded yet"]);
    await running.endTrace();
  });
});

// Elsewhere the system does not tell when a process was started.
test.runIf(process.platform === "linux")("a session whose process was killed is listed as crashed", async () => {
  await using folder = await makeTempDir();
  await using copy = await makeTempDir();
  const machine: Machine = {
    ...thisMachine(),
    process: () => ({ type: "present", isZombie: false, start: "another" }),
  };
  const trace = Trace.withExporters([new FileExporter(folder.path, 0, { machine })]);
  trace.startTrace("ses_1", {});
  await trace.flush();
  await cp(folder.path, copy.path, { recursive: true });
  await trace.endTrace();
  const [listed] = await Trace.listTraces(copy.path);
  expect(listed?.trace.summary.status).toBe("crashed");
  expect((await Trace.loadTrace("ses_1", copy.path))?.summary.status).toBe("crashed");
});

describe("listTracesPaginated", () => {
  test("gives the page that is asked for, and the number of all", async () => {
    await using folder = await makeTempDir();
    for (let day = 1; day <= 9; day++) {
      await folder.write(`s${day}.json`, minimal(`s${day}`, `2026-01-0${day}T00:00:00.000Z`));
    }
    const page = await Trace.listTracesPaginated(folder.path, { offset: 2, limit: 3 });
    expect(page).toMatchObject({ total: 9, offset: 2, limit: 3 });
    expect(page.traces.map(({ sessionId }) => sessionId)).toEqual(["s7", "s6", "s5"]);
    expect(await Trace.listTracesPaginated(folder.path)).toMatchObject({ total: 9, offset: 0, limit: 20 });
    expect((await Trace.listTracesPaginated(folder.path, { offset: 20 })).traces).toEqual([]);
  });

  test.each([
    [{ offset: -5, limit: 0 }, 0, 1],
    [{ offset: 1.9, limit: 2.9 }, 1, 2],
    [{ offset: Number.NaN, limit: Number.NaN }, 0, 20],
    [{ offset: Number.POSITIVE_INFINITY, limit: Number.NEGATIVE_INFINITY }, 0, 20],
    [{ offset: "3", limit: null }, 0, 20],
    [{ limit: -3 }, 0, 1],
    [null, 0, 20],
  ])("makes sense of %o", async (options, offset, limit) => {
    await using folder = await makeTempDir();
    const page = await Trace.listTracesPaginated(folder.path, options as object);
    expect(page).toEqual({ traces: [], total: 0, offset, limit });
  });

  test("takes any options at all", async () => {
    await using folder = await makeTempDir();
    await folder.write("a.json", minimal("a", "2026-01-03T00:00:00.000Z"));
    await fc.assert(
      fc.asyncProperty(oddValue(), async (odd) => {
        const { offset, limit, total } = await Trace.listTracesPaginated(folder.path, withOddValues(odd) as object);
        expect(total).toBe(1);
        expect(offset >= 0 && limit >= 1 && Number.isInteger(offset) && Number.isInteger(limit)).toBe(true);
      }),
    );
  });
});

describe("loadTrace", () => {
  test("finds a trace by its raw and by its safe id", async () => {
    await using folder = await makeTempDir();
    const trace = await record(folder, "a/b:c");
    await trace.endTrace();
    const byRaw = await Trace.loadTrace("a/b:c", folder.path);
    expect(byRaw?.metadata.title).toBe("a/b:c");
    expect(await Trace.loadTrace("a_b_c", folder.path)).toEqual(byRaw);
  });

  test("tells sessions apart whose ids look the same", async () => {
    await using folder = await makeTempDir();
    for (const id of ["a/b", "a:b"]) await (await record(folder, id)).endTrace();
    expect((await Trace.loadTrace("a/b", folder.path))?.metadata.title).toBe("a/b");
    expect((await Trace.loadTrace("a:b", folder.path))?.metadata.title).toBe("a:b");
  });

  test("is null for what is not there, can't be read or lies elsewhere", async () => {
    await using folder = await makeTempDir();
    await folder.write("bad.json", "{");
    await folder.write("secret.json", minimal("secret", "2026-01-03T00:00:00.000Z"));
    mkdirSync(folder.join("traces"));
    expect(await Trace.loadTrace("none", folder.path)).toBeNull();
    expect(await Trace.loadTrace("bad", folder.path)).toBeNull();
    expect(await Trace.loadTrace("../secret", folder.join("traces"))).toBeNull();
    expect(await Trace.loadTrace("x", folder.join("no", "directory"))).toBeNull();
    await fc.assert(
      fc.asyncProperty(oddValue(), async (odd) => {
        expect(await Trace.loadTrace(withOddValues(odd) as string, folder.join("traces"))).toBeNull();
      }),
    );
  });

  test("reads another recorder's file as it is", async () => {
    const trace = await Trace.loadTrace("ses_completed_tax_rounding", samples);
    expect(trace).toEqual(JSON.parse(readFileSync(join(samples, "ses_completed_tax_rounding.json"), "utf8")));
    expect(await Trace.loadTrace("ses_damaged_nul_tail", samples)).toBeNull();
  });
});
