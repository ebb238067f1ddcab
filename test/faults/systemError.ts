// System errors as Node throws them, for calls that fail on purpose.

import { constants } from "node:os";
import { getSystemErrorMap } from "node:util";
import type { FileCallName } from "../../src/recorder/recorderFs";

export type ErrnoName = keyof typeof constants.errno;

/** How Node names the system call behind each call of the recorder. */
const syscalls: Readonly<Record<FileCallName, string>> = {
  open: "open",
  write: "write",
  read: "read",
  syncData: "fdatasync",
  syncAll: "fsync",
  close: "close",
  rename: "rename",
  unlink: "unlink",
  mkdir: "mkdir",
  list: "scandir",
  stat: "stat",
  statFd: "fstat",
};

/** `ENOENT: no such file or directory, open '/a'` with `errno`, `code`, `syscall` and the paths. */
export function systemError(
  code: ErrnoName,
  name: FileCallName,
  path?: string,
  dest?: string,
): NodeJS.ErrnoException & { readonly dest?: string } {
  const syscall = syscalls[name];
  const errno = -constants.errno[code];
  const text = getSystemErrorMap().get(errno)?.[1] ?? "unknown error";
  const where = path === undefined ? "" : ` '${path}'${dest === undefined ? "" : ` -> '${dest}'`}`;
  const facts = {
    errno,
    code,
    syscall,
    ...(path === undefined ? {} : { path }),
    ...(dest === undefined ? {} : { dest }),
  };
  return Object.assign(new Error(`${code}: ${text}, ${syscall}${where}`), facts);
}
