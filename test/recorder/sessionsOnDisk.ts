// All sessions of a directory, each as every reader of ours reads it.

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { loadSession } from "../../src/store/loadSession";
import { parseTraceFileName, traceFileNames } from "../../src/trace/safeId";
import type { LoadedSession } from "../../src/trace/sessionFiles";

/** In the order of their ids. */
export async function readAllSessions(directory: string): Promise<LoadedSession[]> {
  const ids = new Set<string>();
  for (const name of await readdir(directory)) {
    const parsed = parseTraceFileName(name);
    if (parsed.type === "snapshot" || parsed.type === "journal") ids.add(parsed.safeId);
  }
  const sessions: LoadedSession[] = [];
  for (const id of [...ids].sort()) {
    sessions.push(await loadSession(join(directory, traceFileNames.snapshot(id)), () => "alive"));
  }
  return sessions;
}
