// Writes a finished trace to `<safe id>.json` of some directory: whole or not at all, and never over a crash. A crash is
// looked for in this process and on the disk, up to the moment of the rename.

import { join } from "node:path";
import { errorCode } from "../base/errorCode";
import { parseCrashMarker } from "../trace/marker";
import { parseTraceFileName, traceFileNames } from "../trace/safeId";
import { isCrashed } from "./crashGuard";
import { closeQuietly, readWhole, syncDirectoryOf, unlinkQuietly, writeAll } from "./fileTasks";
import { inFoldPlace } from "./foldPlaces";
import { type Io, io, type RecorderFs, runAsync } from "./recorderFs";
import { throughRenameGate } from "./renameGate";
import { tempPathFor } from "./replaceSnapshot";

export interface ExportRequest {
  readonly directory: string;
  readonly safeId: string;
  /** Part of the temporary file's name. */
  readonly instance: string;
  readonly isSynced: boolean;
  /** The trace's bytes, asked for again where somebody removes the temporary file. */
  open(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  /** True when the result is no longer wanted. */
  isStopped?(): boolean;
}

const maxAttempts = 3;

/** @returns the path; undefined where a crash or `isStopped` forbids it. Rejects with the system's error. */
export async function exportFile(fs: RecorderFs, request: ExportRequest): Promise<string | undefined> {
  const { directory, safeId, instance } = request;
  // The disk is asked before this process, because a crash in this process may come while the disk answers.
  const mayWrite = async () => !(await runAsync(fs, hasCrashedOnDisk(directory, safeId))) && !isStopped(request);
  if (isStopped(request)) return undefined;
  await runAsync(fs, io.mkdir(directory));
  const path = join(directory, traceFileNames.snapshot(safeId));
  for (let attempt = 1; ; attempt++) {
    if (!(await mayWrite())) return undefined;
    const tempPath = tempPathFor(path, safeId, instance);
    try {
      await inFoldPlace(() => writeTemp(fs, tempPath, request));
      const isReplaced = await throughRenameGate(path, async () => {
        if (!(await mayWrite())) return false;
        await runAsync(fs, io.rename(tempPath, path));
        return true;
      });
      if (!isReplaced) {
        await runAsync(fs, unlinkQuietly(tempPath));
        return undefined;
      }
    } catch (error) {
      await runAsync(fs, unlinkQuietly(tempPath));
      // Somebody who took the temporary file for an abandoned one has removed it.
      if (errorCode(error) === "ENOENT" && attempt < maxAttempts) continue;
      throw error;
    }
    if (request.isSynced) await runAsync(fs, syncDirectoryOf(path));
    return path;
  }
}

function isStopped({ directory, safeId, isStopped }: ExportRequest): boolean {
  return isCrashed(directory, safeId) || isStopped?.() === true;
}

async function writeTemp(fs: RecorderFs, tempPath: string, request: ExportRequest): Promise<void> {
  const fd = await runAsync(fs, io.open(tempPath, "create"));
  try {
    for await (const bytes of request.open()) {
      if (isStopped(request)) return;
      await runAsync(fs, writeAll(fd, bytes));
    }
    if (request.isSynced) await runAsync(fs, io.syncAll(fd));
  } finally {
    await runAsync(fs, closeQuietly(fd));
  }
}

/** True for a crash marker that no newer incarnation's journal makes void. Throws for one that can't be read. */
function* hasCrashedOnDisk(directory: string, safeId: string): Io<boolean> {
  const bytes = yield* readWhole(join(directory, traceFileNames.crash(safeId)));
  if (bytes === undefined) return false;
  // One that names no incarnation is torn and speaks of the newest.
  const { incarnation = Number.POSITIVE_INFINITY } = parseCrashMarker(bytes);
  for (const name of yield* io.list(directory)) {
    const parsed = parseTraceFileName(name);
    if (parsed.type === "journal" && parsed.safeId === safeId && parsed.incarnation > incarnation) return false;
  }
  return true;
}
