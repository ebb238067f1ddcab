// What would happen if a run was resumed now, for whoever asks a person first, and for the session that does it.

import type { LaunchedPlaybook } from "../launch";
import type { ParameterValue, Playbook } from "../playbook/playbook";
import { type LoadedPlaybook, loadPlaybook, readPlaybook } from "../playbookFile";
import { currentPlaybooks } from "./currentSteps";
import { type KeptSteps, keptSteps } from "./keptSteps";
import type { RecordedRun } from "./recordedRun";
import { type StepChange, stepChanges } from "./stepChanges";
import { missingWords, takenParameters } from "./takenParameters";

export type ResumePlan =
  | {
      readonly type: "sound";
      readonly loaded: Extract<LoadedPlaybook, { type: "sound" }>;
      readonly kept: KeptSteps;
      /** Of what is kept; those whose paths are in `again` are not among them. */
      readonly changes: readonly StepChange[];
      /** The first step that runs; undefined where none is left, and perhaps the end. */
      readonly next: { readonly id: string; readonly name: string; readonly line: number } | undefined;
    }
  | {
      readonly type: "unsound";
      readonly loaded: Extract<LoadedPlaybook, { type: "unsound" }>;
      /** Secrets that have to be given again, if that alone is wrong. */
      readonly missing: readonly string[];
    };

/**
 * Reads playbooks, and never rejects.
 * @param program the playbook's path, and of its parameters those that are given anew
 * @param again paths of steps that are to run again although they finished, as `StepChange` names them
 */
export async function planResume(
  run: RecordedRun,
  program: Pick<LaunchedPlaybook, "path" | "params">,
  again: readonly string[] = [],
): Promise<ResumePlan> {
  const own = await readPlaybook(program.path);
  const { values, missing } = takenParameters(own?.params ?? [], run.params, program.params);
  const params = values as Record<string, ParameterValue>;
  const loaded = await loadPlaybook({ type: "playbook", path: program.path, params });
  if (missing.length > 0) {
    const problems = missing.map(missingWords);
    return { type: "unsound", loaded: { type: "unsound", problems, secrets: loaded.secrets }, missing };
  }
  if (loaded.type === "unsound") return { type: "unsound", loaded, missing };
  const playbooks = await currentPlaybooks(run, loaded, readPlaybook);
  const kept = keptSteps(run, playbooks, again);
  const changes = stepChanges(run, kept.paths, playbooks, loaded.params).filter(({ path }) => !again.includes(path));
  return { type: "sound", loaded, kept, changes, next: nextStep(loaded.playbook, kept) };
}

/** One that was skipped is decided anew when it comes, and most likely skipped again. */
function nextStep({ steps }: Playbook, { replay }: KeptSteps) {
  const next = steps.find(({ id, onFailure }) => {
    const status = replay.get(id)?.status;
    return status === undefined || (status === "failed" && onFailure === "abort");
  });
  return next && { id: next.id, name: next.name, line: next.place.line };
}
