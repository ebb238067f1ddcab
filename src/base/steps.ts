// Work in steps: it pauses where others may be served, at its own pace. Who has nobody to serve finishes it at once.

export type Steps<Result> = Generator<undefined, Result>;

/** So many rows are gone through between two pauses, where a row costs about a microsecond or less. */
export const rowsPerStep = 4_096;

/** And so many where each has to be read from its file. */
export const readsPerStep = 16;

export function finish<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
