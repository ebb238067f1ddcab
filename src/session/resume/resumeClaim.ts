// Which session goes on with an earlier one: `resumed/<S>.<k>.json` beside that one's trace. Who creates the file with the
// highest k goes on with it and nobody else does, so that no step that finished runs twice.

import { mkdir, readdir, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import * as z from "zod/mini";
import { errorCode } from "../../base/errorCode";
import { describeError } from "../../base/logger";
import { makeProbeLiveness } from "../../recorder/liveness";
import { loadSession } from "../../store/loadSession";
import { replayedAttribute, stepAttribute } from "../../trace/runAttributes";
import { deriveState } from "../../trace/state";
import { createFile } from "../actionLog/createFile";
import { type ReadingOptions, type RecordedRun, ResumeError, readRecordedRun } from "./recordedRun";

const text = z.string();
const claimSchema = z.object({
  version: z.literal(1),
  /** Of the session that is resumed. */
  sessionId: text,
  /** Of the session that resumes it; `file` is its `S.json`. */
  by: z.object({ sessionId: text, file: text }),
  /** ISO 8601. */
  claimedAt: text,
});
type ResumeClaim = z.infer<typeof claimSchema>;

export interface ResumableRun {
  readonly run: RecordedRun;
  /** Number of its last claim, whose session did nothing; 0 where there is none. */
  readonly lastClaim: number;
}

export interface ResumableOptions extends ReadingOptions {
  /** A person wants it although another session went on with it. */
  readonly isRepeated?: boolean;
}

/**
 * The run with which to go on: of a session that was resumed by one that was killed before it ran a step, what that one
 * had taken over. Rejects with a `ResumeError` where another session went on with it, or with the system's error.
 */
export async function readResumable(file: string, options: ResumableOptions = {}): Promise<ResumableRun> {
  const seen = new Set<string>();
  for (let path = file; ; ) {
    const run = await readRecordedRun(path, options);
    const lastClaim = await lastClaimOf(run.file);
    if (lastClaim === 0 || options.isRepeated === true) return { run, lastClaim };
    const by = await claimantOf(run, lastClaim);
    if ((await stateOfClaimant(run, by, options)) === "empty" || seen.has(by.file)) return { run, lastClaim };
    seen.add(by.file);
    path = by.file;
  }
}

/**
 * To be called when the new session's record is open, so that others see that it runs, and before its first step.
 * Rejects with a `ResumeError` where another session was quicker, or where nobody can know.
 */
export async function claimResume(
  { run, lastClaim }: ResumableRun,
  by: ResumeClaim["by"],
  { isRepeated = false }: Pick<ResumableOptions, "isRepeated"> = {},
): Promise<void> {
  const { sessionId, file } = run;
  const claim: ResumeClaim = { version: 1, sessionId, by, claimedAt: new Date().toISOString() };
  for (let number = lastClaim + 1; ; number++) {
    const path = claimPath(file, number);
    let isOurs: boolean;
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      isOurs = await createFile(path, `${JSON.stringify(claim)}\n`);
    } catch (error) {
      // Who insists knows what may run twice.
      if (isRepeated) return;
      const why = describeError(error);
      throw new ResumeError(`${sessionId} can't be marked as resumed, so its steps could run twice: ${why}`, "other");
    }
    if (isOurs) return;
    if (!isRepeated) throw resumedBy(sessionId, (await claimantOf(run, number)).sessionId);
  }
}

type ClaimantState = "empty" | "recorded";

/** `empty`: it ended before it took anything over. `recorded`: it did take over, and ran nothing of its own. */
async function stateOfClaimant(
  { sessionId }: RecordedRun,
  by: ResumeClaim["by"],
  options: ReadingOptions,
): Promise<ClaimantState> {
  const { probe = makeProbeLiveness(), nowMs = Date.now(), isGone = false } = options;
  const { trace, evidence } = await loadSession(by.file, probe);
  const { status } = deriveState(evidence, nowMs);
  if (status === "running" || status === "waiting") {
    throw new ResumeError(`${sessionId} is being resumed by ${by.sessionId}, which is still running`, "resumed");
  }
  const isRun = trace.spans.some(
    ({ attributes }) => attributes?.[stepAttribute] !== undefined && attributes[replayedAttribute] === undefined,
  );
  // One that was deleted tells nothing of what was run.
  const isGoneTrace = trace.spans.length === 0 && evidence.journal === undefined;
  if (isRun || isGoneTrace) throw resumedBy(sessionId, await newestAfter(by));
  if (status === "unknown" && !isGone) {
    throw new ResumeError(
      `nobody knows here whether ${by.sessionId} still runs, which resumes ${sessionId}`,
      "unknown",
    );
  }
  try {
    return (await readRecordedRun(by.file, options)).file === by.file ? "recorded" : "empty";
  } catch (error) {
    if (error instanceof ResumeError && error.reason === "empty") return "empty";
    throw error;
  }
}

function resumedBy(sessionId: string, by: string): ResumeError {
  return new ResumeError(`${sessionId} was resumed by ${by}: resume that one`, "resumed");
}

/** The last one of those that went on one after the other. */
async function newestAfter(by: ResumeClaim["by"]): Promise<string> {
  const seen = new Set<string>();
  for (let newest = by; ; ) {
    seen.add(newest.file);
    const number = await lastClaimOf(newest.file);
    const next = number === 0 ? undefined : await readClaim(newest.file, number);
    if (next === undefined || seen.has(next.by.file)) return newest.sessionId;
    newest = next.by;
  }
}

async function claimantOf({ file, sessionId }: RecordedRun, number: number): Promise<ResumeClaim["by"]> {
  const claim = await readClaim(file, number);
  if (claim !== undefined) return claim.by;
  throw new ResumeError(`${sessionId} was resumed, and ${claimPath(file, number)} does not tell by which`, "resumed");
}

async function readClaim(file: string, number: number): Promise<ResumeClaim | undefined> {
  try {
    return claimSchema.safeParse(JSON.parse(await readFile(claimPath(file, number), "utf8"))).data;
  } catch {
    return undefined;
  }
}

async function lastClaimOf(file: string): Promise<number> {
  const start = `${basename(file, ".json")}.`;
  let last = 0;
  for (const name of await namesIn(dirname(claimPath(file, 1)))) {
    const number = name.startsWith(start) ? /^([1-9]\d{0,8})\.json$/.exec(name.slice(start.length))?.[1] : undefined;
    if (number !== undefined) last = Math.max(last, Number(number));
  }
  return last;
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
  return join(dirname(file), "resumed", `${basename(file, ".json")}.${number}.json`);
}
