// The first bytes of a file, by which its format is known.

import { detectedBytes } from "../importers/detectFormat";
import type { FileAccess } from "../store/fileAccess";
import { readFully, requireFile } from "../store/fileEdges";

/** @throws the system's error, and one for what is no file */
export async function fileHead(access: FileAccess, path: string): Promise<Uint8Array> {
  requireFile(await access.stat(path));
  const file = await access.open(path);
  try {
    return await readFully(file.read.bind(file), 0, detectedBytes);
  } finally {
    // A failed close of a file that was only read loses nothing.
    await file.close().catch(() => undefined);
  }
}
