// Actions for tests of guardrails, written shortly.

import { GuardrailDetector } from "../../../src/trace/guardrails/detector";
import {
  defaultGuardrails,
  type GuardrailFinding,
  type GuardrailSettings,
  type WatchedAction,
} from "../../../src/trace/guardrails/guardrail";

/** `a` succeeds; `a!` fails; `a=x` succeeds with the output x. */
export function watched(text: string, endMs = 0): WatchedAction {
  const [name = "", output] = text.replace("!", "").split("=");
  return { tool: "bash", input: JSON.stringify({ command: name }), output, isFailed: text.endsWith("!"), endMs };
}

/** Findings as `3 repeat hint`, with the number of the action at which each was told. */
export function told(actions: string, settings: Partial<GuardrailSettings> = {}): string[] {
  return findingsOf(actions, settings).map(({ at, finding }) => `${at} ${finding.pattern} ${finding.level}`);
}

export function findingsOf(
  actions: string,
  settings: Partial<GuardrailSettings> = {},
): { readonly at: number; readonly finding: GuardrailFinding }[] {
  const detector = new GuardrailDetector({ ...defaultGuardrails, ...settings });
  return actions.split(" ").flatMap((text, at) => detector.add(watched(text)).map((finding) => ({ at, finding })));
}
