// Makes a directory and those above it, one by one. Node's own recursive mkdir never returns where the system says ENOENT
// for a directory whose parent exists, as it does below /proc.

import { type MakeDirectoryOptions, mkdirSync, statSync } from "node:fs";
import { mkdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { errorCode } from "../base/errorCode";

/** Made with mode 0700. One that exists is no error. Throws the system's error. */
export function makeFoldersSync(path: string): void {
  const steps = making(resolve(path));
  for (let step = steps.next(); !step.done; ) {
    const folder = step.value;
    let error: unknown;
    try {
      mkdirSync(folder, options);
    } catch (thrown) {
      error = isFolder(folder) ? undefined : thrown;
    }
    step = steps.next(error);
  }
}

/** The same in another thread. */
export async function makeFolders(path: string): Promise<void> {
  const steps = making(resolve(path));
  for (let step = steps.next(); !step.done; ) {
    const folder = step.value;
    const error = await mkdir(folder, options).then(
      () => undefined,
      async (thrown: unknown) => {
        const facts = await stat(folder).catch(() => undefined);
        return facts?.isDirectory() ? undefined : thrown;
      },
    );
    step = steps.next(error);
  }
}

const options: MakeDirectoryOptions = { mode: 0o700 };

/** Yields the directories that are to be made, and is sent why that was not possible; undefined once it is there. */
function* making(path: string): Generator<string, void, unknown> {
  const missing: string[] = [];
  let folder = path;
  let error = yield folder;
  while (errorCode(error) === "ENOENT" && dirname(folder) !== folder) {
    missing.push(folder);
    folder = dirname(folder);
    error = yield folder;
  }
  for (const each of missing.reverse()) {
    if (error !== undefined) break;
    error = yield each;
  }
  if (error !== undefined) throw error;
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
