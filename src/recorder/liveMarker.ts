// `S.live` and what becomes of it: made when an incarnation begins, removed by a clean end, renamed to `S.crash` by a
// crash. A rename takes no space, and only one of end, crash and recovery can win it.

import type { LiveMarker } from "../trace/evidence";
import { type CrashNote, encodeCrashNote, encodeLiveMarker, parseLiveMarker } from "../trace/marker";
import { closeQuietly, isMissing, readWhole, unlinkQuietly, writeAll, writeNew } from "./fileTasks";
import { type Io, io } from "./recorderFs";

export interface MarkerPaths {
  readonly live: string;
  readonly crash: string;
}

/** Puts the identity of a new incarnation in place of an older one's, by way of `tempPath`. */
export function* placeLiveMarker(paths: MarkerPaths, identity: LiveMarker, tempPath: string): Io<void> {
  const bytes = encodeLiveMarker(identity);
  try {
    yield* writeNew(paths.live, bytes, false);
    return;
  } catch {
    // There is an older one, or a new file can't be made under this name.
  }
  yield* writeNew(tempPath, bytes, false);
  try {
    yield* io.rename(tempPath, paths.live);
  } catch (error) {
    yield* unlinkQuietly(tempPath);
    throw error;
  }
}

/** Whether `S.live` is that of this very incarnation. */
export function* isLiveMarkerOf(paths: MarkerPaths, identity: LiveMarker): Io<boolean> {
  const bytes = yield* readWhole(paths.live);
  if (!bytes) return false;
  const found = parseLiveMarker(bytes);
  return found.instance === identity.instance && found.incarnation === identity.incarnation;
}

/** Makes the crash known. Throws where neither the rename nor a new file is possible. */
export function* placeCrashMarker(paths: MarkerPaths, identity: LiveMarker, note: CrashNote): Io<void> {
  if (yield* isLiveMarkerOf(paths, identity)) {
    try {
      yield* io.rename(paths.live, paths.crash);
      yield* appendNote(paths.crash, note);
      return;
    } catch (error) {
      if (!isMissing(error)) yield* createCrashMarker(paths.crash, identity, note);
      else throw error;
      return;
    }
  }
  yield* createCrashMarker(paths.crash, identity, note);
}

function* createCrashMarker(path: string, identity: LiveMarker, note: CrashNote): Io<void> {
  const fd = yield* io.open(path, "create");
  try {
    // That the file is there is what counts; what it says is written as far as there is space.
    yield* writeAll(fd, Buffer.concat([encodeLiveMarker(identity), encodeCrashNote(note)]));
  } catch {
    // A torn marker holds.
  } finally {
    yield* closeQuietly(fd);
  }
}

function* appendNote(path: string, note: CrashNote): Io<void> {
  try {
    const fd = yield* io.open(path, "append");
    try {
      yield* writeAll(fd, encodeCrashNote(note));
    } finally {
      yield* closeQuietly(fd);
    }
  } catch {
    // The journal holds the reason too.
  }
}
