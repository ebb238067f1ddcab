// Whether values hold a match, in pieces where that takes long: a long text is matched step by step, and whoever searches
// may pause and give up at every `yield`.

import { valueHolds } from "../trace/searchSpan";
import type { QueryMatcher } from "./searchMatcher";

/** What a search yields is nothing: only that it may pause. */
export type Pausing<Result> = Generator<undefined, Result>;

/** Characters that are matched between two pauses. */
const pieceUnits = 32_768;

/** @param walk calls back for every text, and gives true as soon as that does */
export function* holdsMatch(
  { texts, pattern }: QueryMatcher,
  walk: (test: (text: string) => boolean) => boolean,
): Pausing<boolean> {
  if (pattern === undefined) return walk(texts.test);
  const long: string[] = [];
  const isFound = walk((text) => {
    if (pattern.isShort(text)) return pattern.test(text);
    long.push(text);
    return false;
  });
  if (isFound) return true;
  for (const text of long) {
    const run = pattern.begin(text);
    for (;;) {
      yield;
      const result = run.advance(pieceUnits);
      if (result === true) return true;
      if (result === false) break;
    }
  }
  return false;
}

export function valueHoldsMatch(matcher: QueryMatcher, value: unknown): Pausing<boolean> {
  return holdsMatch(matcher, (test) => valueHolds(value, test));
}
