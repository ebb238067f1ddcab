// Runs a playbook step by step, and tells all of it on the bus. Every step that was begun is in the results, the failed one
// too, whatever ended the run. Finished steps of an earlier run are delivered again in place of being run.

import { dirname, resolve } from "node:path";
import { describeError } from "../../base/logger";
import type { ActionResult, OpenedPlaybook } from "../actions/actionRunner";
import { ActionStop } from "../actions/actionStop";
import { isInterruption, type StopReason, wordsFor } from "../outcome";
import { resolveParameters, secretsOf } from "../playbook/parameters";
import type { ParameterValues, Playbook, Step } from "../playbook/playbook";
import { isStepSaved, savesAny } from "../playbook/savedSteps";
import { innerDefinitionHash } from "../playbook/usedParameters";
import { watchGuardrails } from "./guardrailWatch";
import type { PlaybookScope, RunEventScope, StepRef, StepResult, Usage } from "./runEvent";
import type { RunServices } from "./runServices";
import { runStep } from "./stepRun";
import { StepTexts } from "./stepTexts";
import { addUsage } from "./usageSum";

export interface PlaybookRunRequest {
  readonly playbook: Playbook;
  readonly params: ParameterValues;
  readonly scope: PlaybookScope;
  readonly services: RunServices;
  /** Whether results are saved where the playbook itself does not say so; true where it is left out. */
  readonly isSaved?: boolean;
  /** Has the run recorded, any number of times: something of it is to be saved. Left out where nothing can be. */
  readonly arm?: () => void;
  /** By path: what finished in the run that this one resumes; its events are in the state of the scope. */
  readonly replay?: ReadonlyMap<string, StepResult>;
}

export interface RunResult {
  readonly isOk: boolean;
  /** What the person is told. */
  readonly error: string | undefined;
  /** Somebody ended it before its time. */
  readonly stop: StopReason | undefined;
  /** Of all steps that were begun or replayed, in the order in which they ended; those of other playbooks before theirs. */
  readonly results: readonly StepResult[];
  readonly usage: Usage | undefined;
}

/** Playbooks within playbooks, the outermost one included. */
const mostDepth = 8;

/** A playbook that is being run, with those around it. */
interface Frame {
  readonly playbook: Playbook;
  readonly params: ParameterValues;
  readonly scope: RunEventScope;
  readonly stop: ActionStop;
  /** Before the ids of its steps: "" or "deploy/". */
  readonly prefix: string;
  /** Real paths of the playbooks around it and its own, from the outside. */
  readonly chain: readonly string[];
  /** Whether results are saved where neither the playbook nor a step of it says so. */
  readonly isSaved: boolean;
}

interface FrameEnd {
  /** Of its own steps. */
  readonly failed: readonly StepResult[];
  /** Somebody stopped it before its last step. */
  readonly isCut: boolean;
}

export class PlaybookRun {
  readonly #request: PlaybookRunRequest;
  readonly #stop = new ActionStop();
  readonly #results: StepResult[] = [];
  /** Each is delivered once: a second attempt of the playbook that it is in runs it. */
  readonly #replay: Map<string, StepResult>;
  #usage: Usage | undefined;

  constructor(request: PlaybookRunRequest) {
    this.#request = request;
    this.#replay = new Map(request.replay);
  }

  /** Ends what is under way; nothing new is begun. Whoever asks again insists. */
  stop(reason: StopReason): void {
    this.#stop.request(reason);
  }

  /** Never rejects because of what a step does. */
  async run(): Promise<RunResult> {
    const { playbook, params, scope, services, isSaved = true } = this.#request;
    const { name, path } = playbook;
    const chain = [services.realPath(path)];
    const frame: Frame = { playbook, params, scope, stop: this.#stop, prefix: "", chain, isSaved };
    this.#armFor(frame);
    scope.emit({ type: "runStarted", name, path, params, isResumed: this.#replay.size > 0 });
    // That it was begun, and with what, is kept before its first step.
    await services.bus.settled();
    const end = await this.#guarded(frame);
    const { reason } = this.#stop;
    // A run that was through when somebody stopped it is as it would have been.
    const isEnded = end.isCut || end.failed.length > 0 || reason?.type === "guardrail";
    const stop = isEnded ? reason : undefined;
    const error = stop === undefined ? failureOf(end.failed) : wordsFor(stop).error;
    return { isOk: error === undefined, error, stop, results: this.#results, usage: this.#usage };
  }

  /** Tells everybody what came of it. */
  async publish({ isOk, error, stop, usage }: RunResult): Promise<void> {
    const { scope, services } = this.#request;
    scope.emit({
      type: "runFinished",
      isOk,
      ...(error === undefined ? {} : { error }),
      ...(isInterruption(stop) ? { isInterrupted: true } : {}),
      ...(usage === undefined ? {} : { usage }),
    });
    await services.bus.settled();
  }

  /** A playbook within the run may be the first that wants to be resumed. */
  #armFor({ playbook, isSaved }: Frame): void {
    if (savesAny(playbook, isSaved)) this.#request.arm?.();
  }

  async #guarded(frame: Frame): Promise<FrameEnd> {
    const watch = watchGuardrails(frame, this.#request.services, (reason) => this.#stop.request(reason));
    try {
      return await this.#runSteps(frame);
    } finally {
      watch.dispose();
    }
  }

  async #runSteps(frame: Frame): Promise<FrameEnd> {
    const { playbook, params } = frame;
    const known = new Map<string, StepResult["values"]>();
    const failed: StepResult[] = [];
    for (const [index, step] of playbook.steps.entries()) {
      if (frame.stop.reason !== undefined) return { failed, isCut: true };
      const ref = refOf(frame, step, index);
      const texts = new StepTexts({ params, steps: known });
      const result = this.#replayed(ref, step) ?? (await this.#runLive(frame, step, ref, texts));
      known.set(step.id, result.values);
      if (result.status !== "failed") continue;
      failed.push(result);
      if (step.onFailure === "abort") break;
    }
    return { failed, isCut: false };
  }

  /**
   * Undefined for a step that has to be run. Whether one is skipped is always decided anew, and one that failed is taken
   * as it was only where the playbook still goes on after it.
   */
  #replayed({ path }: StepRef, { onFailure }: Step): StepResult | undefined {
    const result = this.#replay.get(path);
    if (result === undefined || result.status === "skipped") return undefined;
    const within = [...this.#replay.values()].filter(
      ({ step }) => step.path === path || step.path.startsWith(`${path}/`),
    );
    if (result.status === "failed" && onFailure === "abort") {
      for (const { step, status } of within) if (status === "failed") this.#replay.delete(step.path);
      return undefined;
    }
    const chosen = new Set(within);
    this.#request.scope.replay((event) => event.type === "stepFinished" && chosen.has(event.result));
    this.#results.push(...within);
    for (const { step } of within) this.#replay.delete(step.path);
    return result;
  }

  async #runLive(frame: Frame, step: Step, ref: StepRef, texts: StepTexts): Promise<StepResult> {
    const { services, scope: run } = this.#request;
    const scope = frame.scope.open(`${run.ref.id}/${ref.path}`);
    const { playbook } = frame;
    const isSaved = isStepSaved(step, playbook, frame.isSaved);
    const unsaved = isSaved ? {} : ({ isSaved } as const);
    scope.emit({ type: "stepStarted", step: ref, ...unsaved });
    const result = await runStep({
      step,
      ref,
      playbook,
      scope,
      texts,
      folder: resolve(dirname(playbook.path), texts.fill(playbook.cwd)),
      stop: frame.stop,
      services,
      isSaved,
      openPlaybook: (actionScope, stop) => (path, params) =>
        this.#open({ ...frame, scope: actionScope, stop, prefix: `${ref.path}/`, isSaved }, path, params),
    });
    // Steps of a playbook within it were counted one by one.
    this.#usage = addUsage(this.#usage, result.usage);
    this.#results.push(result);
    scope.emit({ type: "stepFinished", result, ...unsaved });
    scope.close();
    // What is to be kept of this step is kept before the next one begins.
    await services.bus.settled();
    return result;
  }

  async #open(around: Frame, path: string, given: Readonly<Record<string, unknown>>): Promise<OpenedPlaybook> {
    const { services } = this.#request;
    const refused = (failure: string): OpenedPlaybook => ({ type: "unsound", failure });
    let real: string;
    try {
      real = services.realPath(path);
    } catch (error) {
      return refused(`the playbook can't be read: ${describeError(error)}`);
    }
    if (around.chain.includes(real)) {
      return refused(`the playbook runs itself: ${[...around.chain, real].join(" → ")}`);
    }
    const chain = [...around.chain, real];
    if (chain.length > mostDepth) return refused(`playbooks run each other more than ${mostDepth} deep`);
    const playbook = await loadInner(services, path);
    if (typeof playbook === "string") return refused(playbook);
    const folder = dirname(path);
    const { values: params, errors } = resolveParameters(playbook.params, given, {
      // A path that a step hands on is one of its own playbook.
      given: (each) => resolve(dirname(around.playbook.path), each),
      default: (each) => resolve(folder, each),
    });
    if (errors.length > 0) return refused(errors.join(" "));
    for (const secret of secretsOf(playbook.params, params)) services.mask.add(secret);
    return { type: "sound", run: () => this.#runInner({ ...around, playbook, params, chain }) };
  }

  async #runInner(frame: Frame): Promise<ActionResult> {
    this.#armFor(frame);
    const { failed, isCut } = await this.#guarded(frame);
    const { reason } = frame.stop;
    // Where a stop came between two steps none of them failed, and still it is not through.
    const failure = failureOf(failed) ?? (isCut && reason !== undefined ? wordsFor(reason).by : undefined);
    if (failure !== undefined) {
      const isInterrupted = reason !== undefined && reason.type !== "timeOut";
      return { failure, isInterrupted, output: "" };
    }
    const { output = "", json } = this.#results.at(-1)?.values ?? {};
    return { output, json };
  }
}

async function loadInner(services: RunServices, path: string): Promise<Playbook | string> {
  try {
    const { playbook, problems } = await services.readPlaybook(path);
    if (playbook !== undefined) return playbook;
    const problem = problems.find(({ severity }) => severity === "error") ?? problems[0];
    const { start } = problem?.range ?? {};
    return `${path}:${start?.line ?? 1}:${start?.column ?? 1}: ${problem?.message ?? "is no playbook"}`;
  } catch (error) {
    return `the playbook can't be read: ${describeError(error)}`;
  }
}

function refOf({ playbook, prefix }: Frame, step: Step, index: number): StepRef {
  const { id, name, action, place } = step;
  const definitionHash = prefix === "" ? step.definitionHash : innerDefinitionHash(step, playbook);
  return { path: prefix + id, id, index, name, action, file: playbook.path, line: place.line, definitionHash };
}

/** The last one is where it ended; those before it were gone on after. */
function failureOf(failed: readonly StepResult[]): string | undefined {
  const last = failed.at(-1);
  if (last === undefined) return undefined;
  const others = failed.length - 1;
  const more = others === 0 ? "" : `, after ${others === 1 ? "another step" : `${others} other steps`} failed`;
  return `${last.step.name}: ${last.message ?? "failed"}${more}`;
}
