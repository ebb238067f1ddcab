// Recovers every session of a directory, for tests.

import { readdir } from "node:fs/promises";
import { recoverSession, type SessionRecovery } from "../../src/recorder/recoverSession";
import { parseTraceFileName } from "../../src/trace/safeId";

export async function recoverAll(directory: string): Promise<SessionRecovery[]> {
  const safeIds = new Set<string>();
  for (const name of (await readdir(directory)).sort()) {
    const parsed = parseTraceFileName(name);
    if (parsed.type !== "other") safeIds.add(parsed.safeId);
  }
  const recovered: SessionRecovery[] = [];
  for (const safeId of safeIds) recovered.push(await recoverSession(directory, safeId));
  return recovered;
}
