// Which session goes on with an earlier one: `resumed/<S>.<k>.json` beside that one's trace. Who creates the file with the
// highest k goes on with it and nobody else does, so that no step that finished runs twice. It is created before that session
// records anything, so that of one that came second there is no trace, and says when the session is about to run steps.

import { mkdir, readdir, readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import * as z from "zod/mini";
import { errorCode } from "../../base/errorCode";
import { describeError } from "../../base/logger";
import { resumeClaimName, resumeClaimNumber, resumedFolder } from "../../trace/resumeClaimNames";
import { createFile, replaceFile } from "../actionLog/createFile";
import { processIdentity, processIdentitySchema } from "../processIdentity";
import { type RecordedRun, ResumeError } from "./recordedRun";

const text = z.string();
const claimSchema = z.object({
  version: z.literal(1),
  /** Of the session that is resumed. */
  sessionId: text,
  /** Of the session that resumes it; `file` is its `S.json`, by name alone where it lies beside that of the other one. */
  by: z.object({ sessionId: text, file: text }),
  /** ISO 8601. */
  claimedAt: text,
  /** Of that session. */
  writer: z.optional(processIdentitySchema),
  /** It may have run steps. Where neither this nor `writer` is there, too: a version before this one wrote it. */
  isBegun: z.optional(z.boolean()),
});
export type ResumeClaim = z.infer<typeof claimSchema>;

/** A claim that is ours. */
export interface TakenClaim {
  /**
   * To be called before the first step. Rejects with a `ResumeError` where nobody would know later that there was one.
   * @param file `S.json` of the new session
   */
  begin(file: string): Promise<void>;
}

export interface ClaimedRun {
  readonly run: Pick<RecordedRun, "sessionId" | "file">;
  /** Number of its last claim; 0 where there is none. */
  readonly lastClaim: number;
}

/**
 * Rejects with a `ResumeError` where another session was quicker, or where nobody can know.
 * @param options `isRepeated`: a person wants it although another session went on with it
 */
export async function claimResume(
  { run, lastClaim }: ClaimedRun,
  by: ResumeClaim["by"],
  { isRepeated = false }: { readonly isRepeated?: boolean } = {},
): Promise<TakenClaim> {
  const { sessionId, file } = run;
  const claim: ResumeClaim = {
    version: 1,
    sessionId,
    by: placed(by, file),
    claimedAt: new Date().toISOString(),
    writer: processIdentity(),
  };
  for (let number = lastClaim + 1; ; number++) {
    const path = claimPath(file, number);
    let isOurs: boolean;
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      isOurs = await createFile(path, `${JSON.stringify(claim)}\n`);
    } catch (error) {
      // Who insists knows what may run twice.
      if (isRepeated) return { begin: async () => undefined };
      throw unmarked(sessionId, error);
    }
    if (isOurs) {
      return {
        begin: async (own) => {
          const begun = { ...claim, by: placed({ ...by, file: own }, file), isBegun: true };
          await replaceFile(path, `${JSON.stringify(begun)}\n`).catch((error: unknown) => {
            if (!isRepeated) throw unmarked(sessionId, error);
          });
        },
      };
    }
    if (!isRepeated) throw resumedBy(sessionId, (await claimOf(run, number)).by.sessionId);
  }
}

function unmarked(sessionId: string, error: unknown): ResumeError {
  const why = describeError(error);
  return new ResumeError(`${sessionId} can't be marked as resumed, so its steps could run twice: ${why}`, "other");
}

/** A folder of traces may be moved, and its path hold what nobody may read. */
function placed({ sessionId, file }: ResumeClaim["by"], resumed: string): ResumeClaim["by"] {
  const isBeside = dirname(resolve(file)) === dirname(resolve(resumed));
  return { sessionId, file: isBeside ? basename(file) : resolve(file) };
}

export function resumedBy(sessionId: string, by: string): ResumeError {
  return new ResumeError(`${sessionId} was resumed by ${by}: resume that one`, "resumed");
}

export async function claimOf({ file, sessionId }: ClaimedRun["run"], number: number): Promise<ResumeClaim> {
  const claim = await readClaim(file, number);
  if (claim !== undefined) return claim;
  throw new ResumeError(`${sessionId} was resumed, and ${claimPath(file, number)} does not tell by which`, "resumed");
}

export async function readClaim(file: string, number: number): Promise<ResumeClaim | undefined> {
  try {
    const { data } = claimSchema.safeParse(JSON.parse(await readFile(claimPath(file, number), "utf8")));
    return data && { ...data, by: { ...data.by, file: resolve(dirname(file), data.by.file) } };
  } catch {
    return undefined;
  }
}

export async function lastClaimOf(file: string): Promise<number> {
  const names = await namesIn(dirname(claimPath(file, 1)));
  return Math.max(0, ...names.map((name) => resumeClaimNumber(name, basename(file, ".json")) ?? 0));
}

async function namesIn(path: string): Promise<readonly string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}

function claimPath(file: string, number: number): string {
  return join(dirname(file), resumedFolder, resumeClaimName(basename(file, ".json"), number));
}
