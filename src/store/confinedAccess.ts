// A view of the file system that ends at the borders of some folders, for workspaces that are not trusted: a link in such
// a workspace must not make us read what lies outside of it. Links are followed before the question is asked.

import { realpath } from "node:fs/promises";
import { type FileAccess, nodeFileAccess } from "./fileAccess";
import { isInsideAny } from "./insideFolder";

/** The code of the error for what lies outside. */
export const outsideCode = "EOUTSIDE";

class OutsideError extends Error {
  override readonly name = "OutsideError";
  readonly code = outsideCode;

  constructor(path: string) {
    super(`${path} leads out of the workspace`);
  }
}

/**
 * `access`, refusing with `EOUTSIDE` what is not below one of the folders.
 *
 * @param folders asked at each call: undefined means that there are no borders
 */
export function confineAccess(
  folders: () => readonly string[] | undefined,
  access: FileAccess = nodeFileAccess,
): FileAccess {
  const check = async (path: string): Promise<void> => {
    const borders = folders();
    if (borders === undefined) return;
    // What does not exist is refused by the call itself, with the system's own words.
    const real = await realpath(path).catch(() => undefined);
    if (real === undefined) return;
    if (!(await isInsideAny(real, borders))) throw new OutsideError(path);
  };
  return {
    async list(directory) {
      await check(directory);
      return access.list(directory);
    },
    async stat(path) {
      await check(path);
      return access.stat(path);
    },
    readLink: (path) => access.readLink(path),
    async open(path) {
      await check(path);
      return access.open(path);
    },
    // Tells that something happened and nothing of what it is; every look at it goes through the calls above.
    watch: (folder, onEvent, onError) => access.watch(folder, onEvent, onError),
  };
}
