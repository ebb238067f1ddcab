// The crash of a session as a `Trace` tells it: it wins over every end that has not been recorded.

import { afterEach, describe, expect, test } from "vitest";
import { Trace } from "../../src/recorder/trace";
import type { TraceExporter } from "../../src/recorder/traceTypes";
import { contractErrors } from "./memoryRecorder";
import { exporter, start } from "./startTrace";

afterEach(() => {
  expect(contractErrors.splice(0)).toEqual([]);
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
