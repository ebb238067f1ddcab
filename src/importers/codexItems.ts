// Items of a rollout of Codex: which of them a model writes, what a call and its output say.

import { cutText } from "../trace/plainText";
import type { TraceSpan } from "../trace/schema";
import { exitCodeIn } from "./codexEvents";
import { fromJsonText } from "./jsonText";
import type { Fields } from "./otlpFields";
import { count, isFields, list, own, part, parts, text, wordsIn } from "./recordFields";
import { longestMessage } from "./transcript";

export interface CodexCall {
  readonly callId: string | undefined;
  readonly name: string;
  readonly input: unknown;
  /** Nothing follows that would tell its end: it is there when it is done. */
  readonly isDone: boolean;
}

export interface CodexOutput {
  readonly output: unknown;
  readonly error: string | undefined;
  readonly isError: boolean;
  /** The person said no, or stopped it. */
  readonly isRefused: boolean;
  readonly exitCode: number | undefined;
  readonly durationMs: number | undefined;
}

/** Undefined for an item that is no call. */
export function callOf(item: Fields): CodexCall | undefined {
  const type = text(item, "type") ?? "";
  const callId = text(item, "call_id") ?? text(item, "id");
  switch (type) {
    case "function_call":
      return { callId, name: nameOf(item), input: fromJsonText(own(item, "arguments")), isDone: false };
    case "custom_tool_call":
      return { callId, name: nameOf(item), input: fromJsonText(own(item, "input")), isDone: false };
    case "local_shell_call":
      return { callId, name: "shell", input: part(item, "action"), isDone: false };
    case "tool_search_call":
      return { callId, name: "tool_search", input: own(item, "arguments"), isDone: false };
    case "web_search_call":
      return { callId: text(item, "id"), name: "web_search", input: part(item, "action"), isDone: isCompleted(item) };
    case "image_generation_call":
      return { callId, name: "image_generation", input: own(item, "revised_prompt"), isDone: isCompleted(item) };
    default:
      return undefined;
  }
}

function nameOf(item: Fields): string {
  const name = text(item, "name") ?? "tool";
  const namespace = text(item, "namespace");
  // The name that the tool has where there are no namespaces.
  return namespace === undefined ? name : `${namespace.replace(/_+$/, "")}__${name.replace(/^_+/, "")}`;
}

function isCompleted(item: Fields): boolean {
  return text(item, "status") !== "in_progress";
}

/** Undefined for an item that is no output. */
export function outputOf(item: Fields): CodexOutput | undefined {
  const type = text(item, "type") ?? "";
  if (!/^(?:function_call|custom_tool_call|local_shell_call|tool_search)_output$/.test(type)) return undefined;
  const told = own(item, "output") ?? own(item, "tools");
  // A text of JSON with the output and what is known of it.
  const value = fromJsonText(told);
  const fields = isFields(value) && own(value, "output") !== undefined ? value : undefined;
  const content = isFields(told) ? (own(told, "content") ?? told) : told;
  const output = fields === undefined ? content : own(fields, "output");
  const metadata = part(fields, "metadata");
  const seconds = count(metadata, "duration_seconds") ?? wallSeconds(output);
  const exitCode = exitCodeIn(metadata) ?? exitCodeOf(output);
  const hasFailed = isFields(told) && own(told, "success") === false;
  const words = wordsIn(output);
  const isRefused = words !== undefined && refusal.test(words);
  const isError = hasFailed || isRefused || (exitCode !== undefined && exitCode !== 0);
  return {
    output,
    isError,
    isRefused,
    error: !isError ? undefined : exitCode === undefined ? words : `exit code ${exitCode}`,
    exitCode,
    durationMs: seconds === undefined ? undefined : Math.round(seconds * 1000),
  };
}

const refusal =
  /^(?:(?:exec command|patch) rejected by user|user (?:rejected|cancelled) MCP tool call|(?:Wall time: [\d.]+ seconds\n)?aborted by user)/;

/** The program writes it above the output of a command. */
const exitLine = /^(?:Exit code:|Process exited with code) (-?\d{1,10})\s*$/m;
const wallLine = /^Wall time: (\d+(?:\.\d+)?) seconds?\s*$/m;
const headLength = 400;

function headOf(output: unknown): string {
  const words = wordsIn(output)?.slice(0, headLength) ?? "";
  // What follows is the command's own.
  const end = words.search(/^Output:\s*$/m);
  return end < 0 ? words.split("\n").slice(0, 4).join("\n") : words.slice(0, end);
}

function exitCodeOf(output: unknown): number | undefined {
  const found = exitLine.exec(headOf(output));
  return found === null ? undefined : Number(found[1]);
}

function wallSeconds(output: unknown): number | undefined {
  const found = wallLine.exec(headOf(output));
  return found === null ? undefined : Number(found[1]);
}

/** The words of a message. */
export function wordsOfItem(item: Fields): string {
  return parts(item, "content")
    .flatMap((block) => text(block, "text") ?? [])
    .join("\n\n");
}

/** Thoughts, each as it is also told by an event. */
export function thoughtsOfItem(item: Fields): readonly string[] {
  return [...parts(item, "summary"), ...parts(item, "content")].flatMap((block) => text(block, "text") ?? []);
}

/** What a message of a person holds beside words, as images. */
export function hasOtherParts(item: Fields): boolean {
  return list(item, "content").some((block) => isFields(block) && text(block, "text") === undefined);
}

/** @param error why; without it the exit code says so */
export function failCall(span: TraceSpan, error: string | undefined, exitCode: number | undefined): void {
  span.status = "error";
  if (error !== undefined) span.statusMessage = cutText(error, longestMessage);
  else if (exitCode !== undefined) span.statusMessage ??= `exit code ${exitCode}`;
  if (exitCode !== undefined) span.attributes = { ...span.attributes, "process.exit.code": exitCode };
}
