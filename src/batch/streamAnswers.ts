// What is kept of an answer to the second phase.

import { mostErrorLength, type RecordedAnswer } from "../trace/batch/batchRecord";
import type { StreamAnswer } from "./batchEngine";

export function recordedAnswer(answer: StreamAnswer): RecordedAnswer {
  const { status, sealed, itemsAccepted: accepted, itemsDeduplicated: deduplicated } = answer;
  const counts = { status, sealed, accepted, deduplicated };
  if ("error" in answer) return { ...counts, error: answer.error.slice(0, mostErrorLength) };
  if (!answer.sealed)
    return { ...counts, reason: `${answer.enqueuedCount} of ${answer.expectedCount} items have come` };
  return answer.retryReason === undefined ? counts : { ...counts, reason: answer.retryReason, isRetrySuccess: true };
}
