import type { TraceSpan } from "../../../src/trace/schema";

/** "build error: exit code 3" */
export function spanOutcomeText({ name, status, statusMessage, interrupted, endTime }: TraceSpan): string {
  const outcome = endTime === undefined ? "open" : interrupted === true ? "interrupted" : status;
  return `${name} ${outcome}${statusMessage === undefined ? "" : `: ${statusMessage}`}`;
}
