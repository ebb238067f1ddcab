// A trace batch that talks to a failing server, and what is told of it in few words.

import { MemoryLog } from "../../src/publish/publishLog";
import type { BatchStart, Family } from "../../src/publish/publishRecord";
import { type BatchBegin, TraceBatch, type TraceBatchOptions } from "../../src/publish/traceBatch";
import type { TraceEvent } from "../../src/publish/traceEvent";
import { UploadApi } from "../../src/publish/uploadApi";
import type { FailingServer } from "./failingServer";
import { SteppingClock } from "./publishClock";

export const start: BatchStart = {
  name: "Tax crew",
  executionType: "crew",
  startedMs: Date.UTC(2026, 10, 20, 9),
  metadata: { agent_count: 1 },
};

export function event(
  sequence: number | undefined,
  type = "task_started",
  timestamp = "2026-11-20T09:00:00Z",
): TraceEvent {
  return { event_id: `event-${sequence}-${type}`, timestamp, type, event_data: {}, emission_sequence: sequence };
}

export interface BatchSetup {
  readonly batch: TraceBatch;
  readonly clock: SteppingClock;
  readonly logs: MemoryLog[];
  /** A fresh one, to compare with. */
  fresh(): TraceBatch;
}

export function setUpBatch(server: FailingServer, parts: Partial<TraceBatchOptions> = {}): BatchSetup {
  const clock = new SteppingClock();
  const logs: MemoryLog[] = [];
  let traces = 0;
  // Longer than the limit of any request here: whoever is waiting for an answer that never comes is late then.
  server.onSilence = () => void setImmediate(() => clock.advance(31_000));
  const options: TraceBatchOptions = {
    session: "/home/ann/tax/.tracekeeper/traces/s1.json",
    baseUrl: server.url,
    clock,
    api: (token) => new UploadApi({ baseUrl: server.url, clock, token }),
    openLog: async (job) => {
      const log = new MemoryLog(clock);
      logs.push(log);
      await log.append(job);
      return log;
    },
    newTraceId: () => `trace-${++traces}`,
    isEnabled: () => true,
    ...parts,
  };
  return { batch: new TraceBatch(options), clock, logs, fresh: () => new TraceBatch(options) };
}

export function beginning(family: Family, parts: Partial<BatchBegin> = {}): BatchBegin {
  const token = family === "authenticated" ? "the-token-of-ann" : undefined;
  return { owner: "main", start, access: async () => ({ family, token }), ...parts };
}
