// A file is durable when its name is, and the names of the directories that were made for it. Those that this process has
// made are remembered until they are synced.

import { dirname } from "node:path";
import { isMissing, syncDirectoryOf } from "./fileTasks";
import { type Io, io } from "./recorderFs";

/** By the directory that was wanted: itself and those above it that were made for it. */
const made = new Map<string, readonly string[]>();

/** Makes a directory and those above it. */
export function* makeDirectory(directory: string): Io<void> {
  const missing: string[] = [];
  for (let folder = directory; dirname(folder) !== folder; folder = dirname(folder)) {
    try {
      yield* io.stat(folder);
      break;
    } catch (error) {
      if (!isMissing(error)) break;
      missing.push(folder);
    }
  }
  yield* io.mkdir(directory);
  if (missing.length > 0) made.set(directory, missing);
}

/** The name of a file, and of the directories that were made for it, is on the disk. */
export function* syncEntryOf(path: string): Io<void> {
  yield* syncDirectoryOf(path);
  const directory = dirname(path);
  const folders = made.get(directory);
  if (folders === undefined) return;
  for (const folder of folders) yield* syncDirectoryOf(folder);
  made.delete(directory);
}
