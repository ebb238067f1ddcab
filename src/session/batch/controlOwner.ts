// Asks the process that runs a batch, over its port on the loopback.

import { describeError } from "../../base/logger";
import type { BatchChange, BatchOwnedElsewhere } from "../../batch/batchEngine";

export type OwnerControl = "cancel" | "pause" | "resume" | "retry";

const answerLimitMs = 30_000;

/** Rejects with words on why it could not be asked, or what it refused. */
export async function controlOwner(
  { url, token, message }: BatchOwnedElsewhere,
  control: OwnerControl,
  id: string,
  body: { readonly by?: string; readonly indexes?: readonly number[] },
): Promise<BatchChange> {
  if (url === undefined || token === undefined) throw new Error(`${message}, which can't be asked`);
  let response: Response;
  try {
    response = await fetch(`${url}/api/v1/batches/${encodeURIComponent(id)}/${control}`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(answerLimitMs),
    });
  } catch (error) {
    throw new Error(`${message}, which does not answer: ${describeError(error)}`);
  }
  const answer = (await response.json().catch(() => ({}))) as Partial<BatchChange> & { readonly error?: string };
  if (!response.ok) throw new Error(answer.error ?? `${message}, which answered ${response.status}`);
  const { isChanged = true, status = "PENDING", message: words = "Done" } = answer;
  return { id, isChanged, status, message: words };
}
