// Removes temporary files whose writers are gone. One of a writer that may be alive stays: it may be renamed any moment.

import { join } from "node:path";
import type { Liveness, WriterIdentity } from "../trace/evidence";
import { parseTraceFileName } from "../trace/safeId";
import { readExisting } from "./existingSession";
import { unlinkQuietly } from "./fileTasks";
import type { Machine } from "./liveness";
import { type Io, io } from "./recorderFs";

/** Of a temporary file whose writer no other file names, besides that this machine has no such process. */
const abandonedAfterMs = 24 * 60 * 60 * 1000;

export interface SweepContext {
  readonly directory: string;
  readonly machine: Machine;
  /** By the clock that stamps the directory's files. */
  readonly nowMs: number;
  /** Recoveries that were stopped: their temporary files are nobody's. */
  readonly goneInstances: ReadonlySet<string>;
  probe(writer: WriterIdentity): Liveness;
}

/** True for a temporary file of ours, which names its writer; those of other programs have two parts. */
export function isOwnTemp(name: string): boolean {
  return parseTraceFileName(name).type === "temp" && tempName.test(name);
}

const tempName = /\.json\.tmp\.(\d+)\.(\d+)\.([^.]+)$/;

/** What can't be looked at stays. @returns the names of the files that are removed */
export function* sweepTemps(context: SweepContext, names: readonly string[]): Io<readonly string[]> {
  const removed: string[] = [];
  for (const name of names) {
    const parsed = parseTraceFileName(name);
    if (parsed.type !== "temp") continue;
    const parts = tempName.exec(name);
    if (!parts) continue;
    const [, , pid = "", instance = ""] = parts;
    try {
      if (!(yield* isAbandoned(context, names, parsed.safeId, name, Number(pid), instance))) continue;
      if (yield* unlinkQuietly(join(context.directory, name))) removed.push(name);
    } catch {
      // Gone meanwhile, or not to be read: the next recovery looks again.
    }
  }
  return removed;
}

function* isAbandoned(
  { directory, machine, nowMs, goneInstances, probe }: SweepContext,
  names: readonly string[],
  safeId: string,
  name: string,
  pid: number,
  instance: string,
): Io<boolean> {
  if (goneInstances.has(instance)) return true;
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
