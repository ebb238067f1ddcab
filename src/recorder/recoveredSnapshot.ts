// Writes `S.json` for a session whose writer is gone, and reads it back: what is removed afterwards is known to be in it.

import { join } from "node:path";
import { errorCode } from "../base/errorCode";
import type { Steps } from "../base/steps";
import type { CombinedSession } from "../trace/readSession";
import { readSnapshotInSteps } from "../trace/readSnapshot";
import { traceFileNames } from "../trace/safeId";
import type { TraceFile, Writer } from "../trace/schema";
import type { FileBytes } from "../trace/sessionFiles";
import { isMissing, syncDirectoryOf, unlinkQuietly } from "./fileTasks";
import { type Io, io } from "./recorderFs";
import { recoveredTrace, recoveredWriter } from "./recoveredTrace";
import { tempPathFor, writeTemp } from "./replaceSnapshot";
import { isUnchanged, readFile, type SessionOnDisk } from "./sessionOnDisk";
import type { Verdict } from "./sessionVerdict";
import { type AsideReason, copyAside } from "./setAside";
import { encodeTrace } from "./traceText";

/** Who writes: part of the names of temporary files. */
interface Recoverer {
  readonly instance: string;
}

/**
 * @param mayGrow names of journals that somebody may go on with
 * @returns false where the session's files have changed, or `S.json` is not as it was written
 */
export function* foldRecovered(
  { instance }: Recoverer,
  disk: SessionOnDisk,
  found: CombinedSession,
  verdict: Verdict,
  mayGrow: ReadonlySet<string>,
): Io<boolean> {
  const { safeId } = disk.files;
  const name = traceFileNames.snapshot(safeId);
  const path = join(disk.directory, name);
  const trace = yield* recoveredTrace(found, verdict);
  const writer = recoveredWriter(found, verdict);
  const tempPath = tempPathFor(path, safeId, instance);
  yield* writeTemp(
    tempPath,
    function* (sink) {
      for (const bytes of encodeTrace(trace, writer)) yield* sink(bytes);
      return true;
    },
    true,
  );
  try {
    if (!(yield* isUnchanged(disk, mayGrow))) {
      yield* unlinkQuietly(tempPath);
      return false;
    }
    yield* io.rename(tempPath, path);
  } catch (error) {
    yield* unlinkQuietly(tempPath);
    // Somebody who took the temporary file for an abandoned one has removed it.
    if (errorCode(error) === "ENOENT") return false;
    throw error;
  }
  yield* syncDirectoryOf(path);
  try {
    const { file, facts } = yield* readFile(path, name);
    if (!(yield* isAsWritten(file, trace, writer))) return false;
    disk.facts.set(name, facts);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

function* isAsWritten({ bytes, name }: FileBytes, trace: TraceFile, writer: Writer): Steps<boolean> {
  const read = yield* readSnapshotInSteps(bytes, name);
  const found = read.trace;
  if (!found?.writer || read.truncated || read.problems.some(({ severity }) => severity === "error")) return false;
  const { instance, incarnation, seq } = found.writer;
  return (
    instance === writer.instance &&
    incarnation === writer.incarnation &&
    seq === writer.seq &&
    found.spans.length === trace.spans.length &&
    found.summary.status === trace.summary.status
  );
}

/** Keeps a copy of the `S.json` that is about to be replaced, where something of it would be lost. @returns its name */
export function* keepSnapshot(
  { instance }: Recoverer,
  disk: SessionOnDisk,
  found: CombinedSession,
): Io<string | undefined> {
  const { snapshot, safeId } = disk.files;
  const reason = lossOf(found);
  if (!snapshot || snapshot.bytes.length === 0 || reason === undefined) return undefined;
  const path = join(disk.directory, snapshot.name);
  return yield* copyAside(path, snapshot.bytes, reason, tempPathFor(path, safeId, instance));
}

function lossOf({ snapshot, isSnapshotWhole, combined, session }: CombinedSession): AsideReason | undefined {
  if (snapshot === undefined || snapshot.problems.some(({ code }) => code === "empty-file")) return undefined;
  if (!isSnapshotWhole) return "damaged";
  if (combined.base !== undefined) return undefined;
  // A snapshot of nobody we know may be a late copy of this very trace.
  const known = new Set(session.trace.spans.map(({ spanId }) => spanId));
  return snapshot.trace?.spans.every(({ spanId }) => known.has(spanId)) === true ? undefined : "replaced";
}
