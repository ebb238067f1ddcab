// A collector that serves the batches of its directory as well: programs trigger them with trigger.dev's SDK, and what an
// earlier process left unfinished is gone on with.

import { createHmac, randomBytes } from "node:crypto";
import type { BatchHost, TakenUp } from "../batch/batchHost";
import { type BatchHandlerOptions, batchHandler } from "../session/batchHttp/batchHandler";
import type { Collector } from "./collector";
import { type CrewaiCollectorOptions, startCrewaiCollector } from "./crewaiCollector";

export interface BatchCollectorOptions extends CrewaiCollectorOptions {
  /** Of the collector's directory, which it owns from now on. */
  readonly batches: BatchHost;
  readonly batchLimits?: BatchHandlerOptions["limits"];
}

export interface BatchEndpoint {
  /** As `TRIGGER_API_URL` wants it. */
  readonly url: string;
  /** As `TRIGGER_SECRET_KEY` wants it. */
  readonly key: string;
}

export interface BatchCollector extends Collector {
  readonly batchEndpoint: BatchEndpoint;
  /** Goes on with what is unfinished in the directory and nobody else's. */
  takeUpBatches(): Promise<TakenUp>;
}

/** In the place of `startCrewaiCollector`; rejects as that does. */
export async function startBatchCollector(options: BatchCollectorOptions): Promise<BatchCollector> {
  const { directory, batches, handlers = [], onProblem = () => undefined, batchLimits } = options;
  const { secret = randomBytes(32).toString("hex") } = options;
  const key = batchKey(secret);
  const handle = batchHandler({ directory, batches, token: key, onProblem, limits: batchLimits });
  let started: Collector;
  try {
    started = await startCrewaiCollector({ ...options, secret, handlers: [...handlers, handle] });
  } catch (error) {
    handle.dispose();
    await batches.dispose();
    throw error;
  }
  batches.setEndpoint({ url: started.url, token: key });
  return {
    url: started.url,
    port: started.port,
    isOtherPort: started.isOtherPort,
    batchEndpoint: { url: started.url, key },
    get sessions() {
      return started.sessions;
    },
    endpointFor: (sessionId) => started.endpointFor(sessionId),
    takeUpBatches: () => batches.takeUp(),
    // Batches are in their logs already.
    crash: (reason, signal) => started.crash(reason, signal),
    async close() {
      handle.dispose();
      await started.close();
      await batches.dispose();
    },
  };
}

/** Of the collector's secret, so that it is good with the next one too; no session's token can be the same. */
function batchKey(secret: string): string {
  const digest = createHmac("sha256", `batches of ${secret}`).update("key").digest("hex");
  return `tk_${digest.slice(0, 48)}`;
}
