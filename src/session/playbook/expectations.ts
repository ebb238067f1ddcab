// Whether a step's result is what was expected. Every expectation that does not hold is told in one sentence.

import type { ActionName } from "../actions/actions";
import { canonicalJson } from "./definitionHash";
import { fillPath, JsonPathError, jsonPath } from "./jsonPath";
import { fillText, fillTyped, type PlaceholderValues } from "./placeholders";
import type { Expectations, ExpectedStatus, JsonExpectation } from "./playbook";
import { fillExpression, RegularExpressionError, regularExpression } from "./regularExpression";
import { jsonOf, type StepResult } from "./stepResult";

/** What holds where the playbook says nothing: a command ends with 0, an answer is a 2xx. */
export function expectationsFor(action: ActionName, given: Expectations): Expectations {
  if (action === "run" && given.exitCodes === undefined) return { ...given, exitCodes: [0] };
  if (action === "http" && given.statuses === undefined) return { ...given, statuses: ["2xx"] };
  return given;
}

/** What of a text may be told; it is asked before anything is cut, because a part of a secret is one that nobody knows. */
type Masked = (text: string) => string;

/** @param fileExists asked with the path as the playbook gives it, filled in */
export async function unmetExpectations(
  expected: Expectations,
  result: StepResult,
  values: PlaceholderValues,
  fileExists: (path: string) => Promise<boolean>,
  masked: Masked,
): Promise<string[]> {
  const missing: string[] = [];
  for (const file of expected.filesExist ?? []) {
    const path = fillText(file, values);
    if (!(await fileExists(path))) missing.push(`the file ${path} does not exist`);
  }
  return [
    ...exitCodeWords(expected.exitCodes, result),
    ...statusWords(expected.statuses, result),
    ...outputWords(expected.outputMatches, result, values, masked),
    ...(expected.json ?? []).flatMap((each) => jsonWords(each, result, values, masked)),
    ...missing,
  ];
}

function exitCodeWords(expected: readonly number[] | undefined, { exitCode }: StepResult): string[] {
  if (expected === undefined || (exitCode !== undefined && expected.includes(exitCode))) return [];
  const came = exitCode === undefined ? "no exit code" : `exit code ${exitCode}`;
  const isPlain = expected.length === 1 && expected[0] === 0;
  return [isPlain ? came : `${came} instead of ${expected.join(" or ")}`];
}

function statusWords(expected: readonly ExpectedStatus[] | undefined, { status }: StepResult): string[] {
  if (expected === undefined) return [];
  if (status === undefined) return ["no status"];
  const holds = expected.some((each) => (typeof each === "number" ? each === status : each[0] === String(status)[0]));
  return holds ? [] : [`status ${status} instead of ${expected.join(" or ")}`];
}

function outputWords(
  expression: string | undefined,
  { output }: StepResult,
  values: PlaceholderValues,
  masked: Masked,
): string[] {
  if (expression === undefined) return [];
  const filled = fillExpression(expression, values);
  try {
    return regularExpression(filled)(output) ? [] : [`the output does not match ${filled}`];
  } catch (error) {
    if (!(error instanceof RegularExpressionError)) throw error;
    return [`${filled} is no regular expression${reason(error, filled, masked)}`];
  }
}

function jsonWords(
  { path, equals }: JsonExpectation,
  result: StepResult,
  values: PlaceholderValues,
  masked: Masked,
): string[] {
  const json = jsonOf(result);
  const filled = fillPath(path, values);
  if (json === undefined) return [`the output is not JSON, so there is no ${filled}`];
  const wanted = fillTyped(equals, values);
  try {
    const [found, ...more] = jsonPath(filled)(json);
    if (found === undefined) return [`${filled} is not there`];
    if (more.length > 0) return [`${filled} finds ${more.length + 1} values instead of one`];
    return canonicalJson(found) === canonicalJson(wanted)
      ? []
      : [`${filled} is ${shortJson(found, masked)} instead of ${shortJson(wanted, masked)}`];
  } catch (error) {
    if (!(error instanceof JsonPathError)) throw error;
    return [`${filled} is no JSON path${reason(error, filled, masked)}`];
  }
}

/** It quotes pieces of the text; where that holds a secret, one of them may hold a part of it. */
function reason({ message }: Error, filled: string, masked: Masked): string {
  return masked(filled) === filled ? `: ${message}` : "";
}

function shortJson(value: unknown, masked: Masked): string {
  const text = masked(canonicalJson(value));
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
