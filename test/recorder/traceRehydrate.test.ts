// A session that another `Trace` goes on with: after a kill, after an end, beside an orphan, and not where nothing is sound.

import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Trace } from "../../src/recorder/trace";
import { deriveState } from "../../src/trace/state";
import { makeTempDir } from "../support/tempDir";
import { begin, read, stateOf } from "./diskTrace";
import { readAllSessions } from "./sessionsOnDisk";

const done = { status: "completed", input: {}, output: "out", time: { start: 1, end: 2 } } as const;
const usage = { input: 1, output: 2, reasoning: 0, cache: { read: 0, write: 0 } };

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
