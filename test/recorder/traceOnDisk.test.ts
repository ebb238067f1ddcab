// A `Trace` over the recorder that writes to the disk, and what other traces and readers then find there.

import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { describe, expect, test } from "vitest";
import { isCrashed } from "../../src/recorder/crashGuard";
import { FileExporter, type FileExporterOptions } from "../../src/recorder/fileExporter";
import { Trace } from "../../src/recorder/trace";
import type { TraceFile } from "../../src/recorder/traceTypes";
import { deriveState } from "../../src/trace/state";
import { makeTempDir, type TempDir } from "../support/tempDir";
import { readAllSessions } from "./sessionsOnDisk";

function begin(folder: TempDir, options?: FileExporterOptions): Trace {
  return Trace.withExporters([new FileExporter(folder.path, 0, options)]);
}

function read(folder: TempDir, name = "ses_1.json"): TraceFile {
  return JSON.parse(readFileSync(folder.join(name), "utf8")) as TraceFile;
}

async function stateOf(folder: TempDir): Promise<string | undefined> {
  const [session] = await readAllSessions(folder.path);
  return session && deriveState(session.evidence, Date.now()).status;
}

const done = { status: "completed", input: {}, output: "out", time: { start: 1, end: 2 } } as const;
const usage = { input: 1, output: 2, reasoning: 0, cache: { read: 0, write: 0 } };

describe("the file", () => {
  test("has the path that is named from the start", async () => {
    await using folder = await makeTempDir();
    const trace = begin(folder);
    expect(trace.getTracePath()).toBeUndefined();
    trace.startTrace("ses/1", {});
    expect(trace.getTracePath()).toBe(folder.join("ses_1.json"));
    await trace.flush();
    expect(read(folder).summary.status).toBe("running");
    expect(await trace.endTrace()).toBe(folder.join("ses_1.json"));
    expect(read(folder).summary.status).toBe("completed");
    expect(readdirSync(folder.path)).toEqual(["ses_1.json"]);
  });

  test("holds what was logged before a flush", async () => {
    await using folder = await makeTempDir();
    const trace = begin(folder);
    trace.startTrace("ses_1", {});
    for (let message = 1; message <= 5; message++) {
      trace.logUserMessage(`message ${message}`);
      await trace.flush();
      expect(read(folder).spans.at(-1)?.input).toBe(`message ${message}`);
    }
    await trace.endTrace();
  });

  test("of a session that was ended well is believed though a step never reported its end", async () => {
    await using folder = await makeTempDir();
    const trace = begin(folder);
    trace.startTrace("ses_1", {});
    trace.logStepStart({ id: "1" });
    await trace.endTrace();
    expect(read(folder).spans[1]).not.toHaveProperty("endTime");
    expect(await stateOf(folder)).toBe("completed");
  });
});

describe("a crash", () => {
  test("is what every later reader sees, and an export of that session comes too late", async () => {
    await using folder = await makeTempDir();
    const exporter = new FileExporter(folder.path, 0);
    const trace = Trace.withExporters([exporter]);
    trace.startTrace("ses/1", {});
    trace.logStepStart({ id: "1" });
    await trace.flush();
    const claim = read(folder);
    trace.flushSync("SIGTERM");
    expect(read(folder).summary).toMatchObject({ status: "crashed", error: "SIGTERM" });
    expect(isCrashed(folder.path, "ses_1")).toBe(true);
    expect(await exporter.export({ ...claim, summary: { ...claim.summary, status: "completed" } })).toBeUndefined();
    expect(await trace.endTrace()).toBe(folder.join("ses_1.json"));
    expect(await stateOf(folder)).toBe("crashed");
  });

  test("of one session silences no other that shares the exporter", async () => {
    await using folder = await makeTempDir();
    const exporter = new FileExporter(folder.path, 0);
    const one = Trace.withExporters([exporter]);
    const other = Trace.withExporters([exporter]);
    one.startTrace("one", {});
    other.startTrace("other", {});
    one.flushSync("killed");
    expect(await other.endTrace()).toBe(folder.join("other.json"));
    expect(read(folder, "other.json").summary.status).toBe("completed");
    expect(read(folder, "one.json").summary.status).toBe("crashed");
  });

  test("ends with the next start of the session", async () => {
    await using folder = await makeTempDir();
    const trace = begin(folder);
    trace.startTrace("ses_1", {});
    trace.flushSync("killed");
    const next = begin(folder);
    next.startTrace("ses_1", {});
    expect(isCrashed(folder.path, "ses_1")).toBe(false);
    await next.endTrace();
    expect(await stateOf(folder)).toBe("completed");
  });

  test("is told to the exporters of other directories, under the name that the session has there", async () => {
    await using folder = await makeTempDir();
    await using elsewhere = await makeTempDir();
    const copy = new FileExporter(elsewhere.path, 0);
    const trace = Trace.withExporters([new FileExporter(folder.path, 0), copy]);
    trace.startTrace("ses/1", {});
    trace.flushSync("killed");
    expect(isCrashed(elsewhere.path, "ses_1")).toBe(true);
    expect(isCrashed(folder.path, "ses_2")).toBe(false);
  });

  test("does not silence another session whose id looks the same", async () => {
    await using folder = await makeTempDir();
    await using elsewhere = await makeTempDir();
    const one = begin(folder);
    one.startTrace("a/b", {});
    const other = Trace.withExporters([new FileExporter(folder.path, 0), new FileExporter(elsewhere.path, 0)]);
    other.startTrace("a:b", {});
    const safeId = basename(other.getTracePath() ?? "", ".json");
    expect(safeId).toMatch(/^a_b~[0-9a-f]{8}$/);
    other.flushSync("killed");
    expect(isCrashed(folder.path, "a_b")).toBe(false);
    // There it may be known by either name.
    expect([isCrashed(elsewhere.path, "a_b"), isCrashed(elsewhere.path, safeId)]).toEqual([true, true]);
    expect(await one.endTrace()).toBe(folder.join("a_b.json"));
    expect(read(folder, "a_b.json").summary.status).toBe("completed");
  });
});

describe("a second FileExporter", () => {
  test("gets a copy that claims to be no fold of a journal", async () => {
    await using folder = await makeTempDir();
    await using elsewhere = await makeTempDir();
    const trace = Trace.withExporters([new FileExporter(folder.path, 0), new FileExporter(elsewhere.path, 0)]);
    trace.startTrace("ses_1", {});
    trace.logUserMessage("hello");
    await trace.endTrace();
    const { writer, ...rest } = read(folder) as TraceFile & { writer?: unknown };
    expect(writer).toBeDefined();
    const copy = read(elsewhere);
    expect(copy).not.toHaveProperty("writer");
    expect(copy.spans).toEqual(rest.spans);
    expect(copy.summary.status).toBe("completed");
  });

  test("that overrides export is called for the recorded directory, too", async () => {
    await using folder = await makeTempDir();
    const seen: string[] = [];
    class Noting extends FileExporter {
      override async export(trace: TraceFile): Promise<string | undefined> {
        seen.push(trace.sessionId);
        return await super.export(trace);
      }
    }
    const trace = Trace.withExporters([new Noting(folder.path, 0)]);
    trace.startTrace("ses_1", {});
    expect(await trace.endTrace()).toBe(folder.join("ses_1.json"));
    expect(seen).toEqual(["ses_1"]);
    expect(read(folder)).toHaveProperty("writer");
    expect(await stateOf(folder)).toBe("completed");
  });
});

describe("rehydrateFromFile", () => {
  test("finds nothing where there is nothing sound", async () => {
    await using folder = await makeTempDir();
    expect(await begin(folder).rehydrateFromFile("ses_1")).toBe(false);
    expect(await Trace.withExporters([]).rehydrateFromFile("ses_1")).toBe(false);
    for (const content of ["", "not json{", "{}", '{"version":2,"sessionId":"ses_1","spans":[]}', "[1]"]) {
      writeFileSync(folder.join("ses_1.json"), content);
      expect(await begin(folder).rehydrateFromFile("ses_1"), content).toBe(false);
    }
    expect(readdirSync(folder.path)).toEqual(["ses_1.json"]);
  });

  test("goes on where another process was killed, and closes what that left open", async () => {
    await using folder = await makeTempDir();
    const first = begin(folder);
    first.startTrace("ses_1", { title: "T", prompt: "P" });
    first.logStepStart({ id: "1" });
    first.logText({ text: "half a sen" });
    first.startToolCall({ tool: "bash", callID: "c1" });
    await first.flush();
    const before = read(folder);
    const next = begin(folder);
    expect(await next.rehydrateFromFile("ses_1")).toBe(true);
    expect(read(folder)).toEqual(before);
    next.logUserMessage("go on");
    await next.flush();
    const after = read(folder);
    expect(after.traceId).toBe(before.traceId);
    expect(after.metadata).toEqual({ title: "T", prompt: "P" });
    expect(after.spans.map((span) => span.name)).toEqual(["ses_1", "generation-1", "bash", "user-message"]);
    expect(after.spans[0]).not.toHaveProperty("endTime");
    for (const span of after.spans.slice(1, 3)) {
      expect(span).toMatchObject({ status: "error", interrupted: true, endTime: expect.any(Number) });
      expect(span.statusMessage).toMatch(/interrupted.*no failure/);
      expect(span.endTime).toBeGreaterThanOrEqual(span.startTime);
      expect(span.endTime).toBeLessThanOrEqual(after.spans[3]?.startTime ?? 0);
    }
    expect(after.spans[1]?.output).toBe("half a sen");
    await next.endTrace();
    expect(await stateOf(folder)).toBe("completed");
  });

  test("goes on from a journal where S.json was never written", async () => {
    await using folder = await makeTempDir();
    const first = begin(folder);
    first.startTrace("ses_1", { prompt: "P" });
    first.logUserMessage("only in the journal");
    await first.sync();
    await first.flush();
    rmSync(folder.join("ses_1.json"));
    const next = begin(folder);
    expect(await next.rehydrateFromFile("ses_1")).toBe(true);
    await next.endTrace();
    expect(read(folder).spans.map((span) => span.input)).toEqual(["P", "only in the journal"]);
  });

  test("opens an ended session again, and keeps what it added up to", async () => {
    await using folder = await makeTempDir();
    const first = begin(folder);
    first.startTrace("ses_1", {});
    first.logStepStart({ id: "1" });
    for (let call = 0; call < 3; call++) first.logToolCall({ tool: "bash", callID: `${call}`, state: done });
    first.logStepFinish({ id: "1", reason: "stop", cost: 0.25, tokens: usage });
    for (const target of ["tool", "session"] as const) first.setSpanAttributes({ before: 1 }, target);
    await first.endTrace("it failed");
    const next = begin(folder);
    expect(await next.rehydrateFromFile("ses_1")).toBe(true);
    expect(await next.rehydrateFromFile("ses_1")).toBe(true);
    for (const target of ["tool", "session"] as const) next.setSpanAttributes({ after: null }, target);
    next.logStepStart({ id: "2" });
    next.logStepFinish({ id: "2", reason: "stop", cost: 0.5, tokens: usage });
    await next.flush();
    expect(read(folder).spans[0]).not.toHaveProperty("endTime");
    await next.endTrace();
    const { spans, summary } = read(folder);
    expect(spans[0]).toMatchObject({ status: "ok", output: "2 generations, 3 tool calls, 6 tokens, $0.7500" });
    expect(spans[0]).not.toHaveProperty("statusMessage");
    for (const span of [spans[0], spans[4]]) expect(span?.attributes).toEqual({ before: 1, after: null });
    expect(summary).toMatchObject({ totalGenerations: 2, totalToolCalls: 3, totalTokens: 6, status: "completed" });
    expect(summary.loops).toMatchObject([{ tool: "bash", count: 3 }]);
  });

  test("goes on with another recorder's file, whose id stands in it as it is in the file's name", async () => {
    await using folder = await makeTempDir();
    const foreign = {
      version: 2,
      traceId: "tr_x",
      sessionId: "ses_with_slash",
      startedAt: "1970-01-01T00:00:00.000Z",
      metadata: {},
      spans: [{ spanId: "r", parentSpanId: null, name: "n", kind: "session", startTime: 0, endTime: 9, status: "ok" }],
      summary: { status: "completed" },
    };
    await folder.write("ses_with_slash.json", JSON.stringify(foreign, null, 2));
    await folder.write("ses_target.json", JSON.stringify({ ...foreign, sessionId: "ses_other" }));
    expect(await begin(folder).rehydrateFromFile("ses_target")).toBe(false);
    const trace = begin(folder);
    expect(await trace.rehydrateFromFile("ses_with/slash")).toBe(true);
    trace.logUserMessage("go on");
    await trace.endTrace();
    const { traceId, spans } = read(folder, "ses_with_slash.json");
    expect([traceId, spans.length, spans[0]?.spanId]).toEqual(["tr_x", 2, "r"]);
  });

  test("gives way to a session that was begun while the file was read", async () => {
    await using folder = await makeTempDir();
    const first = begin(folder);
    first.startTrace("old", {});
    await first.endTrace();
    const trace = begin(folder);
    const rehydrated = trace.rehydrateFromFile("old");
    trace.startTrace("new", {});
    expect(await rehydrated).toBe(false);
    expect(trace.getTracePath()).toBe(folder.join("new.json"));
    await trace.endTrace();
    expect(readdirSync(folder.path).sort()).toEqual(["new.json", "old.json"]);
  });

  test("leaves an orphan of the same session without a say", async () => {
    await using folder = await makeTempDir();
    const orphan = begin(folder);
    orphan.startTrace("ses_1", {});
    const next = begin(folder);
    await orphan.flush();
    expect(await next.rehydrateFromFile("ses_1")).toBe(true);
    orphan.logUserMessage("from the orphan");
    await orphan.endTrace("the orphan failed");
    expect(await stateOf(folder)).toBe("running");
    next.logUserMessage("from the next");
    await next.endTrace();
    const [session] = await readAllSessions(folder.path);
    expect(session && deriveState(session.evidence, Date.now()).status).toBe("completed");
    const inputs = session?.trace.spans.map((span) => span.input);
    expect(inputs).toEqual(expect.arrayContaining(["from the orphan", "from the next"]));
  });
});

describe("what can't be written", () => {
  test("harms nobody, and is told", async () => {
    await using folder = await makeTempDir();
    await folder.write("file", "");
    const problems: string[] = [];
    const exporter = new FileExporter(folder.join("file", "below"), 0, {
      onProblem: ({ message }) => void problems.push(message),
    });
    const trace = Trace.withExporters([exporter]);
    trace.startTrace("ses_1", {});
    trace.logUserMessage("lost");
    await trace.flush();
    await trace.sync();
    expect(trace.health.state).toBe("failed");
    expect(trace.getTracePath()).toBe(folder.join("file", "below", "ses_1.json"));
    expect(await trace.endTrace()).toBeUndefined();
    trace.flushSync("killed");
    expect(problems).not.toEqual([]);
    expect(existsSync(folder.join("file", "below"))).toBe(false);
  });
});
