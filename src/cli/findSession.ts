// From what a person types to a session: the path of any of its files, or the beginning of its id.

import { stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { makeProbeLiveness } from "../recorder/liveness";
import { nodeFileAccess } from "../store/fileAccess";
import { mainFileOf, rowIdOf, shownIdOf } from "../store/foreignFiles";
import { parseSessionKey, sessionKeyOf } from "../store/sessionKey";
import { SessionRow } from "../store/sessionRow";
import { parseTraceFileName, safeId as toSafeId, traceFileNames } from "../trace/safeId";
import { requireDirectory } from "./listSessions";

/** Files that keep what recovery could not bring into the trace. */
const keptFile = /^(.+?)(?:\.json\.(?:damaged|replaced)|\.[1-9]\d*\.journal\.ndjson\.(?:damaged|unmerged))(?:\.\d+)?$/s;
const mostNamed = 5;

/**
 * The key of the session, as `loadSession` takes it.
 * @param directory where ids are looked up
 * @throws an error in words where there is no such session, or more than one
 */
export async function findSession(argument: string, directory: string): Promise<string> {
  return (await findByPath(argument)) ?? (await findById(argument, directory));
}

async function findByPath(argument: string): Promise<string | undefined> {
  const path = resolve(argument);
  const stats = await stat(path).catch(() => undefined);
  if (stats?.isDirectory() === true)
    throw new Error(`${argument}: It is a directory; name a session in it, or list it`);
  const key = keyOfCompanion(path);
  // Also while `S.json` is not there, and the path is that of a session that is known by its journal.
  if (await isSession(key)) return key;
  return stats === undefined ? undefined : path;
}

/** Temporary and kept files are read as what they belong to, wherever that is there. */
function keyOfCompanion(path: string): string {
  const name = basename(path);
  const parsed = parseTraceFileName(name);
  const safeId = parsed.type === "temp" ? parsed.safeId : keptFile.exec(name)?.[1];
  return safeId === undefined ? sessionKeyOf(path) : join(dirname(path), traceFileNames.snapshot(safeId));
}

async function isSession(key: string): Promise<boolean> {
  const { directory, safeId } = parseSessionKey(key);
  if (safeId === undefined) return false;
  const sessions = await sessionsIn(directory).catch(() => undefined);
  return sessions?.has(safeId) === true;
}

/** By file name, then by the id that the producer gave, then by the beginning of either. */
async function findById(argument: string, directory: string): Promise<string> {
  await requireDirectory(directory);
  const sessions = await sessionsIn(directory);
  const keyOf = (id: string) => join(directory, sessions.get(id)?.mainFile ?? traceFileNames.snapshot(id));
  if (sessions.has(argument)) return keyOf(argument);
  const plain = toSafeId(argument);
  const candidates = [...sessions.keys()].filter((safeId) => safeId.startsWith(argument) || safeId.startsWith(plain));
  const [only] = candidates;
  if (only === undefined) throw new Error(`There is no session "${argument}" in ${directory}`);
  if (candidates.length === 1) return keyOf(only);
  for (const safeId of candidates) {
    if ((await rawIdOf(directory, safeId, sessions.get(safeId)?.names ?? [])) === argument) return keyOf(safeId);
  }
  const named = candidates.sort().slice(0, mostNamed).join(", ");
  const more = candidates.length > mostNamed ? ` and ${candidates.length - mostNamed} more` : "";
  throw new Error(`"${argument}" is the beginning of ${candidates.length} sessions: ${named}${more}`);
}

interface FilesOfSession {
  readonly mainFile: string;
  readonly names: string[];
}

/** The files of which a session could be read, by the id under which `ls` lists it. */
async function sessionsIn(directory: string): Promise<Map<string, FilesOfSession>> {
  const sessions = new Map<string, FilesOfSession>();
  for (const name of await nodeFileAccess.list(directory)) {
    const rowId = parseTraceFileName(name).type === "seen" ? undefined : rowIdOf(name);
    if (rowId === undefined) continue;
    const id = shownIdOf(rowId);
    const known = sessions.get(id);
    if (known) known.names.push(name);
    else sessions.set(id, { mainFile: mainFileOf(rowId), names: [name] });
  }
  return sessions;
}

async function rawIdOf(directory: string, safeId: string, names: readonly string[]): Promise<string | undefined> {
  const row = new SessionRow(directory, safeId);
  await row.update({ access: nodeFileAccess, now: Date.now }, names);
  return row.derive(makeProbeLiveness(), Date.now())?.sessionId;
}
