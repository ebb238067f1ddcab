// What guardrails are told and what they say: the types that sessions, playbooks and opened traces share.

export interface GuardrailSettings {
  /** So many failed actions one after the other stop. */
  readonly consecutiveErrors: number;
  /** In so many of the latest actions repeats are counted. */
  readonly window: number;
  readonly repeats: { readonly hint: number; readonly warn: number; readonly stop: number };
  /** Up to `maxLength` actions in the same order, so many times one after the other. */
  readonly cycle: { readonly maxLength: number; readonly times: number };
  /** The same action again after at least so many others; 1 to 50. */
  readonly stuckRevisitGap: number;
  readonly failureCluster: { readonly failures: number; readonly window: number };
  readonly budget: GuardrailBudget;
}

export interface GuardrailBudget {
  readonly timeMs?: number | undefined;
  readonly costUsd?: number | undefined;
  readonly tokens?: number | undefined;
}

/** An action that has ended. */
export interface WatchedAction {
  readonly tool: string;
  /** JSON or text; the detector compares what it means, not how it is written. Where nobody says, it is like no other. */
  readonly input?: string | undefined;
  /** What came of it. Where nobody says, the same action counts as having had the same result. */
  readonly output?: string | undefined;
  readonly isFailed: boolean;
  readonly tokens?: number | undefined;
  readonly costUsd?: number | undefined;
  readonly startMs?: number | undefined;
  readonly endMs: number;
}

export const guardrailLevels = ["hint", "warn", "stop"] as const;
export type GuardrailLevel = (typeof guardrailLevels)[number];

export const loopPatterns = ["repeat", "cycle", "revisit"] as const;
export type LoopPattern = (typeof loopPatterns)[number];

export const guardrailPatterns = [
  "consecutive-errors",
  ...loopPatterns,
  "failure-cluster",
  "time-budget",
  "cost-budget",
  "token-budget",
] as const;
export type GuardrailPattern = (typeof guardrailPatterns)[number];

export interface GuardrailFinding {
  readonly level: GuardrailLevel;
  readonly pattern: GuardrailPattern;
  /** Names the pattern, the action and the counts, in one line. */
  readonly message: string;
  /** Numbers of the actions it is about, from 0 on in the order in which they were added; the latest ones where they are many. */
  readonly actions: readonly number[];
}

export const defaultGuardrails: GuardrailSettings = {
  consecutiveErrors: 5,
  window: 12,
  repeats: { hint: 3, warn: 5, stop: 7 },
  cycle: { maxLength: 3, times: 3 },
  stuckRevisitGap: 5,
  failureCluster: { failures: 3, window: 5 },
  budget: {},
};

export function levelNumber(level: GuardrailLevel): number {
  return guardrailLevels.indexOf(level) + 1;
}

/** How the error of a session begins that a guardrail has stopped; a colon and the reason follow. */
export const stoppedByGuardrail = "stopped by a guardrail";

/** Why a guardrail has stopped the session that ended with this error; undefined where none has. */
export function reasonOfStop(error: string | undefined): string | undefined {
  const beginning = `${stoppedByGuardrail}: `;
  return error?.startsWith(beginning) === true ? error.slice(beginning.length) : undefined;
}
