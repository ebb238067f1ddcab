// The guardrails that hold for a session. What does not fit together never switches them off: the playbook's own values go
// before the person's, and those before the defaults.

import { defaultGuardrails, type GuardrailSettings } from "../../trace/guardrails/guardrail";
import { guardrailProblems } from "../../trace/guardrails/guardrailProblems";
import type { PlaybookGuardrails } from "../playbook/playbook";

export interface SettledGuardrails {
  readonly settings: GuardrailSettings;
  /** What is left out, and why. */
  readonly problem?: string;
}

export function settledGuardrails(settings: GuardrailSettings, own?: PlaybookGuardrails): SettledGuardrails {
  const wanted = withPlaybook(settings, own);
  const problems = guardrailProblems(wanted);
  if (problems.length === 0) return { settings: wanted };
  const why = problems.map(({ message }) => message).join("; ");
  const withDefaults = withPlaybook(defaultGuardrails, own);
  if (own !== undefined && guardrailProblems(withDefaults).length === 0) {
    const problem = `the guardrails of the playbook do not fit together with the settings: ${why}; the defaults are used in place of the settings`;
    return { settings: withDefaults, problem };
  }
  return { settings: defaultGuardrails, problem: `the guardrails can't be kept: ${why}; the defaults are used` };
}

function withPlaybook(settings: GuardrailSettings, own: PlaybookGuardrails = {}): GuardrailSettings {
  return {
    ...settings,
    ...own,
    repeats: { ...settings.repeats, ...own.repeats },
    cycle: { ...settings.cycle, ...own.cycle },
    failureCluster: { ...settings.failureCluster, ...own.failureCluster },
    budget: { ...settings.budget, ...own.budget },
  };
}
