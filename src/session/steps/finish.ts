// The end of a run in three phases: everybody is told what came of it, then what is open is closed, then what is to last
// is made to. Each part of each phase is attempted whatever became of those before it, also where one hangs: it has a limit,
// and then it is given up. None throws.

import { formatDuration } from "../../trace/formatValue";

export const finishPhases = ["publish", "cleanUp", "persist"] as const;
export type FinishPhase = (typeof finishPhases)[number];

export interface FinishPart {
  /** What is said where it fails: "the port could not be closed". */
  readonly failureWords: string;
  /** Of this part alone, so that one that hangs takes no time from those after it. */
  readonly limitMs: number;
  run(): void | Promise<void>;
}

/** The parts of a phase are attempted one after the other. */
export type FinishWork = Readonly<Record<FinishPhase, readonly FinishPart[]>>;

export interface FinishFailure {
  readonly phase: FinishPhase;
  readonly part: FinishPart;
  readonly error: unknown;
}

/** A part was not done within its limit. What it still does by itself is nobody's affair any more. */
export class GivenUp extends Error {
  constructor(limitMs: number) {
    super(`given up after ${formatDuration(limitMs)}`);
    this.name = "GivenUp";
  }
}

/**
 * @param onFailure told at once, so that what failed can be in what a later part makes last; what it throws itself is
 *   dropped
 * @returns what failed
 */
export async function finishRun(
  work: FinishWork,
  onFailure: (failure: FinishFailure) => void,
): Promise<readonly FinishFailure[]> {
  const failures: FinishFailure[] = [];
  for (const phase of finishPhases) {
    for (const part of work[phase]) {
      try {
        await within(part);
      } catch (error) {
        const failure = { phase, part, error };
        failures.push(failure);
        try {
          onFailure(failure);
        } catch {
          // There is nobody left to tell.
        }
      }
    }
  }
  return failures;
}

/** Rejects with `GivenUp`, or with what the part throws; what it throws later is dropped. */
async function within({ limitMs, run }: FinishPart): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new GivenUp(limitMs)), limitMs);
  });
  try {
    await Promise.race([run(), limit]);
  } finally {
    clearTimeout(timer);
  }
}
