// Removes temporary files whose writers are gone. One of a writer that may be alive stays: it may be renamed any moment.

import { join } from "node:path";
import type { Liveness, WriterIdentity } from "../trace/evidence";
import { parseTraceFileName } from "../trace/safeId";
import { readExisting } from "./existingSession";
import { isMissing, unlinkQuietly } from "./fileTasks";
import type { Machine } from "./liveness";
import { type Io, io } from "./recorderFs";

/** Of a temporary file whose writer no other file names, besides that this machine has no such process. */
const abandonedAfterMs = 24 * 60 * 60 * 1000;

export interface SweepContext {
  readonly directory: string;
  readonly machine: Machine;
  /** By the clock that stamps the directory's files. */
  readonly nowMs: number;
  probe(writer: WriterIdentity): Liveness;
}

/** @returns the names of the files that are removed */
export function* sweepTemps(context: SweepContext, names: readonly string[]): Io<readonly string[]> {
  const removed: string[] = [];
  for (const name of names) {
    const parsed = parseTraceFileName(name);
    if (parsed.type !== "temp") continue;
    // Other programs' temporary files have two parts; they sweep them themselves.
    const parts = /\.json\.tmp\.(\d+)\.(\d+)\.([^.]+)$/.exec(name);
    if (!parts) continue;
    const [, , pid = "", instance = ""] = parts;
    try {
      if (!(yield* isAbandoned(context, names, parsed.safeId, name, Number(pid), instance))) continue;
      if (yield* unlinkQuietly(join(context.directory, name))) removed.push(name);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
  return removed;
}

function* isAbandoned(
  { directory, machine, nowMs, probe }: SweepContext,
  names: readonly string[],
  safeId: string,
  name: string,
  pid: number,
  instance: string,
): Io<boolean> {
  const { journals, liveMarker, writer } = yield* readExisting(directory, names, safeId);
  const known: readonly (WriterIdentity | undefined)[] = [
    ...journals.map(({ header }) => header?.header.writer),
    liveMarker,
    writer,
  ];
  const own = known.find((identity) => identity?.instance === instance);
  if (own) return probe(own) === "gone";
  if (machine.process(pid).type !== "absent") return false;
  const { mtimeMs } = yield* io.stat(join(directory, name));
  return nowMs - mtimeMs > abandonedAfterMs;
}
