// Loads one session whole, from any directory and without a watcher. Files are read in the order in which nothing can
// be lost to a writer that works at the same time: markers and journals before the snapshot into which they are folded.

import { basename, join } from "node:path";
import { readSession } from "../trace/readSession";
import { parseTraceFileName } from "../trace/safeId";
import type { FileBytes, LoadedSession, ProbeLiveness, SessionFiles } from "../trace/sessionFiles";
import { describeFileError, type FileAccess, isMissing, mtimeMsOf, nodeFileAccess } from "./fileAccess";
import { requireFile } from "./fileEdges";
import { parseSessionKey } from "./sessionKey";

/** Bytes of one read, between two looks at the abort signal. */
const chunkBytes = 8 * 1024 * 1024;
/** A file that is listed and gone when it is read was renamed or folded: the whole set is read again, this often at most. */
const maxAttempts = 4;

/**
 * @param key absolute path of `S.json`, which need not exist; any other file is read as a snapshot, alone
 * @param signal rejects with its reason
 * @throws the system's error where the directory cannot be read; bad or unreadable files are problems of the result
 */
export async function loadSession(
  key: string,
  probe: ProbeLiveness,
  signal?: AbortSignal,
  access: FileAccess = nodeFileAccess,
): Promise<LoadedSession> {
  return readSession(await readSessionFiles(key, signal, access), probe);
}

/** The bytes of all files of a session; see `loadSession`. */
export function readSessionFiles(
  key: string,
  signal: AbortSignal | undefined,
  access: FileAccess,
): Promise<SessionFiles> {
  return readSessionFilesWith(key, signal, access, (path) => readWholeFile(access, path, signal));
}

/** The files of a session, of which the snapshot and the journals are whatever somebody makes of them. */
export type FilesWith<Snapshot, Journal = FileBytes> = Omit<SessionFiles, "snapshot" | "journals"> & {
  readonly snapshot?: Snapshot | undefined;
  readonly journals: readonly Journal[];
};

/**
 * @param readSnapshot called last, and again where another file was gone meanwhile; rejects with the system's error
 * @param readJournal the same before that, for each of them
 */
export async function readSessionFilesWith<Snapshot, Journal = FileBytes>(
  key: string,
  signal: AbortSignal | undefined,
  access: FileAccess,
  readSnapshot: (path: string) => Promise<Snapshot>,
  readJournal = (path: string) => readWholeFile(access, path, signal) as Promise<Journal>,
): Promise<FilesWith<Snapshot, Journal>> {
  const { directory, name, safeId } = parseSessionKey(key);
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    const isLast = attempt >= maxAttempts;
    const names = safeId === undefined ? [name] : await listSessionFiles(access, directory, safeId);
    const listed = { directory, names, safeId: safeId ?? name, isLast };
    const result = await readAll(listed, signal, access, readSnapshot, readJournal);
    if (result.vanished.length === 0) return result.files;
    if (isLast) return reportVanished(directory, result, access);
  }
}

/** Whether a session has journals. */
export async function hasJournals(key: string, access: FileAccess): Promise<boolean> {
  const { directory, safeId } = parseSessionKey(key);
  const names = safeId === undefined ? [] : await listSessionFiles(access, directory, safeId);
  return names.some((name) => parseTraceFileName(name).type === "journal");
}

/** Names of the session's files that a reader needs, the snapshot last. */
async function listSessionFiles(access: FileAccess, directory: string, safeId: string): Promise<string[]> {
  const order = { live: 0, crash: 1, journal: 2, snapshot: 3 } as const;
  const found: { readonly name: string; readonly rank: number }[] = [];
  for (const name of await access.list(directory)) {
    if (!name.startsWith(safeId)) continue;
    const parsed = parseTraceFileName(name);
    if (parsed.type === "other" || parsed.type === "temp" || parsed.type === "seen" || parsed.safeId !== safeId)
      continue;
    found.push({ name, rank: order[parsed.type] });
  }
  return found.sort((one, other) => one.rank - other.rank).map(({ name }) => name);
}

interface ReadResult<Snapshot, Journal> {
  readonly files: FilesWith<Snapshot, Journal>;
  readonly vanished: readonly string[];
}

interface Listed {
  readonly directory: string;
  readonly names: readonly string[];
  readonly safeId: string;
  /** What can be read is read although something else is gone. */
  readonly isLast: boolean;
}

async function readAll<Snapshot, Journal>(
  { directory, names, safeId, isLast }: Listed,
  signal: AbortSignal | undefined,
  access: FileAccess,
  readSnapshot: (path: string) => Promise<Snapshot>,
  readJournal: (path: string) => Promise<Journal>,
): Promise<ReadResult<Snapshot, Journal>> {
  const journals: Journal[] = [];
  const unreadable: { readonly name: string; readonly reason: string }[] = [];
  const vanished: string[] = [];
  let snapshot: Snapshot | undefined;
  let liveMarker: FileBytes | undefined;
  let crashMarker: FileBytes | undefined;
  for (const name of names) {
    const path = join(directory, name);
    const { type } = parseTraceFileName(name);
    try {
      if (type === "journal") journals.push(await readJournal(path));
      else if (type === "live") liveMarker = await readWholeFile(access, path, signal);
      else if (type === "crash") crashMarker = await readWholeFile(access, path, signal);
      else if (vanished.length === 0 || isLast) snapshot = await readSnapshot(path);
    } catch (error) {
      signal?.throwIfAborted();
      if (isMissing(error)) vanished.push(name);
      else unreadable.push({ name, reason: describeFileError(error) });
    }
  }
  return { files: { safeId, snapshot, journals, liveMarker, crashMarker, unreadable }, vanished };
}

/** What is still listed and cannot be reached after several attempts is a link to nothing, and is reported as such. */
async function reportVanished<Snapshot, Journal>(
  directory: string,
  result: ReadResult<Snapshot, Journal>,
  access: FileAccess,
): Promise<FilesWith<Snapshot, Journal>> {
  const unreadable = [...(result.files.unreadable ?? [])];
  for (const name of result.vanished) {
    const target = await access.readLink(join(directory, name)).catch(() => undefined);
    const reason =
      target === undefined ? "It keeps being replaced while it is read" : "Its symbolic link points to nothing";
    unreadable.push({ name, reason });
  }
  return { ...result.files, unreadable };
}

async function readWholeFile(access: FileAccess, path: string, signal: AbortSignal | undefined): Promise<FileBytes> {
  // Looked at before it is opened: opening a device can do something.
  requireFile(await access.stat(path));
  const file = await access.open(path);
  try {
    const stamp = await file.stat();
    requireFile(stamp);
    const bytes = new Uint8Array(stamp.sizeBytes);
    let filled = 0;
    while (filled < bytes.length) {
      signal?.throwIfAborted();
      const count = await file.read(bytes.subarray(filled, filled + chunkBytes), filled);
      if (count === 0) break;
      filled += count;
    }
    return {
      name: basename(path),
      bytes: filled === bytes.length ? bytes : bytes.slice(0, filled),
      mtimeMs: mtimeMsOf(stamp),
    };
  } finally {
    await file.close().catch(() => undefined);
  }
}
