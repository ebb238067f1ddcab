// What the spans of a run have in common, whoever writes them.

import { quoted } from "../../recorder/safeJson";
import { attemptAttribute, type StepFacts } from "../../trace/runAttributes";
import type { StepRef, Usage } from "./runEvent";

export interface SpanEnd {
  readonly failure?: string | undefined;
  readonly isInterrupted?: boolean | undefined;
  readonly usage?: Usage | undefined;
  readonly fields?: Readonly<Record<string, string | undefined>>;
}

export function endFields(endMs: number, { failure, isInterrupted }: SpanEnd) {
  return {
    endTime: endMs,
    status: failure === undefined ? '"ok"' : '"error"',
    statusMessage: failure === undefined ? undefined : quoted(failure),
    interrupted: failure !== undefined && isInterrupted === true ? "true" : undefined,
  };
}

export function isFailed({ failure, isInterrupted }: SpanEnd): boolean {
  return failure !== undefined && isInterrupted !== true;
}

export function stepFacts({ id, index, action }: StepRef, more: Partial<StepFacts> = {}): StepFacts {
  return { id, index, action, ...more };
}

export function attemptFacts(ref: StepRef, number: number) {
  return { [attemptAttribute]: { number }, ...placeOf(ref) };
}

export function placeOf({ file, line }: StepRef) {
  return { "code.file.path": file, "code.line.number": line };
}
