// Pipes of the system's own for a program's output. Those that Node makes are sockets, and on Linux a program can't open a
// socket again by name: `echo problem > /dev/stderr` fails in one.

import { spawnSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, rmSync } from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";

export interface SystemPipe {
  readonly readable: Readable;
  /** For the program; to be closed here once it has it. */
  readonly writeFd: number;
}

/** @returns undefined where they are not needed, or not to be had */
export function makeSystemPipes(): readonly [SystemPipe, SystemPipe] | undefined {
  if (process.platform !== "linux") return undefined;
  let folder: string | undefined;
  const opened: number[] = [];
  const open = (path: string, flags: number) => {
    const fd = openSync(path, flags);
    opened.push(fd);
    return fd;
  };
  try {
    folder = mkdtempSync(join(tmpdir(), "tracekeeper-"));
    const names = [join(folder, "stdout"), join(folder, "stderr")] as const;
    if (spawnSync("mkfifo", ["-m", "600", ...names], { stdio: "ignore" }).status !== 0) return undefined;
    // For reading first: without a reader opening for writing waits.
    const [one, other] = names.map((name) => ({
      readFd: open(name, constants.O_RDONLY | constants.O_NONBLOCK),
      writeFd: open(name, constants.O_WRONLY),
    }));
    if (one === undefined || other === undefined) return undefined;
    return [toPipe(one), toPipe(other)];
  } catch {
    for (const fd of opened) closeSync(fd);
    return undefined;
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}

function toPipe({ readFd, writeFd }: { readonly readFd: number; readonly writeFd: number }): SystemPipe {
  return { readable: new Socket({ fd: readFd, readable: true, writable: false }), writeFd };
}
