// A file of another program with what belongs to it, read once and whole, with all payloads in memory.

import { basename } from "node:path";
import { finish } from "../base/steps";
import type { ImportFormat } from "../importers/detectFormat";
import { type FileOfSession, importSession, loadedSession } from "../importers/importSession";
import { type FileAccess, mtimeMsOf } from "../store/fileAccess";
import { readFully, requireFile } from "../store/fileEdges";
import type { LoadedSession } from "../trace/sessionFiles";
import { companionFiles } from "./importedCompanions";

const pieceBytes = 1024 * 1024;

/** @throws the system's error where the file itself can't be read */
export async function loadImported(path: string, format: ImportFormat, access: FileAccess): Promise<LoadedSession> {
  const session = importSession(format, Number.POSITIVE_INFINITY);
  let lastWriteMs = await pushAll(access, path, session.addFile());
  for (const companion of await companionFiles(access, path, format, new Set())) {
    const file = session.addFile(basename(companion));
    lastWriteMs = Math.max(lastWriteMs, await pushAll(access, companion, file));
  }
  return finish(loadedSession(session, basename(path), lastWriteMs));
}

/** @returns when the file was last written */
async function pushAll(access: FileAccess, path: string, imported: FileOfSession): Promise<number> {
  requireFile(await access.stat(path));
  const file = await access.open(path);
  try {
    const stamp = await file.stat();
    const read = file.read.bind(file);
    // What is written meanwhile is not waited for: a writer may go on for ever.
    for (let offset = 0; offset < stamp.sizeBytes; ) {
      const bytes = await readFully(read, offset, Math.min(pieceBytes, stamp.sizeBytes - offset));
      if (bytes.length === 0) break;
      finish(imported.push(bytes));
      offset += bytes.length;
    }
    return mtimeMsOf(stamp);
  } finally {
    await file.close().catch(() => undefined);
  }
}
