// The batches of a directory as the command line runs them.

import type { BatchHost } from "../../batch/batchHost";
import { openBatches } from "../../session/batch/openBatches";
import type { Tasks } from "../../session/batch/tasks";
import type { BatchSettings } from "../../trace/batch/batchRecord";
import { stop } from "../playbookLaunch";
import { printError } from "../print";

/** @param folder where tasks are at home */
export function openCliBatches(
  directory: string,
  folder: string,
  tasks: Tasks,
  usual: Partial<BatchSettings> = {},
): BatchHost {
  return openBatches({
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
