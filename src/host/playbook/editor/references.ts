// What can be named in the texts and conditions of a step: parameters, and the steps that are over by then.

import { type Placeholder, placeholdersIn } from "../../../session/playbook/placeholders";
import { stepFields, stepFieldWords } from "../../../session/playbook/stepResult";
import type { YamlPath } from "../../../session/playbook/yamlText";
import { markdownText } from "../../../trace/plainText";
import type { OutlineParameter, OutlineStep, PlaybookOutline } from "./playbookOutline";

export interface Offer {
  readonly text: string;
  readonly detail: string;
  readonly words?: string;
}

/** Steps that a text at this place may speak of: those before its own, and its own once it ran. */
export function stepsBefore({ steps }: PlaybookOutline, path: YamlPath): readonly OutlineStep[] {
  const [top, index, field] = path;
  if (top !== "steps" || typeof index !== "number") return [];
  const hasRun = field === "expect" || field === "failure_message" || field === "recover";
  return steps.slice(0, hasRun ? index + 1 : index).filter(({ id }) => id !== "");
}

/** @param typed the letters of the placeholder before the cursor, without its brace */
export function placeholderOffers(typed: string, outline: PlaybookOutline, path: YamlPath): readonly Offer[] {
  const steps = stepsBefore(outline, path);
  const field = /^steps\.([A-Za-z0-9_-]+)\.[a-z_]*$/.exec(typed);
  if (field) return steps.some(({ id }) => id === field[1]) ? fieldOffers() : [];
  if (typed.startsWith("steps.")) return steps.map(stepOffer);
  if (typed.includes(".")) return [];
  return [...outline.params.map(parameterOffer), ...(steps.length === 0 ? [] : [stepsOffer])];
}

/** @param typed the expression before the cursor */
export function conditionOffers(typed: string, outline: PlaybookOutline, path: YamlPath): readonly Offer[] {
  const steps = stepsBefore(outline, path);
  const field = /steps(?:\.(\w+)|\["([\w-]+)"\])\.[a-z_]*$/.exec(typed);
  if (field) return steps.some(({ id }) => id === (field[1] ?? field[2])) ? fieldOffers() : [];
  if (/\bparams\.\w*$/.test(typed)) return outline.params.map(parameterOffer);
  if (/\bsteps\.[\w-]*$/.test(typed)) return steps.filter(({ id }) => !id.includes("-")).map(stepOffer);
  if (/\bsteps\["[\w-]*$/.test(typed)) return steps.map(stepOffer);
  if (/(["'])[^"']*$/.test(typed.replaceAll(/(["'])[^"']*\1/g, "")) || /\.\w*$/.test(typed)) return [];
  return [
    ...(outline.params.length === 0 ? [] : [{ text: "params", detail: "the parameters of this playbook" }]),
    ...(steps.length === 0 ? [] : [stepsOffer]),
  ];
}

/** What is known of what a placeholder names, as Markdown in which the words of the file are plain. */
export function placeholderWords(placeholder: Placeholder, outline: PlaybookOutline): string | undefined {
  const { reference } = placeholder;
  if (reference.kind === "parameter") {
    const found = outline.params.find(({ name }) => name === reference.name);
    return found && parameterWords(found);
  }
  const step = outline.steps.find(({ id }) => id === reference.id);
  const words = (stepFieldWords as Readonly<Record<string, string>>)[reference.field];
  if (step === undefined) return undefined;
  return `Step "${markdownText(step.name)}" (${markdownText(step.action)}), line ${step.nameRange.start.line}.${words === undefined ? "" : ` ${words}`}`;
}

export function placeholderAt(text: string, offset: number): Placeholder | undefined {
  const lineStart = text.lastIndexOf("\n", offset - 1) + 1;
  const lineEnd = text.indexOf("\n", offset);
  const line = text.slice(lineStart, lineEnd < 0 ? text.length : lineEnd);
  const found = placeholdersIn(line).find(({ start, end }) => start <= offset - lineStart && offset - lineStart < end);
  return found && { ...found, start: found.start + lineStart, end: found.end + lineStart };
}

export function parameterWords({ name, type, description, isSecret, default: value }: OutlineParameter): string {
  const kind = `Parameter "${markdownText(name)}", ${isSecret ? "a secret " : ""}${markdownText(type)}`;
  const start = value === undefined || isSecret ? "" : `, ${markdownText(JSON.stringify(value))} by default`;
  return `${kind}${start}.${description === undefined ? "" : ` ${markdownText(description)}`}`;
}

const stepsOffer: Offer = { text: "steps", detail: "what came of the steps before" };

function parameterOffer(parameter: OutlineParameter): Offer {
  return { text: parameter.name, detail: parameter.type, words: parameterWords(parameter) };
}

function stepOffer({ id, name, action }: OutlineStep): Offer {
  return { text: id, detail: action, ...(name !== id && { words: markdownText(name) }) };
}

function fieldOffers(): readonly Offer[] {
  return stepFields.map((field) => ({ text: field, detail: "", words: stepFieldWords[field] }));
}
