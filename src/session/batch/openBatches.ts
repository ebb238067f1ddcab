// The batches of a trace directory, run by this process as traced sessions: the host with its runner. For whoever triggers
// batches or goes on with them: the command line, the session of a playbook, the collector.

import { version } from "../../../package.json";
import { BatchHost, type BatchHostOptions } from "../../batch/batchHost";
import type { BatchSettings } from "../../trace/batch/batchRecord";
import type { Launch } from "../launch";
import type { LaunchSettings } from "./attemptLaunch";
import type { SessionProgram } from "./sessionProcess";
import { SessionRunner } from "./sessionRunner";
import { TaskRegistry } from "./taskRegistry";
import type { Tasks } from "./tasks";

export interface BatchesSetup extends Pick<BatchHostOptions, "engine" | "engines"> {
  /** Of the traces. Absolute. */
  readonly directory: string;
  /** Where tasks are at home and playbooks are looked for. Absolute. */
  readonly folder: string;
  readonly tasks: Tasks;
  /** Path of a program that takes `--launch <file>`: `session.js`, or the command line itself. */
  readonly program: string;
  readonly settings: LaunchSettings;
  /** What batches have where their request says nothing else. */
  readonly usual?: Partial<BatchSettings> | undefined;
  /** See `SessionRunnerSetup`. */
  readonly startedBy?: (batchId: string) => Launch["startedBy"];
  onProblem(message: string, error: Error): void;
}

/** Nothing is gone on with before somebody asks for it. */
export function openBatches(setup: BatchesSetup): BatchHost {
  const { directory, folder, tasks, settings, usual, startedBy, engine, engines, onProblem } = setup;
  const runner = new SessionRunner({
    directory,
    registry: new TaskRegistry(folder, tasks),
    program: thisNode(setup.program),
    settings,
    ...(startedBy === undefined ? {} : { startedBy }),
  });
  return new BatchHost({ directory, runner, version, settings: usual, engine, engines, onProblem });
}

function thisNode(path: string): SessionProgram {
  return { execPath: process.execPath, path, isElectron: process.versions["electron"] !== undefined };
}
