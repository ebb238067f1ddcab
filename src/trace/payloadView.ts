// Input and output of a span as what a person wants to see of them: a command as text, an edit as a diff, an answer as
// Markdown, anything else as JSON. Plain data, because it crosses to the panel; a long text is cut there and told so.

import { compactJson } from "./compactJson";
import { editChanges, type TextChange } from "./editDiff";
import { messageText, namedToolCalls } from "./messageText";
import { cutMark, cutMessageLength, cutOutputLength, isMessageCut, isOutputCut } from "./producerMarks";
import type { TraceSpan } from "./schema";
import { outputError } from "./spanError";
import { asFields, shellCommand, textField, toolCall } from "./toolCall";

/** UTF-16 units of a payload that a panel gets at once; it asks for more, or opens an editor. */
export const shownPayloadLength = 262_144;

export interface PayloadCut {
  /** UTF-16 units after which the producer cut the text: the rest is nowhere. Missing where only the view is cut. */
  readonly producerLimit?: number | undefined;
}

export type PayloadView =
  | { readonly type: "empty"; readonly text: ""; readonly totalLength: 0 }
  | {
      readonly type: "text" | "json" | "markdown";
      /** The beginning of the payload's text; all of it where `text.length === totalLength`. */
      readonly text: string;
      /** UTF-16 units of the whole text that the trace holds. */
      readonly totalLength: number;
      readonly cut?: PayloadCut | undefined;
    }
  | {
      readonly type: "diff";
      /** The call's arguments as JSON, for who wants them as text. */
      readonly text: string;
      readonly totalLength: number;
      readonly changes: readonly TextChange[];
      readonly cut?: PayloadCut | undefined;
    };

export interface WholePayload {
  readonly type: "text" | "json" | "markdown" | "diff" | "empty";
  readonly text: string;
  readonly changes?: readonly TextChange[] | undefined;
}

const empty: WholePayload = { type: "empty", text: "" };

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

/** The payload in full, of which `payloadView` shows the beginning. */
export function wholePayload(span: TraceSpan, field: "input" | "output"): WholePayload {
  return field === "input" ? wholeInput(span) : wholeOutput(span);
}

/** The payload for a panel: at most `shownPayloadLength` UTF-16 units of it. */
export function payloadView(span: TraceSpan, field: "input" | "output"): PayloadView {
  const whole = wholePayload(span, field);
  if (whole.type === "empty") return { type: "empty", text: "", totalLength: 0 };
  const keptLength = cutMark(span, field) === undefined ? undefined : whole.text.length;
  const producerLimit =
    keptLength ??
    (field === "output"
      ? isOutputCut(span)
        ? cutOutputLength
        : undefined
      : isMessageCut(span)
        ? cutMessageLength
        : undefined);
  const text = cutAtCharacter(whole.text, shownPayloadLength);
  const common = { text, totalLength: whole.text.length };
  if (whole.type === "diff") {
    const changes = cutChanges(whole.changes ?? []);
    const isCut = text.length < whole.text.length || changes.isCut;
    return { type: "diff", ...common, changes: changes.shown, ...(isCut ? { cut: {} } : {}) };
  }
  const isCut = text.length < whole.text.length || producerLimit !== undefined;
  const cut = producerLimit === undefined ? {} : { producerLimit };
  return { type: whole.type, ...common, ...(isCut ? { cut } : {}) };
}

/** The value as JSON of two spaces a level, as a text as it is; "" for nothing. Too deep a value is cut, not refused. */
export function prettyText(value: unknown): string {
  if (value === undefined) return "";
  if (typeof value === "string") return value;
  try {
    return JSON.stringify(value, null, 2) ?? "";
  } catch {
    // Nested too deeply for the engine, or not made of JSON.
    return compactJson(value, shownPayloadLength);
  }
}

function wholeInput(span: TraceSpan): WholePayload {
  const value = payloadValue(span, "input");
  if (isNothing(value)) return empty;
  if (span.kind !== "tool") return wholeValue(value);
  const call = toolCall(span);
  const changes = editChanges(call);
  if (changes !== undefined) return { type: "diff", text: prettyText(value), changes };
  const command = call.action === "shell" ? shellCommand(call.fields) : undefined;
  if (command !== undefined) return { type: "text", text: command };
  const written =
    call.action === "write"
      ? textField(call.fields, ["content", "file_text", "contents", "text", "code_edit"])
      : undefined;
  if (written !== undefined) return { type: "text", text: written };
  const query = call.action === "query" ? textField(call.fields, ["query", "sql", "statement"]) : undefined;
  return query === undefined ? wholeValue(value) : { type: "text", text: query };
}

function wholeOutput(span: TraceSpan): WholePayload {
  const value = payloadValue(span, "output");
  if (isNothing(value)) return empty;
  if (span.kind === "generation" || span.kind === "text") {
    // That tools were called is told by the list of calls.
    if (namedToolCalls(value) !== undefined) return empty;
    const text = typeof value === "string" ? value : messageText(value);
    return text === undefined ? wholeValue(value) : { type: "markdown", text };
  }
  const fields = asFields(value);
  if (fields !== undefined) {
    const names = Object.keys(fields);
    // The same text is shown as the error.
    if (span.status === "error" && names.length === 1 && outputError(value) !== undefined) return empty;
    const text = toolResultText(fields);
    if (text !== undefined) return { type: "text", text };
  }
  return wholeValue(value);
}

/** The text of a tool's result that is nothing but text: `{output}`, or the `{content: [{type: "text"}]}` of MCP. */
function toolResultText(fields: Readonly<Record<string, unknown>>): string | undefined {
  const names = Object.keys(fields).filter((name) => name !== "isError" && name !== "is_error" && name !== "type");
  if (names.length !== 1) return undefined;
  const value = fields[names[0] ?? ""];
  if (typeof value === "string")
    return ["output", "content", "text", "stdout", "result"].includes(names[0] ?? "") ? value : undefined;
  if (names[0] !== "content" || !Array.isArray(value)) return undefined;
  const parts = (value as unknown[]).map((part) => asFields(part));
  if (!parts.every((part) => part?.["type"] === "text" && typeof part["text"] === "string")) return undefined;
  return parts.map((part) => part?.["text"]).join("\n");
}

function wholeValue(value: unknown): WholePayload {
  if (typeof value !== "string") return { type: "json", text: prettyText(value) };
  return { type: looksLikeJson(value) ? "json" : "text", text: value };
}

/** Decided by both ends and a parse of what is not too long, because a log line may start with a bracket too. */
function looksLikeJson(text: string): boolean {
  if (text.length > shownPayloadLength || !/^\s*[[{]/.test(text) || !/[\]}]\s*$/.test(text.slice(-100))) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
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

function cutChanges(changes: readonly TextChange[]): { readonly shown: TextChange[]; readonly isCut: boolean } {
  let left = shownPayloadLength;
  let isCut = false;
  const shown: TextChange[] = [];
  for (const { path, oldText, newText } of changes) {
    if (left <= 0) {
      isCut = true;
      break;
    }
    const change = { path, oldText: cutAtCharacter(oldText, left), newText: cutAtCharacter(newText, left) };
    isCut ||= change.oldText.length < oldText.length || change.newText.length < newText.length;
    left -= Math.max(change.oldText.length, change.newText.length);
    shown.push(change);
  }
  return { shown, isCut };
}

/** At most `length` UTF-16 units, never half a surrogate pair. */
export function cutAtCharacter(text: string, length: number): string {
  if (text.length <= length) return text;
  const last = text.charCodeAt(length - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length);
}
