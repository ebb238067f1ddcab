// Search in a trace, as messages: what is asked for, what is found meanwhile, and what is wrong with an expression.

import * as z from "zod/mini";
import { mostSearchLength } from "../trace/searchQuery";

const row = z.number().check(z.int(), z.nonnegative());

const uint32 = z.custom<Uint32Array>((value) => value instanceof Uint32Array, "expected a Uint32Array");

export const searchOptionsSchema = z.object({ matchCase: z.boolean(), wholeWord: z.boolean(), regex: z.boolean() });

export const searchQuerySchema = z.object({
  ...searchOptionsSchema.shape,
  text: z.string().check(z.minLength(1), z.maxLength(mostSearchLength)),
});

/** Rows to look at again, where a trace has grown or changed since the last search. */
export const mostSearchedAgain = 100_000;

export const searchParamsSchema = z.object({
  epoch: row,
  query: searchQuerySchema,
  /** Where to begin: what the person looks at. */
  nearRow: z.optional(row),
  /** Only these rows; everything where it is left out. */
  rows: z.optional(uint32.check(z.refine((rows) => rows.length <= mostSearchedAgain, "too many rows"))),
});
export type SearchParams = z.infer<typeof searchParamsSchema>;

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

/** Where the query matches in texts that are shown. */
export const matchPlacesParamsSchema = z.object({
  query: searchQuerySchema,
  texts: z.array(z.string().check(z.maxLength(65_536))).check(z.maxLength(1_000)),
});

/** For each text where matches start and end, in turn. */
export const matchPlacesResultSchema = z.object({ places: z.array(z.array(row)) });
