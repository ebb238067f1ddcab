// The command was asked for wrongly: one line that names the argument, and exit code 2.

import { type ParseArgsConfig, parseArgs } from "node:util";
import { errorCode } from "../base/errorCode";
import { describeError } from "../base/logger";

export class UsageError extends Error {}

/** `parseArgs` of Node, whose errors become usage errors. */
export function parseWords<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new UsageError(describeParseError(error));
  }
}

/** @throws a `UsageError` where the text is no whole number of at least `least` */
export function wholeNumber(option: string, text: string, least: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least)) throw new UsageError(`${option} takes a whole number from ${least} on, not "${text}"`);
  return value;
}

/** Node's messages have up to three lines, of which the first says what is wrong. */
function describeParseError(error: unknown): string {
  const [first = ""] = describeError(error).split("\n");
  const named = /'(-[^' ]*)/.exec(first)?.[1];
  switch (errorCode(error)) {
    case "ERR_PARSE_ARGS_UNKNOWN_OPTION":
      return named === undefined ? first : `There is no option ${named} here`;
    case "ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL":
      return first.replace(/\. .*$/, "");
    default:
      return first;
  }
}
