// Search in a trace, as messages: what is asked for, what is found meanwhile, and what is wrong with an expression.

import * as z from "zod/mini";
import { mostSearchLength } from "../trace/searchQuery";

const whole = z.number().check(z.int());
const row = whole.check(z.nonnegative());

const uint32 = z.custom<Uint32Array>((value) => value instanceof Uint32Array, "expected a Uint32Array");

export const searchOptionsSchema = z.object({ matchCase: z.boolean(), wholeWord: z.boolean(), regex: z.boolean() });

export const searchQuerySchema = z.object({
  ...searchOptionsSchema.shape,
  text: z.string().check(z.minLength(1), z.maxLength(mostSearchLength)),
});

/** Rows to look at again, where a trace has grown or changed since the last search. */
export const mostSearchedAgain = 100_000;
/** Texts, and UTF-16 units of one of them, in which places of matches are asked for. */
export const mostMarkedTexts = 1_000;
export const mostMarkedUnits = 65_536;

/** The members that the union of all requests gets. */
export const searchRequests = [
  /** Which rows hold a match in what they show or in their payloads. Answered in parts; a newer one ends it. */
  z.object({
    method: z.literal("search"),
    id: whole,
    params: z.object({
      epoch: row,
      query: searchQuerySchema,
      /** Where to begin: what the person looks at. */
      nearRow: z.optional(row),
      /** Only these rows; everything where it is left out. */
      rows: z.optional(uint32.check(z.refine((rows) => rows.length <= mostSearchedAgain, "too many rows"))),
    }),
  }),
  /** Lines of the output that hold a match. */
  z.object({
    method: z.literal("outputSearch"),
    id: whole,
    params: z.object({ epoch: row, query: searchQuerySchema }),
  }),
  /** Where the query matches in texts that are shown. */
  z.object({
    method: z.literal("matchPlaces"),
    id: whole,
    params: z.object({
      epoch: row,
      query: searchQuerySchema,
      texts: z.array(z.string().check(z.maxLength(mostMarkedUnits))).check(z.maxLength(mostMarkedTexts)),
    }),
  }),
] as const;
export type SearchParams = z.infer<(typeof searchRequests)[0]>["params"];

/** Why an expression is none that can be searched for. Words for them are the panel's. */
export const patternFaults = [
  "lookaround",
  "backreference",
  "atomicGroup",
  "escape",
  "unclosedBracket",
  "unclosedGroup",
  "unopenedGroup",
  "nothingToRepeat",
  "repeatedTwice",
  "repeatCount",
  "range",
  "trailingBackslash",
  "groupName",
  "syntax",
  "tooLarge",
  "matchesEmpty",
] as const;
export type PatternFaultCode = (typeof patternFaults)[number];

export const patternFaultSchema = z.object({
  code: z.enum(patternFaults),
  /** In UTF-16 units of the expression; left out where it is the whole. */
  at: z.optional(row),
  /** What stands there. */
  part: z.optional(z.string()),
});
export type PatternFault = z.infer<typeof patternFaultSchema>;

/** A part of the answer to `search`: rows that match and were in no part before, in no order. */
export const searchPartSchema = z.object({
  rows: uint32,
  /** Of the trace, from 0 to 1. */
  searched: z.number(),
});
export type SearchPart = z.infer<typeof searchPartSchema>;

/** The end of the answer to `search`. */
export const searchResultSchema = z.object({
  fault: z.optional(patternFaultSchema),
  /** Spans that could not be looked at, because no text can be as long as one of their fields. */
  skipped: row,
});
export type SearchResult = z.infer<typeof searchResultSchema>;

export const outputSearchResultSchema = z.object({
  fault: z.optional(patternFaultSchema),
  /** Numbers of lines, ascending. */
  lines: uint32,
  /** There are more. */
  truncated: z.boolean(),
});
export type OutputSearchResult = z.infer<typeof outputSearchResultSchema>;

/** For each text where matches start and end, in turn. */
export const matchPlacesResultSchema = z.object({ places: z.array(z.array(row)) });
export type MatchPlacesResult = z.infer<typeof matchPlacesResultSchema>;
