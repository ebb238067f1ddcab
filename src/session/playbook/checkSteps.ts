// What parts of a playbook say of each other beyond names: expectations that fit the action, expressions that can be
// read, defaults that a parameter could take.

import { defaultGuardrails } from "../../trace/guardrails/guardrail";
import { guardrailProblems as settingProblems } from "../../trace/guardrails/guardrailProblems";
import { builtGuardrails } from "./buildPlaybook";
import { JsonPathError, jsonPath } from "./jsonPath";
import { parameterValue } from "./parameters";
import { placeholdersIn } from "./placeholders";
import type { Parameter } from "./playbook";
import type { PlaybookProblem } from "./playbookProblem";
import type { ExpectFile, GuardrailsFile, ParameterFile, PlaybookFile, StepFile } from "./playbookSchema";
import { RegularExpressionError, regularExpression } from "./regularExpression";
import { problem, type YamlPath, type YamlText } from "./yamlText";

export function stepProblems(file: PlaybookFile, yaml: YamlText): PlaybookProblem[] {
  return [
    ...Object.entries(file.params ?? {}).flatMap(([name, parameter]) =>
      parameterProblems(name, parameter, ["params", name], yaml),
    ),
    ...(file.guardrails === undefined ? [] : guardrailProblems(file.guardrails, yaml)),
    ...file.steps.flatMap((step, index) => [
      ...repeatedId(file.steps, index, yaml),
      ...shellProblems(step, ["steps", index], yaml),
      ...expectProblems(step, step.expect ?? {}, ["steps", index, "expect"], yaml),
    ]),
  ];
}

function repeatedId(steps: readonly StepFile[], index: number, yaml: YamlText): PlaybookProblem[] {
  const id = steps[index]?.id;
  const first = steps.findIndex((step) => step.id === id);
  if (first === index) return [];
  const { line } = yaml.rangeOf(["steps", first, "id"]).start;
  return [problem(yaml.rangeOf(["steps", index, "id"]), `The id "${id}" is that of the step in line ${line}, too.`)];
}

function shellProblems({ action, with: given, recover }: StepFile, at: YamlPath, yaml: YamlText): PlaybookProblem[] {
  return [
    { action, given, path: [...at, "with", "shell"] },
    { action: recover?.action, given: recover?.with ?? {}, path: [...at, "recover", "with", "shell"] },
  ].flatMap((use) =>
    use.action === "run" && Array.isArray(use.given["command"]) && use.given["shell"] !== undefined
      ? [problem(yaml.rangeOfKey(use.path), "`shell` is for a command given as a line; a list goes to no shell.")]
      : [],
  );
}

function expectProblems(step: StepFile, expect: ExpectFile, at: YamlPath, yaml: YamlText): PlaybookProblem[] {
  const problems: PlaybookProblem[] = [];
  const only = (field: "exit_code" | "status", action: string) => {
    if (expect[field] !== undefined && step.action !== action)
      problems.push(
        problem(
          yaml.rangeOfKey([...at, field]),
          `\`${field}\` is for \`${action}\` steps; this is \`${step.action}\`.`,
        ),
      );
  };
  only("exit_code", "run");
  only("status", "http");
  if (expect.output_matches !== undefined) {
    const path = [...at, "output_matches"];
    const reason = failure(() => regularExpression(withValues(expect.output_matches ?? "")), RegularExpressionError);
    if (reason !== undefined)
      problems.push(problem(yaml.rangeOf(path), `This is no regular expression (RE2): ${reason}.`));
  }
  const isList = Array.isArray(expect.json);
  for (const [index, { path }] of [expect.json ?? []].flat().entries()) {
    const reason = failure(() => jsonPath(withValues(path)), JsonPathError);
    const place = [...at, "json", ...(isList ? [index] : []), "path"];
    if (reason !== undefined)
      problems.push(problem(yaml.rangeOf(place), `This is no JSON path (RFC 9535): ${reason}.`));
  }
  return problems;
}

function parameterProblems(name: string, file: ParameterFile, at: YamlPath, yaml: YamlText): PlaybookProblem[] {
  const { type = "string", secret = false, options, default: given } = file;
  const parameter = { name, type, isSecret: secret, isRequired: false, place: { line: 1, column: 1, endLine: 1 } };
  const wrong = (value: unknown, path: YamlPath, of: Parameter): PlaybookProblem[] => {
    const found = parameterValue(of, value, (each) => each);
    return typeof found === "object" ? [problem(yaml.rangeOf(path), found.error)] : [];
  };
  const optionProblems = (options ?? []).flatMap((option, index) =>
    wrong(option, [...at, "options", index], parameter),
  );
  if (optionProblems.length > 0) return optionProblems;
  const defaultProblems =
    given === undefined ? [] : wrong(given, [...at, "default"], { ...parameter, ...(options && { options }) });
  if (given === undefined || !secret) return defaultProblems;
  const words = `The default of the secret "${name}" can be read by everybody who has this file.`;
  return [...defaultProblems, problem(yaml.rangeOf([...at, "default"]), words, "warning")];
}

/** Numbers that do not fit each other, those that are not given being the defaults. */
function guardrailProblems(file: GuardrailsFile, yaml: YamlText): PlaybookProblem[] {
  const { repeats, cycle, failureCluster, budget, ...own } = builtGuardrails(file);
  const defaults = defaultGuardrails;
  const settings = {
    ...defaults,
    ...own,
    repeats: { ...defaults.repeats, ...repeats },
    cycle: { ...defaults.cycle, ...cycle },
    failureCluster: { ...defaults.failureCluster, ...failureCluster },
    budget: { ...defaults.budget, ...budget },
  };
  return settingProblems(settings).map(({ message }) => {
    const names = [...message.matchAll(/"([a-z_.]+)"/g)].map(([, name = ""]) => name);
    const given = names.filter((name) => yaml.placeAt(["guardrails", ...name.split(".")]) !== undefined);
    const isDefault = names.filter((name) => !given.includes(name)).map((name) => ` "${name}" has its default.`);
    const place = ["guardrails", ...(given[0]?.split(".") ?? [])];
    return problem(yaml.rangeOf(place), `${message}.${isDefault.join("")}`);
  });
}

/** As it could be once it is filled in. */
function withValues(text: string): string {
  return placeholdersIn(text)
    .reverse()
    .reduce((filled, { start, end }) => `${filled.slice(0, start)}x${filled.slice(end)}`, text);
}

function failure(work: () => unknown, kind: new (message: string) => Error): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof kind) return error.message.replace(/\.$/, "");
    throw error;
  }
}
