// Sessions that are not recorded in a directory of the program's choice: nobody is harmed, and nothing stays behind.

import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { FileExporter } from "../../src/recorder/fileExporter";
import type { SessionRequest } from "../../src/recorder/sessionRequest";
import { Trace } from "../../src/recorder/trace";
import type { TraceFile } from "../../src/recorder/traceTypes";
import { contractErrors, memorySessions } from "./memoryRecorder";
import { exporter } from "./startTrace";

afterEach(() => {
  expect(contractErrors.splice(0)).toEqual([]);
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

  test("what was recorded in goes away with the process, too, if the session never ends", async () => {
    const before = process.listeners("exit");
    const directories: string[] = [];
    const { openSession } = memorySessions();
    const files = new FileExporter("/can/not/be/written", 0, {
      openSession: (request) => (directories.push(request.directory) % 2 === 1 ? undefined : openSession(request)),
    });
    const traces = [1, 2].map((number) => {
      const trace = Trace.withExporters([files, exporter("other", async () => "other")]);
      trace.startTrace(`ses_${number}`, {});
      return trace;
    });
    const [, one = "", , two = ""] = directories;
    expect([existsSync(one), existsSync(two)]).toEqual([true, true]);
    const added = process.listeners("exit").filter((listener) => !before.includes(listener));
    expect(added).toHaveLength(1);
    added[0]?.(0);
    expect([existsSync(one), existsSync(two)]).toEqual([false, false]);
    expect(process.listeners("exit")).toEqual(before);
    for (const trace of traces) expect(await trace.endTrace()).toBe("other");
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
