// A file of any length that is on no disk: pieces of it are made when they are read.

import { type FileAccess, type FileStamp, nodeFileAccess } from "../../src/store/fileAccess";

/** A text, or the same text so many times. */
export type Piece = string | { readonly text: string; readonly times: number };

export function generatedAccess(pieces: readonly Piece[]): { access: FileAccess; sizeBytes: number } {
  const parts: { readonly startBytes: number; readonly endBytes: number; readonly bytes: Uint8Array }[] = [];
  let sizeBytes = 0;
  for (const piece of pieces) {
    const { text, times } = typeof piece === "string" ? { text: piece, times: 1 } : piece;
    const bytes = new TextEncoder().encode(text);
    parts.push({ startBytes: sizeBytes, endBytes: sizeBytes + bytes.length * times, bytes });
    sizeBytes += bytes.length * times;
  }
  const readSync = (into: Uint8Array, offsetBytes: number): number => {
    const end = Math.min(offsetBytes + into.length, sizeBytes);
    for (const part of parts) {
      const to = Math.min(part.endBytes, end);
      for (let at = Math.max(part.startBytes, offsetBytes); at < to; ) {
        const from = (at - part.startBytes) % part.bytes.length;
        const copied = part.bytes.subarray(from, from + to - at);
        into.set(copied, at - offsetBytes);
        at += copied.length;
      }
    }
    return Math.max(0, end - offsetBytes);
  };
  const stamp: FileStamp = {
    kind: "file",
    sizeBytes,
    mtimeNs: 1n,
    ctimeNs: 1n,
    dev: 1n,
    ino: 1n,
    birthNs: 1n,
  };
  const access: FileAccess = {
    ...nodeFileAccess,
    stat: async () => stamp,
    open: async () => ({
      stat: async () => stamp,
      read: async (into, offsetBytes) => readSync(into, offsetBytes),
      readSync,
      close: async () => undefined,
    }),
  };
  return { access, sizeBytes };
}
