// Bytes that recovery can't bring into the trace are kept under a name that no reader takes for a trace. Nothing is
// written over, and what is there already is not kept twice.

import { basename, dirname, join } from "node:path";
import { parseTraceFileName } from "../trace/safeId";
import { closeQuietly, isMissing, readFully, syncDirectoryOf, unlinkQuietly, writeNew } from "./fileTasks";
import { type Io, io } from "./recorderFs";

/**
 * Why a file was kept: it is damaged; it is another writer's snapshot; or nobody knows which of its records `S.json` holds.
 */
export type AsideReason = "damaged" | "replaced" | "unmerged";

const mostCopies = 100;
const comparedBytes = 1024 * 1024;

/** `S` of `S.json.replaced`, `S.1.journal.ndjson.damaged.2` and so on; undefined for a name that is none of these. */
export function sessionOfAside(name: string): string | undefined {
  const kept = /^(.+)\.(?:damaged|replaced|unmerged)(?:\.[1-9][0-9]{0,2})?$/s.exec(name)?.[1];
  const parsed = kept === undefined ? undefined : parseTraceFileName(kept);
  return parsed?.type === "journal" || parsed?.type === "snapshot" ? parsed.safeId : undefined;
}

/** Renames a file. @returns its new name; undefined where it is gone */
export function* moveAside(path: string, reason: AsideReason): Io<string | undefined> {
  for (let copy = 1; copy <= mostCopies; copy++) {
    const target = asidePath(path, reason, copy);
    if ((yield* sizeOf(target)) !== undefined) continue;
    try {
      yield* io.rename(path, target);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
    return basename(target);
  }
  throw new Error(`There are ${mostCopies} copies of ${basename(path)}`);
}

/** Keeps a copy of `bytes`, which were read from `path`, by way of `tempPath`. @returns its name */
export function* copyAside(path: string, bytes: Uint8Array, reason: AsideReason, tempPath: string): Io<string> {
  for (let copy = 1; copy <= mostCopies; copy++) {
    const target = asidePath(path, reason, copy);
    const sizeBytes = yield* sizeOf(target);
    if (sizeBytes !== undefined) {
      if (sizeBytes === bytes.length && (yield* holds(target, bytes))) return basename(target);
      continue;
    }
    yield* writeNew(tempPath, bytes, true);
    try {
      yield* io.rename(tempPath, target);
    } catch (error) {
      yield* unlinkQuietly(tempPath);
      throw error;
    }
    yield* syncDirectoryOf(target);
    return basename(target);
  }
  throw new Error(`There are ${mostCopies} copies of ${basename(path)}`);
}

function asidePath(path: string, reason: AsideReason, copy: number): string {
  return join(dirname(path), `${basename(path)}.${reason}${copy === 1 ? "" : `.${copy}`}`);
}

function* sizeOf(path: string): Io<number | undefined> {
  try {
    return (yield* io.stat(path)).sizeBytes;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function* holds(path: string, bytes: Uint8Array): Io<boolean> {
  const fd = yield* io.open(path, "read");
  try {
    const piece = Buffer.alloc(Math.min(comparedBytes, bytes.length));
    for (let offset = 0; offset < bytes.length; offset += piece.length) {
      const count = yield* readFully(fd, piece, offset);
      if (Buffer.compare(piece.subarray(0, count), bytes.subarray(offset, offset + piece.length)) !== 0) return false;
    }
    return true;
  } finally {
    yield* closeQuietly(fd);
  }
}
