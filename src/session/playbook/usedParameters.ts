// Which parameters a step uses, by all the texts of it that can hold a placeholder or a condition.

import { definitionHash } from "./definitionHash";
import type { Playbook, Step } from "./playbook";

type Around = Pick<Playbook, "env" | "cwd">;

/** All that can hold a placeholder or a condition. */
export function textOf(step: Step, { env, cwd }: Around): string {
  const { with: input, expect, condition, recover } = step;
  return JSON.stringify([input, expect, condition, recover, step.action === "run" ? [env, cwd] : undefined]);
}

/** Of these names. */
export function usedParameters(step: Step, playbook: Around, names: readonly string[]): readonly string[] {
  const text = textOf(step, playbook);
  return names.filter((name) => text.includes(`{${name}}`) || new RegExp(`\\bparams\\b\\W{1,3}${name}\\b`).test(text));
}

/**
 * The hash of a step of a playbook that another one runs: the defaults that it uses decide what it does, too, because no
 * trace tells the values with which it ran. Those of secrets are left out: a trace must not let anybody try them.
 */
export function innerDefinitionHash(step: Step, playbook: Around & Pick<Playbook, "params">): string {
  const withDefault = playbook.params.filter((each) => each.default !== undefined && !each.isSecret);
  const names = withDefault.map(({ name }) => name);
  const used = new Set(usedParameters(step, playbook, names));
  if (used.size === 0) return step.definitionHash;
  const defaults = withDefault.filter(({ name }) => used.has(name)).map((each) => [each.name, each.type, each.default]);
  const entries = defaults.sort(([one = ""], [other = ""]) => (one < other ? -1 : 1));
  return definitionHash({ action: step.action, with: [step.definitionHash, entries], expect: undefined });
}
