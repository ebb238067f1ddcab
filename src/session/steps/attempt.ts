// One attempt of a step, or its recovery: the action runs within its time, and then what is expected of it must hold.

import { resolve } from "node:path";
import { describeError } from "../../base/logger";
import type { ActionContext, ActionResult } from "../actions/actionRunner";
import { ActionStop } from "../actions/actionStop";
import { type ActionName, actions } from "../actions/actions";
import { abortedRequest } from "../actions/fetchFailure";
import { wordsFor } from "../outcome";
import { expectationsFor, unmetExpectations } from "../playbook/expectations";
import type { ActionUse, Expectations } from "../playbook/playbook";
import type { RunEventScope, StepRef } from "./runEvent";
import type { RunServices } from "./runServices";
import type { StepTexts } from "./stepTexts";

export interface AttemptRequest {
  readonly step: StepRef;
  /** Of the attempt; the action gets one within it. */
  readonly scope: RunEventScope;
  readonly use: ActionUse<ActionName>;
  readonly expect: Expectations;
  readonly timeoutMs: number | undefined;
  readonly texts: StepTexts;
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** Of what it runs within. */
  readonly stop: ActionStop;
  readonly services: RunServices;
  readonly isSaved: boolean;
  readonly openPlaybook: (scope: RunEventScope, stop: ActionStop) => ActionContext["openPlaybook"];
}

/** So much of an output is told to whoever does not take it piece by piece. */
const toldLength = 64 * 1024;

/** Never rejects: what is thrown is a failure of the action. */
export async function attempt(request: AttemptRequest): Promise<ActionResult> {
  const { step, use, expect, timeoutMs, texts, services } = request;
  const scope = request.scope.open(`${request.scope.ref.id}.action`);
  const stop = new ActionStop(request.stop);
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => stop.request({ type: "timeOut", afterMs: timeoutMs }), timeoutMs);
  const startMs = services.nowMs();
  let begun: { readonly name: string; readonly input: unknown } | undefined;
  const begin: ActionContext["begin"] = (action) => {
    begun = action;
    scope.emit({ type: "actionStarted", step, ...action });
  };
  let result: ActionResult;
  try {
    const run = await actions[use.action].runner();
    // The schema of the same action has let it through.
    result = await run(use.with as never, {
      step,
      scope,
      texts,
      folder: request.folder,
      env: request.env,
      stop,
      services,
      isSaved: request.isSaved,
      unmetBy: async (outcome) => {
        const { exitCodes, statuses } = expectationsFor(use.action, expect);
        const own = { ...(exitCodes && { exitCodes }), ...(statuses && { statuses }) };
        const result = { isOk: true, isSkipped: false, output: "", ...outcome };
        return wordsOf(await unmetExpectations(own, result, texts.values, async () => false, masked(services)));
      },
      begin,
      openPlaybook: request.openPlaybook(scope, stop),
    });
  } catch (error) {
    result = { failure: describeError(error), output: "" };
  }
  clearTimeout(timer);
  const ended = told(result, stop);
  if (begun === undefined) begin({ kind: "tool", name: use.action, input: use.with });
  const { name = use.action, input = use.with } = begun ?? {};
  const { failure, isInterrupted, recordedOutput, attributes, finishReason, usage } = ended;
  scope.emit({
    type: "actionFinished",
    step,
    name,
    input,
    ...(failure === undefined ? {} : { failure }),
    ...(isInterrupted === true ? { isInterrupted } : {}),
    ...(recordedOutput === undefined ? {} : { output: recordedOutput }),
    outputEnd: services.mask.text(ended.wholeOutput ?? ended.output).slice(-toldLength),
    ...(attributes === undefined ? {} : { attributes }),
    ...(finishReason === undefined ? {} : { finishReason }),
    ...(usage === undefined ? {} : { usage }),
    durationMs: services.nowMs() - startMs,
  });
  scope.close();
  stop.over();
  if (failure !== undefined) return ended;
  const unmet = await unmetWords(request, ended);
  return unmet === undefined ? ended : { ...ended, failure: unmet };
}

/** A pattern is sought in all that was to be seen. */
async function unmetWords(request: AttemptRequest, ended: ActionResult): Promise<string | undefined> {
  const { use, expect, folder, services, step } = request;
  const texts = request.texts.after(step.id, ended);
  const { output, wholeOutput = output, exitCode, status, json } = ended;
  const result = {
    isOk: true,
    isSkipped: false,
    output: wholeOutput,
    json,
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(status === undefined ? {} : { status }),
  };
  const own = use.action === "run" ? use.with.cwd : undefined;
  const cwd = own === undefined ? folder : resolve(folder, texts.fill(own));
  const exists = (path: string) => services.fileExists(resolve(cwd, path));
  return wordsOf(
    await unmetExpectations(expectationsFor(use.action, expect), result, texts.values, exists, masked(services)),
  );
}

function masked({ mask }: RunServices): (text: string) => string {
  return (text) => mask.text(text);
}

function wordsOf(unmet: readonly string[]): string | undefined {
  return unmet.length === 0 ? undefined : unmet.join("; ");
}

/** What was stopped failed because of that, whatever its own words are. */
function told(result: ActionResult, { reason }: ActionStop): ActionResult {
  const { failure, isInterrupted } = result;
  if (reason === undefined || failure === undefined || isInterrupted === true) return result;
  const words = wordsFor(reason).by;
  const isKnown = failure.startsWith(words);
  return {
    ...result,
    failure: isKnown ? failure : failure === abortedRequest ? words : `${words}: ${failure}`,
    isInterrupted: reason.type !== "timeOut",
  };
}
