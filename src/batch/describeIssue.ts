// What is wrong with a value that came over HTTP, in words for whoever sent it.

import type * as z from "zod/mini";

type Issue = z.core.$ZodIssue;

/** @param issues of one value; the first one is told */
export function describeIssue([issue]: readonly Issue[]): string {
  if (issue === undefined) return "The value is not valid";
  const path = issue.path.map(String).join(".").slice(0, 200);
  const message = messageOf(issue);
  return path === "" ? `It ${message}` : `${path} ${message}`;
}

function messageOf(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      // Also of one that is missing: what it was is not told.
      return `must be ${withArticle(nameOf(issue.expected))}`;
    case "too_big":
      return `must ${limitOf(issue.origin, "at most", Number(issue.maximum))}`;
    case "too_small":
      return `must ${limitOf(issue.origin, "at least", Number(issue.minimum))}`;
    case "invalid_value":
      return `must be one of ${issue.values.map(String).join(", ")}`;
    default:
      return "is of a wrong type";
  }
}

function limitOf(origin: string, which: string, limit: number): string {
  if (origin === "string") return `have ${which} ${limit} characters`;
  if (origin === "array") return `have ${which} ${limit} entries`;
  return `be ${which} ${limit}`;
}

function nameOf(expected: string): string {
  if (expected === "int") return "whole number";
  if (expected === "string") return "text";
  return expected === "array" ? "list" : expected;
}

function withArticle(name: string): string {
  return /^[aeiou]/.test(name) ? `an ${name}` : `a ${name}`;
}
