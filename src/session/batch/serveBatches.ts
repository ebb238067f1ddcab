// Lets others on this machine ask for the batches that this process runs, over a port that it has.

import { describeError } from "../../base/logger";
import type { BatchHost } from "../../batch/batchHost";
import { batchHandler } from "../batchHttp/batchHandler";
import { type RequestHandler, startControlServer } from "../controlServer";

export interface ServedPort {
  readonly url: string;
  readonly token: string;
  handle(handler: RequestHandler): void;
}

/** To be called before a batch is taken: its owner file says where to ask. @returns ends it */
export function serveBatches(
  host: BatchHost,
  directory: string,
  { url, token, handle }: ServedPort,
  onProblem: (message: string) => void,
): () => void {
  host.setEndpoint({ url, token });
  const handler = batchHandler({ directory, batches: host, token, onProblem: ({ message }) => onProblem(message) });
  handle(handler);
  return () => handler.dispose();
}

/** The same over a port of its own. Without one the batches run all the same, and nobody can ask for them. */
export async function serveBatchesApart(
  host: BatchHost,
  directory: string,
  onProblem: (message: string) => void,
): Promise<void> {
  try {
    serveBatches(host, directory, await startControlServer(() => undefined), onProblem);
  } catch (error) {
    onProblem(`The batch can't be asked for by others: ${describeError(error)}`);
  }
}
