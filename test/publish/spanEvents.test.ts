// What our publisher sends of a trace, our collector records as the same trace.

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { MemoryLog } from "../../src/publish/publishLog";
import { batchStartOf, spanEvents } from "../../src/publish/spanEvents";
import { TraceBatch } from "../../src/publish/traceBatch";
import { UploadApi } from "../../src/publish/uploadApi";
import { readSession } from "../../src/trace/readSession";
import type { TraceFile, TraceSpan } from "../../src/trace/schema";
import { batchId, crewClient, readBatch, startCrewServer } from "../collector/crewaiSetup";
import { researchRun } from "../importers/crewaiEvents";
import { makeTempDir } from "../support/tempDir";
import { renderTree } from "../trace/renderTree";
import { SteppingClock } from "./publishClock";

const startMs = Date.UTC(2026, 10, 20, 9);

function span(spanId: string, parentSpanId: string | null, fields: Partial<TraceSpan>): TraceSpan {
  return {
    spanId,
    parentSpanId,
    name: spanId,
    kind: "span",
    startTime: startMs,
    endTime: startMs + 1,
    status: "ok",
    ...fields,
  };
}

function traceOf(spans: TraceSpan[]): TraceFile {
  return {
    version: 2,
    traceId: "0199e1b6-0000-7000-8000-000000000001",
    sessionId: "s1",
    startedAt: new Date(startMs).toISOString(),
    metadata: { title: "Tax rounding" },
    spans,
    summary: {},
  };
}

async function throughCollector(trace: TraceFile, hasLogin = true) {
  await using folder = await makeTempDir();
  const server = await startCrewServer(folder.path);
  try {
    const clock = new SteppingClock();
    const baseUrl = `http://127.0.0.1:${server.port}`;
    const batch = new TraceBatch({
      session: "s1",
      baseUrl,
      clock,
      api: (token) => new UploadApi({ baseUrl, clock, token }),
      openLog: async (job) => {
        const log = new MemoryLog(clock);
        await log.append(job);
        return log;
      },
      newTraceId: () => batchId,
      isEnabled: () => true,
    });
    batch.begin({
      owner: "test",
      start: batchStartOf(trace),
      access: async () => ({ family: "authenticated", token: hasLogin ? "t" : undefined }),
    });
    for (const event of spanEvents(trace)) batch.add(event);
    const result = await batch.end();
    expect(server.problems).toEqual([]);
    await server.handler.close();
    return { result, ...(await readBatch(folder.path)) };
  } finally {
    await server.close();
  }
}

const usage = { input: 60, output: 15, reasoning: 5, cacheRead: 40, cacheWrite: 2, total: 122 };
const run = traceOf([
  span("root", null, {
    name: "Tax rounding",
    kind: "session",
    endTime: startMs + 900,
    input: { year: 2026 },
    status: "error",
    statusMessage: "1 test failed",
  }),
  span("ask", "root", { kind: "user-message", input: "Fix the tax" }),
  span("model", "root", {
    kind: "generation",
    startTime: startMs + 10.25,
    endTime: startMs + 300,
    model: { modelId: "sonnet", providerId: "anthropic" },
    tokens: usage,
    finishReason: "tool_use",
    input: [{ role: "user", content: "Fix the tax" }],
    output: "I look",
    cost: 0.02,
  }),
  span("bash", "model", {
    kind: "tool",
    startTime: startMs + 20,
    endTime: startMs + 200,
    input: { command: "npm test" },
    status: "error",
    statusMessage: "exit 1",
  }),
  span("bash again", "model", {
    name: "bash",
    kind: "tool",
    startTime: startMs + 30,
    endTime: startMs + 100,
    input: { command: "npm test" },
    output: "ok",
  }),
  span("step", "root", {
    startTime: startMs + 300,
    endTime: startMs + 300,
    attributes: { "code.file.path": "src/tax.ts" },
  }),
  span("inner", "step", { startTime: startMs + 300, endTime: startMs + 300, output: 7 }),
  span("unended", "step", { startTime: startMs + 310, endTime: undefined }),
]);

describe("a trace that is published to our collector", () => {
  it("is recorded as the same tree, with its payloads, tokens and errors", async () => {
    const { result, tree, trace, root, state } = await throughCollector(run);
    expect(result).toMatchObject({ type: "published", family: "authenticated", kept: { events: 14 } });
    expect(tree).toBe(
      renderTree(run.spans)
        .replace("ask user-message 0-1", "conversation_message_added user-message 0-0")
        .replace("model generation", "anthropic/sonnet generation")

        .replace("bash again", "bash"),
    );
    expect(state.status).toBe("failed");
    expect(root?.input).toEqual({ year: 2026 });
    const model = trace.spans.find(({ kind }) => kind === "generation");
    expect(model).toMatchObject({
      tokens: usage,
      finishReason: "tool_use",
      input: [{ role: "user" }],
      output: "I look",
    });
    expect(model?.startTime).toBe(startMs + 10.25);
    const [failed, ok] = trace.spans.filter(({ kind }) => kind === "tool");
    expect(failed).toMatchObject({ status: "error", statusMessage: "exit 1", input: { command: "npm test" } });
    expect(ok).toMatchObject({ status: "ok", output: "ok" });
    const step = trace.spans.find(({ name }) => name === "step");
    expect(step?.attributes?.["tracekeeper"]).toMatchObject({ attributes: { "code.file.path": "src/tax.ts" } });
  });

  it("goes to an ephemeral batch where nobody is logged in", async () => {
    const { result } = await throughCollector(run, false);
    expect(result).toMatchObject({
      type: "published",
      family: "ephemeral",
      accessCode: expect.stringMatching(/^TRACE-/),
    });
  });

  it("is what crewAI had sent where it came from there", async () => {
    await using folder = await makeTempDir();
    const server = await startCrewServer(folder.path);
    const client = crewClient(server.port, "ephemeral");
    await client.initialise(batchId);
    await client.events(batchId, researchRun());
    await client.finalise(batchId, researchRun().length);
    await server.close();
    const { trace } = await readBatch(folder.path);
    const byId = (events: readonly unknown[]) =>
      (events as { event_id: string }[]).toSorted((one, other) => (one.event_id < other.event_id ? -1 : 1));
    expect(byId(spanEvents(trace))).toEqual(byId(researchRun()));
    expect(batchStartOf(trace).executionType).toBe("crew");
  });
});

describe("the events of a trace", () => {
  it("begin before what is within them, and end after it", () => {
    const types = spanEvents(run).map(({ type, event_data: data }) => `${type} ${data["method_name"] ?? ""}`.trim());
    expect(types.slice(7)).toEqual([
      "llm_call_completed",
      "method_execution_started step",
      "method_execution_started inner",
      "method_execution_finished inner",
      "method_execution_finished step",
      "method_execution_started unended",
      "flow_failed",
    ]);
  });

  it("are the same each time, and each of its own", () => {
    const [one, other] = [spanEvents(run), spanEvents(structuredClone(run))];
    expect(one).toEqual(other);
    expect(new Set(one.map(({ event_id: id }) => id)).size).toBe(one.length);
  });

  it("are there for each trace of our samples that can be read, whatever is wrong with it", async () => {
    for (const name of [
      "ses_completed_tax_rounding",
      "ses_crashed_migration",
      "ses_damaged_truncated",
      "ses_damaged_nul_tail",
      "ses_two_bursts_7h",
    ]) {
      const bytes = new Uint8Array(await readFile(resolve(import.meta.dirname, `../fixtures/trace-v2/${name}.json`)));
      const { trace } = readSession(
        { safeId: name, snapshot: { name: `${name}.json`, bytes, mtimeMs: 0 }, journals: [] },
        () => "gone",
      );
      const events = spanEvents(trace);
      expect(events.length).toBeGreaterThanOrEqual(trace.spans.length);
      const ids = new Set(events.map(({ event_id: id }) => id));
      expect(events.every(({ parent_event_id: id }) => id == null || ids.has(id))).toBe(true);
    }
  });

  it("are made of a trace that is twenty thousand levels deep", () => {
    const spans = Array.from({ length: 20_000 }, (_, depth) =>
      span(`s${depth}`, depth === 0 ? null : `s${depth - 1}`, {}),
    );
    expect(spanEvents(traceOf(spans)).length).toBe(40_000);
  });
});
