// Where a running session can be followed: `S.stream` beside its trace, for those who may read that. A file whose session
// is gone leads nowhere, which its reader finds out.

import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod/mini";
import { parseSessionKey } from "../../store/sessionKey";
import { traceFileNames } from "../../trace/safeId";

const streamFileSchema = z.object({
  version: z.literal(1),
  /** On this machine alone: whoever wrote the file must not send its reader elsewhere. */
  url: z.string().check(z.regex(/^http:\/\/127\.0\.0\.1:[0-9]{1,5}$/)),
  token: z.string().check(z.regex(/^[0-9a-f]{48}$/)),
  pid: z.number(),
});
export type StreamAddress = z.infer<typeof streamFileSchema>;

/** @param key path of `S.json`; undefined for a file that is no session's */
function pathOf(key: string): string | undefined {
  const { directory, safeId } = parseSessionKey(key);
  return safeId === undefined ? undefined : join(directory, traceFileNames.stream(safeId));
}

/** Rejects with the system's error. */
export async function writeStreamFile(key: string, address: StreamAddress): Promise<void> {
  const path = pathOf(key);
  if (path === undefined) return;
  // One of a session before this one is replaced, and never read by halves.
  const temp = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(temp, `${JSON.stringify(address)}\n`, { mode: 0o600, flag: "wx" });
    await rename(temp, path);
  } catch (error) {
    await rm(temp, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** Removes what this process wrote. Never rejects. */
export async function removeStreamFile(key: string, token: string): Promise<void> {
  const path = pathOf(key);
  if (path === undefined || (await readStreamFile(key))?.token !== token) return;
  await rm(path, { force: true }).catch(() => undefined);
}

/** Undefined where there is none, or none that makes sense. */
export async function readStreamFile(key: string): Promise<StreamAddress | undefined> {
  const path = pathOf(key);
  if (path === undefined) return undefined;
  try {
    return streamFileSchema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    return undefined;
  }
}
