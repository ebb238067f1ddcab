// The folder of a run below a trace directory: `runs/<safe run id>`. One run has it to itself, whatever its id is: a folder
// of another raw id, and one in which a process that is alive logs a run of the same id, is left alone. Who creates
// `owner_<k>.json` for the highest k owns the folder; that is the lock.

import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod/mini";
import { errorCode } from "../../base/errorCode";
import { type Machine, probeLiveness, thisMachine } from "../../recorder/liveness";
import { fileId, type TakenId } from "../../trace/safeId";
import { processIdentity, processIdentitySchema } from "../processIdentity";
import { createFile } from "./createFile";

export interface RunFolder {
  /** The run's, or `<id>#2` and so on where another run of that id was under way. */
  readonly rawId: string;
  readonly path: string;
  /** Lets another process have it at once. */
  release(): Promise<void>;
}

const text = z.string();
const ownerSchema = z.extend(processIdentitySchema, {
  version: z.literal(1),
  rawRunId: text,
  instance: text,
});
type Owner = z.infer<typeof ownerSchema>;

const folderName = "runs";
const idName = "run.json";
/** Runs of one id at the same time. */
const mostAtOnce = 64;

/** Rejects with the system's error. */
export async function openRunFolder(traceDirectory: string, rawRunId: string): Promise<RunFolder> {
  const runs = join(traceDirectory, folderName);
  await mkdir(runs, { recursive: true, mode: 0o700 });
  for (let copy = 1; copy <= mostAtOnce; copy++) {
    // The first one is the run's own; another one at the same time is as good as another run.
    const rawId = copy === 1 ? rawRunId : `${rawRunId}#${copy}`;
    const path = join(runs, await folderOf(runs, rawId));
    const owner = await own(path, rawId);
    if (owner !== undefined) return { rawId, path, release: () => rm(owner, { force: true }) };
  }
  throw new Error(`${mostAtOnce} runs with the id ${rawRunId} are under way`);
}

/** Makes it where it is not there. @returns its name */
async function folderOf(runs: string, rawId: string): Promise<string> {
  for (;;) {
    const name = fileId(rawId, await takenIds(runs, rawId), sha256Hex);
    const path = join(runs, name);
    try {
      await mkdir(path, { mode: 0o700 });
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error;
    }
    await createFile(join(path, idName), `${JSON.stringify({ version: 1, rawRunId: rawId })}\n`);
    // Another run may have been quicker with the same name.
    if ((await rawIdOf(path)) === rawId) return name;
  }
}

/** Of the folders that could have its name; what tells no id is somebody else's. */
async function takenIds(runs: string, rawId: string): Promise<TakenId[]> {
  const taken: TakenId[] = [];
  for (const { name } of await readdir(runs, { withFileTypes: true })) {
    taken.push({ safeId: name, rawId: (await rawIdOf(join(runs, name))) ?? `${rawId}\0` });
  }
  return taken;
}

async function rawIdOf(path: string): Promise<string | undefined> {
  const parsed = z.object({ rawRunId: text }).safeParse(await readJson(join(path, idName)));
  return parsed.data?.rawRunId;
}

/** @returns the file that makes it ours; undefined where somebody who is alive has it */
async function own(path: string, rawRunId: string): Promise<string | undefined> {
  const machine = thisMachine();
  for (;;) {
    const last = await lastOwner(path);
    if (last !== undefined && isAlive(await readJson(ownerPath(path, last)), machine)) return undefined;
    const mine = ownerPath(path, (last ?? 0) + 1);
    if (await createFile(mine, `${JSON.stringify(ownOwner(rawRunId, machine))}\n`)) return mine;
  }
}

async function lastOwner(path: string): Promise<number | undefined> {
  const numbers = (await readdir(path)).flatMap((name) => {
    const number = /^owner_([1-9]\d{0,8})\.json$/.exec(name)?.[1];
    return number === undefined ? [] : [Number(number)];
  });
  return numbers.length === 0 ? undefined : Math.max(...numbers);
}

function isAlive(value: unknown, machine: Machine): boolean {
  const { data } = ownerSchema.safeParse(value);
  return data !== undefined && probeLiveness(data, machine) === "alive";
}

function ownOwner(rawRunId: string, machine: Machine): Owner {
  return { version: 1, rawRunId, instance: randomUUID(), ...processIdentity(process.pid, machine) };
}

function ownerPath(path: string, number: number): string {
  return join(path, `owner_${number}.json`);
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch {
    return undefined;
  }
}

function sha256Hex(value: string): string {
  return createHash("sha256").update(value).digest("hex");
}
