// What a resumed run takes over from an earlier one: the results of steps that finished, wherever these stand in the
// edited playbook. What failed, was under way or was never begun is not among them, and runs.

import { isMasked } from "../../trace/maskedText";
import type { StepResult } from "../steps/runEvent";
import type { RunState } from "./checkpoint";
import { type CurrentPlaybook, type CurrentStep, isWithin, outerPaths } from "./currentSteps";
import { lastResults, type RecordedRun } from "./recordedRun";

export interface KeptSteps {
  /** By the paths that they had. */
  readonly paths: ReadonlySet<string>;
  /** For `RunScope.setRuntimeState`. */
  readonly state: RunState;
  /** For `PlaybookRunRequest.replay`: the results that stand in the state, by the paths that they have now. */
  readonly replay: ReadonlyMap<string, StepResult>;
}

/** @param again paths of finished steps that are to run again all the same, with all that runs within them */
export function keptSteps(
  run: RecordedRun,
  playbooks: readonly CurrentPlaybook[],
  again: Iterable<string> = [],
): KeptSteps {
  const { results, state } = run;
  const current = new Map<string, CurrentStep>(playbooks.flatMap(({ steps }) => [...steps]));
  const paths = keptPaths(run, again, (path) => current.get(path)?.isSaved !== false);
  const isAround = (path: string) => [...paths].some((kept) => kept !== path && isWithin(kept, path));
  const events = state.events.flatMap((delivered) => {
    const { event } = delivered;
    if (event.type === "stepStarted") {
      // Whoever resumes the next run has to know whether it changed since.
      const isWanted = isAround(event.step.path) && run.refs.get(event.step.path) === event.step;
      return isWanted ? [delivered] : [];
    }
    if (event.type !== "stepFinished") return [];
    const { result } = event;
    const { path } = result.step;
    if (results.get(path) !== result || !paths.has(path)) return [];
    return [{ ...delivered, event: { ...event, result: placedResult(result, current.get(path)) } }];
  });
  return { paths, state: { sources: state.sources, events }, replay: lastResults(events) };
}

function keptPaths(
  { results, end }: RecordedRun,
  again: Iterable<string>,
  isSaved: (path: string) => boolean,
): Set<string> {
  const dropped = new Set<string>();
  for (const path of again) {
    for (const other of results.keys()) if (isWithin(other, path) || isWithin(path, other)) dropped.add(other);
  }
  const isKept = (path: string): boolean => {
    const result = results.get(path);
    // The playbook may say by now that it is not to be taken over.
    if (result === undefined || dropped.has(path) || !isSaved(path)) return false;
    if (result.status !== "failed") return true;
    // Of a run that ended with it a failure is what the person resumes for. One that was cut off later goes on after it.
    if (end !== undefined || result.isInterrupted === true) return false;
    return outerPaths(path).every((outer) => !results.has(outer) || isKept(outer));
  };
  return new Set([...results.keys()].filter(isKept));
}

/** Where the step stands now; what it did is what it was. */
function placedResult(result: StepResult, current: CurrentStep | undefined): StepResult {
  if (current === undefined) return result;
  const { definitionHash, file } = result.step;
  // No event of a run tells more of a path than the run before it.
  return { ...result, step: { ...current.ref, definitionHash, file: isMasked(file) ? file : current.ref.file } };
}
