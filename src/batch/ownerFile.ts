// `B.owner`: which process works on a batch, and where it can be asked. Made whole by one link, so that it exists with all
// that it says or not at all; that of a process which is gone is taken over, by one of those who try.

import { link, readFile, rename, stat, unlink, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import * as z from "zod/mini";
import { errorCode } from "../base/errorCode";
import { isMissing } from "../recorder/fileTasks";
import type { WriterIdentity } from "../trace/evidence";
import type { ProbeLiveness } from "../trace/sessionFiles";
import { BatchOwnedElsewhere } from "./batchEngine";

const optionalText = z.optional(z.string());

const ownerSchema = z.looseObject({
  instance: z.string().check(z.minLength(1)),
  host: optionalText,
  bootId: optionalText,
  pidNamespace: optionalText,
  pid: z.optional(z.int()),
  processStart: optionalText,
  /** Of its HTTP interface on the loopback. */
  url: optionalText,
  token: optionalText,
});
export type BatchOwner = z.infer<typeof ownerSchema>;

/** One without content, where links can't be made: whoever died while making it is gone when it is so old. */
const tornAfterMs = 60_000;
const mostAttempts = 5;
/** Taking over is a matter of a few calls. */
const turnMs = 5;
const mostTurns = 400;

export interface Endpoint {
  readonly url: string;
  readonly token: string;
}

/** What a process says of itself. */
export interface OwnIdentity {
  readonly identity: WriterIdentity;
  readonly probe: ProbeLiveness;
  /** Where it can be asked by now. */
  readonly endpoint: Endpoint | undefined;
}

/** Rejects with `BatchOwnedElsewhere` where another process has it, or may have it, and else with the system's error. */
export async function takeOwnership(path: string, { identity, endpoint, probe }: OwnIdentity): Promise<void> {
  const own = `${path}.${identity.instance}`;
  const text = `${JSON.stringify({ ...identity, ...endpoint })}\n`;
  for (let attempt = 1; ; attempt++) {
    try {
      await placeNew(path, own, text);
      return;
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error;
    }
    const owner = await readOwner(path);
    if (owner?.instance === identity.instance) return;
    if (!(await removeGone(path, own, text, probe)) || attempt === mostAttempts) throw ownedElsewhere(owner);
  }
}

/** Gives it back; does nothing where it is another's. */
export async function giveBackOwnership(path: string, identity: WriterIdentity): Promise<void> {
  const owner = await readOwner(path);
  if (owner?.instance === identity.instance) await unlinkQuietly(path);
}

/** Undefined where there is none, and where it can't be understood. */
export async function readOwner(path: string): Promise<BatchOwner | undefined> {
  try {
    const found = ownerSchema.safeParse(JSON.parse(await readFile(path, "utf8")));
    return found.success ? found.data : undefined;
  } catch {
    return undefined;
  }
}

async function placeNew(path: string, own: string, text: string): Promise<void> {
  await unlinkQuietly(own);
  await writeFile(own, text, { mode: 0o600, flag: "wx" });
  try {
    await link(own, path);
  } catch (error) {
    const code = errorCode(error);
    if (code !== "EPERM" && code !== "ENOSYS" && code !== "ENOTSUP" && code !== "EOPNOTSUPP") throw error;
    // A file system without links: it may be seen without content, or stay so.
    await writeFile(path, text, { mode: 0o600, flag: "wx" });
  } finally {
    await unlinkQuietly(own);
  }
}

/**
 * True where the place is free now, or somebody else has just taken it. One process at a time looks and removes: else it
 * could remove what another one, faster than it, has put there meanwhile.
 */
async function removeGone(path: string, own: string, text: string, probe: ProbeLiveness): Promise<boolean> {
  const seen = await standing(path, probe);
  if (seen !== "gone") return seen === "missing";
  const lock = `${path}.takeover`;
  for (let turn = 1; ; turn++) {
    try {
      await placeNew(lock, own, text);
      break;
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error;
    }
    if ((await standing(lock, probe)) === "gone") await setAside(lock, own, probe);
    else if (turn === mostTurns) return false;
    else await delay(turnMs);
  }
  try {
    if ((await standing(path, probe)) === "gone") await unlink(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  } finally {
    await unlinkQuietly(lock);
  }
  return true;
}

async function standing(path: string, probe: ProbeLiveness): Promise<"there" | "gone" | "missing"> {
  const owner = await readOwner(path);
  if (owner !== undefined) return probe(owner) === "gone" ? "gone" : "there";
  try {
    return Date.now() - (await stat(path)).mtimeMs < tornAfterMs ? "there" : "gone";
  } catch (error) {
    if (isMissing(error)) return "missing";
    throw error;
  }
}

/** That of a process which was killed while it had it. */
async function setAside(lock: string, own: string, probe: ProbeLiveness): Promise<void> {
  try {
    await rename(lock, own);
    // It may have been set aside already, and this one be a living one's.
    if ((await standing(own, probe)) !== "gone") await link(own, lock);
  } catch (error) {
    if (!isMissing(error) && errorCode(error) !== "EEXIST") throw error;
  } finally {
    await unlinkQuietly(own);
  }
}

function ownedElsewhere(owner: BatchOwner | undefined): BatchOwnedElsewhere {
  const who = owner?.pid === undefined ? "another process" : `process ${owner.pid}`;
  const where = owner?.host === undefined ? "" : ` on ${owner.host}`;
  return new BatchOwnedElsewhere(`The batch is run by ${who}${where}`, owner?.url, owner?.token);
}

async function unlinkQuietly(path: string): Promise<void> {
  await unlink(path).catch(() => {
    // It is gone, or stays as a name that nobody reads.
  });
}
