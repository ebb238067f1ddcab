// A `Trace` whose first session is recorded in memory.

import { FileExporter, type FileExporterOptions } from "../../src/recorder/fileExporter";
import { Trace } from "../../src/recorder/trace";
import { type MemoryRecorder, memorySessions } from "./memoryRecorder";

export function begin(
  metadata: object = {},
  options: FileExporterOptions = {},
): { trace: Trace; recorder: MemoryRecorder } {
  const { recorders, openSession } = memorySessions();
  const trace = Trace.withExporters([new FileExporter("/traces", 0, { ...options, openSession })]);
  trace.startTrace("ses_1", metadata);
  const [recorder] = recorders;
  if (recorder === undefined) throw new Error("Nothing was opened");
  return { trace, recorder };
}

/** The state of a tool call that is over. */
export const done = (output = "out", input: Record<string, unknown> = {}) =>
  ({ status: "completed", input, output, time: { start: 1_000, end: 1_250 } }) as const;
