// The last steps of a clean end. What is removed is in `S.json`, which was read back; what somebody who may still be alive
// could undo by a late rename stays, and recovery removes it when that writer is gone.

import { dirname, join } from "node:path";
import type { Liveness, WriterIdentity } from "../trace/evidence";
import { readJournal } from "../trace/journal";
import { parseCrashMarker } from "../trace/marker";
import { parseTraceFileName, traceFileNames } from "../trace/safeId";
import type { Writer } from "../trace/schema";
import { isRenameAwaited, type RenameWatch } from "./awaitedRenames";
import { readFirstLine, readWhole, syncDirectoryOf, unlinkQuietly } from "./fileTasks";
import { isLiveMarkerOf, type MarkerPaths } from "./liveMarker";
import { type Io, io } from "./recorderFs";
import { isSuperseded, type SnapshotTarget } from "./replaceSnapshot";
import { readSnapshotWriter } from "./snapshotTail";

export interface EndedIncarnation {
  readonly target: SnapshotTarget;
  readonly markers: MarkerPaths;
  readonly journalPath: string;
  /** As `S.json` must carry it. */
  readonly writer: Writer;
  probe(writer: WriterIdentity): Liveness;
}

/** @returns false where `S.json` is not as it was written, so that everything stays */
export function* removeAfterEnd(ended: EndedIncarnation): Io<boolean> {
  const { target, writer, markers } = ended;
  // Listed before `S.json` is read: a rename that is not awaited any more is seen there.
  const names = yield* io.list(dirname(target.path));
  const found = yield* readSnapshotWriter(target.path);
  if (found?.instance !== writer.instance || found.incarnation !== writer.incarnation || found.seq !== writer.seq) {
    return false;
  }
  if (yield* isSuperseded(target)) return false;
  if (yield* isLiveMarkerOf(markers, writer)) {
    yield* unlinkQuietly(markers.live);
    // A power cut that brings `S.live` back, perhaps torn, must find the journal, which tells of the end.
    if (target.isSynced) yield* syncDirectoryOf(markers.live);
  }
  const older = yield* olderJournals(ended, names);
  if (older.some(({ mayBeWritten }) => mayBeWritten)) return true;
  if (yield* isRenameAwaited(othersOf(ended), names)) return true;
  for (const { path } of older) yield* unlinkQuietly(path);
  // Without the journal, the marker of an earlier crash would count against whatever is written to `S.json` later on.
  if (yield* isEarlierCrash(markers.crash, writer.incarnation)) yield* unlinkQuietly(markers.crash);
  yield* unlinkQuietly(ended.journalPath);
  return true;
}

/** Such a crash is an event in `S.json` by now. */
function* isEarlierCrash(path: string, incarnation: number): Io<boolean> {
  try {
    const bytes = yield* readWhole(path);
    const crashed = bytes && parseCrashMarker(bytes).incarnation;
    return crashed !== undefined && crashed < incarnation;
  } catch {
    return false;
  }
}

function othersOf({ target, writer, probe }: EndedIncarnation): RenameWatch {
  const { path, safeId } = target;
  return { directory: dirname(path), safeId, neighbour: writer, settled: new Set([writer.instance]), probe };
}

function* olderJournals(
  { target, writer, probe }: EndedIncarnation,
  names: readonly string[],
): Io<{ readonly path: string; readonly mayBeWritten: boolean }[]> {
  const directory = dirname(target.path);
  const found: { path: string; mayBeWritten: boolean }[] = [];
  for (const name of names) {
    if (!name.startsWith(target.safeId)) continue;
    const parsed = parseTraceFileName(name);
    if (parsed.type !== "journal" || parsed.safeId !== target.safeId || parsed.incarnation >= writer.incarnation) {
      continue;
    }
    const path = join(directory, name);
    const header = readJournal(yield* readFirstLine(path), name).header?.header;
    const isOurs = header?.writer.instance === writer.instance;
    found.push({ path, mayBeWritten: !isOurs && (!header || probe(header.writer) !== "gone") });
  }
  return found;
}

/** Name of the journal of an incarnation beside `S.json`. */
export function journalPathOf(path: string, safeId: string, incarnation: number): string {
  return join(dirname(path), traceFileNames.journal(safeId, incarnation));
}
