// A worker thread that records a run until it is terminated, or until it stops by itself in the middle of a burst. How far
// it is stands in shared memory, because a message that is under way is lost with its thread.

import { workerData } from "node:worker_threads";
import { FileExporter } from "../../src/recorder/fileExporter";
import { Trace } from "../../src/recorder/trace";
import type { Run } from "./killPlan";
import { recordRun } from "./recordRun";

export interface WorkerTask {
  readonly directory: string;
  /** Two counts: calls that were begun, and calls that were acknowledged. */
  readonly counts: SharedArrayBuffer;
  /** Recorded as it was planned; where left out, a burst begins that has no end. */
  readonly run?: Run | undefined;
}

const { directory, counts, run } = workerData as WorkerTask;
const shared = new Int32Array(counts);

if (run) {
  await recordRun(directory, run, (report) => {
    if (report.type === "attempt") tell(0, report.count);
    if (report.type === "acknowledged") tell(1, report.count);
  });
} else {
  const trace = Trace.withExporters([new FileExporter(directory, 0)]);
  trace.startTrace("s", { instance_id: "older" });
  trace.logSpan({ name: "acknowledged", startTime: 1, endTime: 2 });
  trace.startToolCall({ tool: "bash", callID: "open" });
  await new Promise<void>((resolve) => setImmediate(resolve));
  trace.logSpan({ name: "within the burst", startTime: 1, endTime: 2 });
  tell(1, 1);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

function tell(index: number, count: number): void {
  Atomics.store(shared, index, count);
}
