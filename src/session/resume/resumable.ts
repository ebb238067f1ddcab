// With which run a person goes on who resumes a session: with that one, unless another session went on with it already.

import { makeProbeLiveness } from "../../recorder/liveness";
import { loadSession } from "../../store/loadSession";
import { replayedAttribute, stepAttribute } from "../../trace/runAttributes";
import { deriveState } from "../../trace/state";
import { type ReadingOptions, type RecordedRun, ResumeError, readRecordedRun } from "./recordedRun";
import { claimOf, lastClaimOf, type ResumeClaim, readClaim, resumedBy } from "./resumeClaim";

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
    const { by, ...claim } = await claimOf(run, lastClaim);
    const state = mayHaveBegun(run, by, claim, options) ? await stateOfClaimant(run, by, options) : "empty";
    if (state === "empty" || seen.has(by.file)) return { run, lastClaim };
    seen.add(by.file);
    path = by.file;
  }
}

/** False where it was ended before that. Throws a `ResumeError` while it runs, and where nobody knows whether it does. */
function mayHaveBegun(
  { sessionId }: RecordedRun,
  by: ResumeClaim["by"],
  { writer, isBegun }: Pick<ResumeClaim, "writer" | "isBegun">,
  { probe = makeProbeLiveness(), isGone = false }: ReadingOptions,
): boolean {
  if (writer === undefined || isBegun === true) return true;
  const liveness = probe({ ...writer, instance: by.sessionId });
  if (liveness === "alive") throw beingResumed(sessionId, by);
  if (liveness === "unknown" && !isGone) throw unknownResume(sessionId, by);
  return false;
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
    throw beingResumed(sessionId, by);
  }
  const isRun = trace.spans.some(
    ({ attributes }) => attributes?.[stepAttribute] !== undefined && attributes[replayedAttribute] === undefined,
  );
  // One that was deleted tells nothing of what was run.
  const isGoneTrace = trace.spans.length === 0 && evidence.journal === undefined;
  if (isRun || isGoneTrace) throw resumedBy(sessionId, await newestAfter(by));
  if (status === "unknown" && !isGone) throw unknownResume(sessionId, by);
  try {
    return (await readRecordedRun(by.file, options)).file === by.file ? "recorded" : "empty";
  } catch (error) {
    if (error instanceof ResumeError && error.reason === "empty") return "empty";
    throw error;
  }
}

function beingResumed(sessionId: string, by: ResumeClaim["by"]): ResumeError {
  return new ResumeError(`${sessionId} is being resumed by ${by.sessionId}, which is still running`, "resumed");
}

function unknownResume(sessionId: string, by: ResumeClaim["by"]): ResumeError {
  return new ResumeError(`nobody knows here whether ${by.sessionId} still runs, which resumes ${sessionId}`, "unknown");
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
