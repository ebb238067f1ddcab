// Which steps' results are saved, so that a resumed run takes them over: a step's own word goes before its playbook's, and
// that before the word of the step that runs the playbook.

import type { Playbook, Step } from "./playbook";

/** @param around what holds around the playbook: true for that of a run */
export function isStepSaved(step: Pick<Step, "checkpoints">, playbook: Pick<Playbook, "checkpoints">, around: boolean) {
  return step.checkpoints ?? playbook.checkpoints ?? around;
}

/** The run has something to save. */
export function savesAny({ steps, ...playbook }: Pick<Playbook, "checkpoints" | "steps">, around: boolean): boolean {
  return steps.some((step) => isStepSaved(step, playbook, around));
}
