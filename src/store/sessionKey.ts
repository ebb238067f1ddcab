// The identity of a session on disk: the absolute path of its `S.json`, whichever of its files was picked and also
// while `S.json` does not exist.

import { basename, dirname, join, resolve } from "node:path";
import { parseTraceFileName, traceFileNames } from "../trace/safeId";

/** The key of the session to which the file at `path` belongs; a file that is none of a session's is its own key. */
export function sessionKeyOf(path: string): string {
  const absolute = resolve(path);
  const name = parseTraceFileName(basename(absolute));
  if (name.type === "other" || name.type === "temp") return absolute;
  return join(dirname(absolute), traceFileNames.snapshot(name.safeId));
}

/** The parts of a key; `safeId` is undefined for a key that is no `S.json`: such a file stands alone. */
export function parseSessionKey(key: string): {
  readonly directory: string;
  readonly name: string;
  readonly safeId: string | undefined;
} {
  const absolute = resolve(key);
  const name = basename(absolute);
  const parsed = parseTraceFileName(name);
  return { directory: dirname(absolute), name, safeId: parsed.type === "snapshot" ? parsed.safeId : undefined };
}
