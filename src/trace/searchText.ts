// Finds a literal text in others. What it finds is never empty, and places in a text are in UTF-16 units.

import { foldCase, isCaseSensitive, isWithinWord, type SearchQuery } from "./searchQuery";

export interface TextMatcher {
  test(text: string): boolean;
  /** Where the matches start and end, in turn, from left to right without overlap; at most `most` of them. */
  places(text: string, most: number): number[];
}

/** For a query that is not a regular expression. */
export function literalMatcher(query: SearchQuery): TextMatcher {
  const isSensitive = isCaseSensitive(query);
  const needle = isSensitive ? query.text : foldCase(query.text);
  /** The next match from a place on; -1 where there is none. */
  const next = (haystack: string, from: number): number => {
    if (needle === "") return -1;
    for (let at = haystack.indexOf(needle, from); at >= 0; at = haystack.indexOf(needle, at + 1)) {
      if (!query.wholeWord) return at;
      if (!isWithinWord(haystack, at) && !isWithinWord(haystack, at + needle.length)) return at;
    }
    return -1;
  };
  const folded = (text: string) => (isSensitive ? text : foldCase(text));
  return {
    test: (text) => text.length >= needle.length && next(folded(text), 0) >= 0,
    places: (text, most) => {
      const haystack = folded(text);
      const places: number[] = [];
      for (let at = next(haystack, 0); at >= 0 && places.length < 2 * most; at = next(haystack, at + needle.length)) {
        places.push(at, at + needle.length);
      }
      return places;
    },
  };
}
