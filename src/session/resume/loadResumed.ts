// The playbook of a launch that resumes an earlier run, with what is taken over from that one.

import { describeError } from "../../base/logger";
import { jsonOfAttributes, quoted } from "../../recorder/safeJson";
import { objectJson } from "../../recorder/spanJson";
import { resumedAttribute } from "../../trace/runAttributes";
import type { LaunchedPlaybook } from "../launch";
import type { ParameterValue } from "../playbook/playbook";
import { type LoadedPlaybook, loadPlaybook, parsedFile } from "../playbookFile";
import type { SessionRecord } from "../sessionRecord";
import type { PlaybookScope } from "../steps/runEvent";
import { type KeptSteps, keptSteps } from "./keptSteps";
import { type RecordedRun, readRecordedRun } from "./recordedRun";
import { missingWords, takenParameters } from "./takenParameters";

export interface ResumedRun {
  readonly run: RecordedRun;
  readonly kept: KeptSteps;
}

export interface LoadedResume {
  readonly loaded: LoadedPlaybook;
  /** Undefined where there is nothing to go on from; `loaded` says why. */
  readonly resumed?: ResumedRun;
}

/** Never rejects. */
export async function loadResumed(
  program: LaunchedPlaybook,
  { path, again, isGone = false }: NonNullable<LaunchedPlaybook["resume"]>,
): Promise<LoadedResume> {
  let run: RecordedRun;
  try {
    run = await readRecordedRun(path, { isGone });
  } catch (error) {
    // Nobody knows which of them are secret.
    const secrets = Object.values(program.params).map(String);
    return { loaded: { type: "unsound", problems: [describeError(error)], secrets } };
  }
  const parsed = await parsedFile(program.path).catch(() => undefined);
  const { values, missing } = takenParameters(parsed?.playbook?.params ?? [], run.params, program.params);
  const loaded = await loadPlaybook({ ...program, params: values as Record<string, ParameterValue> });
  if (loaded.type === "sound" && missing.length > 0) {
    return { loaded: { type: "unsound", problems: missing.map(missingWords), secrets: loaded.secrets } };
  }
  return { loaded, resumed: { run, kept: keptSteps(run, again) } };
}

/** Before the run begins: its scope knows what finished, and its root names the session that it resumes. */
export function takeOver(scope: PlaybookScope, record: SessionRecord, { run, kept }: ResumedRun): void {
  const { sessionId, traceId, rootSpanId, file } = run;
  scope.setRuntimeState(kept.state);
  record.attributes({ [resumedAttribute]: { sessionId, traceId, file } });
  const attributes = jsonOfAttributes({ relation: "resumes", "session.id": sessionId });
  const link = objectJson({ spanId: quoted(rootSpanId), traceId: quoted(traceId), attributes });
  record.recorder?.link(record.rootSpanId, link);
}
