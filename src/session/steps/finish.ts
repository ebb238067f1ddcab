// The end of a run in three phases: everybody is told what came of it, then what is open is closed, then what is to last
// is made to. Each is attempted whatever became of those before it, and none throws.

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
