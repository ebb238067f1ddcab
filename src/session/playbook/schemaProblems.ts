// What a schema found, as sentences that name the place and what is allowed there, each with its range in the YAML.

import type * as z from "zod/mini";
import { didYouMean, meantWords } from "./didYouMean";
import type { PlaybookProblem } from "./playbookProblem";
import { problem, type YamlPath, type YamlText } from "./yamlText";

type Issue = z.core.$ZodIssue;

/** What zod says where a schema has no words of its own. */
const noWords = "Invalid input";

/** `at` is where in the file the checked value stands; `known` names the keys of the object at a path below it. */
export interface CheckedPart {
  readonly yaml: YamlText;
  readonly value: unknown;
  readonly at: YamlPath;
  readonly keysAt: (path: YamlPath) => readonly string[];
}

export function schemaProblems(issues: readonly Issue[], part: CheckedPart): PlaybookProblem[] {
  return issues.filter((issue) => !isMeantBySlip(issue, issues, part)).flatMap((issue) => problemsOf(issue, [], part));
}

/** What is missing because it was mistyped is told of once. */
function isMeantBySlip(issue: Issue, issues: readonly Issue[], { value, at, keysAt }: CheckedPart): boolean {
  const path = issue.path as (string | number)[];
  if (path.length === 0 || valueAt(value, path) !== undefined) return false;
  const above = path.slice(0, -1);
  return issues.some(
    (other) =>
      other.code === "unrecognized_keys" &&
      other.path.length === above.length &&
      other.path.every((step, index) => step === above[index]) &&
      other.keys.some((key) => didYouMean(key, keysAt([...at, ...above])) === path.at(-1)),
  );
}

function problemsOf(issue: Issue, above: YamlPath, part: CheckedPart): PlaybookProblem[] {
  const inner = [...above, ...(issue.path as (string | number)[])];
  const path = [...part.at, ...inner];
  const value = valueAt(part.value, inner);
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => {
        const known = part.keysAt(path);
        const meant = meantWords(key, known);
        const allowed = meant === "" && known.length > 0 ? ` Known are ${known.join(", ")}.` : meant;
        return problem(part.yaml.rangeOfKey([...path, key]), `"${key}" is not known ${placeWords(path)}.${allowed}`);
      });
    case "invalid_union": {
      const branch = likelyBranch(issue.errors);
      if (branch !== undefined) return branch.flatMap((each) => problemsOf(each, inner, part));
      return [said(issue, path, value, part.yaml)];
    }
    case "invalid_key":
      return [
        problem(
          part.yaml.rangeOfKey(path),
          `"${String(path.at(-1))}" ${issue.issues[0]?.message ?? "can't be a key"}.`,
        ),
      ];
    default:
      return [said(issue, path, value, part.yaml)];
  }
}

/** The branch that fits but for something within it: that is what was meant. */
function likelyBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  return branches.find((branch) => branch.every((issue) => issue.path.length > 0 || isAboutContents(issue)));
}

function isAboutContents(issue: Issue): boolean {
  if (issue.code === "invalid_union") return likelyBranch(issue.errors) !== undefined;
  return issue.code !== "invalid_type" && issue.code !== "invalid_value";
}

function said(issue: Issue, path: YamlPath, value: unknown, yaml: YamlText): PlaybookProblem {
  const name = fieldName(path);
  const isMissing = value === undefined && issue.code !== "custom";
  if (isMissing) {
    const words =
      path.length === 0 ? "This file is empty." : `\`${name}\` is missing ${placeWords(path.slice(0, -1))}.`;
    return problem(yaml.rangeOfKey(path), words);
  }
  const must = issue.message === noWords || issue.message === "" ? mustBe(issue) : issue.message;
  const isOfOtherType = issue.code === "invalid_type" || issue.code === "invalid_union";
  const instead = isOfOtherType ? `, not ${typeWords(value)}` : "";
  const meant =
    issue.code === "invalid_value" && typeof value === "string" ? meantWords(value, issue.values.map(String)) : "";
  const subject = name === "" ? "A playbook" : `\`${name}\``;
  return problem(yaml.rangeOf(path), `${subject} ${must}${instead}.${meant}${quoteWords(issue, value)}`);
}

/** `{name}` without quotes is a map in YAML, which is never what was meant where a text is wanted. */
function quoteWords(issue: Issue, value: unknown): string {
  if (issue.code !== "invalid_type" && issue.code !== "invalid_union") return "";
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "";
  const [entry, ...more] = Object.entries(value);
  if (entry === undefined || more.length > 0 || entry[1] !== null) return "";
  return ` Put a placeholder into quotes: "{${entry[0]}}".`;
}

function mustBe(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return `must be ${expectedWords(issue.expected)}`;
    case "invalid_value":
      return `must be ${issue.values.length === 1 ? "" : "one of "}${issue.values.map(String).join(", ")}`;
    case "too_small":
      return `must be at least ${String(issue.minimum)}`;
    case "too_big":
      return `must be at most ${String(issue.maximum)}`;
    default:
      return "is not what is allowed here";
  }
}

function expectedWords(expected: string): string {
  switch (expected) {
    case "string":
      return "a text";
    case "number":
      return "a number";
    case "int":
      return "a whole number";
    case "boolean":
      return "true or false";
    case "array":
      return "a list";
    case "object":
    case "record":
      return "keys with values";
    default:
      return `of the type ${expected}`;
  }
}

function typeWords(value: unknown): string {
  if (value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  switch (typeof value) {
    case "string":
      return "a text";
    case "number":
    case "bigint":
      return `the number ${String(value)}`;
    case "boolean":
      return `${String(value)}`;
    default:
      return "keys with values";
  }
}

/** `with.command`, `params.target.type`, `steps`: from the step or parameter that it belongs to. */
function fieldName(path: YamlPath): string {
  const own = path[0] === "steps" && path.length > 2 ? path.slice(2) : path;
  return own.reduce<string>(
    (text, step) => (typeof step === "number" ? `${text}[${step}]` : text === "" ? step : `${text}.${step}`),
    "",
  );
}

function placeWords(path: YamlPath): string {
  if (path.length === 0) return "in a playbook";
  if (path[0] === "steps" && path.length === 2) return "in a step";
  return `in \`${fieldName(path)}\``;
}

function valueAt(value: unknown, path: YamlPath): unknown {
  return path.reduce<unknown>(
    (each, step) =>
      typeof each === "object" && each !== null && Object.hasOwn(each, step)
        ? (each as Record<string | number, unknown>)[step]
        : undefined,
    value,
  );
}
