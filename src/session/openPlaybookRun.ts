// A run of a playbook as its session puts it together: the bus with everybody who hears of it, in the order in which they
// are told, and what the root says of the run.

import { playbookAttribute, programAttribute, runProblemEvent } from "../trace/runAttributes";
import { ActionLog } from "./actionLog/actionLog";
import { SessionBatches } from "./batch/sessionBatches";
import type { Launch, LaunchedPlaybook } from "./launch";
import type { OutputTarget } from "./outputRecorder";
import type { OwnOutput } from "./ownOutput";
import type { LoadedPlaybook } from "./playbookFile";
import { runServices } from "./playbookServices";
import { programFacts } from "./processIdentity";
import { writeCheckpoints } from "./resume/checkpointWriter";
import { type ResumedRun, stepOrigins, takeOver } from "./resume/loadResumed";
import type { StepOrigins } from "./resume/recordedRun";
import type { SecretMask } from "./secrets/secretMask";
import type { SessionPort } from "./sessionPort";
import type { SessionRecord } from "./sessionRecord";
import { recordLastStep } from "./steps/lastStep";
import { PlaybookRun, type RunResult } from "./steps/playbookRun";
import type { PlaybookScope, RunBus } from "./steps/runEvent";
import { RunRecorder } from "./steps/runRecorder";
import { tellSteps } from "./steps/stepLines";

export type SoundPlaybook = Extract<LoadedPlaybook, { readonly type: "sound" }>;

export interface PlaybookRunParts {
  readonly bus: RunBus;
  readonly launch: Launch;
  readonly program: LaunchedPlaybook;
  readonly isQuiet: boolean;
  readonly loaded: SoundPlaybook;
  readonly resumed: ResumedRun | undefined;
  readonly record: SessionRecord;
  readonly port: SessionPort;
  readonly mask: SecretMask;
  readonly shown: OwnOutput;
  /** Told when more was shown, and of outputs that are closed. */
  readonly listeners: Set<(closedFd?: number) => void>;
  readonly outputTarget: OutputTarget | undefined;
}

export interface OpenedPlaybookRun {
  readonly run: PlaybookRun;
  readonly scope: PlaybookScope;
  readonly batches: SessionBatches;
  readonly actionLog: ActionLog;
  /** Has the root name the first of the playbook's own steps that failed, where one did. */
  tellFailed(result: RunResult): void;
}

/** Nothing of it is run yet. */
export function openPlaybookRun(parts: PlaybookRunParts): OpenedPlaybookRun {
  const { bus, launch, program, isQuiet, loaded, resumed, record, port, mask, shown, listeners, outputTarget } = parts;
  const { playbook, params } = loaded;
  const { recorder, rootSpanId } = record;
  const runId = resumed?.run.runId ?? program.runId ?? launch.sessionId;
  const scope = bus.openRun(runId);
  const spans = recorder && new RunRecorder(recorder, rootSpanId, record.ids, outputTarget);
  spans?.listen(bus);
  if (recorder !== undefined) {
    recordLastStep(bus, recorder, rootSpanId);
    writeCheckpoints(bus, scope, { recorder, rootSpanId });
  }
  const origins = stepOrigins(resumed?.run, launch.sessionId, program.resume?.again);
  const replay = resumed && takeOver(scope, record, resumed, { origins, mask });
  const { name, path } = playbook;
  const earlierLog = resumed?.run.actionLogId;
  const logId = earlierLog === undefined ? {} : { actionLog: earlierLog };
  // Whoever resumes a run goes on as it was begun.
  const isSaved = program.checkpoints ?? resumed?.run.isSaved ?? true;
  const unsaved = isSaved ? {} : { checkpoints: false };
  let facts = { name, path, runId, params: visibleParams(playbook, params), ...logId, ...unsaved };
  const actionLog = new ActionLog({
    directory: launch.directory,
    runId,
    sessionId: launch.sessionId,
    folderId: earlierLog,
    onFolder: (rawId) => {
      if (rawId === (earlierLog ?? runId)) return;
      facts = { ...facts, actionLog: rawId };
      record.attributes({ [playbookAttribute]: facts });
    },
  });
  if (recorder !== undefined) actionLog.listen(bus);
  const say = (line: string) => {
    if (!isQuiet) shown.say(mask.text(line));
  };
  if (!isQuiet) tellSteps(bus, say);
  record.attributes({ [playbookAttribute]: facts, [programAttribute]: programFacts(process.pid) });
  const spanOf = (scopeId: string) => spans?.spanOf(scopeId) ?? rootSpanId;
  const batches = new SessionBatches({
    launch,
    originOf: (stepPath) => originOf(stepPath, origins),
    traceId: recorder?.traceId,
    safeId: recorder?.safeId,
    spanOf,
    port,
    say,
    onProblem: (message) => record.sessionEvent(runProblemEvent, { message }),
  });
  const run = new PlaybookRun({
    playbook,
    params,
    scope,
    isSaved,
    ...(replay === undefined ? {} : { replay }),
    ...(recorder === undefined ? {} : { arm: () => scope.enableRecording() }),
    services: runServices({ bus, mask, launch, program, record, port, shown, listeners, batches, spanOf }),
  });
  const tellFailed = ({ results }: RunResult) => {
    const failed = results.find(({ status, step }) => status === "failed" && step.path === step.id)?.step;
    if (failed === undefined) return;
    record.attributes({ [playbookAttribute]: { ...facts, failedStep: { id: failed.id, index: failed.index } } });
  };
  return { run, scope, batches, actionLog, tellFailed };
}

/** The session in which the batches of a step are looked for. */
function originOf(path: string, { first, rerun }: StepOrigins): string {
  return (Object.hasOwn(rerun, path) ? rerun[path] : undefined) ?? first;
}

function visibleParams(
  { params }: { readonly params: readonly { readonly name: string; readonly isSecret: boolean }[] },
  values: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const visible = params.map(({ name, isSecret }) => {
    const value = Object.hasOwn(values, name) ? values[name] : null;
    return [name, isSecret && value !== null ? "•••" : value];
  });
  return Object.fromEntries(visible);
}
