// What a step does, as a text that is equal for two attempts at the same thing: a failure followed by a success with the
// same key is recovered. The key names the aim (a command, a file, a query), not every argument, because a second
// attempt at an edit or a read seldom repeats the first one's arguments.

import { attemptAttribute, stepAttribute } from "./runAttributes";
import type { SpanKind, TraceSpan } from "./schema";
import { asFields, type Fields, pathFields, shellCommand, textField, toolCall } from "./toolCall";

// What says more comes first: a search is known by its pattern rather than by the folder it searches.
export const aimFields = ["query", "sql", "url", "uri", "pattern", "regex"];
// The same command in another folder is another action.
const folderFields = ["cwd", "workdir", "workingDirectory", "working_directory"];

/**
 * Key of the span's action. Spans with equal keys have the same kind and, unless they are generations or attempts, the
 * same name: `findFailures` relies on it. A generation is an attempt at an answer of its model, an attempt at a step of a
 * playbook one at what is above it, and such a step is the same wherever that step of that file is run.
 */
export function actionKey(span: TraceSpan): string {
  const { kind, name, attributes } = span;
  if (kind === "generation") return generationKey(span.model?.providerId, span.model?.modelId);
  if (attributes?.[attemptAttribute] !== undefined) return attemptKey(kind, span.parentSpanId);
  if (attributes?.[stepAttribute] !== undefined) return stepKey(kind, name, attributes);
  const { fields, text } = toolCall(span);
  return `${kind}\0${name}\0${text === undefined ? aim(fields, span.input) : `text:${text}`}`;
}

export function attemptKey(kind: SpanKind, parentSpanId: string | null): string {
  return `${kind}\0attempt\0of:${parentSpanId ?? ""}`;
}

/** By its id in its file, which stays where lines are moved. */
export function stepKey(kind: SpanKind, name: string, attributes: Fields): string {
  const { id } = asFields(attributes[stepAttribute]) ?? {};
  return `${kind}\0${name}\0step:${hashOfJson([attributes["code.file.path"], id])}`;
}

export function generationKey(provider: string | undefined, modelId: string | undefined): string {
  return `generation\0${provider ?? ""}\0${modelId ?? ""}`;
}

function aim(fields: Fields, input: unknown): string {
  const command = shellCommand(fields);
  const folder = textField(fields, folderFields);
  if (command !== undefined) return folder === undefined ? `command:${command}` : `command:${command}\0in:${folder}`;
  const named = textField(fields, aimFields) ?? textField(fields, pathFields);
  return named === undefined ? `json:${hashOfJson(input ?? fields)}` : `aim:${named}`;
}

/**
 * Hash of a JSON value in which the order of fields does not count: 64 bits as two FNV-like sums. Walks with its own
 * stack, because JSON from a trace may be nested more deeply than the call stack allows.
 */
export function hashOfJson(root: unknown): string {
  let low = 0x811c9dc5;
  let high = 0x1b873593;
  const add = (text: string) => {
    for (let index = 0; index <= text.length; index++) {
      // One unit beyond the text's end stands for that end, so that "a", "bc" differs from "ab", "c".
      const unit = index < text.length ? text.charCodeAt(index) : 0x1ffff;
      low = Math.imul(low ^ unit, 0x01000193);
      high = Math.imul(high ^ unit, 0x85ebca6b) ^ (high >>> 13);
    }
  };
  const pending: (string | { readonly value: unknown })[] = [{ value: root }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (typeof next === "string") {
      add(next);
      continue;
    }
    const value = next.value;
    if (Array.isArray(value)) {
      add("[");
      pending.push("]");
      for (let index = value.length - 1; index >= 0; index--) pending.push({ value: value[index] });
    } else if (value !== null && typeof value === "object") {
      const fields = value as Fields;
      add("{");
      pending.push("}");
      for (const name of Object.keys(fields).sort().reverse()) pending.push({ value: fields[name] }, `.${name}`);
    } else {
      add(`${typeof value}:${String(value)}`);
    }
  }
  return (high >>> 0).toString(16).padStart(8, "0") + (low >>> 0).toString(16).padStart(8, "0");
}
