// A `Trace` over the recorder that writes to the disk, and what is found there.

import { readFileSync } from "node:fs";
import { FileExporter, type FileExporterOptions } from "../../src/recorder/fileExporter";
import { Trace } from "../../src/recorder/trace";
import type { TraceFile } from "../../src/recorder/traceTypes";
import { deriveState } from "../../src/trace/state";
import type { TempDir } from "../support/tempDir";
import { readAllSessions } from "./sessionsOnDisk";

export function begin(folder: TempDir, options?: FileExporterOptions): Trace {
  return Trace.withExporters([new FileExporter(folder.path, 0, options)]);
}

export function read(folder: TempDir, name = "ses_1.json"): TraceFile {
  return JSON.parse(readFileSync(folder.join(name), "utf8")) as TraceFile;
}

export async function stateOf(folder: TempDir): Promise<string | undefined> {
  const [session] = await readAllSessions(folder.path);
  return session && deriveState(session.evidence, Date.now()).status;
}
