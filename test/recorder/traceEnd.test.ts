// The end and the crash of a session: who gets the trace, in what order, and who wins.

import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { FileExporter } from "../../src/recorder/fileExporter";
import type { SessionRequest } from "../../src/recorder/sessionRequest";
import { Trace } from "../../src/recorder/trace";
import type { TraceExporter, TraceFile, TraceSource } from "../../src/recorder/traceTypes";
import { contractErrors, type MemoryRecorder, memorySessions } from "./memoryRecorder";

afterEach(() => {
  vi.useRealTimers();
  expect(contractErrors.splice(0)).toEqual([]);
});

interface Started {
  readonly trace: Trace;
  readonly recorder: MemoryRecorder;
  readonly problems: string[];
}

/** @param make the exporters, around the one that decides where the session is recorded */
function start(make: (files: FileExporter) => TraceExporter[]): Started {
  const { recorders, openSession } = memorySessions();
  const problems: string[] = [];
  const onProblem = ({ message }: { message: string }) => void problems.push(message);
  const trace = Trace.withExporters(make(new FileExporter("/traces", 0, { openSession, onProblem })));
  trace.startTrace("ses/1", { prompt: "p" });
  const [recorder] = recorders;
  if (recorder === undefined) throw new Error("Nothing was opened");
  return { trace, recorder, problems };
}

function exporter(name: string, run: (trace: TraceFile) => Promise<string | undefined>): TraceExporter {
  return { name, export: run };
}

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

describe("flushSync", () => {
  test("tells every exporter first, and lets none of them stop it", () => {
    const told: string[] = [];
    const telling = (name: string, also?: () => void): TraceExporter => ({
      name,
      export: async () => undefined,
      markCrashed: (sessionId) => {
        told.push(`${name} ${sessionId} ${recorder.phase}`);
        also?.();
      },
    });
    const fail = () => {
      throw new Error("no");
    };
    const { trace, recorder } = start((files) => [telling("a", fail), files, telling("b")]);
    trace.logStepStart({ id: "1" });
    trace.flushSync("SIGTERM");
    expect(told).toEqual(["a ses/1 recording", "b ses/1 recording"]);
    expect([recorder.phase, recorder.reason]).toEqual(["crashed", "SIGTERM"]);
    const [root, generation] = recorder.trace().spans;
    expect(root).toMatchObject({ status: "error", statusMessage: "SIGTERM", endTime: expect.any(Number) });
    expect(root).not.toHaveProperty("output");
    expect(generation).not.toHaveProperty("endTime");
  });

  test("is one crash though an exporter that is told crashes and ends the session again", async () => {
    let told = 0;
    const meddling: TraceExporter = {
      name: "meddling",
      export: async () => "exported",
      markCrashed: () => {
        told++;
        trace.flushSync("from within");
        void trace.endTrace("from within");
      },
    };
    const { trace, recorder } = start((files) => [meddling, files]);
    trace.flushSync("killed");
    expect(await trace.endTrace()).toBe("/traces/ses_1.json");
    expect([told, recorder.phase, recorder.reason]).toEqual([1, "crashed", "killed"]);
  });

  test("names a reason where it is given none", () => {
    const { trace, recorder } = start((files) => [files]);
    trace.flushSync();
    trace.flushSync("again");
    expect(recorder.reason).toBe("Process exited before trace completed");
    expect(recorder.trace().spans[0]).toMatchObject({ status: "ok" });
  });

  test("wins over the exporters of an end that is under way", async () => {
    const { trace, recorder } = start((files) => [
      exporter("first", async () => {
        trace.flushSync("killed");
        return "first";
      }),
      files,
    ]);
    const ended = trace.endTrace();
    expect(await ended).toBe("/traces/ses_1.json");
    expect([recorder.phase, recorder.reason]).toEqual(["crashed", "killed"]);
    expect(recorder.log.filter((type) => type === "finish")).toEqual([]);
  });

  test("keeps the exporters from being called at all where it comes before them", async () => {
    let called = 0;
    const { trace, recorder } = start((files) => [exporter("never", async () => `${++called}`), files]);
    recorder.onSource = async () => trace.flushSync("killed");
    expect(await trace.endTrace()).toBe("/traces/ses_1.json");
    expect(called).toBe(0);
  });

  test("is followed by an end that only names the path", async () => {
    let called = 0;
    const { trace } = start((files) => [exporter("never", async () => `${++called}`), files]);
    trace.flushSync("killed");
    expect(await trace.endTrace()).toBe("/traces/ses_1.json");
    expect(called).toBe(0);
  });

  test("does nothing before the start and after the end", async () => {
    const told: string[] = [];
    const telling: TraceExporter = {
      name: "t",
      export: async () => undefined,
      markCrashed: (id) => void told.push(id),
    };
    Trace.withExporters([telling]).flushSync("early");
    const { trace, recorder } = start((files) => [files, telling]);
    await trace.endTrace();
    trace.flushSync("late");
    expect([told, recorder.phase]).toEqual([[], "ended"]);
  });

  test("lets what comes after it be recorded as such", () => {
    const { trace, recorder } = start((files) => [files]);
    trace.flushSync("killed");
    trace.logUserMessage("still here");
    expect(recorder.log.slice(-2)).toEqual(["crash", "span"]);
  });
});

describe("without a FileExporter", () => {
  test("the exporters get the trace, and what it was recorded in goes away", async () => {
    let seen: TraceFile | undefined;
    const trace = Trace.withExporters([
      exporter("only", async (given) => {
        seen = given;
        return "only";
      }),
    ]);
    trace.startTrace("ses_1", {});
    trace.logUserMessage("hello");
    expect(trace.getTracePath()).toBeUndefined();
    expect(await trace.endTrace()).toBe("only");
    expect(seen?.spans.map((span) => span.input)).toEqual([undefined, "hello"]);
  });

  test("a session is recorded in a directory that nobody else can read", async () => {
    const directories: string[] = [];
    const { openSession } = memorySessions();
    const settings = {
      openSession: (request: SessionRequest) => {
        if (directories.push(request.directory) === 1) return undefined;
        // Windows has no such modes.
        if (process.platform !== "win32") expect(statSync(request.directory).mode & 0o777).toBe(0o700);
        return openSession(request);
      },
    };
    const files = new FileExporter("/can/not/be/written", 0, settings);
    const trace = Trace.withExporters([files, exporter("other", async () => "other")]);
    trace.startTrace("ses_1", {});
    const [, own] = directories;
    expect(own).toContain("tracekeeper-");
    expect(trace.getTracePath()).toBe("/can/not/be/written/ses_1.json");
    expect(await trace.endTrace()).toBe("other");
    expect(existsSync(own ?? "")).toBe(false);
    expect(existsSync(dirname(own ?? ""))).toBe(true);
  });

  test("a crash leaves nothing behind, and nothing is exported", async () => {
    let called = 0;
    const trace = Trace.withExporters([exporter("never", async () => `${++called}`)]);
    trace.startTrace("ses_1", {});
    trace.flushSync("killed");
    expect(await trace.endTrace()).toBeUndefined();
    expect(called).toBe(0);
  });

  test("and without any exporter nothing is recorded", async () => {
    const trace = Trace.withExporters([]);
    trace.startTrace("ses_1", {});
    expect(trace.startSpan({ name: "s" })).toBe("");
    expect(trace.health.state).toBe("ok");
    await trace.flush();
    await trace.sync();
    trace.flushSync("killed");
    expect(await trace.endTrace()).toBeUndefined();
  });
});

test("a recorder that can't be opened harms nobody", async () => {
  const problems: string[] = [];
  const files = new FileExporter("/traces", 0, {
    openSession: () => {
      throw new Error("no");
    },
    onProblem: ({ message }) => void problems.push(message),
  });
  const trace = Trace.withExporters([files]);
  trace.startTrace("ses_1", {});
  trace.logUserMessage("lost");
  expect([trace.health.state, trace.getTracePath()]).toEqual(["failed", "/traces/ses_1.json"]);
  expect(await trace.endTrace()).toBeUndefined();
  expect(problems).toEqual(["The session can't be recorded"]);
});
