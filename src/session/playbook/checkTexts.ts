// What the texts of a playbook refer to: placeholders and conditions that name parameters and steps. A name that is not
// known is a warning, for the text stays as it is; a condition that can't be read is an error.

import { isFields } from "../../trace/soundSpan";
import { isConditionError, parseCondition } from "./condition";
import { meantWords } from "./didYouMean";
import { type Placeholder, placeholdersIn, type Reference } from "./placeholders";
import type { PlaybookProblem } from "./playbookProblem";
import type { PlaybookFile, StepFile } from "./playbookSchema";
import { shellDialect, shellLineProblem } from "./shellLine";
import { stepFields } from "./stepResult";
import { textRange } from "./textRange";
import { problem, type YamlPath, type YamlText } from "./yamlText";

/** What a text may name. */
interface Known {
  readonly params: readonly string[];
  /** That are over by then. */
  readonly steps: readonly string[];
  readonly later: readonly string[];
}

export function textProblems(file: PlaybookFile, yaml: YamlText): PlaybookProblem[] {
  const params = Object.keys(file.params ?? {});
  const ids = file.steps.map(({ id }) => id);
  const around = { params, steps: [], later: ids };
  return [
    ...placeholderProblems(file.env ?? {}, ["env"], around, yaml),
    ...placeholderProblems(file.cwd, ["cwd"], around, yaml),
    ...file.steps.flatMap((step, index) => {
      const before = { params, steps: ids.slice(0, index), later: ids.slice(index) };
      return stepProblems(step, ["steps", index], before, yaml);
    }),
  ];
}

function stepProblems(step: StepFile, at: YamlPath, before: Known, yaml: YamlText): PlaybookProblem[] {
  // Once the step ran it may speak of itself.
  const after = { ...before, steps: [...before.steps, step.id], later: before.later.slice(1) };
  return [
    ...useProblems(step, at, before, yaml),
    ...(step.recover === undefined ? [] : useProblems(step.recover, [...at, "recover"], after, yaml)),
    ...placeholderProblems(step.failure_message, [...at, "failure_message"], after, yaml),
    ...placeholderProblems(step.expect, [...at, "expect"], after, yaml),
    ...(typeof step.if === "string" ? conditionProblems(step.if, [...at, "if"], before, yaml) : []),
  ];
}

function useProblems(
  { action, with: given }: { readonly action: string; readonly with: Readonly<Record<string, unknown>> },
  at: YamlPath,
  known: Known,
  yaml: YamlText,
): PlaybookProblem[] {
  const { command, shell, ...others } = given;
  const inside = [...at, "with"];
  if (action === "batch") {
    return [...placeholderProblems(given, inside, known, yaml), ...fromProblems(given["items"], inside, known, yaml)];
  }
  if (action !== "run" || typeof command !== "string") return placeholderProblems(given, inside, known, yaml);
  return [
    ...placeholderProblems({ ...others, shell }, inside, known, yaml),
    ...lineProblems(command, typeof shell === "string" ? shell : undefined, [...inside, "command"], known, yaml),
  ];
}

/** `items: {from: steps.list.json}` of a batch names a step without braces, and means nothing else. */
function fromProblems(items: unknown, inside: YamlPath, known: Known, yaml: YamlText): PlaybookProblem[] {
  const from = isFields(items) ? items["from"] : undefined;
  const [named] = typeof from === "string" ? placeholdersIn(`{${from}}`) : [];
  const words = named && unknownWords(named.reference, known);
  return words === undefined ? [] : [problem(yaml.rangeOf([...inside, "items", "from"]), words)];
}

function lineProblems(
  line: string,
  shell: string | undefined,
  at: YamlPath,
  known: Known,
  yaml: YamlText,
): PlaybookProblem[] {
  const all = placeholdersIn(line).filter(({ start }) => line[start - 1] !== "$");
  const problems = all.flatMap((placeholder) => {
    const words = unknownWords(placeholder.reference, known);
    // The shell and its commands have braces of their own: `awk '{print}'`.
    const isTheirs = placeholder.reference.kind === "parameter" && !words?.includes("Did you mean");
    return words === undefined || isTheirs ? [] : [warning(words, placeholder, at, yaml)];
  });
  const isKnown = all.some(({ reference }) => reference.kind === "step" || known.params.includes(reference.name));
  const refused = isKnown ? shellLineProblem(line, shell === undefined ? "posix" : shellDialect(shell)) : undefined;
  if (refused === undefined || unknownWords(refused.placeholder.reference, known) !== undefined) return problems;
  const { start, end } = refused.placeholder;
  // Without `shell` it depends on the machine which one it is.
  const severity = shell === undefined ? "warning" : "error";
  return [...problems, problem(textRange(yaml, at, start, end), refused.message, severity)];
}

function placeholderProblems(value: unknown, at: YamlPath, known: Known, yaml: YamlText): PlaybookProblem[] {
  if (typeof value === "string")
    return placeholdersIn(value).flatMap((placeholder) => {
      const words = unknownWords(placeholder.reference, known);
      return words === undefined ? [] : [warning(words, placeholder, at, yaml)];
    });
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value))
    return value.flatMap((each, index) => placeholderProblems(each, [...at, index], known, yaml));
  return Object.entries(value).flatMap(([key, each]) => placeholderProblems(each, [...at, key], known, yaml));
}

function warning(words: string, { start, end }: Placeholder, at: YamlPath, yaml: YamlText): PlaybookProblem {
  return problem(textRange(yaml, at, start, end), `${words} The text stays as it is written.`, "warning");
}

function conditionProblems(expression: string, at: YamlPath, known: Known, yaml: YamlText): PlaybookProblem[] {
  const condition = parseCondition(expression);
  if (isConditionError(condition)) {
    const { message, start, end } = condition;
    return [
      problem(
        textRange(yaml, at, start, end),
        `The condition can't be read: ${message}.${dashWords(expression, known)}`,
      ),
    ];
  }
  return condition.references.flatMap(({ reference, start, end }) => {
    // A step that is not known is told of where it is named, not once more with its field.
    if (reference.kind === "step" && reference.field !== "" && !known.steps.includes(reference.id)) return [];
    const words = unknownWords(reference, known);
    return words === undefined ? [] : [problem(textRange(yaml, at, start, end), words, "warning")];
  });
}

/** `steps.a-b.ok` is a subtraction in CEL. */
function dashWords(expression: string, { steps }: Known): string {
  const id = steps.find((each) => each.includes("-") && expression.includes(`steps.${each}`));
  return id === undefined ? "" : ` Write steps["${id}"], for a dash means minus there.`;
}

function unknownWords(reference: Reference, { params, steps, later }: Known): string | undefined {
  if (reference.kind === "parameter") {
    const { name } = reference;
    return params.includes(name) ? undefined : `There is no parameter "${name}".${meantWords(name, params)}`;
  }
  const { id, field } = reference;
  if (later.includes(id)) return `The step "${id}" is not over by then.`;
  if (!steps.includes(id)) return `There is no step "${id}".${meantWords(id, steps)}`;
  if (field === "" || (stepFields as readonly string[]).includes(field)) return undefined;
  return `A step has no "${field}", but ${stepFields.join(", ")}.${meantWords(field, stepFields)}`;
}
