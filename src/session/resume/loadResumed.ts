// The playbook of a launch that resumes an earlier run, with what is taken over from that one.

import { describeError } from "../../base/logger";
import { jsonOfAttributes, quoted } from "../../recorder/safeJson";
import { objectJson } from "../../recorder/spanJson";
import { resumedAttribute, runProblemEvent } from "../../trace/runAttributes";
import type { LaunchedPlaybook } from "../launch";
import type { LoadedPlaybook } from "../playbookFile";
import { maskedEvent } from "../secrets/maskedEvent";
import type { SecretMask } from "../secrets/secretMask";
import type { SessionRecord } from "../sessionRecord";
import type { PlaybookScope, StepResult } from "../steps/runEvent";
import type { KeptSteps } from "./keptSteps";
import { planResume } from "./planResume";
import { lastResults, type RecordedRun, type StepOrigins } from "./recordedRun";
import { type ResumableRun, readResumable } from "./resumable";

export interface ResumedRun extends ResumableRun {
  readonly kept: KeptSteps;
}

export interface LoadedResume {
  readonly loaded: LoadedPlaybook;
  /** Undefined where the playbook can't be run. */
  readonly resumed?: ResumedRun;
  /** Why there is nothing to go on from. */
  readonly refused?: string;
}

/** Never rejects. */
export async function loadResumed(
  program: LaunchedPlaybook,
  { path, again = [], isGone = false, isRepeated = false }: NonNullable<LaunchedPlaybook["resume"]>,
): Promise<LoadedResume> {
  let resumable: ResumableRun;
  try {
    resumable = await readResumable(path, { isGone, isRepeated });
  } catch (error) {
    // Nobody knows which of them are secret.
    const secrets = Object.values(program.params).map(String);
    return { loaded: { type: "unsound", problems: [], secrets }, refused: describeError(error) };
  }
  const plan = await planResume(resumable.run, program, again);
  const { loaded } = plan;
  return plan.type === "sound" ? { loaded, resumed: { ...resumable, kept: plan.kept } } : { loaded };
}

/** @param again paths of steps that run again in this session */
export function stepOrigins(
  resumed: Pick<RecordedRun, "origins"> | undefined,
  sessionId: string,
  again: readonly string[] = [],
): StepOrigins {
  const { first = sessionId, rerun = {} } = resumed?.origins ?? {};
  return { first, rerun: { ...rerun, ...Object.fromEntries(again.map((path) => [path, sessionId])) } };
}

/**
 * Before the run begins: its scope knows what finished, and its root names the session that it resumes.
 * @returns for `PlaybookRunRequest.replay`
 */
export function takeOver(
  scope: PlaybookScope,
  record: SessionRecord,
  { run, kept }: ResumedRun,
  { origins, mask }: { readonly origins: StepOrigins; readonly mask: SecretMask },
): ReadonlyMap<string, StepResult> {
  const { sessionId, traceId, rootSpanId, file, problems } = run;
  // Secrets of this run were none of the earlier one's, and it knows places anew.
  const events = kept.state.events.map((each) => ({ ...each, event: maskedEvent(each.event, mask) }));
  scope.setRuntimeState({ ...kept.state, events });
  const { first, rerun } = origins;
  const isRerun = Object.keys(rerun).length > 0;
  record.attributes({ [resumedAttribute]: { sessionId, traceId, file, first, ...(isRerun ? { rerun } : {}) } });
  for (const problem of problems) {
    record.sessionEvent(runProblemEvent, { message: `of the session that is resumed ${problem}` });
  }
  const attributes = jsonOfAttributes({ relation: "resumes", "session.id": sessionId });
  const link = objectJson({ spanId: quoted(rootSpanId), traceId: quoted(traceId), attributes });
  record.recorder?.link(record.rootSpanId, link);
  return lastResults(events);
}
