// All that is wrong with a playbook beyond its YAML: its shape, what stands under each `with`, and what its parts say of
// each other.

import * as z from "zod/mini";
import type { ActionDefinition } from "../actions/actionDefinition";
import { actions } from "../actions/actions";
import { modelRecovery } from "../actions/modelAction";
import { stepProblems } from "./checkSteps";
import { textProblems } from "./checkTexts";
import { didYouMean } from "./didYouMean";
import type { PlaybookProblem } from "./playbookProblem";
import { type PlaybookFile, playbookSchema } from "./playbookSchema";
import { keysAt } from "./schemaKeys";
import { schemaProblems } from "./schemaProblems";
import { problem, type YamlPath, type YamlText } from "./yamlText";

export interface CheckedPlaybook {
  /** Missing where the file has not the shape of a playbook. */
  readonly file?: PlaybookFile;
  readonly problems: readonly PlaybookProblem[];
}

export function checkPlaybook(value: unknown, yaml: YamlText): CheckedPlaybook {
  if (value === null || value === undefined)
    return { problems: [problem(yaml.rangeOf([]), "This playbook is empty: it needs `name` and `steps`.")] };
  const parsed = playbookSchema.safeParse(value);
  const shape = parsed.success
    ? []
    : schemaProblems(parsed.error.issues, { yaml, value, at: [], keysAt: (path) => keysAt(playbookSchema, path) });
  const problems = [...shape, ...stepsOf(value).flatMap((step, index) => actionProblems(step, ["steps", index], yaml))];
  if (!parsed.success) return { problems };
  const file = parsed.data;
  return { file, problems: [...problems, ...stepProblems(file, yaml), ...textProblems(file, yaml)] };
}

/** Also of a file that is not sound yet, so that a slip in one step hides nothing in another. */
function stepsOf(value: unknown): readonly unknown[] {
  const steps = typeof value === "object" && value !== null && "steps" in value ? value.steps : undefined;
  return Array.isArray(steps) ? steps : [];
}

function actionProblems(step: unknown, at: YamlPath, yaml: YamlText): PlaybookProblem[] {
  if (typeof step !== "object" || step === null) return [];
  const own = "action" in step ? usedProblems(step, at, yaml, actions) : [];
  const recover = "recover" in step && step.recover;
  if (typeof recover !== "object" || recover === null) return own;
  return [...own, ...usedProblems(recover, [...at, "recover"], yaml, { run: actions.run, model: modelRecovery })];
}

function usedProblems(
  use: { readonly action?: unknown; readonly with?: unknown },
  at: YamlPath,
  yaml: YamlText,
  definitions: Readonly<Record<string, ActionDefinition>>,
): PlaybookProblem[] {
  const name = use.action;
  if (typeof name !== "string" || !Object.hasOwn(definitions, name)) return [];
  const definition = definitions[name];
  if (definition === undefined) return [];
  const given = use.with;
  if (typeof given !== "object" || given === null || Array.isArray(given)) return [];
  const inside = [...at, "with"];
  const parsed = z.safeParse(definition.schema, given);
  const shape = parsed.success
    ? []
    : schemaProblems(parsed.error.issues, {
        yaml,
        value: given,
        at: inside,
        keysAt: (path) => keysAt(definition.schema, path.slice(inside.length)),
      });
  const slips = Object.keys(given).filter((key) => !(key in definition.schema.def.shape));
  return [...shape, ...choiceProblems(definition, given, slips, inside, yaml)];
}

function choiceProblems(
  { exactlyOne = [], atMostOne = [] }: ActionDefinition,
  given: object,
  slips: readonly string[],
  at: YamlPath,
  yaml: YamlText,
): PlaybookProblem[] {
  const problems: PlaybookProblem[] = [];
  const isGiven = (field: string) => Object.hasOwn(given, field);
  const wasMeant = slips.some((slip) => didYouMean(slip, exactlyOne) !== undefined);
  if (exactlyOne.length > 0 && !exactlyOne.some(isGiven) && !wasMeant)
    problems.push(problem(yaml.rangeOfKey(at), `\`with\` needs ${quoted(exactlyOne, "or")}.`));
  for (const fields of [exactlyOne, atMostOne]) {
    const [, second] = fields.filter(isGiven);
    if (second !== undefined)
      problems.push(problem(yaml.rangeOfKey([...at, second]), `Only one of ${quoted(fields, "and")} may be given.`));
  }
  return problems;
}

function quoted(words: readonly string[], last: string): string {
  const all = words.map((word) => `\`${word}\``);
  return all.length < 2 ? all.join("") : `${all.slice(0, -1).join(", ")} ${last} ${all.at(-1)}`;
}
