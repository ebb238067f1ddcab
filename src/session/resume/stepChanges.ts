// Finished steps that are no longer what they were: another definition, another name, other parameters, or an output of
// which the trace does not hold all. A person chooses for each whether it runs again or is taken as it was.

import { isDeepStrictEqual } from "node:util";
import { isMasked } from "../../trace/maskedText";
import type { ParameterValues, Playbook, Step } from "../playbook/playbook";
import { isStepSaved } from "../playbook/savedSteps";
import { textOf, usedParameters } from "../playbook/usedParameters";
import type { CurrentPlaybook, CurrentStep } from "./currentSteps";
import { outerOf, outerPaths } from "./currentSteps";
import type { RecordedRun } from "./recordedRun";

export interface StepChange {
  /** What `again` takes: as recorded; of a new step within a finished one as it is now. */
  readonly path: string;
  readonly reason: "definition" | "renamed" | "parameter" | "added" | "output";
  /** What follows the step's name: "does something else than when it finished". */
  readonly words: string;
  /** Where it stands now. */
  readonly file: string;
  readonly line: number;
}

export function stepChanges(
  run: RecordedRun,
  kept: ReadonlySet<string>,
  playbooks: readonly CurrentPlaybook[],
  params: ParameterValues,
): readonly StepChange[] {
  const changes = new Map<string, StepChange>();
  const changedNames = changedParameters(run.params, params);
  const isCovered = (path: string) => outerPaths(path).some((outer) => changes.has(outer));
  for (const current of playbooks) {
    for (const [path, { step, ref }] of current.steps) {
      if (isCovered(path) || !isTakenOver(path, run, kept)) continue;
      const found =
        definitionChange(path, ref.definitionHash, run) ??
        renaming(path, ref.path) ??
        (current.outer === "" ? parameterChange(step, current.playbook, changedNames) : undefined) ??
        missingOutput(path, current, run, kept);
      if (found !== undefined) changes.set(path, { path, ...found, file: ref.file, line: ref.line });
    }
    if (current.outer === "" || !kept.has(current.outer) || changes.has(current.outer) || isCovered(current.outer))
      continue;
    for (const change of addedSteps(current)) changes.set(change.path, change);
  }
  return [...changes.values()];
}

type Found = Pick<StepChange, "reason" | "words">;

/** It finished, or something within it did, or it was passed over within a step that finished. */
function isTakenOver(path: string, { results }: RecordedRun, kept: ReadonlySet<string>): boolean {
  const result = results.get(path);
  if (result === undefined) return [...kept].some((each) => each.startsWith(`${path}/`));
  if (result.status === "skipped") return kept.has(outerOf(path));
  return kept.has(path) || [...kept].some((each) => each.startsWith(`${path}/`));
}

function definitionChange(path: string, definitionHash: string, { refs }: RecordedRun): Found | undefined {
  const recorded = refs.get(path)?.definitionHash;
  if (recorded === undefined || recorded === definitionHash) return undefined;
  return { reason: "definition", words: "does something else in the playbook than when it ran" };
}

function renaming(path: string, currentPath: string): Found | undefined {
  const [was = "", is = ""] = [path.split("/").at(-1), currentPath.split("/").at(-1)];
  return was === is
    ? undefined
    : { reason: "renamed", words: `was called ${was} when it ran, and is called ${is} now` };
}

/** Of those that are known: what was masked can't be compared. */
function changedParameters(recorded: Readonly<Record<string, unknown>>, params: ParameterValues): readonly string[] {
  return Object.entries(params).flatMap(([name, value]) => {
    const earlier = Object.hasOwn(recorded, name) ? recorded[name] : null;
    const isUnknown = typeof earlier === "string" && isMasked(earlier);
    return isUnknown || isDeepStrictEqual(earlier, value) ? [] : [name];
  });
}

function parameterChange(step: Step, playbook: Playbook, names: readonly string[]): Found | undefined {
  const used = usedParameters(step, playbook, names);
  if (used.length === 0) return undefined;
  return { reason: "parameter", words: `ran with another value of ${used.join(", ")}` };
}

/** The one who asks for the output is the first step that is not taken over. */
function missingOutput(
  path: string,
  { playbook, steps }: CurrentPlaybook,
  { results }: RecordedRun,
  kept: ReadonlySet<string>,
): Found | undefined {
  const result = results.get(path);
  if (result === undefined || (result.isMasked !== true && result.isCut !== true)) return undefined;
  const taken = new Set([...steps].filter(([each]) => kept.has(each)).map(([, { step }]) => step));
  const { id } = steps.get(path)?.step ?? result.step;
  const asks = new RegExp(`\\bsteps\\b\\W{1,3}${id}\\W{1,3}(?:output|json)\\b`);
  const user = playbook.steps.find((step) => !taken.has(step) && asks.test(textOf(step, playbook)));
  if (user === undefined) return undefined;
  const why = result.isMasked === true ? "holds a secret, which no trace holds" : "is too long to be kept whole";
  return { reason: "output", words: `has an output that ${why}, and ${user.id} uses it` };
}

/** Of a step whose result is never saved nobody knows whether it was there. */
function addedSteps({ playbook, currentOuter, outer, steps, isSaved }: CurrentPlaybook): StepChange[] {
  const known = new Set([...steps.values()].map(({ step }: CurrentStep) => step));
  return playbook.steps
    .filter((step) => !known.has(step) && isStepSaved(step, playbook, isSaved))
    .map(({ id, place }) => ({
      path: `${outer}/${id}`,
      reason: "added",
      words: `was added to what ${currentOuter} runs after that finished`,
      file: playbook.path,
      line: place.line,
    }));
}
