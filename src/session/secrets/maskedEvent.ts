// An event as everybody but the run itself may see it. What identifies a step within its playbook stays as it is, because a
// resumed run looks steps up by it; pieces of output come masked, since a secret may stand across two of them.

import type { RunResult } from "../steps/playbookRun";
import type { RunEvent, StepRef, StepResult } from "../steps/runEvent";
import type { SecretMask } from "./secretMask";

/** Values as a person, a program or a server gave them. */
const payloads: ReadonlySet<string> = new Set(["input", "output", "params"]);
/** Pieces of output, and what was recorded, are masked before they are told. */
const masked: ReadonlySet<string> = new Set(["actionOutput", "actionText", "recorded", "recordEnded"]);
const fixed: ReadonlySet<string> = new Set(["type", "kind", "usage", "spanId", "isInterrupted", "finishReason"]);

export function maskedEvent(event: RunEvent, mask: SecretMask): RunEvent {
  if (mask.isEmpty || masked.has(event.type)) return event;
  const fields = Object.entries(event).map(([name, value]) => {
    if (fixed.has(name)) return [name, value];
    if (name === "step") return [name, maskedStep(value as StepRef, mask)];
    if (name === "result") return [name, maskedResult(value as StepResult, mask)];
    return [name, mask.value(value, { numbers: payloads.has(name) })];
  });
  return Object.fromEntries(fields) as RunEvent;
}

/** What came of a run, as it may be told. */
export function maskedRun(result: RunResult, mask: SecretMask): RunResult {
  if (mask.isEmpty) return result;
  const error = result.error === undefined ? undefined : mask.text(result.error);
  return { ...result, error, results: result.results.map((one) => maskedResult(one, mask)) };
}

function maskedStep(step: StepRef, mask: SecretMask): StepRef {
  return { ...step, name: mask.text(step.name), file: mask.text(step.file) };
}

function maskedResult(result: StepResult, mask: SecretMask): StepResult {
  const { step, values, message, rawError, skipReason } = result;
  const output = mask.text(values.output);
  const json = mask.value(values.json, { numbers: true });
  const isMasked = output !== values.output || JSON.stringify(json) !== JSON.stringify(values.json);
  return {
    ...result,
    step: maskedStep(step, mask),
    values: { ...values, output, ...(json === undefined ? {} : { json }) },
    ...(isMasked ? { isMasked } : {}),
    ...(message === undefined ? {} : { message: mask.text(message) }),
    ...(rawError === undefined ? {} : { rawError: mask.text(rawError) }),
    ...(skipReason === undefined ? {} : { skipReason: mask.text(skipReason) }),
  };
}
