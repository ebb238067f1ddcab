// A trace directory that need not be there yet.

import { basename, dirname, join } from "node:path";
import { makeDirectory } from "./durableDirectory";
import { isMissing, writeNew } from "./fileTasks";
import { type Io, io } from "./recorderFs";

/** Names in the directory, which is made where there is none; what is made for us says that it is nobody's to commit. */
export function* listOrMake(directory: string): Io<readonly string[]> {
  try {
    return yield* io.list(directory);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  yield* makeDirectory(directory);
  yield* writeIgnoreFile(directory);
  return [];
}

function* writeIgnoreFile(directory: string): Io<void> {
  for (let folder = directory; dirname(folder) !== folder; folder = dirname(folder)) {
    if (basename(folder) !== ".tracekeeper") continue;
    try {
      yield* writeNew(join(folder, ".gitignore"), Buffer.from("*\n"), false);
    } catch {
      // There is one, or it can't be made: the traces matter more.
    }
    return;
  }
}
