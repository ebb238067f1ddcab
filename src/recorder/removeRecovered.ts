// What recovery removes: files whose content is in `S.json`, which was read back, and files in which nothing is. Each one
// is looked at once more just before: one that has changed or was made anew stays.

import { join } from "node:path";
import { isMarkOf } from "../trace/combinePlan";
import type { CombinedSession } from "../trace/readSession";
import { traceFileNames } from "../trace/safeId";
import { isMissing, syncDirectoryOf, unlinkQuietly } from "./fileTasks";
import { type Io, io } from "./recorderFs";
import { isSameFile, isUnchanged, type SessionOnDisk } from "./sessionOnDisk";
import { isWholeJournal, type JudgedJournal, type Verdict } from "./sessionVerdict";
import { moveAside } from "./setAside";

/**
 * True where nobody is left who could write to the session. While an older writer may be there, its rename that comes
 * late could put an old trace in place of `S.json`, and then the journals are all there is.
 */
export function allAreGone({ liveness, journals, liveMarker }: Verdict): boolean {
  return (
    liveness === "gone" &&
    journals.every((journal) => journal.liveness === "gone") &&
    (liveMarker === undefined || liveMarker.liveness === "gone")
  );
}

/** @returns how many files went; undefined where somebody changed the session meanwhile */
export function* removeRecovered(
  disk: SessionOnDisk,
  found: CombinedSession,
  verdict: Verdict,
  onKept: (name: string) => void,
): Io<number | undefined> {
  if (!(yield* isUnchanged(disk, new Set()))) return undefined;
  let removed = 0;
  const live = traceFileNames.live(disk.files.safeId);
  if (yield* removeSame(disk, live)) {
    removed++;
    // A power cut that brings `S.live` back, perhaps torn, must find the journal, which tells of the end.
    yield* syncDirectoryOf(join(disk.directory, live));
  }
  for (const journal of verdict.journals) {
    const reason = isWholeJournal(journal.reading) ? (isHeld(journal, found) ? undefined : "unmerged") : "damaged";
    if (reason === undefined) {
      if (yield* removeSame(disk, journal.name)) removed++;
      continue;
    }
    const path = join(disk.directory, journal.name);
    const kept = (yield* isKnown(disk, journal.name)) ? yield* moveAside(path, reason) : undefined;
    if (kept === undefined) continue;
    onKept(kept);
    removed++;
  }
  // It led to the writer, who is gone.
  yield* unlinkQuietly(join(disk.directory, traceFileNames.stream(disk.files.safeId)));
  return removed;
}

/** Removes everything of a session in which nothing was recorded. @returns false where somebody has changed it meanwhile */
export function* removeEmpty(disk: SessionOnDisk): Io<boolean> {
  if (!(yield* isUnchanged(disk, new Set()))) return false;
  const { safeId, journals } = disk.files;
  // The journals come last: while they are there, the next recovery knows that something is left to be removed.
  const names = [traceFileNames.snapshot(safeId), traceFileNames.live(safeId), ...journals.map(({ name }) => name)];
  for (const name of names) yield* removeSame(disk, name);
  return true;
}

/** All records of the journal are in what was folded. */
function isHeld({ reading }: JudgedJournal, { combined }: CombinedSession): boolean {
  if (reading.facts.recordCount === 0) return true;
  return combined.held.some((mark) => isMarkOf(mark, reading) && mark.seq >= reading.facts.lastSeq);
}

/** @returns false where the file is gone, or is another one by now */
function* removeSame(disk: SessionOnDisk, name: string): Io<boolean> {
  if (!(yield* isKnown(disk, name))) return false;
  try {
    yield* io.unlink(join(disk.directory, name));
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

function* isKnown({ directory, facts }: SessionOnDisk, name: string): Io<boolean> {
  const known = facts.get(name);
  return known !== undefined && (yield* isSameFile(join(directory, name), known));
}
