// The recovery of a step that failed: a command that mends what the step needs, or a model that proposes another `with` for
// it. What the model is told holds placeholders in place of values, and its answer counts only where the action takes it.

import * as z from "zod/mini";
import type { ActionResult } from "../actions/actionRunner";
import { actions } from "../actions/actions";
import type { ModelInput } from "../actions/modelRunner";
import type { Recovery, Step } from "../playbook/playbook";
import type { SecretMask } from "../secrets/secretMask";
import type { AttemptRequest } from "./attempt";
import type { RunEventScope } from "./runEvent";
import { StepTexts } from "./stepTexts";

export interface RecoveryRequest {
  readonly step: Step;
  /** Of the step. */
  readonly scope: RunEventScope;
  readonly failed: ActionResult;
  readonly texts: StepTexts;
  readonly mask: SecretMask;
  attempt(
    scope: RunEventScope,
    use: AttemptRequest["use"],
    timeoutMs: number | undefined,
    texts: StepTexts,
  ): Promise<ActionResult>;
}

export type Recovered =
  /** What to try now. */
  { readonly failure: undefined; readonly use: AttemptRequest["use"] } | { readonly failure: string };

/** So much of the output of a failed step is shown to a model, from its end. */
const shownLength = 8_000;

export async function recover(request: RecoveryRequest): Promise<Recovered> {
  const { step, scope, texts } = request;
  const { recover: recovery } = step;
  if (recovery === undefined) return { failure: "there is no recovery" };
  const recoveryScope = scope.open(`${scope.ref.id}#recovery`);
  recoveryScope.emit({ type: "recoveryStarted", name: nameOf(recovery, texts) });
  const isModel = recovery.action === "model";
  const use = isModel ? { action: recovery.action, with: askFor(request, recovery.with) } : recovery;
  // What the model is asked is filled in already, but for the step's own placeholders, which it is to keep.
  const own = isModel ? new StepTexts({ params: {}, steps: new Map() }) : texts;
  const result = await request.attempt(recoveryScope, use, recovery.timeoutMs, own);
  const recovered = judge(result, step, recovery);
  const { failure } = recovered;
  recoveryScope.emit({
    type: "recoveryFinished",
    ...(failure === undefined ? {} : { failure }),
    ...(result.isInterrupted === true ? { isInterrupted: true } : {}),
  });
  recoveryScope.close();
  return recovered;
}

function judge(result: ActionResult, step: Step, recovery: Recovery): Recovered {
  if (result.failure !== undefined) return { failure: result.failure };
  if (recovery.action === "run") return { failure: undefined, use: step };
  const answer = z.safeParse(z.object({ with: z.unknown() }), result.json);
  if (!answer.success) return { failure: 'the model\'s answer is no JSON object with a field "with"' };
  const corrected = actions[step.action].schema.safeParse(answer.data.with);
  if (!corrected.success) {
    const [issue] = corrected.error.issues;
    const place = ["with", ...(issue?.path ?? [])].join(".");
    return { failure: `the model proposes a step that can't be run: ${place}: ${issue?.message ?? "is not valid"}` };
  }
  return { failure: undefined, use: { action: step.action, with: corrected.data } as AttemptRequest["use"] };
}

function nameOf(recovery: Recovery, texts: StepTexts): string {
  if (recovery.action === "model") return recovery.with.model;
  const { command } = recovery.with;
  return texts.fill(typeof command === "string" ? command : command.join(" "));
}

/** What the playbook says stands before the facts; where it says nothing, the facts are enough. */
function askFor({ step, failed, texts, mask }: RecoveryRequest, input: ModelInput): ModelInput {
  const { prompt, messages = [], ...rest } = texts.fillAll(input);
  const facts = {
    action: step.action,
    with: step.with,
    expect: step.expect,
    error: mask.text(failed.failure ?? ""),
    output: mask.text(failed.wholeOutput ?? failed.output).slice(-shownLength),
  };
  const task = [
    `The step "${step.name}" of a playbook failed. Propose a corrected "with" for its action "${step.action}".`,
    'Answer with one JSON object and nothing else: {"with": {...}}, with the fields that the action has.',
    "Keep placeholders such as {name} as they are: they stand for values that are filled in later.",
    JSON.stringify(facts, undefined, 2),
  ].join("\n");
  const before = prompt === undefined ? messages : [{ role: "user" as const, content: prompt }];
  return { ...rest, messages: [...before, { role: "user", content: task }], json: true };
}
