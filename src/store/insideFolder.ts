// Whether a path lies within some folders: the one question behind "opens without asking" and behind Restricted Mode.

import { realpath } from "node:fs/promises";
import { isAbsolute, relative, sep } from "node:path";

/** Whether `candidate` is `folder` or below it. Both absolute; links are not followed. */
export function isInside(folder: string, candidate: string): boolean {
  const way = relative(folder, candidate);
  return way === "" || (way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

/** Whether `realPath`, whose links were followed, is in one of the folders, whose links are followed here. */
export async function isInsideAny(realPath: string, folders: readonly string[]): Promise<boolean> {
  for (const folder of folders) {
    const realFolder = await realpath(folder).catch(() => folder);
    if (isInside(realFolder, realPath)) return true;
  }
  return false;
}
