// Makes the crash marker of a session whose writer is gone. `S.live` becomes the marker by a rename, which takes no space
// and which only one can win; where there is none it is created exclusively. That it exists is what counts.

import { join } from "node:path";
import { type CrashNote, encodeCrashNote, encodeLiveMarker, parseCrashMarker } from "../trace/marker";
import { traceFileNames } from "../trace/safeId";
import type { FileBytes } from "../trace/sessionFiles";
import { closeQuietly, mayExist, syncDirectoryOf, writeAll, writeNew } from "./fileTasks";
import { type Io, io } from "./recorderFs";
import type { SessionOnDisk } from "./sessionOnDisk";
import type { Verdict } from "./sessionVerdict";

/** Throws the system's error where there is no marker afterwards. */
export function* makeCrashMarker({ directory, files }: SessionOnDisk, verdict: Verdict): Io<void> {
  const { incarnation, crash, identity, journal, liveMarker } = verdict;
  if (!crash) return;
  const livePath = join(directory, traceFileNames.live(files.safeId));
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
    return;
  }
  const isOfNewest = liveMarker !== undefined && (liveMarker.incarnation ?? incarnation) === incarnation;
  if (!isOfNewest || !(yield* renameLive(files.liveMarker, livePath, crashPath, note))) {
    try {
      yield* writeNew(crashPath, lines, true);
    } catch (error) {
      // Over a network a call that took effect may fail, and another recovery may have been faster: there is a marker.
      if (!(yield* mayExist(crashPath))) throw error;
    }
  }
  yield* syncDirectoryOf(crashPath);
}

/** @returns false where `S.live` can't be renamed */
function* renameLive(file: FileBytes | undefined, livePath: string, crashPath: string, note: CrashNote): Io<boolean> {
  // A recovery that was stopped here has added the note.
  const known = file && parseCrashMarker(file.bytes);
  if (known?.timeMs !== note.timeMs || known.journalBytes !== note.journalBytes) {
    try {
      yield* appendLines(livePath, file, encodeCrashNote(note));
    } catch {
      // On a full disk the marker says less.
    }
  }
  try {
    yield* io.rename(livePath, crashPath);
    return true;
  } catch {
    return false;
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
