// Names of the attributes and events by which a run of a playbook is known in its trace.

import type { TraceSpan } from "./schema";

/**
 * Of the root: `{name, path, runId, params}` of the playbook, `failedStep: {id, index}` once one failed, `checkpoints: false`
 * where only the playbook itself could have results saved, and `actionLog`, the raw id of the folder of its action log,
 * where that is not the run's.
 */
export const playbookAttribute = "tracekeeper.playbook";
/** Of the root: `{id, index, isOver}` of the playbook's own step that was begun last, for whoever reads no further than the root. */
export const lastStepAttribute = "tracekeeper.lastStep";
/** Of the span of a step: `StepFacts`. */
export const stepAttribute = "tracekeeper.step";
/** Of the span of an attempt at a step: `{number}`, from 1 on. */
export const attemptAttribute = "tracekeeper.attempt";
/** Of a step that was not run: why. */
export const skippedAttribute = "tracekeeper.skipped";
/** Of a failed step: the error behind what the person is told. */
export const rawErrorAttribute = "tracekeeper.rawError";
/** Of the span of a step that finished in an earlier session: `{sessionId, traceId, spanId, startMs, endMs}` there. */
export const replayedAttribute = "tracekeeper.replayed";
/** Of the root of a session that resumes another one: `{sessionId, traceId, file}` of that. */
export const resumedAttribute = "tracekeeper.resumed";
/** Of the span below a failed step that failed itself: what the person is told in place of its own error. */
export const failureMessageAttribute = "tracekeeper.failureMessage";
/** Of the span of a `run` step's action, and of the root: which process it is, on which machine, and in which process group. */
export const programAttribute = "tracekeeper.program";
/** Event of a step: another attempt follows. */
export const retryEvent = "tracekeeper.retry";
/** Event of the root: what a resumed run needs to know and no checkpoint before this one holds. */
export const checkpointEvent = "tracekeeper.checkpoint";
/** Event of the root: what commands had left running was ended with the run. */
export const leftRunningEvent = "tracekeeper.left-running";
/** Event: something of the run itself went wrong, not of what it runs. */
export const runProblemEvent = "tracekeeper.run-problem";

/** Whether the span is that of a step that was not run in this session. */
export function isNotRun({ attributes }: Pick<TraceSpan, "attributes">): boolean {
  if (attributes === undefined) return false;
  return attributes[replayedAttribute] !== undefined || attributes[skippedAttribute] !== undefined;
}

export interface StepFacts {
  readonly id: string;
  /** From 0 on, within its playbook. */
  readonly index: number;
  readonly action: string;
  readonly attempts?: number;
  /** It finished in an earlier run. */
  readonly replayed?: true;
  readonly recovered?: true;
}
