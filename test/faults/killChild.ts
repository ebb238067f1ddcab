// The process that is killed. It records the runs of its job with the public `Trace`, or it recovers a directory, and
// reports over the pipe 3 what it is about to do and what was acknowledged, each report written before it goes on.
//
//   node killChild.mjs '{"record": <job>}'
//   node killChild.mjs '{"recover": "<directory>"}'

import { writeSync } from "node:fs";
import { recoverDirectory } from "../../src/recorder/recoverDirectory";
import { type Job, planRuns } from "./killPlan";
import { encodeReport, type Report } from "./killReport";
import { recordRun } from "./recordRun";

const work = JSON.parse(process.argv[2] ?? "{}") as { readonly record?: Job; readonly recover?: string };
if (work.recover !== undefined) {
  report({ type: "phase", phase: "recovery" });
  await recoverDirectory(work.recover);
} else if (work.record !== undefined) {
  const { directory } = work.record;
  for (const run of planRuns(work.record)) {
    // What goes on beside the next run is told by its own reports.
    if (!run.endsBeside) await recordRun(directory, run, report);
    else await new Promise<void>((resolve) => void recordRun(directory, run, report, resolve));
  }
}
report({ type: "done" });
// Whoever kills is late: until then nothing more happens.
setInterval(() => {}, 60_000);

function report(what: Report): void {
  writeSync(3, encodeReport(what));
}
