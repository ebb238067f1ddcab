// Files that belong to a transcript: the sub-agents of a session of Claude Code, which stand in a folder of the session's
// name, or in older versions beside it and name the session in their first line.

import { basename, dirname, extname, join } from "node:path";
import type { ImportFormat } from "../importers/detectFormat";
import type { FileAccess } from "../store/fileAccess";
import { readFully } from "../store/fileEdges";
import type { Companions } from "../store/foreignFiles";

const agentFile = /^agent-[\w-]{1,100}\.jsonl$/;
/** The session is named among the first fields of a line. */
const headBytes = 8 * 1024;
const mostFiles = 1_000;

/**
 * Absolute paths of those that are not known yet, sorted. Empty where nothing of them can be read.
 * @param known paths that were looked at before; those that are looked at now are added
 */
export async function companionFiles(
  access: FileAccess,
  path: string,
  format: ImportFormat,
  known: Set<string>,
): Promise<readonly string[]> {
  const session = sessionOf(path);
  if (format !== "claude-code" || session === undefined) return [];
  const folder = agentFolder(path, session);
  const own = (await namesIn(access, folder)).map((each) => join(folder, each));
  if (own.length > 0) return own.filter((each) => isNew(known, each));
  const found: string[] = [];
  for (const each of await namesIn(access, dirname(path))) {
    const candidate = join(dirname(path), each);
    if (isNew(known, candidate) && (await namesSession(access, candidate, session))) found.push(candidate);
  }
  return found;
}

/** Where they may lie, before anything is known of the file but its name. */
export function companionsOf(path: string): Companions | undefined {
  const session = /\.(?:jsonl|ndjson)$/.test(path) ? sessionOf(path) : undefined;
  if (session === undefined) return undefined;
  return { folders: [agentFolder(path, session), dirname(path)], isOne: (name) => agentFile.test(name) };
}

/** The name that a session has by its file; undefined for a sub-agent's. */
function sessionOf(path: string): string | undefined {
  const name = basename(path);
  const session = name.slice(0, name.length - extname(name).length);
  // A folder above would be another program's.
  return agentFile.test(name) || /^\.*$/.test(session) ? undefined : session;
}

function agentFolder(path: string, session: string): string {
  return join(dirname(path), session, "subagents");
}

/** Whose a file is stands in its first line, which does not change. */
function isNew(known: Set<string>, path: string): boolean {
  if (known.has(path)) return false;
  known.add(path);
  return true;
}

async function namesIn(access: FileAccess, folder: string): Promise<string[]> {
  const names = await access.list(folder).catch(() => []);
  return names
    .filter((name) => agentFile.test(name))
    .sort()
    .slice(0, mostFiles);
}

async function namesSession(access: FileAccess, path: string, session: string): Promise<boolean> {
  try {
    const stamp = await access.stat(path);
    if (stamp.kind !== "file") return false;
    const file = await access.open(path);
    try {
      const head = await readFully(file.read.bind(file), 0, Math.min(headBytes, stamp.sizeBytes));
      return Buffer.from(head.buffer, head.byteOffset, head.length).includes(`"sessionId":${JSON.stringify(session)}`);
    } finally {
      await file.close().catch(() => undefined);
    }
  } catch {
    return false;
  }
}
