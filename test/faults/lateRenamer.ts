// Somebody else who writes the `S.json` of a session: a thread or a process with a recorder of its own, or with another
// program's writer. It holds its rename onto the file until it is told to go on, and its whole thread waits meanwhile.
//
//   new Worker("lateRenamer.mjs", { workerData: { task, gate: new Int32Array(new SharedArrayBuffer(4)) } })
//   node lateRenamer.mjs '<task>'          a line on its standard input lets it go on
//
// It says `held` when the rename waits, and `landed` when everything is done.

import { readSync, renameSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { FileExporter } from "../../src/recorder/fileExporter";
import { nodeFs, type RecorderFs } from "../../src/recorder/recorderFs";
import { Trace } from "../../src/recorder/trace";
import type { TraceFile } from "../../src/recorder/traceTypes";

export interface RenamerTask {
  /** `exporter` exports `claim`; `foreign` writes it as altimate-code does; `incarnation` records the session itself. */
  readonly as: "exporter" | "foreign" | "incarnation";
  readonly directory: string;
  readonly claim: TraceFile;
}

export type RenamerReport =
  | { readonly type: "held" | "landed" }
  /** What the incarnation logged: ids of tool calls, whose output is the id. */
  | { readonly type: "logged"; readonly spanIds: readonly string[] };

const inThread = parentPort === null ? undefined : (workerData as { task: RenamerTask; gate: Int32Array });
const task = inThread?.task ?? (JSON.parse(process.argv[2] ?? "{}") as RenamerTask);
const target = join(task.directory, "s.json");
let isHolding = task.as !== "incarnation";

const gatedFs: RecorderFs = {
  sync: nodeFs.sync,
  async: {
    ...nodeFs.async,
    rename: async (from, to) => {
      if (isHolding && to === target) {
        isHolding = false;
        hold();
      }
      renameSync(from, to);
    },
  },
};

switch (task.as) {
  case "exporter":
    await new FileExporter(task.directory, 0, { fs: gatedFs }).export(task.claim);
    break;
  case "foreign": {
    const temp = `${target}.tmp.${Date.now()}.k3x9qa`;
    writeFileSync(temp, JSON.stringify(task.claim, null, 2));
    hold();
    renameSync(temp, target);
    break;
  }
  case "incarnation":
    await recordHere();
}
report({ type: "landed" });

/** Begins the session, and goes on with it when it has long been somebody else's. */
async function recordHere(): Promise<void> {
  const trace = Trace.withExporters([new FileExporter(task.directory, 0, { fs: gatedFs })]);
  trace.startTrace("s", { title: "Title of s" });
  logTools(trace, 5);
  await trace.flush();
  isHolding = true;
  logTools(trace, 5);
  await trace.flush();
  logTools(trace, 5);
  await trace.endTrace("an orphan's error");
}

function logTools(trace: Trace, count: number): void {
  const spanIds = Array.from({ length: count }, () => trace.startToolCall({ tool: "bash" }));
  for (const spanId of spanIds) trace.endToolCall(spanId, { status: "completed", output: spanId });
  report({ type: "logged", spanIds });
}

function hold(): void {
  report({ type: "held" });
  if (inThread) Atomics.wait(inThread.gate, 0, 0);
  else readSync(0, Buffer.alloc(1));
}

function report(what: RenamerReport): void {
  if (parentPort) parentPort.postMessage(what);
  else writeSync(1, `${JSON.stringify(what)}\n`);
}
