// Which engine runs new batches where a person has chosen trigger.dev: its address comes from a setting or a launch, its key
// from a secret storage or the environment, as the SDK has them. Without a choice batches run on this machine, and those
// that were handed on before can be gone on with where the key is known.

import type { BatchHostOptions } from "../../batch/batchHost";
import { triggerEngine, triggerEngineName } from "../../batch/trigger/triggerEngine";
import { type Environment, environmentKey, environmentUrl, type RemoteEngine } from "./remoteEngineSchema";

type Engines = Pick<BatchHostOptions, "engine" | "engines">;

/**
 * @param chosen undefined where new batches run on this machine
 * Throws in words where trigger.dev is chosen and can't be asked.
 */
export function batchEngines(chosen: RemoteEngine | undefined, environment: Environment): Engines {
  const url = chosen?.url || environmentUrl(environment);
  const key = chosen?.key || environmentKey(url, environment);
  if (!key) {
    if (chosen === undefined) return {};
    throw new Error(
      `trigger.dev at ${url} is to run batches, and its secret key is neither kept in VS Code nor in TRIGGER_SECRET_KEY`,
    );
  }
  if (chosen !== undefined) return { engine: triggerEngineName, engines: [triggerEngine({ url, key })] };
  // The address of the environment may be anything; nobody has asked for it.
  return URL.canParse(url) && /^https?:/.test(url) ? { engines: [triggerEngine({ url, key })] } : {};
}
