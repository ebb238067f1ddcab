// Reads ranges of a file at once, of one that is held open and of one that is opened for each read.

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { isMissing } from "../store/fileAccess";
import { TraceReplacedError } from "../trace/spanSource";

/** What tells a file that has a name from the one that had it before. */
export interface FileIdentity {
  readonly ino: bigint;
  readonly dev: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
}

/**
 * Fills all of `bytes`.
 * @param read gives how many bytes it has read into its first argument
 * @throws TraceReplacedError where the file is shorter
 */
export function fill(
  bytes: Uint8Array,
  startBytes: number,
  read: (into: Uint8Array, offsetBytes: number) => number,
): void {
  for (let filled = 0; filled < bytes.length; ) {
    const count = read(filled === 0 ? bytes : bytes.subarray(filled), startBytes + filled);
    // Somebody has cut it in place.
    if (count === 0) throw replaced();
    filled += count;
  }
}

/**
 * Fills all of `bytes` from the file that has the name now.
 * @throws TraceReplacedError where that is another one, or shorter, or none; the system's error
 */
export function fillByName(
  path: string,
  bytes: Uint8Array,
  startBytes: number,
  isSame: (file: FileIdentity) => boolean,
): void {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (error) {
    throw isMissing(error) ? replaced() : error;
  }
  try {
    if (!isSame(fstatSync(fd, { bigint: true }))) throw replaced();
    fill(bytes, startBytes, (into, offsetBytes) => readSync(fd, into, 0, into.length, offsetBytes));
  } finally {
    closeSync(fd);
  }
}

export function replaced(): TraceReplacedError {
  return new TraceReplacedError("The file is not the one that was opened");
}
