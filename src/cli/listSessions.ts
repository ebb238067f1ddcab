// The sessions of a directory, read once as the view's list reads them: at most the head and the tail of each file.

import { stat } from "node:fs/promises";
import type { Logger } from "../base/logger";
import { silentLogger } from "../base/logger";
import { importedFiles } from "../reader/listImported";
import { makeProbeLiveness } from "../recorder/liveness";
import { DirectoryIndex } from "../store/directoryIndex";
import { describeFileError, type FileAccess, isMissing, nodeFileAccess } from "../store/fileAccess";
import { Limiter } from "../store/limiter";
import type { SessionEntry } from "../store/sessionEntry";

const concurrentFiles = 8;

/** @throws an error in words where the directory can't be read */
export async function listSessions(
  directory: string,
  nowMs: number,
  files: FileAccess = nodeFileAccess,
): Promise<SessionEntry[]> {
  await requireDirectory(directory, files);
  const warnings: string[] = [];
  const logger: Logger = { ...silentLogger, warn: (message) => warnings.push(message) };
  const context = {
    access: files,
    limiter: new Limiter(concurrentFiles),
    probe: makeProbeLiveness(),
    now: () => nowMs,
    logger,
    foreign: importedFiles,
  };
  const index = new DirectoryIndex(directory, context, { onRows() {}, onFileChanged() {} });
  try {
    await index.scan();
    const [warning] = warnings;
    if (warning !== undefined) throw new Error(warning);
    return [...index.entries()];
  } finally {
    index.dispose();
  }
}

/** @throws an error in words */
export async function requireDirectory(directory: string, files: FileAccess = nodeFileAccess): Promise<void> {
  let isDirectory: boolean;
  try {
    isDirectory = (await stat(directory)).isDirectory();
    if (isDirectory) await files.list(directory);
  } catch (error) {
    throw new Error(`${directory}: ${isMissing(error) ? "There is no such directory" : describeFileError(error)}`);
  }
  if (!isDirectory) throw new Error(`${directory}: It is no directory`);
}

export function isLive({ state }: SessionEntry): boolean {
  return state.status === "running" || state.status === "waiting";
}

export function isFailed({ state }: SessionEntry): boolean {
  return state.status === "failed" || state.status === "crashed";
}

/** Live ones first, then by when they were last known to do something, the newest first. */
export function byNewest(one: SessionEntry, other: SessionEntry): number {
  const live = Number(isLive(other)) - Number(isLive(one));
  return live || timeOf(other) - timeOf(one) || (one.safeId < other.safeId ? -1 : 1);
}

export function timeOf({ endedMs, startedMs, modifiedMs }: SessionEntry): number {
  return endedMs ?? startedMs ?? modifiedMs;
}

/** What a person knows the session by. May hold anything. */
export function titleOf(entry: SessionEntry): string {
  return entry.title?.trim() || entry.prompt?.trim() || entry.sessionId;
}
