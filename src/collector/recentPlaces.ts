// Which traces the conversations hold that were collected lately: a trace that was put into one stays there, also when the
// collector was started again meanwhile. Sessions of a single trace need no memory, because its id names them.

import { stat } from "node:fs/promises";
import { join } from "node:path";
import { io, nodeFs, runAsync } from "../recorder/recorderFs";
import { parseTraceFileName } from "../trace/safeId";
import { collectedAttribute } from "./collectedSession";
import { readRestoredFiles } from "./restoredSession";
import type { SessionPlace } from "./sessionOfSpans";

/** A trace that was silent longer is over. */
const recentMs = 3_600_000;
const mostSessions = 32;
const mostBytes = 64 * 1024 * 1024;

/** Never rejects: what can't be read is not known. */
export async function recentPlaces(directory: string, nowMs = Date.now()): Promise<ReadonlyMap<string, SessionPlace>> {
  const places = new Map<string, SessionPlace>();
  let bytes = 0;
  for (const { safeId, sizeBytes } of (await recentSessions(directory, nowMs)).slice(0, mostSessions)) {
    bytes += sizeBytes;
    if (bytes > mostBytes) break;
    const found = await readRestoredFiles(directory, safeId).catch(() => undefined);
    const collected = found?.root?.attributes?.[collectedAttribute] as Partial<SessionPlace> | undefined;
    if (found === undefined || collected?.by !== "conversation" || typeof collected.of !== "string") continue;
    const place = { sessionId: found.sessionId, by: collected.by, of: collected.of };
    for (const { traceId } of found.spans) places.set(traceId, place);
  }
  return places;
}

interface RecentSession {
  readonly safeId: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

/** The latest first. */
async function recentSessions(directory: string, nowMs: number): Promise<RecentSession[]> {
  const names = await runAsync(nodeFs, io.list(directory)).catch(() => []);
  const sessions = new Map<string, RecentSession>();
  for (const name of names) {
    const parsed = parseTraceFileName(name);
    if (parsed.type !== "snapshot" && parsed.type !== "journal") continue;
    const { safeId } = parsed;
    if (!safeId.startsWith("otlp-") || /^otlp-[0-9a-f]{32}$/.test(safeId)) continue;
    const facts = await stat(join(directory, name)).catch(() => undefined);
    if (facts === undefined || nowMs - facts.mtimeMs > recentMs) continue;
    const known = sessions.get(safeId);
    sessions.set(safeId, {
      safeId,
      sizeBytes: (known?.sizeBytes ?? 0) + facts.size,
      modifiedMs: Math.max(known?.modifiedMs ?? 0, facts.mtimeMs),
    });
  }
  return [...sessions.values()].sort((one, other) => other.modifiedMs - one.modifiedMs);
}
