// JSON paths as RFC 9535 has them. Their `match` and `search` use RE2, so that no answer can make a path hang.

import { JSONPathEnvironment, JSONPathError, type JSONPathQuery } from "json-p3";
import { RE2JS } from "re2js";
import { escapedInPath } from "./escapedInPath";
import { fillText, type PlaceholderValues } from "./placeholders";

export class JsonPathError extends Error {}

const environment = new JSONPathEnvironment({ maxRecursionDepth: 100 });
for (const [name, isWhole] of [
  ["match", true],
  ["search", false],
] as const) {
  const own = environment.functionRegister.get(name);
  if (own === undefined) throw new Error(`The library of JSON paths has no ${name}`);
  environment.functionRegister.set(name, {
    argTypes: own.argTypes,
    returnType: own.returnType,
    call: (subject, pattern) => matches(subject, pattern, isWhole),
  });
}

/** Throws a `JsonPathError` with the reason in words. */
export function jsonPath(path: string): (value: unknown) => unknown[] {
  let query: JSONPathQuery;
  try {
    query = environment.compile(path);
  } catch (error) {
    throw translated(error);
  }
  return (value) => {
    try {
      return query.query(value as Parameters<JSONPathQuery["query"]>[0]).values();
    } catch (error) {
      throw translated(error);
    }
  };
}

/** Within the quotes of a path a value stays text. */
export function fillPath(path: string, values: PlaceholderValues): string {
  return fillText(path, values, escapedInPath);
}

function matches(subject: unknown, pattern: unknown, isWhole: boolean): boolean {
  if (typeof subject !== "string" || typeof pattern !== "string") return false;
  try {
    const compiled = RE2JS.compile(pattern);
    return isWhole ? compiled.matches(subject) : compiled.matcher(subject).find();
  } catch {
    // As the RFC says of a pattern that is none: nothing matches.
    return false;
  }
}

function translated(error: unknown): unknown {
  if (!(error instanceof JSONPathError) && !(error instanceof RangeError)) return error;
  return new JsonPathError(error.message);
}
