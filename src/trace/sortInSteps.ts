// Sorting of many rows, with pauses: at one go it holds a thread for a quarter of a second with half a million of them.

import { rowsPerStep, type Steps } from "../base/steps";

/** Sorts in place; what is equal stays in its order. */
export function* sortInSteps(rows: Int32Array, compare: (a: number, b: number) => number): Steps<void> {
  const { length } = rows;
  for (let begin = 0; begin < length; begin += rowsPerStep) {
    rows.subarray(begin, begin + rowsPerStep).sort(compare);
    yield;
  }
  let source: Int32Array = rows;
  let target: Int32Array = new Int32Array(length > rowsPerStep ? length : 0);
  for (let width = rowsPerStep; width < length; width *= 2) {
    for (let begin = 0; begin < length; begin += 2 * width) {
      yield* merge(
        source,
        target,
        begin,
        Math.min(length, begin + width),
        Math.min(length, begin + 2 * width),
        compare,
      );
    }
    [source, target] = [target, source];
  }
  if (source !== rows) rows.set(source);
}

/** Two sorted stretches of `source`, one beginning where the other ends, as one of `target`. */
function* merge(
  source: Int32Array,
  target: Int32Array,
  begin: number,
  middle: number,
  end: number,
  compare: (a: number, b: number) => number,
): Steps<void> {
  let left = begin;
  let right = middle;
  for (let at = begin; at < end; at++) {
    if (at % rowsPerStep === 0) yield;
    const isLeft = right >= end || (left < middle && compare(source[left] ?? 0, source[right] ?? 0) <= 0);
    target[at] = source[isLeft ? left++ : right++] ?? 0;
  }
}
