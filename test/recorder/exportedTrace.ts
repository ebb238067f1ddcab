// A small trace to export, and a file system that tells of each call.

import { readFileSync } from "node:fs";
import { type FileCallName, nodeFs, type RecorderFs } from "../../src/recorder/recorderFs";
import type { TraceFile } from "../../src/recorder/traceTypes";

export function makeTrace(sessionId = "ses_1"): TraceFile {
  return {
    version: 2,
    traceId: "t",
    sessionId,
    startedAt: "2026-11-20T09:30:00.000Z",
    metadata: { title: "Title" },
    spans: [{ spanId: "r", parentSpanId: null, name: "n", kind: "session", startTime: 1, endTime: 2, status: "ok" }],
    summary: {
      totalTokens: 0,
      totalCost: 0,
      totalToolCalls: 0,
      totalGenerations: 0,
      duration: 1,
      status: "completed",
      tokens: { input: 0, output: 0, reasoning: 0, cacheRead: 0, cacheWrite: 0 },
    },
  };
}

export function readTrace(path: string | undefined): TraceFile {
  return JSON.parse(readFileSync(path ?? "", "utf8")) as TraceFile;
}

/** A file system that calls `before` ahead of each call; what that throws is what the call fails with. */
export function watchedFs(before: (name: FileCallName, path: string) => void): RecorderFs {
  const calls = Object.entries(nodeFs.async).map(([name, call]) => [
    name,
    async (...args: readonly unknown[]) => {
      before(name as FileCallName, String(args[0]));
      return await (call as (...all: readonly unknown[]) => Promise<unknown>)(...args);
    },
  ]);
  return { ...nodeFs, async: Object.fromEntries(calls) as RecorderFs["async"] };
}
