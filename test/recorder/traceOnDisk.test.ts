// A `Trace` over the recorder that writes to the disk, and what other traces and readers then find there.

import { existsSync, readdirSync } from "node:fs";
import { basename } from "node:path";
import { describe, expect, test } from "vitest";
import { isCrashed } from "../../src/recorder/crashGuard";
import { FileExporter } from "../../src/recorder/fileExporter";
import { Trace } from "../../src/recorder/trace";
import type { TraceFile } from "../../src/recorder/traceTypes";
import { makeTempDir } from "../support/tempDir";
import { begin, read, stateOf } from "./diskTrace";

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
