// What must not reach from one thing to another: from a crashed session to the next one that shares its exporters, from
// the recorder to what its caller owns, and from one exporter to another.

import { readdir, readFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FileExporter } from "../../src/recorder/fileExporter";
import { Trace } from "../../src/recorder/trace";
import type { TraceExporter, TraceFile } from "../../src/recorder/traceTypes";
import { loadSession } from "../../src/store/loadSession";
import { makeTempDir, type TempDir } from "../support/tempDir";
import { laterTurn } from "./laterTurn";
import { stateOf } from "./tracedWork";

let folder: TempDir;
let recorded: string;
let copied: string;
let exporters: FileExporter[];

beforeEach(async () => {
  folder = await makeTempDir();
  recorded = folder.join("recorded");
  copied = folder.join("copied");
  exporters = [new FileExporter(recorded, 0), new FileExporter(copied, 0)];
});
afterEach(() => folder.remove());

function logTool(trace: Trace, callID: string): void {
  const state = {
    status: "completed",
    input: { callID },
    output: `out ${callID}`,
    time: { start: 1, end: 2 },
  } as const;
  trace.logToolCall({ tool: "bash", callID, state });
}

async function toolsIn(directory: string, safeId: string): Promise<(string | undefined)[]> {
  const { spans } = JSON.parse(await readFile(`${directory}/${safeId}.json`, "utf8")) as TraceFile;
  return spans.filter(({ kind }) => kind === "tool").map(({ tool }) => tool?.callId);
}

async function stateIn(directory: string, safeId: string): Promise<string> {
  return stateOf(await loadSession(`${directory}/${safeId}.json`, () => "alive"));
}

describe("a session that crashed does not silence", () => {
  let trace: Trace;

  beforeEach(async () => {
    trace = Trace.withExporters(exporters);
    trace.startTrace("first", {});
    logTool(trace, "a");
    trace.flushSync("SIGTERM");
    await laterTurn();
  });

  async function expectBoth(safeId: string, tools: string[]): Promise<void> {
    expect(await stateIn(recorded, safeId)).toBe("completed");
    expect(await toolsIn(recorded, safeId)).toEqual(tools);
    expect(await toolsIn(copied, safeId)).toEqual(tools);
  }

  it("another session of the same Trace", async () => {
    trace.startTrace("second", {});
    logTool(trace, "b");
    expect(await trace.endTrace()).toBe(`${recorded}/second.json`);
    await expectBoth("second", ["b"]);
    expect(await stateIn(recorded, "first")).toBe("crashed: SIGTERM");
  });

  it("a session of another Trace with the same exporters, which was begun before", async () => {
    const other = Trace.withExporters(exporters);
    other.startTrace("other", {});
    trace.startTrace("third", {});
    trace.flushSync("again");
    logTool(other, "b");
    await other.flush();
    expect(await toolsIn(recorded, "other")).toEqual(["b"]);
    expect(await other.endTrace()).toBe(`${recorded}/other.json`);
    await expectBoth("other", ["b"]);
    expect(await stateIn(recorded, "third")).toBe("crashed: again");
  });

  it.each(["startTrace", "rehydrateFromFile"] as const)("the same session, when it goes on by %s", async (how) => {
    const next = how === "startTrace" ? trace : Trace.withExporters(exporters);
    if (how === "startTrace") next.startTrace("first", {});
    else expect(await next.rehydrateFromFile("first")).toBe(true);
    logTool(next, "b");
    expect(await next.endTrace()).toBe(`${recorded}/first.json`);
    await expectBoth("first", ["a", "b"]);
  });

  it("the same session that goes on, although its older Trace crashes late", async () => {
    const older = Trace.withExporters(exporters);
    older.startTrace("s", {});
    logTool(older, "a");
    await older.flush();
    const newer = Trace.withExporters(exporters);
    expect(await newer.rehydrateFromFile("s")).toBe(true);
    logTool(newer, "b");
    older.flushSync("an orphan's crash");
    expect(await newer.endTrace()).toBe(`${recorded}/s.json`);
    await expectBoth("s", ["a", "b"]);
  });

  it("a session that is exported to its file again once it has begun again and ended", async () => {
    trace.startTrace("first", {});
    await trace.endTrace();
    const claim = JSON.parse(await readFile(`${recorded}/first.json`, "utf8")) as TraceFile;
    expect(await exporters[0]?.export(claim)).toBe(`${recorded}/first.json`);
    expect(await stateIn(recorded, "first")).toBe("completed");
    expect(await toolsIn(recorded, "first")).toEqual(["a"]);
  });

  it("and leaves nothing behind in the other directory", async () => {
    trace.startTrace("second", {});
    await trace.endTrace();
    expect(await readdir(copied)).toEqual(["second.json"]);
  });
});

describe("what the caller owns", () => {
  const given = () => ({
    metadata: { title: "T", prompt: "p", tags: ["one", "two"], model: "m" },
    part: {
      tool: "bash",
      callID: "c",
      state: {
        status: "completed" as const,
        input: { command: "ls", nested: { list: [1, { deep: "x" }] } },
        output: "out",
        time: { start: 5, end: 9 },
      },
    },
    finish: {
      id: "g",
      reason: "stop",
      cost: 1,
      tokens: { input: 1, output: 2, reasoning: 3, cache: { read: 4, write: 5 } },
    },
    span: { name: "span", startTime: 1, endTime: 2, input: { a: [1] }, output: ["o"], attributes: { k: { v: 1 } } },
    attributes: { key: { list: ["a"] } },
    event: { name: "event", attributes: { at: { x: 1 } } },
    link: { spanId: "0123456789abcdef", attributes: { why: ["because"] } },
    begin: { name: "open", input: { list: ["in"] }, attributes: { k: ["v"] } },
    end: { output: { list: ["out"] }, attributes: { k2: ["v2"] } },
  });

  function record(trace: Trace, values: ReturnType<typeof given>, meanwhile: (value: object) => void): void {
    const call = (value: object, action: () => void) => {
      action();
      meanwhile(value);
    };
    call(values.metadata, () => trace.startTrace("s", values.metadata));
    trace.logStepStart({ id: "g" });
    call(values.part, () => trace.logToolCall(values.part));
    call(values.finish, () => trace.logStepFinish(values.finish));
    call(values.span, () => trace.logSpan(values.span));
    call(values.attributes, () => trace.setSpanAttributes(values.attributes, "session"));
    call(values.event, () => trace.addEvent(undefined, values.event));
    call(values.link, () => trace.addLink(undefined, values.link));
    let spanId = "";
    call(values.begin, () => {
      spanId = trace.startSpan(values.begin);
    });
    call(values.end, () => trace.endSpan(spanId, values.end));
  }

  /** Ids and times differ from run to run. */
  async function comparable(safeId: string): Promise<unknown> {
    const { trace } = await loadSession(`${recorded}/${safeId}.json`, () => "alive");
    const ids = new Map(trace.spans.map(({ spanId }, index) => [spanId, index]));
    const text = JSON.stringify({ metadata: trace.metadata, spans: trace.spans, tools: trace.summary.totalToolCalls });
    return JSON.parse(
      text
        .replace(/"[0-9a-f]{16}"/g, (id) => String(ids.get(id.slice(1, -1)) ?? id))
        .replace(/"(startTime|endTime|timeMs|durationMs)":[0-9.]{7,}/g, '"$1":0'),
    );
  }

  it.each(["ends", "crashes"])("is neither changed nor kept by a session that %s", async (how) => {
    const close = async (trace: Trace) => {
      if (how === "ends") await trace.endTrace();
      else trace.flushSync("x");
    };
    const untouched = Trace.withExporters(exporters);
    const values = given();
    record(untouched, values, () => undefined);
    await close(untouched);
    expect(values).toEqual(given());
    const known = await comparable("s");
    await folder.remove();

    const frozen = Trace.withExporters(exporters);
    record(frozen, deepFrozen(given()), () => undefined);
    await close(frozen);
    expect(await comparable("s")).toEqual(known);
    await folder.remove();

    const spoiling = Trace.withExporters(exporters);
    record(spoiling, given(), spoil);
    await close(spoiling);
    expect(await comparable("s")).toEqual(known);
  });

  it("includes the array of exporters", async () => {
    const own: TraceExporter[] = [...exporters];
    const trace = Trace.withExporters(own);
    own.length = 0;
    trace.startTrace("s", {});
    logTool(trace, "a");
    expect(await trace.endTrace()).toBe(`${recorded}/s.json`);
    expect(await toolsIn(copied, "s")).toEqual(["a"]);
  });

  it("is not what an exporter is handed: it may do with that what it wants", async () => {
    const seen: TraceFile[] = [];
    const vandal = (name: string): TraceExporter => ({
      name,
      export: async (trace) => {
        seen.push(structuredClone(trace));
        spoil(trace);
        return undefined;
      },
    });
    const trace = Trace.withExporters([vandal("one"), exporters[0] as FileExporter, vandal("two"), ...exporters]);
    trace.startTrace("s", {});
    logTool(trace, "a");
    await trace.endTrace();
    expect(seen).toHaveLength(2);
    expect(seen[0]).toEqual(seen[1]);
    expect(await toolsIn(recorded, "s")).toEqual(["a"]);
    expect(await toolsIn(copied, "s")).toEqual(["a"]);
    expect(await stateIn(recorded, "s")).toBe("completed");
  });
});

function deepFrozen<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  for (const inner of Object.values(value)) deepFrozen(inner);
  return Object.freeze(value);
}

/** Replaces everything in it by something else. */
function spoil(value: object): void {
  for (const [key, inner] of Object.entries(value)) {
    if (typeof inner === "object" && inner !== null) spoil(inner);
    (value as Record<string, unknown>)[key] = "spoilt";
  }
  if (Array.isArray(value)) value.push("spoilt");
  else (value as Record<string, unknown>)["spoilt"] = true;
}
