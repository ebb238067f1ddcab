// What a resumed run takes over from an earlier one and what it does anew. A step that finished is kept, wherever it stands
// in the edited playbook; what failed, was under way or was never begun runs. Where the playbook says something else of a
// finished step by now, that is told, and a person chooses.

import type { StepResult } from "../steps/runEvent";
import type { RunState } from "./checkpoint";
import { lastResults, type RecordedRun } from "./recordedRun";

export interface KeptSteps {
  /** For `RunScope.setRuntimeState`. */
  readonly state: RunState;
  /** For `PlaybookRunRequest.replay`: the results that stand in the state. */
  readonly replay: ReadonlyMap<string, StepResult>;
}

/**
 * @param again paths of finished steps that are to run again all the same, with all that runs within them
 */
export function keptSteps({ results, end, state }: RecordedRun, again: Iterable<string> = []): KeptSteps {
  const dropped = new Set<string>();
  for (const path of again) {
    for (const other of results.keys()) if (isWithin(other, path) || isWithin(path, other)) dropped.add(other);
  }
  const isKept = (path: string): boolean => {
    const result = results.get(path);
    if (result === undefined || dropped.has(path)) return false;
    if (result.status !== "failed") return true;
    // Of a run that ended with it a failure is what the person resumes for. One that was cut off later goes on after it.
    if (end !== undefined || result.isInterrupted === true) return false;
    return outerPaths(path).every((outer) => !results.has(outer) || isKept(outer));
  };
  const events = state.events.filter(
    ({ event }) =>
      event.type === "stepFinished" &&
      results.get(event.result.step.path) === event.result &&
      isKept(event.result.step.path),
  );
  return { state: { sources: state.sources, events }, replay: lastResults(events) };
}

/** Also true of the path itself. */
export function isWithin(path: string, outer: string): boolean {
  return path === outer || path.startsWith(`${outer}/`);
}

/** "a/b/c": "a", "a/b". */
function outerPaths(path: string): string[] {
  const ids = path.split("/");
  return ids.slice(1).map((_id, index) => ids.slice(0, index + 1).join("/"));
}
