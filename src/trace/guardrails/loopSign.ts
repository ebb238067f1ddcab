// What the loop patterns are told of an action and what each says of it.

import type { GuardrailLevel, GuardrailSettings, LoopPattern } from "./guardrail";

/** An action as the patterns see it: waits and polling are not among them. */
export interface Occurrence {
  /** Number of the action. */
  readonly index: number;
  /** Its place among those that the patterns see, from 0 on. */
  readonly at: number;
  /** Equal for the same action with the same result; undefined for one that is like no other. */
  readonly same: string | undefined;
  /** The result was success, and it is known that it was the same. */
  readonly isSameSuccess: boolean;
}

/** The action is part of a pattern. */
export interface LoopSign {
  readonly pattern: LoopPattern;
  /** The same for all signs of one loop. */
  readonly episode: number;
  readonly level: GuardrailLevel;
  /** The pattern begins with it, or its level rises. */
  readonly isNews: boolean;
  /** It goes round with nothing new in between: a loop, not just something that was done several times. */
  readonly isLoop: boolean;
  /** Times, rounds or visits. */
  readonly count: number;
  /** How many actions make a round; 1 but for a cycle. */
  readonly length: number;
  /** Other actions since the last time; 0 but for a revisit. */
  readonly others: number;
  /** Numbers of the actions that belong to it, this one last; those before may have been named by an earlier sign. */
  readonly actions: readonly number[];
}

export function levelOf(count: number, { hint, warn, stop }: GuardrailSettings["repeats"]): GuardrailLevel | undefined {
  if (count >= stop) return "stop";
  if (count >= warn) return "warn";
  return count >= hint ? "hint" : undefined;
}
