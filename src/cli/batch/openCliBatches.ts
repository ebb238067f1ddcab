// The batches of a directory as the command line runs them.

import { describeError } from "../../base/logger";
import type { BatchHost } from "../../batch/batchHost";
import { openBatches } from "../../session/batch/openBatches";
import { batchEngines } from "../../session/batch/remoteEngine";
import { environmentUrl, triggerEngineName } from "../../session/batch/remoteEngineSchema";
import type { Tasks } from "../../session/batch/tasks";
import type { BatchSettings } from "../../trace/batch/batchRecord";
import { stop } from "../playbookLaunch";
import { printError } from "../print";
import { UsageError } from "../usageError";

/**
 * @param folder where tasks are at home
 * @param engine as `--engine` names it
 * Throws a `UsageError` where that can't be asked.
 */
export function openCliBatches(
  directory: string,
  folder: string,
  tasks: Tasks,
  usual: Partial<BatchSettings> = {},
  engine?: CliEngine,
): BatchHost {
  return openBatches({
    ...enginesOf(engine),
    usual,
    directory,
    folder,
    tasks,
    // This program takes `--launch`, too, so that the npm package needs no other one.
    program: __filename,
    settings: { stop },
    onProblem: (message) => printError(message),
  });
}

export type CliEngine = "local" | typeof triggerEngineName;

/** @throws a `UsageError` */
export function engineOf(word: string | undefined): CliEngine | undefined {
  if (word === undefined || word === "local" || word === triggerEngineName) return word;
  throw new UsageError(`--engine takes local or ${triggerEngineName}, not "${word}"`);
}

function enginesOf(engine: CliEngine | undefined) {
  const isRemote = engine === triggerEngineName;
  try {
    return batchEngines(isRemote ? { url: environmentUrl(process.env) } : undefined, process.env);
  } catch (error) {
    throw new UsageError(describeError(error));
  }
}
