// Tasks made of several file calls that more than one part of the recorder needs.

import { dirname } from "node:path";
import { errorCode } from "../base/errorCode";
import { type Io, io } from "./recorderFs";

/** So often a call is made again that was interrupted, or for which there was no room just then. */
const mostRetries = 100;

/** Writes all of `bytes`, however short the single writes are. */
export function* writeAll(fd: number, bytes: Uint8Array): Io<void> {
  let written = 0;
  let retries = 0;
  while (written < bytes.length) {
    try {
      written += yield* io.write(fd, written === 0 ? bytes : bytes.subarray(written));
    } catch (error) {
      if (!isPassing(error) || ++retries > mostRetries) throw error;
    }
  }
}

/** Up to `into.length` bytes from `offsetBytes`; fewer only where the file ends before. Returns how many. */
export function* readFully(fd: number, into: Uint8Array, offsetBytes: number): Io<number> {
  let filled = 0;
  let retries = 0;
  while (filled < into.length) {
    try {
      const count = yield* io.read(fd, into.subarray(filled), offsetBytes + filled);
      if (count === 0) break;
      filled += count;
    } catch (error) {
      if (!isPassing(error) || ++retries > mostRetries) throw error;
    }
  }
  return filled;
}

/** All bytes of a file; undefined where there is none. */
export function* readWhole(path: string): Io<Uint8Array | undefined> {
  let fd: number;
  try {
    fd = yield* io.open(path, "read");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  try {
    const { sizeBytes } = yield* io.statFd(fd);
    const bytes = new Uint8Array(sizeBytes);
    const count = yield* readFully(fd, bytes, 0);
    return count === sizeBytes ? bytes : bytes.slice(0, count);
  } finally {
    yield* closeQuietly(fd);
  }
}

const firstLineBytes = 64 * 1024;
const longestLineBytes = 256 * 1024 * 1024;

/** The first line of a file with its line feed, or all of a file without one; a header may hold a long prompt. */
export function* readFirstLine(path: string): Io<Uint8Array> {
  for (let bytes = firstLineBytes; ; bytes *= 16) {
    const start = yield* readStart(path, Math.min(bytes, longestLineBytes));
    const end = start.indexOf(0x0a);
    if (end >= 0) return start.subarray(0, end + 1);
    if (start.length < bytes) return start;
  }
}

/** Up to `bytes` from the start of a file; none where there is no file. */
export function* readStart(path: string, bytes: number): Io<Uint8Array> {
  let fd: number;
  try {
    fd = yield* io.open(path, "read");
  } catch (error) {
    if (isMissing(error)) return new Uint8Array();
    throw error;
  }
  try {
    const start = new Uint8Array(bytes);
    return start.subarray(0, yield* readFully(fd, start, 0));
  } finally {
    yield* closeQuietly(fd);
  }
}

/** A new file with these bytes. On failure nothing of it is left, as far as that can be done. */
export function* writeNew(path: string, bytes: Uint8Array, isSynced: boolean): Io<void> {
  const fd = yield* io.open(path, "create");
  try {
    yield* writeAll(fd, bytes);
    if (isSynced) yield* io.syncAll(fd);
  } catch (error) {
    yield* closeQuietly(fd);
    yield* unlinkQuietly(path);
    throw error;
  }
  yield* closeQuietly(fd);
}

/** Makes the entries of a file's directory durable. Where directories can't be synced (Windows) nothing is done. */
export function* syncDirectoryOf(path: string): Io<void> {
  let fd: number;
  try {
    fd = yield* io.open(dirname(path), "read");
  } catch (error) {
    if (cannotSyncDirectory(error)) return;
    throw error;
  }
  try {
    yield* io.syncAll(fd);
  } catch (error) {
    if (!cannotSyncDirectory(error)) throw error;
  } finally {
    yield* closeQuietly(fd);
  }
}

export function* closeQuietly(fd: number): Io<void> {
  try {
    yield* io.close(fd);
  } catch {
    // The descriptor is gone whatever close says.
  }
}

/** True where the file was removed or is not there. */
export function* unlinkQuietly(path: string): Io<boolean> {
  try {
    yield* io.unlink(path);
    return true;
  } catch (error) {
    return isMissing(error);
  }
}

/** True where there is something at `path`; also where that can't be found out. */
export function* mayExist(path: string): Io<boolean> {
  try {
    yield* io.stat(path);
    return true;
  } catch (error) {
    return !isMissing(error);
  }
}

export function isMissing(error: unknown): boolean {
  const code = errorCode(error);
  return code === "ENOENT" || code === "ENOTDIR";
}

/** Interrupted by a signal, or no room just now: the same call works the next time. */
export function isPassing(error: unknown): boolean {
  const code = errorCode(error);
  return code === "EINTR" || code === "EAGAIN";
}

function cannotSyncDirectory(error: unknown): boolean {
  const code = errorCode(error);
  return code === "EISDIR" || code === "EPERM" || code === "EINVAL" || code === "ENOTSUP" || code === "EACCES";
}
