// Reads the head and the tail of a file: all that a list may cost. At most 16 KiB a file, in at most two reads.

import type { FileAccess, FileStamp } from "./fileAccess";

/** Bytes from each end; a file of at most twice as many is read whole. */
export const edgeBytes = 8192;

export interface FileEdges {
  /** Of the very bytes that were read. */
  readonly stamp: FileStamp;
  readonly head: Uint8Array;
  /** Empty where `head` is the whole file. */
  readonly tail: Uint8Array;
  /** `head` is the whole file. */
  readonly isWhole: boolean;
}

/** Rejects with the system's error, and for what is no regular file as `requireFile` does. */
export async function readFileEdges(access: FileAccess, path: string): Promise<FileEdges> {
  const file = await access.open(path);
  try {
    const stamp = await file.stat();
    requireFile(stamp);
    const size = stamp.sizeBytes;
    if (size <= 2 * edgeBytes) {
      const head = await readFully(file.read.bind(file), 0, size);
      return { stamp, head, tail: new Uint8Array(0), isWhole: true };
    }
    const head = await readFully(file.read.bind(file), 0, edgeBytes);
    const tail = await readFully(file.read.bind(file), size - edgeBytes, edgeBytes);
    return { stamp, head, tail, isWhole: false };
  } finally {
    // A failed close of a file that was only read loses nothing.
    await file.close().catch(() => undefined);
  }
}

/** Throws as the system would: `EISDIR` for a folder, `ENOTSUP` for a pipe, a socket or a device. */
export function requireFile(stamp: FileStamp): void {
  if (stamp.kind === "file") return;
  const code = stamp.kind === "directory" ? "EISDIR" : "ENOTSUP";
  throw Object.assign(new Error(`${code}: not a regular file`), { code });
}

/** Loops over short reads; returns fewer bytes where the file ends early. */
export async function readFully(
  read: (into: Uint8Array, offsetBytes: number) => Promise<number>,
  offsetBytes: number,
  lengthBytes: number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(lengthBytes);
  let filled = 0;
  while (filled < lengthBytes) {
    const count = await read(bytes.subarray(filled), offsetBytes + filled);
    if (count === 0) return bytes.slice(0, filled);
    filled += count;
  }
  return bytes;
}
