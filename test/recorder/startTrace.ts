// A `Trace` over a recorder in memory, with the exporters of a test around the one that records.

import { FileExporter } from "../../src/recorder/fileExporter";
import { Trace } from "../../src/recorder/trace";
import type { TraceExporter, TraceFile } from "../../src/recorder/traceTypes";
import { type MemoryRecorder, memorySessions } from "./memoryRecorder";

export interface Started {
  readonly trace: Trace;
  readonly recorder: MemoryRecorder;
  readonly problems: string[];
}

/** @param make the exporters, around the one that decides where the session is recorded */
export function start(make: (files: FileExporter) => TraceExporter[]): Started {
  const { recorders, openSession } = memorySessions();
  const problems: string[] = [];
  const onProblem = ({ message }: { message: string }) => void problems.push(message);
  const trace = Trace.withExporters(make(new FileExporter("/traces", 0, { openSession, onProblem })));
  trace.startTrace("ses/1", { prompt: "p" });
  const [recorder] = recorders;
  if (recorder === undefined) throw new Error("Nothing was opened");
  return { trace, recorder, problems };
}

export function exporter(name: string, run: (trace: TraceFile) => Promise<string | undefined>): TraceExporter {
  return { name, export: run };
}
