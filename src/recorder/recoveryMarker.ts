// Makes the crash marker of a session whose writer is gone. `S.live` becomes the marker by renames, which take no space
// and which only one can win; where there is none it is created exclusively. That it exists is what counts. An `S.live`
// that a newer incarnation has put in its place meanwhile never becomes a marker: the session would look crashed for good.

import { join } from "node:path";
import { type CrashNote, encodeCrashNote, encodeLiveMarker, parseCrashMarker } from "../trace/marker";
import { traceFileNames } from "../trace/safeId";
import type { FileBytes } from "../trace/sessionFiles";
import { closeQuietly, mayExist, syncDirectoryOf, unlinkQuietly, writeAll, writeNew } from "./fileTasks";
import { type Io, io } from "./recorderFs";
import { tempPathFor } from "./replaceSnapshot";
import { isSameFile, type SessionOnDisk } from "./sessionOnDisk";
import type { Verdict } from "./sessionVerdict";

/**
 * @param instance of who recovers
 * @returns false where a newer incarnation has begun; throws the system's error where there is no marker afterwards
 */
export function* makeCrashMarker(disk: SessionOnDisk, verdict: Verdict, instance: string): Io<boolean> {
  const { directory, files } = disk;
  const { incarnation, crash, identity, journal, liveMarker } = verdict;
  if (!crash) return true;
  const crashPath = join(directory, traceFileNames.crash(files.safeId));
  const note: CrashNote = {
    incarnation,
    timeMs: crash.timeMs,
    reason: crash.reason,
    // A crash that its writer told of holds whatever follows it.
    journalBytes: crash.isKilled ? (journal?.reading.facts.lengthBytes ?? 0) : undefined,
  };
  const lines = Buffer.concat([
    encodeLiveMarker({ ...identity, instance: identity?.instance ?? "", incarnation }),
    encodeCrashNote(note),
  ]);
  if (verdict.marker !== "none") {
    // A void one speaks of this crash once it says so.
    yield* appendLines(crashPath, files.crashMarker, lines);
    return true;
  }
  const isOfNewest = liveMarker !== undefined && (liveMarker.incarnation ?? incarnation) === incarnation;
  const renamed = isOfNewest ? yield* renameLive(disk, crashPath, note, instance) : "failed";
  if (renamed === "another") return false;
  if (renamed === "failed") {
    try {
      yield* writeNew(crashPath, lines, true);
    } catch (error) {
      // Over a network a call that took effect may fail, and another recovery may have been faster: there is a marker.
      if (!(yield* mayExist(crashPath))) throw error;
    }
  }
  yield* syncDirectoryOf(crashPath);
  return true;
}

/** By way of a name that nobody else uses, under which it is seen what was renamed. */
function* renameLive(
  { directory, files, facts }: SessionOnDisk,
  crashPath: string,
  note: CrashNote,
  instance: string,
): Io<"renamed" | "another" | "failed"> {
  const { safeId, liveMarker } = files;
  const liveName = traceFileNames.live(safeId);
  const livePath = join(directory, liveName);
  const takenPath = tempPathFor(crashPath, safeId, instance);
  try {
    yield* io.rename(livePath, takenPath);
    const known = facts.get(liveName);
    const isOurs = known !== undefined && (yield* isSameFile(takenPath, known));
    if (isOurs) {
      yield* addNote(takenPath, liveMarker, note);
      yield* io.rename(takenPath, crashPath);
      return "renamed";
    }
    yield* putBack(takenPath, livePath);
    return "another";
  } catch {
    yield* putBack(takenPath, livePath);
    return "failed";
  }
}

/** Unless there is a newer one by now. */
function* putBack(takenPath: string, livePath: string): Io<void> {
  try {
    if (!(yield* mayExist(livePath))) yield* io.rename(takenPath, livePath);
  } catch {
    // What `S.live` says stands in the journal too.
  }
  yield* unlinkQuietly(takenPath);
}

/** On a full disk the marker says less. */
function* addNote(path: string, file: FileBytes | undefined, note: CrashNote): Io<void> {
  // A recovery that was stopped here has added the note.
  const known = file && parseCrashMarker(file.bytes);
  if (known?.timeMs === note.timeMs && known.journalBytes === note.journalBytes) return;
  try {
    yield* appendLines(path, file, encodeCrashNote(note));
  } catch {
    // That it is there is what counts.
  }
}

/** @param file what was read of it: after a torn line a new one is begun */
function* appendLines(path: string, file: FileBytes | undefined, lines: Uint8Array): Io<void> {
  const fd = yield* io.open(path, "append");
  try {
    const isTorn = file !== undefined && file.bytes.length > 0 && file.bytes.at(-1) !== 0x0a;
    yield* writeAll(fd, isTorn ? Buffer.concat([Buffer.from("\n"), lines]) : lines);
    yield* io.syncAll(fd);
  } finally {
    yield* closeQuietly(fd);
  }
}
