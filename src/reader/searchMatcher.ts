// A query as something that texts are matched against: a literal text or a regular expression.

import type { SearchQuery } from "../trace/searchQuery";
import { literalMatcher, type TextMatcher } from "../trace/searchText";
import { type PatternMatcher, patternMatcher } from "./searchPattern";

export interface QueryMatcher {
  readonly query: SearchQuery;
  readonly texts: TextMatcher;
  /** Of a regular expression. */
  readonly pattern: PatternMatcher | undefined;
  /** A match holds one of these, in any case where the query does not tell cases apart; undefined: nobody knows. */
  readonly required: readonly string[] | undefined;
}

/** @throws PatternFaultError */
export function queryMatcher(query: SearchQuery): QueryMatcher {
  if (!query.regex) return { query, texts: literalMatcher(query), pattern: undefined, required: [query.text] };
  const pattern = patternMatcher(query);
  return { query, texts: pattern, pattern, required: pattern.required };
}
