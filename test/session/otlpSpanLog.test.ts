// Received spans in a session's journal: each once, below its parent as soon as that is known, counted once.
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readOtlpRequest } from "../../src/importers/otlpRequest";
import { mapOtlpSpan } from "../../src/importers/otlpSpan";
import { OtlpIds } from "../../src/session/otlpIds";
import { OtlpOrphans } from "../../src/session/otlpOrphans";
import { OtlpSpanLog } from "../../src/session/otlpSpanLog";
import { SharedBytes } from "../../src/session/sharedBytes";
import { loadSession } from "../../src/store/loadSession";
import type { TraceFile } from "../../src/trace/schema";
import { summariseSpans } from "../../src/trace/traceSummary";
import { hexId, type SpanParts, sentRequest, sentSpan, traceId } from "../importers/otlpPayload";
import { MemoryRecorder } from "../recorder/memoryRecorder";
import { makeTempDir, type TempDir } from "../support/tempDir";
import { loadTrace, namesBelowCommand, type OtlpSession, openSession, receivedSpans } from "./otlpSession";

let folder: TempDir;
let session: OtlpSession;

beforeEach(async () => {
  folder = await makeTempDir();
  session = openSession(folder.path);
});

afterEach(async () => {
  await session.end();
  await folder.remove();
});

const load = () => loadTrace(folder.path);
const otherTrace = "f".repeat(32);
const [a, b, c, d] = [hexId(1), hexId(2), hexId(3), hexId(4)];

describe("the parent of a received span", () => {
  it("is the one that was sent, in whichever order they come within a request", async () => {
    session.send(
      { id: b, parent: a, name: "child" },
      { id: c, parent: b, name: "grandchild" },
      { id: a, name: "root" },
    );
    expect(namesBelowCommand(await load())).toEqual(["root", "  child", "    grandchild"]);
    expect(receivedSpans(await load()).map(({ spanId }) => spanId)).toEqual([b, c, a]);
  });

  it("is the command until the real one comes, which the span names meanwhile", async () => {
    session.send({ id: c, parent: b, name: "grandchild" });
    session.send({ id: d, parent: b, name: "sibling", atMs: 1 });
    const [first] = receivedSpans(await load());
    expect(first).toMatchObject({ parentSpanId: session.commandId });
    expect(first?.attributes).toMatchObject({ "tracekeeper.parentSpanId": b, "otel.trace_id": traceId });
    expect(namesBelowCommand(await load())).toEqual(["grandchild", "sibling"]);
    session.send({ id: b, parent: a, name: "child" });
    expect(namesBelowCommand(await load())).toEqual(["child", "  grandchild", "  sibling"]);
    session.send({ id: a, name: "root" });
    expect(namesBelowCommand(await load())).toEqual(["root", "  child", "    grandchild", "    sibling"]);
  });

  it("is a span that came long before, too", async () => {
    session.send({ id: a, name: "root" });
    session.send({ id: b, parent: a, name: "late child" });
    expect(namesBelowCommand(await load())).toEqual(["root", "  late child"]);
  });

  it("is the command for whoever took it from TRACEPARENT, and for whoever names itself", async () => {
    session.send(
      { id: a, parent: session.commandId, name: "below the command" },
      { id: b, parent: b, name: "its own" },
    );
    expect(namesBelowCommand(await load())).toEqual(["below the command", "its own"]);
  });

  it("is none of another trace", async () => {
    session.send({ id: a, name: "root" }, { id: b, parent: a, trace: otherTrace, name: "stranger" });
    expect(namesBelowCommand(await load())).toEqual(["root", "stranger"]);
  });

  it("is shown once where spans are each other's parents", async () => {
    session.send({ id: a, parent: b, name: "a" }, { id: b, parent: a, name: "b" });
    expect(receivedSpans(await load())).toHaveLength(2);
  });
});

describe("a span that comes again", () => {
  it("counts once, within a request and in another one", async () => {
    session.send({ id: a, name: "once" }, { id: a, name: "once" });
    session.send({ id: a, name: "again" });
    expect(receivedSpans(await load()).map(({ name }) => name)).toEqual(["once"]);
  });

  it("is told from a span of another trace with the same id, whose id is made distinct", async () => {
    session.send({ id: a, name: "mine" }, { id: b, parent: a, name: "child of mine" });
    session.send(
      { id: a, trace: otherTrace, name: "other" },
      {
        id: c,
        parent: a,
        trace: otherTrace,
        name: "child of other",
        rest: { links: [{ traceId: otherTrace, spanId: a }] },
      },
    );
    session.send({ id: a, trace: otherTrace, name: "other again" });
    const trace = await load();
    expect(namesBelowCommand(trace)).toEqual(["mine", "  child of mine", "other", "  child of other"]);
    const other = trace.spans.find(({ name }) => name === "other");
    expect(other?.spanId).toBe(`${a}-${otherTrace}`);
    expect(other?.attributes?.["tracekeeper.spanId"]).toBe(a);
    expect(trace.spans.find(({ name }) => name === "child of other")?.links?.[0]?.spanId).toBe(other?.spanId);
    expect(session.problems).toEqual([expect.stringContaining("several traces have the same id")]);
  });

  it("never takes the place of a span of the session's own", async () => {
    session.send({ id: session.commandId, name: "forged command" }, { id: session.rootId, name: "forged root" });
    const { spans } = await load();
    expect(spans.slice(0, 2).map(({ name, kind }) => [name, kind])).toEqual([
      ["s", "session"],
      ["command", "tool"],
    ]);
    expect(namesBelowCommand(await load())).toEqual(["forged command", "forged root"]);
  });
});

describe("a span that has not ended", () => {
  it("is begun, shown open, and completed when it comes with its end", async () => {
    const parts: SpanParts = { id: b, parent: a, name: "running" };
    session.send({ ...parts, isOpen: true, attributes: { "input.value": "question" } });
    const [open] = receivedSpans(await load());
    expect(open).toMatchObject({ spanId: b, name: "running", input: "question", parentSpanId: session.commandId });
    expect(open).not.toHaveProperty("endTime");
    session.send({ id: a, name: "root" });
    session.send({
      ...parts,
      name: "ran",
      attributes: { "input.value": "question", "output.value": "answer", "llm.token_count.prompt": 3, extra: 1 },
      rest: { status: { code: 2, message: "in the end" } },
    });
    const trace = await load();
    expect(receivedSpans(trace)[0]).toMatchObject({
      name: "ran",
      parentSpanId: a,
      status: "error",
      statusMessage: "in the end",
      output: "answer",
      tokens: { input: 3, total: 3 },
      attributes: { extra: 1 },
    });
    expect(receivedSpans(trace)[0]?.endTime).toBeGreaterThan(0);
    expect(namesBelowCommand(trace)).toEqual(["root", "  ran"]);
  });

  it("keeps its events once", async () => {
    const events = [{ name: "first", timeUnixNano: "1795167000000000000" }];
    session.send({ id: a, isOpen: true, rest: { events } });
    expect(receivedSpans(await load())[0]?.events).toHaveLength(1);
    session.send({ id: a, rest: { events: [...events, { name: "second" }] } });
    expect(receivedSpans(await load())[0]?.events?.map(({ name }) => name)).toEqual(["first", "second"]);
  });

  it("is the one that Logfire announces, below which others already hang", async () => {
    const pending = { "logfire.span_type": "pending_span", "logfire.pending_parent_id": "0".repeat(16) };
    session.send({ id: hexId(99), parent: a, name: "agent (pending)", attributes: pending });
    session.send({ id: b, parent: a, name: "step" });
    expect(namesBelowCommand(await load())).toEqual(["agent (pending)", "  step"]);
    session.send({ id: a, name: "agent" }, { id: hexId(98), parent: a, name: "late", attributes: pending });
    expect(namesBelowCommand(await load())).toEqual(["agent", "  step"]);
    expect(receivedSpans(await load()).every(({ endTime }) => endTime !== undefined)).toBe(true);
  });

  it("is refused where ten thousand others are open", () => {
    const recorder = new MemoryRecorder({ directory: "/", sessionId: "s", traceId: "t", metadata: {} } as never);
    const log = new OtlpSpanLog({ recorder, parentSpanId: "own", onProblem: () => {} });
    const spans = Array.from({ length: 10_001 }, (_, index) => sentSpan({ id: hexId(index + 1), isOpen: true }));
    const mapped = readOtlpRequest(sentRequest(spans)).spans.map(mapOtlpSpan);
    expect(log.add(mapped)).toMatchObject({
      isWhole: true,
      refused: 1,
      reason: expect.stringContaining("10000 spans"),
    });
    const ended = readOtlpRequest(sentRequest([sentSpan({ id: hexId(5) })])).spans.map(mapOtlpSpan);
    expect(log.add([...ended, ...mapped.slice(-1)])).toMatchObject({ refused: 0 });
  });
});

describe("what the program says of itself", () => {
  it("stands once, on the first span that has no parent here", async () => {
    session.send({ id: b, parent: a, name: "child" }, { id: a, name: "root" });
    session.send({ id: c, name: "second root" });
    const spans = receivedSpans(await load());
    expect(spans.map(({ attributes }) => attributes?.["otel.resource"])).toEqual([
      undefined,
      { "service.name": "agent" },
      undefined,
    ]);
    expect(spans.map(({ attributes }) => attributes?.["service.name"])).toEqual(["agent", "agent", "agent"]);
  });
});

describe("usage", () => {
  const usage = (input: number) => ({ "gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": input });
  const agent = (input: number) => ({ "gen_ai.operation.name": "invoke_agent", "gen_ai.usage.input_tokens": input });

  /** `S.json` as the recorder's own totals make it. */
  async function snapshot(): Promise<TraceFile> {
    await session.recorder.flush();
    return JSON.parse(await readFile(join(folder.path, "s.json"), "utf8")) as TraceFile;
  }

  /** What the snapshot's totals say, which must be what its spans add up to. */
  async function totalTokens(): Promise<number | undefined> {
    const { summary, spans } = await snapshot();
    expect(summary.totalTokens).toBe(summariseSpans(spans).totalTokens);
    return summary.totalTokens;
  }

  it("that an agent repeats of its calls counts once, within a request", async () => {
    session.send(
      { id: c, parent: b, attributes: usage(5) },
      { id: d, parent: b, attributes: usage(7) },
      { id: b, parent: a, name: "a step between" },
      { id: a, attributes: agent(12) },
    );
    expect(await totalTokens()).toBe(12);
    expect(receivedSpans(await load()).at(-1)?.attributes).toMatchObject({ "gen_ai.usage.input_tokens": 12 });
  });

  it("counts once across requests", async () => {
    session.send({ id: c, parent: b, attributes: usage(5) });
    session.send({ id: b, parent: a, name: "a step between" });
    session.send({ id: a, attributes: agent(5) });
    expect(await totalTokens()).toBe(5);
  });

  it("counts once below a span that is still open", async () => {
    session.send({ id: a, isOpen: true, attributes: agent(5) });
    session.send({ id: b, parent: a, attributes: usage(5) });
    session.send({ id: a, attributes: agent(5) });
    expect(await totalTokens()).toBe(5);
  });

  it("counts once where the calls come before the beginning of what is around them", async () => {
    session.send({ id: b, parent: a, attributes: usage(5) });
    session.send({ id: a, isOpen: true, attributes: agent(5) });
    session.send({ id: a, attributes: agent(5) });
    expect(await totalTokens()).toBe(5);
  });

  it("counts that of an agent whose calls send nothing", async () => {
    session.send({ id: b, parent: a, name: "no call" }, { id: a, attributes: agent(9) });
    expect(await totalTokens()).toBe(9);
  });

  it("of two instrumentations of one call counts once", async () => {
    const outer = { "openinference.span.kind": "LLM", "llm.token_count.prompt": 5, "llm.cost.total": 0.5 };
    session.send(
      { id: b, parent: a, attributes: { ...usage(5), "operation.cost": 0.5 } },
      { id: a, attributes: outer },
    );
    expect(await totalTokens()).toBe(5);
    expect((await snapshot()).summary.totalCost).toBe(0.5);
  });

  it("counts tools, generations and failures as the spans do", async () => {
    session.send(
      { id: a, attributes: usage(1), rest: { status: { code: 2 } } },
      { id: b, attributes: { "gen_ai.tool.name": "bash" }, durationMs: 7 },
      { id: c, attributes: { "gen_ai.tool.name": "bash" }, isOpen: true },
    );
    session.send({ id: c, attributes: { "gen_ai.tool.name": "bash" }, durationMs: 3 });
    const { summary } = await snapshot();
    expect(summary).toMatchObject({ totalGenerations: 1, failures: 1 });
    expect(summary.topTools).toContainEqual({ name: "bash", count: 2, totalDuration: 10 });
  });
});

describe("a large request", () => {
  const spans = Array.from({ length: 200 }, (_, index) => sentSpan({ id: hexId(index + 1), parent: hexId(index + 2) }));
  const mapped = () => readOtlpRequest(sentRequest(spans)).spans.map(mapOtlpSpan);

  it("is recorded in steps", async () => {
    const steps = [...session.log.adding(mapped())];
    expect(steps).toHaveLength(3);
    session.recorder.appendNow();
    expect(receivedSpans(await load())).toHaveLength(200);
  });

  it("is not taken whole where the session ends between them", async () => {
    const steps = session.log.adding(mapped());
    expect(steps.next().done).toBe(false);
    await session.end();
    expect(steps.next()).toEqual({ done: true, value: { isWhole: false, refused: 0, reason: undefined } });
    expect(receivedSpans(await load())).toHaveLength(63);
  });
});

describe("memory", () => {
  it("of ids ends, but for those of open spans", () => {
    const ids = new OtlpIds("00000000ffffffff", new SharedBytes(1_000_000), 4);
    ids.add("t", "open");
    ids.pin("t", "open");
    ids.add("t", "asked for");
    for (let index = 0; index < 100; index++) {
      expect(ids.find("t", "asked for")).toBe("asked for");
      ids.add("t", `span ${index}`);
    }
    expect(ids.find("t", "open")).toBe("open");
    expect(ids.find("t", "span 99")).toBe("span 99");
    expect(ids.find("t", "span 0")).toBeUndefined();
    ids.release("open");
    for (let index = 0; index < 100; index++) ids.add("t", `later ${index}`);
    expect(ids.find("t", "open")).toBeUndefined();
  });

  it("of orphans ends with those that waited longest for news", () => {
    const givenUp: number[] = [];
    const orphans = new OtlpOrphans(new SharedBytes(1_000_000), (count) => givenUp.push(count), {
      parents: 2,
      orphans: 4,
    });
    orphans.add("t", "p1", "c1", false);
    orphans.add("t", "p2", "c2", false);
    orphans.add("t", "p1", "c3", true);
    orphans.add("t", "p3", "c4", false);
    expect(givenUp).toEqual([1]);
    expect(orphans.take("t", "p2")).toBeUndefined();
    expect(orphans.take("t", "p1")).toEqual({ spanIds: ["c1", "c3"], reportUsage: true });
    expect(orphans.take("t", "p1")).toBeUndefined();
    for (let index = 0; index < 4; index++) orphans.add("t", "p4", `d${index}`, false);
    expect(givenUp).toEqual([1, 1]);
    expect(orphans.take("t", "p4")?.spanIds).toHaveLength(4);
  });
});

describe("any spans in any order", () => {
  it("are all there once, below their parents, and the recorder's contract holds", async () => {
    const id = fc.integer({ min: 1, max: 6 }).map(hexId);
    const parts = fc.record(
      {
        id,
        parent: id,
        trace: fc.constantFrom(traceId, otherTrace),
        name: fc.constantFrom("x", "__proto__", "a\u2028\ud800"),
        isOpen: fc.boolean(),
        durationMs: fc.integer({ min: -3, max: 9 }),
        attributes: fc.constantFrom<Record<string, unknown>>(
          {},
          { "gen_ai.tool.name": "bash" },
          { "gen_ai.usage.input_tokens": 1 },
          { __proto__: null, "": [{}] },
        ),
      },
      { requiredKeys: ["id", "trace", "name"] },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(parts, { maxLength: 5 }), { maxLength: 5 }), async (requests) => {
        await using place = await makeTempDir();
        const one = openSession(place.path);
        const memory = new MemoryRecorder({ directory: "/", sessionId: "s", traceId: "t", metadata: {} } as never);
        const strict = new OtlpSpanLog({ recorder: memory, parentSpanId: one.commandId, onProblem: () => {} });
        const begin = { spanId: one.commandId, parentSpanId: null, name: "c", kind: "tool", startTime: 1 };
        memory.begin(one.commandId, JSON.stringify(begin), { kind: "tool", name: "c" });
        for (const request of requests) {
          one.send(...(request as SpanParts[]));
          const { spans } = readOtlpRequest(sentRequest((request as SpanParts[]).map(sentSpan)));
          strict.add(spans.map(mapOtlpSpan));
        }
        const { trace } = await loadSession(join(place.path, "s.json"), () => "gone");
        const received = receivedSpans(trace ?? expect.fail("no trace"));
        const sent = requests.flat() as SpanParts[];
        const keyOf = (part: SpanParts) => `${part.trace} ${part.id}`;
        expect(received.map(({ spanId }) => spanId)).toEqual([...new Set(received.map(({ spanId }) => spanId))]);
        expect(received).toHaveLength(new Set(sent.map(keyOf)).size);
        const ended = new Set(sent.filter(({ isOpen }) => !isOpen).map(keyOf));
        expect(received.filter(({ endTime }) => endTime !== undefined)).toHaveLength(ended.size);
        expect(memory.trace().spans).toHaveLength(received.length + 1);
        await one.end();
        expect(receivedSpans(await loadTrace(place.path)).map(({ spanId }) => spanId)).toEqual(
          received.map(({ spanId }) => spanId),
        );
      }),
      { numRuns: 60 },
    );
  });
});

describe("a real agent's requests", () => {
  it("make one tree, whichever request comes first", async () => {
    const path = resolve(import.meta.dirname, "../fixtures/otlp/agent-prism-rag-earnings.json");
    const requests = JSON.parse(await readFile(path, "utf8")) as unknown[];
    for (const request of [...requests, ...requests]) {
      session.log.add(readOtlpRequest(request).spans.map(mapOtlpSpan));
      session.recorder.appendNow();
    }
    const names = namesBelowCommand(await load());
    expect(names).toHaveLength(18);
    expect(names.filter((name) => !name.startsWith(" "))).toEqual(["main"]);
    expect(names).toContain("          ChatOpenAI");
  });
});
