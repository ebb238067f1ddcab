// Where the trace of a new session goes: `.tracekeeper/traces` of the workspace folder that holds the program, or the
// extension's storage where there is no such folder or it can't be written.

import { constants } from "node:fs";
import { access, mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "../../base/errorCode";
import { makeFolders } from "../../recorder/makeFolders";
import { isInside } from "../../store/insideFolder";

export interface TraceFolder {
  readonly directory: string;
  /** Why it is not in the workspace folder; undefined where it is. */
  readonly fallback?: "noFolder" | "notWritable" | undefined;
}

/**
 * Makes the directory.
 *
 * @param folder of the workspace
 * @param storage the extension's
 */
export async function makeTraceFolder(folder: string | undefined, storage: string): Promise<TraceFolder> {
  if (folder !== undefined) {
    const directory = join(folder, ".tracekeeper", "traces");
    if (await makeInside(folder, directory)) return { directory };
  }
  const directory = join(storage, "traces");
  await makeFolders(directory);
  return { directory, fallback: folder === undefined ? "noFolder" : "notWritable" };
}

/** The folder that holds `path`, the innermost one; the first one for a path that none holds. */
export function folderOf(path: string, folders: readonly string[]): string | undefined {
  const holding = folders.filter((folder) => isInside(folder, path));
  return holding.sort((a, b) => b.length - a.length)[0] ?? folders[0];
}

/** False where the folder can't be written, for whatever reason: the trace then has another place. */
async function makeInside(folder: string, directory: string): Promise<boolean> {
  const own = join(folder, ".tracekeeper");
  try {
    // A folder that is gone must not come back by this.
    if (!(await stat(folder)).isDirectory()) return false;
    if (await makeNew(own)) await writeFile(join(own, ".gitignore"), "*\n", { flag: "wx" });
    await makeNew(directory);
    await access(directory, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** True where it was not there before. */
async function makeNew(directory: string): Promise<boolean> {
  try {
    await mkdir(directory, { mode: 0o700 });
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}
