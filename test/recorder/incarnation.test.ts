// The recorder of one session on the real file system, read back as every reader reads it.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSessionRecorder } from "../../src/recorder/openSession";
import { nodeFs, type RecorderFs } from "../../src/recorder/recorderFs";
import type { SessionRecorder, SpanTotals } from "../../src/recorder/sessionRecorder";
import type { FsyncMode } from "../../src/recorder/traceTypes";
import { loadSession } from "../../src/store/loadSession";
import { deriveState } from "../../src/trace/state";
import { summariseSpans } from "../../src/trace/traceSummary";
import { makeTempDir, type TempDir } from "../support/tempDir";

let folder: TempDir;
let directory: string;
let problems: string[];

beforeEach(async () => {
  folder = await makeTempDir();
  directory = folder.path;
  problems = [];
});

afterEach(() => folder.remove());

function open(sessionId = "s", options: { fs?: RecorderFs; fsync?: FsyncMode } = {}): SessionRecorder {
  const recorder = openSessionRecorder({
    directory,
    sessionId,
    traceId: "t1",
    metadata: { title: "A title" },
    mode: "start",
    fsync: options.fsync ?? "interval",
    fs: options.fs ?? nodeFs,
    machine: undefined,
    onProblem: ({ message }) => problems.push(message),
  });
  if (!recorder) throw new Error(problems.join());
  recorder.begin(
    "root",
    objectText({ spanId: "root", parentSpanId: null, name: sessionId, kind: "session", startTime: recorder.nowMs() }),
    { kind: "session", name: sessionId },
  );
  return recorder;
}

function objectText(value: object): string {
  return JSON.stringify(value);
}

function logTool(recorder: SessionRecorder, id: string, output = "out"): void {
  const now = recorder.nowMs();
  const span = {
    spanId: id,
    parentSpanId: "root",
    name: "bash",
    kind: "tool",
    startTime: now,
    endTime: now + 1,
    status: "ok",
    tool: { callId: id, durationMs: 1 },
    input: { command: id },
    output,
  };
  recorder.span(id, objectText(span), { kind: "tool", name: "bash", isFailed: false, durationMs: 1 });
}

function rootEnd(recorder: SessionRecorder) {
  const totals: SpanTotals = { kind: "session", name: "s", isFailed: false, durationMs: 1 };
  return { spanId: "root", json: objectText({ endTime: recorder.nowMs(), status: "ok" }), totals };
}

const endOfTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

async function load(sessionId = "s") {
  const loaded = await loadSession(join(directory, `${sessionId}.json`), () => "alive");
  return { ...loaded, state: deriveState(loaded.evidence, Date.now()) };
}

describe("a session that ends", () => {
  it("leaves S.json alone, with every span in the order in which it began", async () => {
    const recorder = open();
    recorder.begin(
      "g1",
      objectText({ spanId: "g1", parentSpanId: "root", name: "generation-1", kind: "generation", startTime: 1 }),
      { kind: "generation", name: "generation-1" },
    );
    logTool(recorder, "a");
    recorder.text("g1", "Hel");
    recorder.text("g1", "lo");
    recorder.attributes("a", objectText({ late: true }));
    recorder.end(
      "g1",
      objectText({
        endTime: 2,
        status: "ok",
        tokens: { input: 1, output: 2, reasoning: 0, cacheRead: 0, cacheWrite: 0, total: 3 },
        cost: 0.5,
      }),
      {
        kind: "generation",
        name: "generation-1",
        isFailed: false,
        durationMs: 1,
        tokens: { input: 1, output: 2, reasoning: 0, cacheRead: 0, cacheWrite: 0 },
        cost: 0.5,
      },
    );
    logTool(recorder, "b");
    recorder.begin(
      "left-open",
      objectText({ spanId: "left-open", parentSpanId: "root", name: "x", kind: "span", startTime: 3 }),
      { kind: "span", name: "x" },
    );
    expect(await recorder.finish({ status: "completed", root: rootEnd(recorder) })).toBe(join(directory, "s.json"));
    expect(readdirSync(directory)).toEqual(["s.json"]);
    const { trace, state, problems: found } = await load();
    expect(found).toEqual([]);
    expect(state.status).toBe("completed");
    expect(trace.spans.map(({ spanId }) => spanId)).toEqual(["root", "g1", "a", "b", "left-open"]);
    expect(trace.spans[1]).toMatchObject({ output: "Hello", cost: 0.5, endTime: 2 });
    expect(trace.spans[2]).toMatchObject({ attributes: { late: true }, output: "out" });
    expect(trace.spans[4]).toMatchObject({ status: "ok" });
    expect(trace.spans[4]).not.toHaveProperty("endTime");
    const { duration: _duration, ...totals } = summariseSpans(trace.spans);
    expect(trace.summary).toMatchObject(totals);
    expect(problems).toEqual([]);
  });

  it("does not look crashed when flushSync is called afterwards", async () => {
    const recorder = open();
    await recorder.finish({ status: "completed", root: rootEnd(recorder) });
    recorder.crash("too late");
    expect((await load()).state.status).toBe("completed");
    expect(existsSync(join(directory, "s.crash"))).toBe(false);
  });

  it("can begin again, and keeps what was there", async () => {
    const first = open();
    logTool(first, "a");
    await first.finish({ status: "completed", root: rootEnd(first) });
    const second = open();
    expect(second.incarnation).toBe(2);
    second.begin(
      "root2",
      objectText({ spanId: "root2", parentSpanId: null, name: "s", kind: "session", startTime: second.nowMs() }),
      { kind: "session", name: "s" },
    );
    logTool(second, "b");
    await second.flush();
    expect((await load()).trace.spans.map(({ spanId }) => spanId)).toEqual(["root", "a", "root2", "b"]);
    await second.finish({ status: "completed", root: rootEnd(second) });
    expect(readdirSync(directory)).toEqual(["s.json"]);
    expect((await load()).trace.spans.map(({ spanId }) => spanId)).toEqual(["root", "a", "root2", "b"]);
  });
});

describe("an event", () => {
  it("is in the journal when the microtasks of its turn have run", async () => {
    const recorder = open();
    logTool(recorder, "a");
    await endOfTurn();
    expect(readFileSync(join(directory, "s.1.journal.ndjson"), "utf8")).toContain('"spanId":"a"');
    await Promise.resolve().then(() => logTool(recorder, "b"));
    await endOfTurn();
    expect(readFileSync(join(directory, "s.1.journal.ndjson"), "utf8")).toContain('"spanId":"b"');
    await recorder.finish({ status: "completed" });
  });
});

describe("a session that crashes", () => {
  it("is crashed at once, with everything that was logged", async () => {
    const recorder = open();
    for (let index = 0; index < 25; index++) logTool(recorder, `a${index}`);
    recorder.crash("SIGTERM", { signal: "SIGTERM" });
    // A snapshot may be under way, whose temporary file goes when it is done.
    const files = readdirSync(directory).filter((name) => !name.includes(".tmp."));
    expect(files.sort()).toEqual(["s.1.journal.ndjson", "s.crash", "s.json"]);
    const { trace, state } = await load();
    expect(state).toMatchObject({ status: "crashed", error: "SIGTERM" });
    expect(trace.spans).toHaveLength(26);
    const snapshot = JSON.parse(readFileSync(join(directory, "s.json"), "utf8"));
    expect(snapshot.summary).toMatchObject({ status: "crashed", error: "SIGTERM" });
    expect(snapshot.spans).toHaveLength(26);
  });

  it("keeps what is logged afterwards, without another state", async () => {
    const recorder = open();
    recorder.crash("boom");
    logTool(recorder, "late");
    await endOfTurn();
    const { trace, state } = await load();
    expect(state.status).toBe("crashed");
    expect(trace.spans.map(({ spanId }) => spanId)).toContain("late");
  });

  it("returns the path from an end that comes too late", async () => {
    const recorder = open();
    const ended = recorder.finish({ status: "completed", root: rootEnd(recorder) });
    recorder.crash("boom");
    expect(await ended).toBe(join(directory, "s.json"));
    expect((await load()).state.status).toBe("crashed");
  });
});

describe("a record that comes long after its span has ended", () => {
  /** The slow fold looks for all journals of the session. */
  function listing(): { fs: RecorderFs; count(): number } {
    let count = 0;
    const list = (path: string) => {
      count++;
      return nodeFs.sync.list(path);
    };
    const fs = { sync: { ...nodeFs.sync, list }, async: { ...nodeFs.async, list: async (path: string) => list(path) } };
    return { fs, count: () => count };
  }

  it.each([
    ["whose journal is held", 10, "late"],
    ["whose journal is read in pieces", 60_000, "late"],
    ["whose id needs escapes", 10, 'la"te\\'],
  ])("is shown in its place in a session %s", async (name, outputBytes, id) => {
    const { fs, count } = listing();
    const recorder = open("s", { fs });
    logTool(recorder, id);
    recorder.event(id, objectText({ name: "soon", time: 1 }));
    for (let index = 0; index < 700; index++) logTool(recorder, `tool-${index}`, "x".repeat(outputBytes));
    recorder.event(id, objectText({ name: "late", time: 2 }));
    recorder.attributes("tool-1", objectText({ checked: true }));
    recorder.link("tool-2", objectText({ spanId: "tool-1", traceId: "t1" }));
    const before = count();
    await recorder.flush();
    const listings = count() - before;
    await recorder.finish({ status: "completed", root: rootEnd(recorder) });
    const { trace } = await load();
    const spanOf = (spanId: string) => trace.spans.find((span) => span.spanId === spanId);
    expect(trace.spans).toHaveLength(702);
    expect(spanOf(id)?.events?.map((event) => event.name)).toEqual(["soon", "late"]);
    expect(spanOf("tool-1")?.attributes).toEqual({ checked: true });
    expect(spanOf("tool-2")?.links).toEqual([{ spanId: "tool-1", traceId: "t1" }]);
    expect(readdirSync(directory)).toEqual(["s.json"]);
    expect(listings).toBe(name === "whose id needs escapes" ? 1 : 0);
    expect(problems).toEqual([]);
  });
});
