// Loads one session whole, from any directory and without a watcher. Files are read in the order in which nothing can
// be lost to a writer that works at the same time: markers and journals before the snapshot into which they are folded.

import { join } from "node:path";
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
export async function readSessionFiles(
  key: string,
  signal: AbortSignal | undefined,
  access: FileAccess,
): Promise<SessionFiles> {
  const { directory, name, safeId } = parseSessionKey(key);
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    const names = safeId === undefined ? [name] : await listSessionFiles(access, directory, safeId);
    const result = await readAll(directory, names, safeId ?? name, signal, access);
    if (result.vanished.length === 0) return result.files;
    if (attempt >= maxAttempts) return reportVanished(directory, result, access);
  }
}

/** Names of the session's files that a reader needs, the snapshot last. */
async function listSessionFiles(access: FileAccess, directory: string, safeId: string): Promise<string[]> {
  const order = { live: 0, crash: 1, journal: 2, snapshot: 3 } as const;
  const found: { readonly name: string; readonly rank: number }[] = [];
  for (const name of await access.list(directory)) {
    const parsed = parseTraceFileName(name);
    if (parsed.type === "other" || parsed.type === "temp" || parsed.type === "seen" || parsed.safeId !== safeId)
      continue;
    found.push({ name, rank: order[parsed.type] });
  }
  return found.sort((one, other) => one.rank - other.rank).map(({ name }) => name);
}

interface ReadResult {
  readonly files: SessionFiles;
  readonly vanished: readonly string[];
}

async function readAll(
  directory: string,
  names: readonly string[],
  safeId: string,
  signal: AbortSignal | undefined,
  access: FileAccess,
): Promise<ReadResult> {
  const journals: FileBytes[] = [];
  const unreadable: { readonly name: string; readonly reason: string }[] = [];
  const vanished: string[] = [];
  let snapshot: FileBytes | undefined;
  let liveMarker: FileBytes | undefined;
  let crashMarker: FileBytes | undefined;
  for (const name of names) {
    let file: FileBytes;
    try {
      file = await readWholeFile(access, directory, name, signal);
    } catch (error) {
      signal?.throwIfAborted();
      if (isMissing(error)) vanished.push(name);
      else unreadable.push({ name, reason: describeFileError(error) });
      continue;
    }
    switch (parseTraceFileName(name).type) {
      case "journal":
        journals.push(file);
        break;
      case "live":
        liveMarker = file;
        break;
      case "crash":
        crashMarker = file;
        break;
      default:
        snapshot = file;
    }
  }
  return { files: { safeId, snapshot, journals, liveMarker, crashMarker, unreadable }, vanished };
}

/** What is still listed and cannot be reached after several attempts is a link to nothing, and is reported as such. */
async function reportVanished(directory: string, result: ReadResult, access: FileAccess): Promise<SessionFiles> {
  const unreadable = [...(result.files.unreadable ?? [])];
  for (const name of result.vanished) {
    const target = await access.readLink(join(directory, name)).catch(() => undefined);
    const reason =
      target === undefined ? "It keeps being replaced while it is read" : "Its symbolic link points to nothing";
    unreadable.push({ name, reason });
  }
  return { ...result.files, unreadable };
}

async function readWholeFile(
  access: FileAccess,
  directory: string,
  name: string,
  signal: AbortSignal | undefined,
): Promise<FileBytes> {
  const path = join(directory, name);
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
    return { name, bytes: filled === bytes.length ? bytes : bytes.slice(0, filled), mtimeMs: mtimeMsOf(stamp) };
  } finally {
    await file.close().catch(() => undefined);
  }
}
