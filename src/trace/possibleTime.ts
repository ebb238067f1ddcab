// Which times a span can have. Whoever formats another one as a date throws, so none gets as far as that.

/** The end of what a `Date` can hold, in ms since the epoch. */
const latestMs = 8.64e15;

/** Not before the epoch and not beyond what a `Date` can hold; false for NaN. */
export function isPossibleTime(timeMs: number): boolean {
  return timeMs >= 0 && timeMs <= latestMs;
}
