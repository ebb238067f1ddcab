// Input and output of a span as what a person wants to see of them: a command as text, an edit as a diff, an answer as
// Markdown, arguments as fields, anything else as JSON. Whole: what a panel gets of it is for `Payload` to cut.

import { compactJson } from "./compactJson";
import { contentFields, editChanges, type TextChange } from "./editDiff";
import { messageText, namedToolCalls } from "./messageText";
import type { TraceSpan } from "./schema";
import { outputError } from "./spanError";
import { asFields, type Fields, shellCommand, textField, toolCall } from "./toolCall";

export interface WholePayload {
  /** How it is shown unless the person chose otherwise. */
  readonly type: "text" | "json" | "markdown" | "diff" | "empty";
  /** What is copied and opened. */
  readonly text: string;
  /** What the text was taken from, or is the JSON of; undefined where there is nothing but the text. */
  readonly value?: unknown;
  /** The text is the JSON of `value` as it is written here, not in the trace. */
  readonly isMade?: boolean | undefined;
  /** Names of the fields of `value` that stand beside the text or the diff; left out where all of `value` is shown. */
  readonly beside?: readonly string[] | undefined;
  readonly changes?: readonly TextChange[] | undefined;
}

const empty: WholePayload = { type: "empty", text: "" };
/** UTF-16 units; a longer text is not tried as JSON. */
const longestParsed = 32 * 1024 * 1024;
/** UTF-16 units of a value that is nested too deeply to be written as JSON. */
const longestCompact = 262_144;

const outputAttributes = [
  "gen_ai.output.messages",
  "gen_ai.tool.call.result",
  "ai.response.text",
  "ai.toolCall.result",
  "ai.response.object",
  "output.value",
  "traceloop.entity.output",
];
const inputAttributes = [
  "gen_ai.input.messages",
  "gen_ai.tool.call.arguments",
  "ai.prompt.messages",
  "ai.prompt",
  "ai.toolCall.args",
  "input.value",
  "traceloop.entity.input",
];

/** The value behind a payload: the field, or the attribute in which instrumentation keeps it. */
export function payloadValue(span: TraceSpan, field: "input" | "output"): unknown {
  if (span[field] !== undefined) return span[field];
  const attributes = span.attributes ?? {};
  const name = (field === "input" ? inputAttributes : outputAttributes).find(
    (candidate) => attributes[candidate] !== undefined,
  );
  return name === undefined ? undefined : attributes[name];
}

export function wholePayload(span: TraceSpan, field: "input" | "output"): WholePayload {
  return field === "input" ? wholeInput(span) : wholeOutput(span);
}

/** The value as JSON of two spaces a level, as a text as it is; "" for nothing. Too deep a value is cut, not refused. */
export function prettyText(value: unknown): string {
  if (value === undefined) return "";
  if (typeof value === "string") return value;
  try {
    return JSON.stringify(value, null, 2) ?? "";
  } catch {
    // Nested too deeply for the engine, or not made of JSON.
    return compactJson(value, longestCompact);
  }
}

function wholeInput(span: TraceSpan): WholePayload {
  const given = payloadValue(span, "input");
  if (span.kind !== "tool") return isNothing(given) ? empty : wholeValue(given);
  const call = toolCall(span);
  const { fields } = call;
  const value = given ?? call.text ?? fields;
  if (isNothing(value)) return empty;
  const beside = (isShown: (name: string, value: unknown) => boolean) =>
    Object.keys(fields).filter((name) => !isShown(name, fields[name]));
  const text = mainText(call.action, fields);
  const isText = (name: string, field: unknown) => field === text || isCommandList(name, field);
  const changes = editChanges(call);
  if (changes !== undefined) {
    const isShown = (name: string, field: unknown) =>
      isText(name, field) || isChangeField(name) || (changes.length === 1 && field === changes[0]?.path);
    const whole = text ?? prettyText(value);
    const isMade = text === undefined && value === fields;
    return { type: "diff", text: whole, value: fields, isMade, beside: beside(isShown), changes };
  }
  if (text !== undefined) return { type: "text", text, value: fields, beside: beside(isText) };
  return wholeValue(value);
}

/** What a call is about where that is one text among its arguments. */
function mainText(action: ReturnType<typeof toolCall>["action"], fields: Fields): string | undefined {
  switch (action) {
    case "shell":
      return shellCommand(fields);
    case "write":
      return textField(fields, contentFields);
    case "query":
      return textField(fields, ["query", "sql", "statement"]);
    default:
      return undefined;
  }
}

function isChangeField(name: string): boolean {
  return /^(?:edits|replacements|changes|input|patch|patchText|diff|old_?(?:string|str|text|content)|new_?(?:string|str|text|content|source))$/i.test(
    name,
  );
}

function isCommandList(name: string, value: unknown): boolean {
  return Array.isArray(value) && (name === "command" || name === "cmd" || name === "argv");
}

function wholeOutput(span: TraceSpan): WholePayload {
  const value = payloadValue(span, "output");
  if (isNothing(value)) return empty;
  if (span.kind === "generation" || span.kind === "text") {
    // That tools were called is told by the list of calls.
    if (namedToolCalls(value) !== undefined) return empty;
    if (typeof value === "string") return { type: "markdown", text: value };
    const text = messageText(value);
    return text === undefined ? wholeValue(value) : { type: "markdown", text, value };
  }
  const fields = asFields(value);
  if (fields !== undefined) {
    const names = Object.keys(fields);
    // The same text is shown as the error.
    if (span.status === "error" && names.length === 1 && outputError(value) !== undefined) return empty;
    const text = toolResultText(fields);
    if (text !== undefined) return { type: "text", text, value };
  }
  return wholeValue(value);
}

/** The text of a tool's result that is nothing but text: `{output}`, or the `{content: [{type: "text"}]}` of MCP. */
function toolResultText(fields: Fields): string | undefined {
  const names = Object.keys(fields).filter((name) => name !== "isError" && name !== "is_error" && name !== "type");
  if (names.length !== 1) return undefined;
  const value = fields[names[0] ?? ""];
  if (typeof value === "string")
    return ["output", "content", "text", "stdout", "result"].includes(names[0] ?? "") ? value : undefined;
  if (names[0] !== "content" || !Array.isArray(value)) return undefined;
  const parts = (value as unknown[]).map((part) => asFields(part));
  // Images are shown as what they are, beside the text.
  const texts = parts.filter((part) => part?.["type"] !== "image");
  if (texts.length === 0 || !texts.every((part) => part?.["type"] === "text" && typeof part["text"] === "string")) {
    return undefined;
  }
  return texts.map((part) => part?.["text"]).join("\n");
}

function wholeValue(value: unknown): WholePayload {
  if (typeof value !== "string") return { type: "json", text: prettyText(value), value, isMade: true };
  const parsed = parsedJson(value);
  return parsed === undefined ? { type: "text", text: value } : { type: "json", text: value, value: parsed };
}

/** Tried only where both ends say so, because a log line may start with a bracket too. */
function parsedJson(text: string): unknown {
  if (text.length > longestParsed || !/^\s*[[{]/.test(text) || !/[\]}]\s*$/.test(text.slice(-100))) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isNothing(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    value === "" ||
    (asFields(value) !== undefined && Object.keys(value as object).length === 0)
  );
}
