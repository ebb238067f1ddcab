// A session as our readers see it in a `CrashableFs`.

import type { Liveness } from "../../src/trace/evidence";
import { readSession } from "../../src/trace/readSession";
import { parseTraceFileName } from "../../src/trace/safeId";
import type { FileBytes, LoadedSession, SessionFiles } from "../../src/trace/sessionFiles";
import type { CrashableFs } from "./crashableFs";

/** The files of session `safeId` in `directory`, as the store hands them to `readSession`. */
export function sessionFilesFrom(disk: CrashableFs, directory: string, safeId: string): SessionFiles {
  const journals: FileBytes[] = [];
  const single: { snapshot?: FileBytes; live?: FileBytes; crash?: FileBytes } = {};
  for (const [path, bytes] of disk.snapshotFiles()) {
    const slash = path.lastIndexOf("/");
    const name = path.slice(slash + 1);
    const parsed = parseTraceFileName(name);
    if (path.slice(0, slash) !== directory || parsed.type === "other" || parsed.safeId !== safeId) continue;
    const file: FileBytes = { name, bytes, mtimeMs: disk.sync.stat(path).mtimeMs };
    if (parsed.type === "journal") journals.push(file);
    else if (parsed.type !== "temp" && parsed.type !== "seen") single[parsed.type] = file;
  }
  return { safeId, journals, snapshot: single.snapshot, liveMarker: single.live, crashMarker: single.crash };
}

/** @param liveness what a look at the writer's process would say; after a kill or a power cut it is gone */
export function loadFrom(
  disk: CrashableFs,
  directory: string,
  safeId: string,
  liveness: Liveness = "gone",
): LoadedSession {
  return readSession(sessionFilesFrom(disk, directory, safeId), () => liveness);
}

/** `S.json 120`, `S.live 80`: every file with its length, for a look at what is there. */
export function listing(disk: CrashableFs): string[] {
  return [...disk.snapshotFiles()].map(([path, bytes]) => `${path} ${bytes.length}`);
}
