// Asks the process that runs a batch to do what this one can't: a control of the same API, on the loopback.

import { describeError } from "../../base/logger";
import type { BatchOwnedElsewhere } from "../../batch/batchEngine";
import { type BatchAnswer, refusal } from "./batchAnswer";
import type { BatchControl } from "./batchRoutes";

const answerMs = 30_000;
const mostAnswerBytes = 1024 * 1024;
/** Who is asked on behalf of another one asks nobody else: two that each believe the other has it would never end. */
export const askedForHeader = "x-tracekeeper-asked-for";

/** The owner's answer, or why there is none. */
export async function askOwner(
  { url, token, message }: BatchOwnedElsewhere,
  id: string,
  control: BatchControl,
  body: object,
): Promise<BatchAnswer> {
  // The file that says so lies among the traces, so it may be anybody's.
  if (url === undefined || token === undefined || !isLoopback(url))
    return refusal(409, `${message}, which can't be asked`);
  try {
    const response = await fetch(`${url}/api/v1/batches/${encodeURIComponent(id)}/${control}`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", [askedForHeader]: "1" },
      body: JSON.stringify(body),
      redirect: "error",
      signal: AbortSignal.timeout(answerMs),
    });
    const text = await response.text();
    if (text.length > mostAnswerBytes) throw new Error("its answer is too long");
    return { status: response.status, body: JSON.parse(text) as object };
  } catch (error) {
    return refusal(409, `${message}, which does not answer: ${describeError(error)}`);
  }
}

function isLoopback(url: string): boolean {
  return /^http:\/\/(?:127\.0\.0\.1|localhost|\[::1\]):\d{1,5}$/.test(url);
}
