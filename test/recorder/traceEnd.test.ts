// The end of a session: who gets the trace, in what order, and who holds it up.

import { afterEach, describe, expect, test, vi } from "vitest";
import { Trace } from "../../src/recorder/trace";
import type { TraceExporter, TraceFile, TraceSource } from "../../src/recorder/traceTypes";
import { contractErrors } from "./memoryRecorder";
import { exporter, start } from "./startTrace";

afterEach(() => {
  vi.useRealTimers();
  expect(contractErrors.splice(0)).toEqual([]);
});

async function readSource(source: TraceSource): Promise<TraceFile> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source.open()) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString("utf8")) as TraceFile;
}

describe("endTrace", () => {
  test("gives each exporter the finished trace as its own", async () => {
    const seen: TraceFile[] = [];
    const take = async (trace: TraceFile) => {
      seen.push(structuredClone(trace));
      trace.spans.length = 0;
      return undefined;
    };
    const { trace } = start((files) => [exporter("a", take), files, exporter("b", take)]);
    trace.logUserMessage("hello");
    await trace.endTrace();
    expect(seen).toHaveLength(2);
    expect(seen[0]).toEqual(seen[1]);
    expect(seen[0]).not.toHaveProperty("writer");
    expect(seen[0]?.summary).toMatchObject({ status: "completed", narrative: expect.any(String) });
    expect(seen[0]?.spans[0]).toMatchObject({ status: "ok", endTime: expect.any(Number), output: expect.any(String) });
  });

  test("gives a source to those who take one, and removes what was made for it", async () => {
    let seen: TraceFile | undefined;
    const streaming: TraceExporter = {
      name: "stream",
      export: async () => "wrong",
      exportFrom: async (source) => {
        seen = await readSource(source);
        return "streamed";
      },
    };
    const { trace, recorder } = start((files) => [streaming, files]);
    expect(await trace.endTrace("it failed")).toBe("streamed");
    expect(seen?.summary).toMatchObject({ status: "error", error: "it failed" });
    expect(seen?.spans[0]).toMatchObject({ status: "error", statusMessage: "it failed", output: "Error: it failed" });
    expect(recorder.disposed).toBe(1);
  });

  test("calls export where that overrides an inherited exportFrom", async () => {
    class Streaming implements TraceExporter {
      readonly name: string = "base";
      async export(): Promise<string | undefined> {
        return "base export";
      }
      async exportFrom(): Promise<string | undefined> {
        return "base exportFrom";
      }
    }
    class Own extends Streaming {
      override async export(): Promise<string | undefined> {
        return "own export";
      }
    }
    expect(await start((files) => [new Own(), files]).trace.endTrace()).toBe("own export");
    expect(await start((files) => [new Streaming(), files]).trace.endTrace()).toBe("base exportFrom");
  });

  test("returns the first result in the order of the exporters", async () => {
    const late = exporter("late", async () => {
      await new Promise(setImmediate);
      return "late";
    });
    const early = exporter("early", async () => "early");
    const none = exporter("none", async () => undefined);
    expect(await start((files) => [none, late, early, files]).trace.endTrace()).toBe("late");
    expect(await start((files) => [none, files, early]).trace.endTrace()).toBe("/traces/ses_1.json");
    expect(await start((files) => [files, early]).trace.endTrace()).toBe("/traces/ses_1.json");
  });

  test("is harmed by no exporter that throws, rejects or is none", async () => {
    const throwing: TraceExporter = {
      name: "throwing",
      export() {
        throw new Error("thrown");
      },
    };
    const rejecting = exporter("rejecting", () => Promise.reject(new Error("rejected")));
    const nothing = {} as TraceExporter;
    const good = exporter("good", async () => "good");
    const { trace, recorder, problems } = start((files) => [throwing, rejecting, nothing, good, files]);
    expect(await trace.endTrace()).toBe("good");
    expect(recorder.phase).toBe("ended");
    expect(problems).toHaveLength(3);
    const { events = [] } = recorder.trace().spans[0] ?? {};
    expect(events.map(({ name }) => name)).toEqual(Array(3).fill("tracekeeper.export-skipped"));
    const skipped = events.map(({ attributes }) => attributes?.["exporter"]);
    expect(skipped.sort()).toEqual(["exporter", "rejecting", "throwing"]);
  });

  test("waits 5 s for an exporter that hangs and not at all for the others", async () => {
    vi.useFakeTimers();
    let aborted = false;
    const hanging: TraceExporter = {
      name: "hanging",
      export: async () => undefined,
      exportFrom: (_source, signal) => {
        signal.addEventListener("abort", () => {
          aborted = true;
        });
        return new Promise(() => undefined);
      },
    };
    const order: string[] = [];
    const quick = exporter("quick", async () => {
      order.push("quick");
      return "quick";
    });
    const { trace, recorder } = start((files) => [hanging, quick, files]);
    const ended = trace.endTrace();
    await vi.advanceTimersByTimeAsync(4_999);
    expect([order, recorder.phase, aborted]).toEqual([["quick"], "recording", false]);
    await vi.advanceTimersByTimeAsync(1);
    expect(await ended).toBe("quick");
    expect([recorder.phase, aborted]).toEqual(["ended", true]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("leaves no timer behind", async () => {
    vi.useFakeTimers();
    const { trace } = start((files) => [exporter("good", async () => "good"), files]);
    await trace.endTrace();
    expect(vi.getTimerCount()).toBe(0);
  });

  test("skips an exporter that can't stream where the trace is larger than 256 MiB, and says so", async () => {
    const { trace, recorder } = start((files) => [exporter("small", async () => "small"), files]);
    const make = recorder.source.bind(recorder);
    recorder.source = async (end) => ({ ...(await make(end)), sizeBytes: 256 * 1024 * 1024 + 1 });
    expect(await trace.endTrace()).toBe("/traces/ses_1.json");
    const [event] = recorder.trace().spans[0]?.events ?? [];
    expect(event?.attributes).toMatchObject({ exporter: "small", reason: "the trace is larger than 256 MiB" });
  });

  test("ends the session though the trace can't be read for its exporters", async () => {
    const { trace, recorder } = start((files) => [exporter("good", async () => "good"), files]);
    recorder.source = () => Promise.reject(new Error("EIO"));
    expect(await trace.endTrace()).toBe("/traces/ses_1.json");
    expect(recorder.phase).toBe("ended");
  });

  test("is one end however often it is called", async () => {
    let exports = 0;
    const counting = exporter("counting", async () => `export ${++exports}`);
    const { trace, recorder } = start((files) => [counting, files]);
    const [one, two] = await Promise.all([trace.endTrace("first"), trace.endTrace()]);
    expect([one, two, await trace.endTrace()]).toEqual(["export 1", "export 1", "export 1"]);
    expect(recorder.trace().summary.error).toBe("first");
  });

  test("records what comes while the exporters run, and nothing after the end", async () => {
    const { trace, recorder } = start((files) => [exporter("slow", async () => "slow"), files]);
    const ended = trace.endTrace();
    trace.logUserMessage("in between");
    await ended;
    trace.logUserMessage("too late");
    expect(recorder.trace().spans.map((span) => span.input)).toEqual(["p", "in between"]);
  });

  test("keeps the root open until the exporters are done", async () => {
    const { trace, recorder } = start((files) => [
      exporter("looking", async () => {
        expect(recorder.trace().spans[0]).not.toHaveProperty("endTime");
        return "looked";
      }),
      files,
    ]);
    expect(await trace.endTrace()).toBe("looked");
    expect(recorder.log.slice(-2)).toEqual(["end", "finish"]);
  });

  test("does nothing before a start", async () => {
    expect(await Trace.withExporters([exporter("never", async () => "never")]).endTrace()).toBeUndefined();
  });
});
