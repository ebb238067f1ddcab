// Asks a person for the parameters of a playbook, one step after another. What a person types is checked with the words of
// the command line. Values of secrets are in what this returns, and kept only where the person wishes it.

import { dirname } from "node:path";
import * as vscode from "vscode";
import type { Parameter, ParameterValue } from "../../../session/playbook/playbook";
import type { PlaybookTools } from "../loadPlaybookTools";
import type { KeptSecrets, SecretPlace } from "./keptSecrets";
import { type Answer, askChoice, askText, type Question } from "./questions";

export interface ParameterQuestions {
  readonly title: string;
  /** Of the playbook. */
  readonly path: string;
  readonly tools: PlaybookTools;
  readonly secrets: KeptSecrets;
  /** Values of earlier that are offered in place of the defaults. */
  readonly earlier?: Readonly<Record<string, unknown>> | undefined;
  /** Kept secrets are taken without a word. */
  readonly isQuick: boolean;
  /** Makes a path that a person typed absolute. */
  absolute(path: string): string;
}

/** Null: it is left out. */
type Given = ParameterValue | null;

/** @returns the values that were given, without those left out; undefined where the person wants nothing of it any more */
export async function askParameters(
  parameters: readonly Parameter[],
  questions: ParameterQuestions,
): Promise<Readonly<Record<string, ParameterValue>> | undefined> {
  const given = new Map<string, Given>();
  const keep = new Map<string, string>();
  /** Those that were asked for, to go back to. */
  const asked: number[] = [];
  for (let index = 0; index < parameters.length; ) {
    const parameter = parameters[index] as Parameter;
    const place: Question = {
      title: questions.title,
      prompt: promptOf(parameter),
      step: index + 1,
      totalSteps: parameters.length,
      canGoBack: asked.length > 0,
    };
    const kept = questions.isQuick && parameter.isSecret ? await keptValue(parameter, questions) : undefined;
    const answer = kept === undefined ? await ask(parameter, place, questions, keep) : { value: kept };
    if (answer === undefined) return undefined;
    if (answer === "back") {
      index = asked.pop() ?? 0;
      continue;
    }
    given.set(parameter.name, answer.value);
    if (kept === undefined) asked.push(index);
    index++;
  }
  // Once nothing is taken back any more.
  for (const [name, value] of keep) await questions.secrets.keep(placeOf(questions, name), value);
  return Object.fromEntries([...given].flatMap(([name, value]) => (value === null ? [] : [[name, value]])));
}

async function ask(
  parameter: Parameter,
  question: Question,
  questions: ParameterQuestions,
  keep: Map<string, string>,
): Promise<Answer<Given>> {
  if (parameter.isSecret) return await askSecret(parameter, question, questions, keep);
  const choices = parameter.options ?? (parameter.type === "boolean" ? [true, false] : undefined);
  if (choices !== undefined) return await askOption(parameter, question, questions, choices);
  return await askTyped(parameter, question, questions);
}

async function askOption(
  parameter: Parameter,
  question: Question,
  { earlier = {} }: ParameterQuestions,
  options: readonly ParameterValue[],
): Promise<Answer<Given>> {
  const initial = Object.hasOwn(earlier, parameter.name) ? earlier[parameter.name] : parameter.default;
  const isDefault = (value: ParameterValue) => value === parameter.default;
  const rows = options.map((value) => ({
    label: String(value),
    description: isDefault(value) ? vscode.l10n.t("default") : undefined,
    value: value as Given,
  }));
  if (mayBeLeftOut(parameter)) rows.push({ label: vscode.l10n.t("Leave it out"), description: undefined, value: null });
  return await askChoice(question, rows, Math.max(0, options.indexOf(initial as ParameterValue)));
}

async function askTyped(
  parameter: Parameter,
  question: Question,
  questions: ParameterQuestions,
): Promise<Answer<Given>> {
  const { earlier = {} } = questions;
  const { name, type } = parameter;
  const isPath = type === "path";
  const before = Object.hasOwn(earlier, name) && earlier[name] !== null ? earlier[name] : parameter.default;
  const answer = await askText({
    ...question,
    value: before === undefined ? "" : String(before),
    placeholder: mayBeLeftOut(parameter) ? vscode.l10n.t("Empty to leave it out") : undefined,
    isPassword: false,
    validate: (value) => problemOf(parameter, value, questions),
    ...(isPath ? { browse: () => browse(question.title, questions.path) } : {}),
  });
  if (typeof answer !== "object") return answer;
  if (isLeftOut(parameter, answer.value)) return { value: null };
  // A path that stands in the playbook means its folder, and one that is typed means the workspace's.
  if (isPath && answer.value === String(parameter.default)) return { value: null };
  return { value: typedValue(parameter, answer.value, questions) };
}

async function askSecret(
  parameter: Parameter,
  question: Question,
  questions: ParameterQuestions,
  keep: Map<string, string>,
): Promise<Answer<Given>> {
  const kept = await keptValue(parameter, questions);
  if (kept !== undefined) {
    const place = placeOf(questions, parameter.name);
    const answer = await askChoice<"kept" | "typed">(question, [
      {
        label: vscode.l10n.t("Use the kept value"),
        description: vscode.l10n.t("from VS Code's secret storage"),
        value: "kept",
        forget: () => questions.secrets.forget(place),
      },
      { label: vscode.l10n.t("Type another one…"), value: "typed" },
    ]);
    if (typeof answer !== "object") return answer;
    if (answer.value === "kept") return { value: kept };
  }
  for (;;) {
    const typed = await askText({
      ...question,
      value: "",
      placeholder: mayBeLeftOut(parameter) ? vscode.l10n.t("Empty to leave it out") : undefined,
      isPassword: true,
      validate: (value) => problemOf(parameter, value, questions),
    });
    if (typeof typed !== "object") return typed;
    keep.delete(parameter.name);
    if (isLeftOut(parameter, typed.value)) return { value: null };
    const answer = await askChoice({ ...question, canGoBack: true, prompt: vscode.l10n.t("Keep this secret?") }, [
      { label: vscode.l10n.t("For this run only"), value: false },
      { label: vscode.l10n.t("Keep it in VS Code's secret storage"), value: true },
    ]);
    if (answer === undefined) return undefined;
    if (answer === "back") continue;
    if (answer.value) keep.set(parameter.name, typed.value);
    return { value: typedValue(parameter, typed.value, questions) };
  }
}

/** Undefined where none is kept that the playbook would take. */
async function keptValue(parameter: Parameter, questions: ParameterQuestions): Promise<ParameterValue | undefined> {
  const kept = await questions.secrets.get(placeOf(questions, parameter.name));
  if (kept === undefined) return undefined;
  const value = questions.tools.parameterValue(parameter, kept, questions.absolute);
  return typeof value === "object" ? undefined : value;
}

function placeOf({ path }: ParameterQuestions, name: string): SecretPlace {
  return { type: "parameter", path, name };
}

function problemOf(parameter: Parameter, text: string, { tools, absolute }: ParameterQuestions): string | undefined {
  if (isLeftOut(parameter, text)) return undefined;
  const value = tools.parameterValue(parameter, text, absolute);
  return typeof value === "object" ? value.error : undefined;
}

function typedValue(parameter: Parameter, text: string, { tools, absolute }: ParameterQuestions): Given {
  const value = tools.parameterValue(parameter, text, absolute);
  if (typeof value === "object") throw new Error(value.error);
  return value;
}

/** The default of a secret is not shown, so that nothing typed means it. */
function mayBeLeftOut({ isRequired, isSecret, default: own }: Parameter): boolean {
  return !isRequired && (isSecret || own === undefined);
}

function isLeftOut(parameter: Parameter, text: string): boolean {
  return text === "" && mayBeLeftOut(parameter);
}

function promptOf({ name, type, description, isSecret }: Parameter): string {
  const what = isSecret ? vscode.l10n.t("secret {0}", type) : type;
  return description === undefined ? `${name} (${what})` : `${name} (${what}): ${description}`;
}

async function browse(title: string, playbook: string): Promise<string | undefined> {
  const [found] =
    (await vscode.window.showOpenDialog({
      title,
      canSelectFiles: true,
      canSelectFolders: true,
      canSelectMany: false,
      defaultUri: vscode.Uri.file(dirname(playbook)),
    })) ?? [];
  return found?.fsPath;
}
