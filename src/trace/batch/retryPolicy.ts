// Whether the second phase of a batch may be answered as done although this request did not do it: a client that lost the
// answer sends the whole stream again. One function for all three places that ask.

import type { BatchStatus } from "./batchRecord";

/**
 * True where the work is done or under way, so that another attempt of the client changes nothing and must not fail. An
 * aborted batch always fails, also a sealed one: no run exists, and the client has to create another batch.
 */
export function isIdempotentRetrySuccess(
  status: BatchStatus,
  sealed: boolean,
  processingCompletedAt: number | undefined,
): boolean {
  switch (status) {
    case "PROCESSING":
    case "COMPLETED":
    case "PARTIAL_FAILED":
      return true;
    case "PENDING":
      return sealed || processingCompletedAt !== undefined;
    case "ABORTED":
      return false;
  }
}
