// The end of a run in three phases: everybody is told what came of it, then what is open is closed, then what is to last
// is made to. Each is attempted whatever became of those before it, and none throws.

import { describeError } from "../../base/logger";

export const finishPhases = ["publish", "cleanUp", "persist"] as const;
export type FinishPhase = (typeof finishPhases)[number];

export type FinishWork = Readonly<Record<FinishPhase, () => void | Promise<void>>>;

export interface FinishFailure {
  readonly phase: FinishPhase;
  readonly error: unknown;
}

/**
 * @param onFailure told at once, so that the failure of a phase can be in what a later one makes last; what it throws
 *   itself is dropped
 * @returns what failed
 */
export async function finishRun(
  work: FinishWork,
  onFailure: (failure: FinishFailure) => void,
): Promise<readonly FinishFailure[]> {
  const failures: FinishFailure[] = [];
  for (const phase of finishPhases) {
    try {
      await work[phase]();
    } catch (error) {
      const failure = { phase, error };
      failures.push(failure);
      try {
        onFailure(failure);
      } catch {
        // There is nobody left to tell.
      }
    }
  }
  return failures;
}

/** Attempts each part of a phase in its turn, whatever became of those before it, and throws what they threw. */
export async function attemptAll(parts: readonly (() => void | Promise<void>)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const part of parts) {
    try {
      await part();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors, errors.map(describeError).join("; "));
}
