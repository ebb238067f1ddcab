// Guardrails as the settings of a person hold them. What can't be kept is named, and its default is used in its place.

import * as z from "zod/mini";
import { defaultGuardrails, type GuardrailSettings } from "../trace/guardrails/guardrail";
import { guardrailProblems } from "../trace/guardrails/guardrailProblems";
import { durationMs, durationWords } from "./playbook/durations";

const whole = z.int();

/** By the last part of the setting's name. */
const schemas = {
  consecutiveErrors: whole,
  window: whole,
  repeats: z.partial(z.strictObject({ hint: whole, warn: whole, stop: whole })),
  cycle: z.partial(z.strictObject({ length: whole, times: whole })),
  stuckRevisitGap: whole,
  failureCluster: z.partial(z.strictObject({ failures: whole, window: whole })),
  budget: z.partial(z.strictObject({ time: z.union([z.number(), z.string()]), cost: z.number(), tokens: whole })),
};

export type GuardrailValue = keyof typeof schemas;
export const guardrailValues = Object.keys(schemas) as readonly GuardrailValue[];

export interface GuardrailValueProblem {
  readonly value: GuardrailValue;
  readonly message: string;
}

/** @param values undefined for what is not set */
export function guardrailSettingsOf(values: Readonly<Partial<Record<GuardrailValue, unknown>>>): {
  readonly settings: GuardrailSettings;
  readonly problems: readonly GuardrailValueProblem[];
} {
  const problems: GuardrailValueProblem[] = [];
  let settings = defaultGuardrails;
  for (const value of guardrailValues) {
    if (values[value] === undefined) continue;
    const parsed = schemas[value].safeParse(values[value]);
    if (!parsed.success) {
      problems.push({ value, message: parsed.error.issues[0]?.message ?? "wrong type" });
      continue;
    }
    const changed = withValue(settings, value, parsed.data as Values);
    if (typeof changed === "string") problems.push({ value, message: changed });
    else settings = changed;
  }
  // What fits by itself may not fit what else is set: then nobody can tell which of them is meant.
  const [misfit] = guardrailProblems(settings);
  if (misfit === undefined) return { settings, problems };
  return {
    settings: defaultGuardrails,
    problems: [...problems, { value: settingOf(misfit.name), message: misfit.message }],
  };
}

type Values = z.infer<(typeof schemas)[GuardrailValue]>;

/** The settings with that value, or what is wrong with it. */
function withValue(settings: GuardrailSettings, value: GuardrailValue, data: Values): GuardrailSettings | string {
  switch (value) {
    case "consecutiveErrors":
    case "window":
    case "stuckRevisitGap":
      return { ...settings, [value]: data };
    case "repeats":
      return { ...settings, repeats: { ...settings.repeats, ...(data as Partial<GuardrailSettings["repeats"]>) } };
    case "failureCluster": {
      const cluster = data as Partial<GuardrailSettings["failureCluster"]>;
      return { ...settings, failureCluster: { ...settings.failureCluster, ...cluster } };
    }
    case "cycle": {
      const { length, times } = data as { length?: number; times?: number };
      const { cycle } = settings;
      return { ...settings, cycle: { maxLength: length ?? cycle.maxLength, times: times ?? cycle.times } };
    }
    case "budget": {
      const { time, cost, tokens } = data as { time?: number | string; cost?: number; tokens?: number };
      const timeMs = time === undefined ? undefined : durationMs(time);
      if (time !== undefined && timeMs === undefined) return `"time" is ${time}; it has to be ${durationWords}`;
      return { ...settings, budget: { timeMs, costUsd: cost, tokens } };
    }
  }
}

/** From `repeats.warn` or `stuck_revisit_gap` to the setting. */
function settingOf(name: string): GuardrailValue {
  const [first = ""] = name.split(".");
  return first.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()) as GuardrailValue;
}
