// What the first line of a script, `#!/usr/bin/env node`, names to the system: a path up to the next blank, with all that
// an editor has left in it. What `env` looks for then is told by `env`.

import { closeSync, openSync, readSync, statSync } from "node:fs";

/** No system reads more of the line. */
const mostBytes = 512;

/** Undefined for a file that is no script, or that can't be read. */
export function scriptInterpreter(path: string): string | undefined {
  const [line = ""] = headOf(path).split("\n", 1);
  return /^#![ \t]*([^ \t]+)/.exec(line)?.[1];
}

function headOf(path: string): string {
  let fd: number | undefined;
  try {
    // To open anything else may take for ever.
    if (!statSync(path).isFile()) return "";
    fd = openSync(path, "r");
    const bytes = Buffer.alloc(mostBytes);
    return bytes.toString("utf8", 0, readSync(fd, bytes, 0, mostBytes, 0));
  } catch {
    return "";
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
