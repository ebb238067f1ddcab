// The content of a message of Claude Code: what was said and thought, what was called, what came back.

import type { TokenCounts } from "../trace/schema";
import type { Fields } from "./otlpFields";
import { count, isFields, list, text, wordsIn } from "./recordFields";

export interface MessageContent {
  /** What was said, with images: blocks but for calls and results. */
  readonly said: readonly Fields[];
  readonly calls: readonly Fields[];
  readonly results: readonly Fields[];
}

export function contentOf(message: Fields): MessageContent {
  const content = message["content"];
  if (typeof content === "string") return { said: [{ type: "text", text: content }], calls: [], results: [] };
  const blocks = list(message, "content").filter(isFields);
  return {
    said: blocks.filter(({ type }) => !isCall(type) && !isResult(type)),
    calls: blocks.filter(({ type }) => isCall(type)),
    results: blocks.filter(({ type }) => isResult(type)),
  };
}

/** Tools that run at the provider have types of their own: `server_tool_use`, `web_search_tool_result`. */
function isCall(type: unknown): boolean {
  return typeof type === "string" && type.endsWith("tool_use");
}

function isResult(type: unknown): boolean {
  return typeof type === "string" && type.endsWith("tool_result");
}

/** A text where there is nothing else, so that it reads as one. Undefined for nothing. */
export function payloadOf(blocks: readonly Fields[]): unknown {
  const [first] = blocks;
  if (blocks.length === 1 && first?.["type"] === "text") return text(first, "text");
  return blocks.length === 0 ? undefined : blocks;
}

export function textOf(blocks: readonly Fields[]): string | undefined {
  return wordsIn(blocks);
}

/** Claude counts cached tokens beside the others, and thinking among the answer's. */
export function tokensOf(usage: Fields | undefined): TokenCounts | undefined {
  const input = count(usage, "input_tokens");
  const output = count(usage, "output_tokens");
  if (input === undefined && output === undefined) return undefined;
  const counts = {
    input: input ?? 0,
    output: output ?? 0,
    reasoning: 0,
    cacheRead: count(usage, "cache_read_input_tokens") ?? 0,
    cacheWrite: count(usage, "cache_creation_input_tokens") ?? 0,
  };
  return { ...counts, total: counts.input + counts.output + counts.cacheRead + counts.cacheWrite };
}

/** What the program tells the model when a person says no, or stops it. */
const refusals = /^(?:\[Request interrupted by user|The user doesn't want to (?:proceed|take this action))/;

export function isRefusal(message: string): boolean {
  return refusals.test(message);
}

/**
 * What the person asked for, in words for a title: of a command its name and arguments. Undefined for what the program
 * itself writes in the person's name.
 */
export function promptOf(words: string): string | undefined {
  if (/^\s*(?:Caveat: The messages below|<local-command-|<task-notification>|<bash-std)/.test(words)) return undefined;
  const command = /<command-name>([^<]{1,200})<\/command-name>/.exec(words)?.[1];
  if (command === undefined) return words;
  const given = /<command-args>([^<]*)<\/command-args>/.exec(words)?.[1]?.trim() ?? "";
  return given === "" ? command.trim() : `${command.trim()} ${given}`;
}

export function errorText(content: unknown): string {
  const words = wordsIn(content) ?? "";
  return words.replace(/^<tool_use_error>([\s\S]*)<\/tool_use_error>$/, "$1");
}
