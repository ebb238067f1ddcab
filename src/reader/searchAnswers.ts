// Answers to what a panel searches for: rows of the trace, lines of its output, and places in texts that are shown.

import type { MatchPlacesResult, OutputSearchResult, SearchParams, SearchResult } from "../protocol/searchMessages";
import { type LineMatcher, searchOutput } from "../trace/outputSearch";
import { type SearchQuery, sameQuery } from "../trace/searchQuery";
import { inTurns } from "./inTurns";
import type { TracePicture } from "./picture";
import { runSearch } from "./runSearch";
import { type QueryMatcher, queryMatcher } from "./searchMatcher";
import { PatternFaultError } from "./searchPattern";
import { TraceSearch } from "./searchTrace";
import { holdsMatch } from "./searchVerify";

/** Of one text that is shown. */
const mostMarks = 200;

/** Rejects with the signal's reason when aborted. */
export async function searchAnswer(
  { query, nearRow, rows }: SearchParams,
  picture: () => TracePicture,
  signal: AbortSignal,
  report: (part: unknown) => void,
): Promise<SearchResult> {
  try {
    const search = new TraceSearch({ matcher: matcherOf(query), picture, nearRow, rows });
    await runSearch(search, report, signal);
    return { skipped: search.skippedCount };
  } catch (error) {
    if (error instanceof PatternFaultError) return { fault: error.fault, skipped: 0 };
    throw error;
  }
}

/** Rejects with the signal's reason when aborted. */
export async function outputMatches(
  { output }: TracePicture,
  query: SearchQuery,
  signal: AbortSignal,
): Promise<OutputSearchResult> {
  const none = new Uint32Array();
  try {
    const matcher = matcherOf(query);
    if (output === undefined) return { lines: none, truncated: false };
    const { lines, isTruncated } = await inTurns(searchOutput(output, lineMatcher(matcher)), signal);
    return { lines: Uint32Array.from(lines), truncated: isTruncated };
  } catch (error) {
    if (error instanceof PatternFaultError) return { fault: error.fault, lines: none, truncated: false };
    throw error;
  }
}

/** Rejects with the signal's reason when aborted. */
export async function matchPlaces(
  { query, texts }: { readonly query: SearchQuery; readonly texts: readonly string[] },
  signal: AbortSignal,
): Promise<MatchPlacesResult> {
  try {
    return { places: await inTurns(placesIn(matcherOf(query), texts), signal) };
  } catch (error) {
    if (error instanceof PatternFaultError) return { places: texts.map(() => []) };
    throw error;
  }
}

function* placesIn({ texts: matcher }: QueryMatcher, texts: readonly string[]): Generator<undefined, number[][]> {
  const places: number[][] = [];
  for (const text of texts) {
    places.push(matcher.places(text, mostMarks));
    yield;
  }
  return places;
}

function lineMatcher(matcher: QueryMatcher): LineMatcher {
  return {
    // An expression may mean the beginning of a line, which a text has once.
    mayHold: (text) => matcher.pattern !== undefined || matcher.texts.test(text),
    holds: (line) => holdsMatch(matcher, (test) => test(line)),
  };
}

let last: QueryMatcher | undefined;

/** The same for the same query: what is found is marked by the expression that found it, which need not be made again. */
function matcherOf(query: SearchQuery): QueryMatcher {
  if (last === undefined || !sameQuery(last.query, query)) last = queryMatcher(query);
  return last;
}
