// The files of one session as they are on the disk, and whether they still are as they were read. They are read in the
// order in which nothing can be lost to a writer at work: markers and journals before the snapshot that they go into.

import { join } from "node:path";
import { errorCode } from "../base/errorCode";
import { parseTraceFileName } from "../trace/safeId";
import type { FileBytes, SessionFiles } from "../trace/sessionFiles";
import { closeQuietly, isMissing, readFully } from "./fileTasks";
import { type FileFacts, type Io, io } from "./recorderFs";

/** A file that is listed and gone when it is read was renamed or folded: all are read again, this often at most. */
const maxAttempts = 4;

const order = { live: 0, crash: 1, journal: 2, snapshot: 3 } as const;

export interface SessionOnDisk {
  readonly directory: string;
  readonly files: SessionFiles;
  /** What each file was when it was read, by name; of those that can't be read, too. */
  readonly facts: Map<string, FileFacts | undefined>;
}

/** The names of a session's files that a reader needs, the snapshot last. */
export function filesOfSession(names: readonly string[], safeId: string): string[] {
  const found: { readonly name: string; readonly rank: number }[] = [];
  for (const name of names) {
    if (!name.startsWith(safeId)) continue;
    const parsed = parseTraceFileName(name);
    if (parsed.type === "other" || parsed.type === "temp" || parsed.type === "seen" || parsed.safeId !== safeId) {
      continue;
    }
    found.push({ name, rank: order[parsed.type] });
  }
  return found.sort((one, other) => one.rank - other.rank).map(({ name }) => name);
}

/** @returns undefined where files keep vanishing while they are read */
export function* readSessionOnDisk(directory: string, safeId: string): Io<SessionOnDisk | undefined> {
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    const names = filesOfSession(yield* io.list(directory), safeId);
    const read = yield* readAll(directory, safeId, names);
    if (read) return read;
  }
  return undefined;
}

function* readAll(directory: string, safeId: string, names: readonly string[]): Io<SessionOnDisk | undefined> {
  const facts = new Map<string, FileFacts | undefined>();
  const journals: FileBytes[] = [];
  const single: { live?: FileBytes; crash?: FileBytes; snapshot?: FileBytes } = {};
  const unreadable: { name: string; reason: string }[] = [];
  for (const name of names) {
    try {
      const { file, facts: found } = yield* readFile(join(directory, name), name);
      facts.set(name, found);
      const { type } = parseTraceFileName(name);
      if (type === "journal") journals.push(file);
      else if (type === "live" || type === "crash" || type === "snapshot") single[type] = file;
    } catch (error) {
      if (isMissing(error)) return undefined;
      facts.set(name, undefined);
      unreadable.push({ name, reason: errorCode(error) ?? String(error) });
    }
  }
  const files = {
    safeId,
    journals,
    snapshot: single.snapshot,
    liveMarker: single.live,
    crashMarker: single.crash,
    unreadable,
  };
  return { directory, files, facts };
}

/** A file's bytes and what it was when they were read. Throws the system's error. */
export function* readFile(path: string, name: string): Io<{ file: FileBytes; facts: FileFacts }> {
  const fd = yield* io.open(path, "read");
  try {
    const facts = yield* io.statFd(fd);
    if (facts.kind !== "file") throw new Error(`It is not a file but a ${facts.kind}`);
    const bytes = new Uint8Array(facts.sizeBytes);
    const count = yield* readFully(fd, bytes, 0);
    const file = { name, bytes: count === bytes.length ? bytes : bytes.slice(0, count), mtimeMs: facts.mtimeMs };
    return { file, facts: { ...facts, sizeBytes: count } };
  } finally {
    yield* closeQuietly(fd);
  }
}

/**
 * True while the session has the very files that were read, none of them changed.
 * @param mayGrow names of journals that somebody may go on with
 */
export function* isUnchanged({ directory, files, facts }: SessionOnDisk, mayGrow: ReadonlySet<string>): Io<boolean> {
  const names = filesOfSession(yield* io.list(directory), files.safeId);
  if (names.length !== facts.size || names.some((name) => !facts.has(name))) return false;
  for (const [name, known] of facts) {
    if (known === undefined || mayGrow.has(name)) continue;
    if (!(yield* isSameFile(join(directory, name), known))) return false;
  }
  return true;
}

/** True where the file is there and is what it was. */
export function* isSameFile(path: string, known: FileFacts): Io<boolean> {
  try {
    const now = yield* io.stat(path);
    return (
      now.ino === known.ino &&
      now.dev === known.dev &&
      now.sizeBytes === known.sizeBytes &&
      now.mtimeMs === known.mtimeMs
    );
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** Takes note of what we did to a file ourselves. */
export function* noteOwnChange({ directory, facts }: SessionOnDisk, name: string): Io<void> {
  try {
    facts.set(name, yield* io.stat(join(directory, name)));
  } catch (error) {
    if (!isMissing(error)) throw error;
    facts.delete(name);
  }
}
