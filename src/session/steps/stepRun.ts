// One step from its condition to its result: attempts with pauses between them, then its recovery and one more attempt.
// There is a result whatever happens.

import { setTimeout as delay } from "node:timers/promises";
import { describeError } from "../../base/logger";
import type { ActionResult } from "../actions/actionRunner";
import type { ActionStop } from "../actions/actionStop";
import type { Playbook, Step } from "../playbook/playbook";
import { type AttemptRequest, attempt } from "./attempt";
import { recover } from "./recovery";
import type { RunEventScope, StepRef, StepResult, Usage } from "./runEvent";
import type { RunServices } from "./runServices";
import type { StepTexts } from "./stepTexts";
import { addUsage } from "./usageSum";

export interface StepRequest {
  readonly step: Step;
  readonly ref: StepRef;
  readonly playbook: Playbook;
  /** Of the step. */
  readonly scope: RunEventScope;
  readonly texts: StepTexts;
  /** Absolute: where the playbook's paths begin. */
  readonly folder: string;
  readonly stop: ActionStop;
  readonly services: RunServices;
  /** Its result is saved; see `isStepSaved`. */
  readonly isSaved: boolean;
  readonly openPlaybook: AttemptRequest["openPlaybook"];
}

/** Never rejects. */
export async function runStep(request: StepRequest): Promise<StepResult> {
  const { ref, services } = request;
  const startMs = services.nowMs();
  const tries = new Tries(request);
  let ended: Ended;
  try {
    ended = await tries.run();
  } catch (error) {
    ended = { type: "done", result: { failure: `the step could not be run: ${describeError(error)}`, output: "" } };
  }
  const base = { step: ref, startMs, endMs: services.nowMs(), attempts: tries.attempts };
  if (ended.type === "skipped") {
    return {
      ...base,
      status: "skipped",
      values: { isOk: false, isSkipped: true, output: "" },
      skipReason: ended.reason,
    };
  }
  const { failure, output, exitCode, status, json, isInterrupted } = ended.result;
  const values = {
    isOk: failure === undefined,
    isSkipped: false,
    output,
    ...(status === undefined ? {} : { status }),
    ...(exitCode === undefined ? {} : { exitCode }),
    json,
  };
  const { usage } = tries;
  const rest = { values, ...(usage === undefined ? {} : { usage }) };
  if (failure === undefined) {
    return { ...base, ...rest, status: "ok", ...(ended.isRecovered === true ? { isRecovered: true } : {}) };
  }
  return {
    ...base,
    ...rest,
    status: "failed",
    message: ended.message ?? failure,
    rawError: ended.rawError ?? failure,
    ...(isInterrupted === true ? { isInterrupted: true } : {}),
  };
}

type Ended =
  | { readonly type: "skipped"; readonly reason: string }
  | {
      readonly type: "done";
      readonly result: ActionResult;
      readonly message?: string;
      readonly rawError?: string;
      readonly isRecovered?: boolean;
    };

class Tries {
  readonly #request: StepRequest;
  attempts = 0;
  usage: Usage | undefined;

  constructor(request: StepRequest) {
    this.#request = request;
  }

  async run(): Promise<Ended> {
    const { step, texts, stop } = this.#request;
    if (step.condition !== undefined) {
      const held = texts.holds(step.condition);
      if (typeof held === "string") {
        return {
          type: "done",
          result: { failure: `the condition ${step.condition} can't be decided: ${held}`, output: "" },
        };
      }
      if (!held) return { type: "skipped", reason: `the condition ${step.condition} does not hold` };
    }
    const result = await this.#tryAll();
    if (result.failure === undefined) return { type: "done", result };
    if (step.recover === undefined || stop.reason !== undefined) return { type: "done", ...this.#failed(result) };
    return await this.#recover(result);
  }

  async #tryAll(): Promise<ActionResult> {
    const { step, stop } = this.#request;
    const { times, backoffMs, factor, maxMs } = step.retries;
    for (let number = 1; ; number++) {
      const isLast = number > times;
      const pauseMs = isLast ? undefined : Math.min(maxMs, backoffMs * factor ** (number - 1));
      const result = await this.#try(step, pauseMs);
      if (result.failure === undefined || pauseMs === undefined || stop.reason !== undefined) return result;
      // A stop ends the pause.
      await delay(pauseMs, undefined, { signal: stop.signal }).catch(() => undefined);
      if (stop.reason !== undefined) return result;
    }
  }

  async #try(use: AttemptRequest["use"], pauseMs?: number): Promise<ActionResult> {
    const { step, scope, stop } = this.#request;
    const number = ++this.attempts;
    const attemptScope = scope.open(`${scope.ref.id}#${number}`);
    attemptScope.emit({ type: "attemptStarted", number });
    const result = await this.#attempt(attemptScope, use, step.expect, step.timeoutMs);
    const { failure, isInterrupted } = result;
    const isRetried = failure !== undefined && pauseMs !== undefined && stop.reason === undefined;
    attemptScope.emit({
      type: "attemptFinished",
      number,
      ...(failure === undefined ? {} : { failure }),
      ...(isInterrupted === true ? { isInterrupted } : {}),
      ...(isRetried ? { pauseMs, message: this.#failed(result).message } : {}),
    });
    attemptScope.close();
    return result;
  }

  async #attempt(
    scope: RunEventScope,
    use: AttemptRequest["use"],
    expect: AttemptRequest["expect"],
    timeoutMs: number | undefined,
    texts = this.#request.texts,
  ): Promise<ActionResult> {
    const { ref, folder, playbook, stop, services, isSaved, openPlaybook } = this.#request;
    const env = texts.fillAll(playbook.env);
    const request = {
      step: ref,
      scope,
      use,
      expect,
      timeoutMs,
      texts,
      folder,
      env,
      stop,
      services,
      isSaved,
      openPlaybook,
    };
    const result = await attempt(request);
    this.usage = addUsage(this.usage, result.usage);
    return result;
  }

  async #recover(failed: ActionResult): Promise<Ended> {
    const { step, scope } = this.#request;
    const first = this.#failed(failed);
    const recovered = await recover({
      step,
      scope,
      failed,
      texts: this.#request.texts.after(step.id, failed),
      mask: this.#request.services.mask,
      attempt: (recoveryScope, use, timeoutMs = step.timeoutMs, texts) =>
        this.#attempt(recoveryScope, use, {}, timeoutMs, texts),
    });
    if (recovered.failure !== undefined) return bothFailed(first, failed, `the recovery failed: ${recovered.failure}`);
    const again = await this.#try(recovered.use);
    if (again.failure === undefined) return { type: "done", result: again, isRecovered: true };
    return bothFailed(first, again, `after the recovery: ${again.failure}`);
  }

  /** What the person is told of a failed step, and the error behind it. */
  #failed(result: ActionResult) {
    const { step, texts, stop } = this.#request;
    const rawError = result.failure ?? "failed";
    // Who has stopped it knows why it failed.
    const isStopped = stop.reason !== undefined && result.isInterrupted === true;
    const message =
      step.failureMessage === undefined || isStopped
        ? rawError
        : texts.after(step.id, result).fill(step.failureMessage);
    return { result, message, rawError };
  }
}

/** The step's error comes first, then that of its recovery. */
function bothFailed(
  first: { readonly message: string; readonly rawError: string },
  result: ActionResult,
  recovery: string,
): Ended {
  return {
    type: "done",
    result: { ...result, failure: result.failure ?? first.rawError },
    message: `${first.message}; ${recovery}`,
    rawError: `${first.rawError}; ${recovery}`,
  };
}
