// The words of a model's message, whichever shape an API or instrumentation gives it: a text, parts, a list of messages.

import { asFields, textField } from "./toolCall";

/** Levels of lists and messages that are looked into. */
const deepest = 5;
const mostParts = 2_000;

/**
 * Texts of all parts, joined by empty lines; undefined where the value has none. What a model thought to itself, tool
 * calls and their results are no words of the message.
 */
export function messageText(value: unknown): string | undefined {
  const texts: string[] = [];
  collect(value, texts, 0);
  const joined = texts.join("\n\n");
  return joined.trim() === "" ? undefined : joined;
}

function collect(value: unknown, texts: string[], depth: number): void {
  if (depth > deepest || texts.length >= mostParts) return;
  if (typeof value === "string") {
    if (value.trim() !== "") texts.push(value);
    return;
  }
  if (Array.isArray(value)) {
    for (const part of value.slice(0, mostParts) as unknown[]) collect(part, texts, depth + 1);
    return;
  }
  const fields = asFields(value);
  if (fields === undefined || isWordless(fields)) return;
  const text = textField(fields, ["text", "content", "output_text", "refusal"]);
  if (text !== undefined) texts.push(text);
  else collect(fields["parts"] ?? fields["content"] ?? fields["message"] ?? fields["choices"], texts, depth + 1);
}

function isWordless(fields: Readonly<Record<string, unknown>>): boolean {
  const { type, role } = fields;
  if (role === "tool" || role === "system" || role === "developer") return true;
  return typeof type === "string" && /tool|function|reasoning|thinking|image|audio|file/i.test(type);
}

const calledTools = /^\[tool calls?: ([^\]]{1,2000})\]$/;

/** Names in an output that only says which tools were called ("[tool calls: bash, read]"); undefined for any other. */
export function namedToolCalls(output: unknown): string[] | undefined {
  if (typeof output !== "string" || output.length > 2_100) return undefined;
  return calledTools.exec(output.trim())?.[1]?.split(", ");
}
