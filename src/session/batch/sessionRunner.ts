// Runs the attempts of a batch's runs as traced sessions. What happened to an attempt is never in our memory alone, so that
// a process that comes after us goes on where we were killed: see `AttemptRun`.

import { describeError } from "../../base/logger";
import {
  type AttemptOutcome,
  ItemRefused,
  type PrefailedRun,
  type RunAttempt,
  type RunItem,
  type Runner,
} from "../../batch/runner";
import { makeProbeLiveness } from "../../recorder/liveness";
import type { RunFault } from "../../trace/batch/batchRecord";
import type { Launch } from "../launch";
import { resolveParameters } from "../playbook/parameters";
import { attemptLaunch, batchRunOf, type LaunchSettings, titleOf } from "./attemptLaunch";
import { AttemptRun } from "./attemptRun";
import { readAttempt } from "./attemptTrace";
import { KeptTasks } from "./keptTasks";
import { LaunchPlace, sweepLaunches } from "./launchPlace";
import { commandPayload, playbookParameters } from "./payload";
import { recordPrefailed } from "./prefailedTrace";
import { type SessionProgram, type StartedProcess, startSession } from "./sessionProcess";
import { pathBase, type ResolvedTask, TaskRegistry } from "./taskRegistry";
import type { Task } from "./tasks";

export interface SessionRunnerSetup {
  /** Of the traces, absolute; the batches' folder is in it. */
  readonly directory: string;
  readonly registry: TaskRegistry;
  readonly program: SessionProgram;
  readonly settings: LaunchSettings;
  /** The span from which a batch was triggered, where this process knows it. */
  readonly startedBy?: (batchId: string) => Launch["startedBy"];
}

interface FoundTask {
  readonly task: ResolvedTask;
  /** What is to be kept of it for a process that does not know it. */
  readonly kept: Task;
  /** Where it is at home. */
  readonly folder: string;
}

export class SessionRunner implements Runner {
  readonly #setup: SessionRunnerSetup;
  readonly #kept: KeptTasks;
  readonly #probe = makeProbeLiveness();
  readonly #started = new Set<StartedProcess>();
  readonly #letGo = new AbortController();
  #swept: Promise<void> | undefined;

  constructor(setup: SessionRunnerSetup) {
    this.#setup = setup;
    this.#kept = new KeptTasks(setup.directory, setup.registry.folder);
  }

  async prepare(item: RunItem): Promise<void> {
    const { task, kept, folder } = await this.#find(item);
    if (task.type === "playbook") await this.#checkParameters(item, task.path, folder);
    else await commandPayload(item);
    await this.#kept.keep(item.batchId, item.task, kept);
  }

  async run(attempt: RunAttempt, signal: AbortSignal): Promise<AttemptOutcome> {
    const { directory, settings } = this.#setup;
    this.#swept ??= sweepLaunches(directory);
    await this.#swept;
    const place = new LaunchPlace(directory, attempt.sessionId);
    const { sessionId } = attempt;
    const run = new AttemptRun({
      directory,
      sessionId,
      place,
      probe: this.#probe,
      pauses: settings.stop,
      start: () => this.#start(attempt, place),
      stop: signal,
      letGo: this.#letGo.signal,
    });
    let outcome: AttemptOutcome;
    try {
      outcome = await run.outcome();
    } catch (error) {
      if (!(error instanceof NotStarted)) throw error;
      outcome = await this.#notStarted(attempt, error.fault);
    }
    await place.remove();
    return outcome;
  }

  async prefail(run: PrefailedRun): Promise<void> {
    const { directory } = this.#setup;
    const { type } = await readAttempt(directory, run.sessionId, this.#probe);
    if (type !== "ended") await recordPrefailed(directory, run, batchRunOf(run, 1), titleOf(run));
  }

  async leave(): Promise<void> {
    this.#letGo.abort(new Error("This process no longer runs batches"));
    for (const child of this.#started) child.letGo();
  }

  /** What is registered now goes before what was when the batch came. Rejects with `ItemRefused`. */
  async #find({ batchId, task: name }: RunItem): Promise<FoundTask> {
    const { registry } = this.#setup;
    const registered = registry.registered(name);
    if (registered !== undefined) {
      return { task: registry.resolved(registered), kept: registered, folder: registry.folder };
    }
    const known = await this.#kept.task(batchId, name);
    if (known !== undefined) {
      const task = new TaskRegistry(known.folder).resolved(known.task);
      return { task, kept: known.task, folder: known.folder };
    }
    const path = await registry.playbookNamed(name);
    return { task: { type: "playbook", path }, kept: { playbook: path }, folder: registry.folder };
  }

  async #checkParameters(item: RunItem, path: string, folder: string): Promise<void> {
    const { params } = await this.#setup.registry.playbook(path);
    const { errors } = resolveParameters(params, await playbookParameters(item), pathBase(folder, path));
    if (errors.length > 0) throw new ItemRefused("PARAMETERS_UNFIT", errors.join(" "));
  }

  async #start(attempt: RunAttempt, place: LaunchPlace): Promise<StartedProcess> {
    const { directory, program, settings, startedBy } = this.#setup;
    try {
      const { task, folder } = await this.#find(attempt);
      const { payloadPath } = place;
      const from = startedBy?.(attempt.batchId);
      const request = { attempt, task, folder, directory, payloadPath, settings, startedBy: from };
      const { launch, payload } = await attemptLaunch(request);
      await place.write(launch, payload);
      const stdin = payload === undefined ? undefined : payloadPath;
      const child = await startSession(program, place.launchPath, folder, stdin);
      this.#started.add(child);
      void child.ended.then(() => this.#started.delete(child));
      if (this.#letGo.signal.aborted) child.letGo();
      return child;
    } catch (error) {
      const code = error instanceof ItemRefused ? error.code : "NOT_STARTED";
      throw new NotStarted({ code, message: describeError(error) });
    }
  }

  async #notStarted(attempt: RunAttempt, fault: RunFault): Promise<AttemptOutcome> {
    const { directory } = this.#setup;
    const error = `could not be started: ${fault.message}`;
    const run = { ...attempt, fault: { ...fault, message: error } };
    // That it can't be recorded either changes nothing.
    await recordPrefailed(directory, run, batchRunOf(attempt, attempt.attempt), titleOf(attempt)).catch(
      () => undefined,
    );
    return { outcome: "failed", error };
  }
}

class NotStarted extends Error {
  readonly fault: RunFault;

  constructor(fault: RunFault) {
    super(fault.message);
    this.fault = fault;
  }
}
