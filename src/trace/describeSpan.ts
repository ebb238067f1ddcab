// What a step is about and what came of it, in a few words: the texts of a row of the tree. Called for every span of a
// trace, so nothing here looks at more than the beginning of a text or a few hundred parts of a value.

import { assertNever } from "../base/assert";
import { compactJson } from "./compactJson";
import { formatCount } from "./formatValue";
import { oneLine } from "./plainText";
import { skippedAttribute } from "./runAttributes";
import type { TraceSpan } from "./schema";
import { describeOutcome } from "./spanOutcome";
import { asFields, type Fields, numberField, pathFields, shellCommand, textField, toolCall } from "./toolCall";

const labelLength = 200;
/** How much of a long text is given to `oneLine` at most. */
const lookedAtLength = 2_000;

/** Both texts are one line, free of control and bidi characters, and at most 200 characters; "" where nothing is known. */
export function describeSpan(span: TraceSpan): { label: string; outcome: string } {
  return { label: oneLine(describe(span).slice(0, lookedAtLength), labelLength), outcome: describeOutcome(span) };
}

function describe(span: TraceSpan): string {
  switch (span.kind) {
    case "tool":
      return describeTool(span);
    case "generation":
      return describeGeneration(span);
    case "user-message":
      return firstLine(textOf(span.input)) || firstLine(textOf(span.output));
    case "text":
      return firstLine(textOf(span.output)) || firstLine(textOf(span.input));
    case "session":
      return textField(span.attributes ?? {}, ["title", "session.title"]) ?? firstLine(textOf(span.input));
    case "span":
      return describePlainSpan(span);
    default:
      return assertNever(span.kind, "span kind");
  }
}

function describeTool(span: TraceSpan): string {
  const { action, fields, text } = toolCall(span);
  if (text !== undefined) return patchPaths(text) ?? firstLine(text);
  const command = shellCommand(fields);
  if (command !== undefined && (action === "shell" || !isFileAction(action))) return command;
  const patch = textField(fields, ["input", "patch", "patchText", "diff"]);
  const patched = patch === undefined ? undefined : patchPaths(patch);
  if (patched !== undefined) return patched;
  const path = textField(fields, pathFields);
  const pattern = textField(fields, ["pattern", "regex", "glob", "glob_pattern", "globPattern", "search_term"]);
  if (pattern !== undefined && !isFileAction(action)) {
    const where = path ?? textField(fields, ["directory", "dir", "target_directory", "include", "includePattern"]);
    return where === undefined ? pattern : `${pattern} in ${where}`;
  }
  const query = textField(fields, ["query", "sql", "statement", "q"]);
  if (action === "query" && query !== undefined) return firstLine(query);
  if (path !== undefined) return path + readRange(fields);
  const paths = firstList(fields, ["paths", "file_paths", "filePaths", "files", "edits", "replacements"]);
  if (paths !== undefined) return paths;
  const url = textField(fields, ["url", "uri", "href", "endpoint"]);
  if (url !== undefined) return url;
  if (query !== undefined) return firstLine(query);
  const words = textField(fields, [
    "description",
    "title",
    "prompt",
    "question",
    "message",
    "text",
    "task",
    "name",
    "skill",
  ]);
  if (words !== undefined) return firstLine(words);
  return describeTodos(fields) ?? describeValue(fields);
}

function describeGeneration(span: TraceSpan): string {
  const model = modelName(span);
  const said = firstLine(textOf(span.output)) || (span.finishReason ?? "");
  return model === "" || said === "" ? model + said : `${model} · ${said}`;
}

/** The model's id without its provider: "claude-sonnet-4-5"; "" where the span names none. */
export function modelName(span: Pick<TraceSpan, "model" | "attributes">): string {
  const id =
    span.model?.modelId ??
    textField(span.attributes ?? {}, [
      "gen_ai.response.model",
      "gen_ai.request.model",
      "llm.model_name",
      "ai.model.id",
    ]) ??
    "";
  return id.slice(id.lastIndexOf("/") + 1);
}

/** Attributes that say best what a span is about, in this order; instrumentation writes one of them. */
const primaryAttributes = [
  "db.query.text",
  "db.statement",
  "db.query.summary",
  "process.command_line",
  "process.command",
  "url.full",
  "http.url",
  "url.path",
  "http.target",
  "gen_ai.agent.name",
  "agent.name",
  "graph.node.id",
  "gen_ai.workflow.name",
  "traceloop.entity.name",
  "rpc.method",
  "messaging.destination.name",
  "mcp.method.name",
  "code.function.name",
  "code.function",
];

function describePlainSpan(span: TraceSpan): string {
  const attributes = span.attributes ?? {};
  const total = numberField(attributes, ["totalSpans"]);
  const elided = numberField(attributes, ["elided"]);
  if (total !== undefined && elided !== undefined)
    return `${formatCount(elided)} of ${formatCount(total)} spans left out by the producer`;
  const skipped = textField(attributes, [skippedAttribute]);
  if (skipped !== undefined) return firstLine(skipped);
  const primary = textField(attributes, primaryAttributes);
  if (primary !== undefined && primary !== span.name) {
    const method = textField(attributes, ["http.request.method", "http.method"]);
    const isUrl = primary === attributes["url.full"] || primary === attributes["http.url"];
    return method !== undefined && isUrl ? `${method} ${primary}` : firstLine(primary);
  }
  const fields = asFields(span.input);
  if (fields === undefined) return firstLine(textOf(span.input));
  return shellCommand(fields) ?? textField(fields, pathFields) ?? describeValue(fields);
}

function isFileAction(action: ReturnType<typeof toolCall>["action"]): boolean {
  return action === "read" || action === "write" || action === "edit";
}

/** ":120", ":120-160" after the path of a call that reads part of a file. */
function readRange(fields: Fields): string {
  const range = fields["view_range"] ?? fields["viewRange"];
  const [first, second] = Array.isArray(range) ? (range as unknown[]) : [];
  const start =
    (typeof first === "number" ? first : undefined) ??
    numberField(fields, ["offset", "start_line", "startLine", "start_line_one_indexed", "StartLine", "line"]);
  if (start === undefined || start < 1) return "";
  const limit = numberField(fields, ["limit"]);
  const end =
    (typeof second === "number" ? second : undefined) ??
    numberField(fields, ["end_line", "endLine", "end_line_one_indexed_inclusive", "EndLine"]) ??
    (limit === undefined ? undefined : start + limit - 1);
  return end === undefined || end <= start ? `:${start}` : `:${start}-${end}`;
}

/** The files that a patch names, the first one and how many more; undefined for a text that is no patch. */
function patchPaths(text: string): string | undefined {
  const found = new Set<string>();
  const head = text.length > 100_000 ? text.slice(0, 100_000) : text;
  for (const match of head.matchAll(/^(?:\*\*\* (?:Update|Add|Delete) File: |\+\+\+ (?:b\/)?)([^\t\r\n]{1,500})/gm)) {
    if (match[1] !== undefined && match[1] !== "/dev/null") found.add(match[1].trim());
  }
  return andMore([...found]);
}

function firstList(fields: Fields, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = fields[name];
    if (!Array.isArray(value)) continue;
    const texts = value.slice(0, 1_000).flatMap((item: unknown) => {
      const text = typeof item === "string" ? item : textField(asFields(item) ?? {}, pathFields);
      return text === undefined ? [] : [text];
    });
    const unique = [...new Set(texts)];
    if (unique.length > 0) return andMore(unique);
  }
  return undefined;
}

function andMore(texts: readonly string[]): string | undefined {
  const [first] = texts;
  if (first === undefined) return undefined;
  return texts.length === 1 ? first : `${first} and ${texts.length - 1} more`;
}

function describeTodos(fields: Fields): string | undefined {
  const todos = fields["todos"] ?? fields["plan"] ?? fields["items"];
  if (!Array.isArray(todos) || todos.length === 0) return undefined;
  const entries = todos.slice(0, 1_000).map((todo: unknown) => asFields(todo) ?? {});
  const done = entries.filter((todo) => todo["status"] === "completed" || todo["status"] === "done").length;
  const current = entries.find((todo) => todo["status"] === "in_progress" || todo["status"] === "in-progress");
  const words = textField(current ?? {}, ["content", "step", "title", "activeForm", "text"]);
  return words === undefined ? `${done} of ${entries.length} done` : `${done} of ${entries.length} done · ${words}`;
}

function describeValue(fields: Fields): string {
  return Object.keys(fields).length === 0 ? "" : compactJson(fields, labelLength);
}

/** A text as it is, the text of a message's parts, else compact JSON; "" for nothing. */
function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === undefined || value === null) return "";
  const parts = Array.isArray(value) ? value.slice(0, 20) : [value];
  for (const part of parts) {
    if (typeof part === "string" && part.trim() !== "") return part;
    const text = textField(asFields(part) ?? {}, ["text", "content", "message", "output", "value"]);
    if (text !== undefined) return text;
  }
  return compactJson(value, labelLength);
}

/** The first line with something on it. */
function firstLine(text: string): string {
  const start = text.slice(0, lookedAtLength).search(/\S/);
  if (start < 0) return "";
  const rest = text.slice(start, start + lookedAtLength);
  const end = rest.search(/[\r\n\u2028\u2029]/);
  return end < 0 ? rest : rest.slice(0, end);
}
