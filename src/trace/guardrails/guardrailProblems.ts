// Whether guardrail settings can be kept: bounds that keep the detector's memory small, and numbers that fit each other.

import type { GuardrailSettings } from "./guardrail";

/** A setting that can't be kept. */
export interface GuardrailProblem {
  /** As playbooks write it: `repeats.warn`. */
  readonly name: string;
  /** Names the setting, what it is and what is allowed. */
  readonly message: string;
}

interface Bounds {
  readonly from: number;
  readonly to: number;
}

/** Whole numbers, under the names that playbooks use. */
export const guardrailBounds = {
  consecutive_errors: { from: 1, to: 1_000 },
  window: { from: 2, to: 1_000 },
  "repeats.hint": { from: 2, to: 1_000 },
  "repeats.warn": { from: 2, to: 1_000 },
  "repeats.stop": { from: 2, to: 1_000 },
  "cycle.length": { from: 1, to: 10 },
  "cycle.times": { from: 2, to: 100 },
  stuck_revisit_gap: { from: 1, to: 50 },
  "failure_cluster.failures": { from: 1, to: 1_000 },
  "failure_cluster.window": { from: 1, to: 1_000 },
} as const satisfies Record<string, Bounds>;

type Counted = keyof typeof guardrailBounds;

/** Empty where the settings can be kept. */
export function guardrailProblems(settings: GuardrailSettings): GuardrailProblem[] {
  const problems: GuardrailProblem[] = [];
  const counts = countsOf(settings);
  for (const name of Object.keys(counts) as Counted[]) {
    const { from, to } = guardrailBounds[name];
    const value = counts[name];
    if (Number.isInteger(value) && value >= from && value <= to) continue;
    problems.push({ name, message: `"${name}" is ${value}; it has to be a whole number from ${from} to ${to}` });
  }
  for (const [name, value] of budgetsOf(settings)) {
    if (value === undefined || (Number.isFinite(value) && value > 0)) continue;
    problems.push({ name, message: `"${name}" is ${value}; it has to be more than 0` });
  }
  return problems.length > 0 ? problems : ordersOf(counts);
}

function ordersOf(counts: Readonly<Record<Counted, number>>): GuardrailProblem[] {
  const problems: GuardrailProblem[] = [];
  const atMost = (low: Counted, high: Counted) => {
    if (counts[low] <= counts[high]) return;
    const message = `"${low}" is ${counts[low]}; it can't be more than "${high}", which is ${counts[high]}`;
    problems.push({ name: low, message });
  };
  atMost("repeats.hint", "repeats.warn");
  atMost("repeats.warn", "repeats.stop");
  atMost("repeats.stop", "window");
  atMost("failure_cluster.failures", "failure_cluster.window");
  return problems;
}

function countsOf(settings: GuardrailSettings): Record<Counted, number> {
  return {
    consecutive_errors: settings.consecutiveErrors,
    window: settings.window,
    "repeats.hint": settings.repeats.hint,
    "repeats.warn": settings.repeats.warn,
    "repeats.stop": settings.repeats.stop,
    "cycle.length": settings.cycle.maxLength,
    "cycle.times": settings.cycle.times,
    stuck_revisit_gap: settings.stuckRevisitGap,
    "failure_cluster.failures": settings.failureCluster.failures,
    "failure_cluster.window": settings.failureCluster.window,
  };
}

function budgetsOf({ budget }: GuardrailSettings): (readonly [name: string, value: number | undefined])[] {
  return [
    ["budget.time", budget.timeMs],
    ["budget.cost", budget.costUsd],
    ["budget.tokens", budget.tokens],
  ];
}
