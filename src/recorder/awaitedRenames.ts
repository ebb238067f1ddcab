// Temporary files beside `S.json` tell of renames that may still come. While one of somebody who may be alive is there,
// `S.json` may become another file at any time, and then the journals are all that is left of the session.

import { join } from "node:path";
import type { Liveness, WriterIdentity } from "../trace/evidence";
import { parseTraceFileName } from "../trace/safeId";
import { isMissing } from "./fileTasks";
import { type Io, io } from "./recorderFs";

/** No rename takes a day: what is older was left behind, and its process's number belongs to another one by now. */
const dayMs = 24 * 60 * 60 * 1000;

export interface RenameWatch {
  readonly directory: string;
  readonly safeId: string;
  /** A writer on the machine where the session was recorded, whose other processes are asked for. */
  readonly neighbour: WriterIdentity;
  /** Instances whose renames are known to be over. */
  readonly settled: ReadonlySet<string>;
  probe(writer: WriterIdentity): Liveness;
}

/** @param names what is in the directory */
export function* isRenameAwaited(watch: RenameWatch, names: readonly string[]): Io<boolean> {
  for (const name of names) {
    if (!name.startsWith(watch.safeId)) continue;
    const parsed = parseTraceFileName(name);
    if (parsed.type !== "temp" || parsed.safeId !== watch.safeId) continue;
    const { pid, instance } = parseTempName(name);
    if (instance !== undefined && watch.settled.has(instance)) continue;
    // Another recorder's temporary files do not name its process.
    if (pid !== undefined && isGone(watch, pid)) continue;
    if (yield* isOfToday(join(watch.directory, name))) return true;
  }
  return false;
}

function isGone({ neighbour, probe }: RenameWatch, pid: number): boolean {
  const { host, bootId, pidNamespace } = neighbour;
  return probe({ instance: "", host, bootId, pidNamespace, pid }) === "gone";
}

function parseTempName(name: string): { readonly pid?: number; readonly instance?: string } {
  const found = /\.json\.tmp\.[0-9]+\.([1-9][0-9]{0,9})\.([0-9a-z]+)$/.exec(name);
  return found?.[2] === undefined ? {} : { pid: Number(found[1]), instance: found[2] };
}

function* isOfToday(path: string): Io<boolean> {
  try {
    return (yield* io.stat(path)).mtimeMs > Date.now() - dayMs;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
