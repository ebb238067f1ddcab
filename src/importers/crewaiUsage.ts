// The tokens of a model call, brought to the five counts of a trace, which add up: what is counted within another number
// is subtracted from it, and nothing goes below 0. Shapes: crewAI 1.15, `llms/providers/*/completion.py` and `llm.py`; the
// names of what each provider counts stay, and cached and reasoning tokens stand beside them under names of crewAI's own.

import type { TokenUsage } from "../recorder/traceTypes";
import { isFields } from "./crewaiEvent";
import type { Fields } from "./otlpFields";

/** Undefined for a call that reports none. */
export function crewTokens(usage: unknown): TokenUsage | undefined {
  if (!isFields(usage)) return undefined;
  const allInput = count(usage, ["prompt_tokens", "prompt_token_count", "input_tokens", "inputTokens"]);
  // Gemini tells its candidates without its thoughts, and crewAI the sum of both beside them.
  const allOutput = count(usage, ["completion_tokens", "output_tokens", "outputTokens"]);
  const candidates = allOutput === undefined ? count(usage, ["candidates_token_count"]) : undefined;
  if (allInput === undefined && allOutput === undefined && candidates === undefined) return undefined;
  const cacheRead = count(usage, cacheReadNames) ?? 0;
  const cacheWrite = count(usage, cacheWriteNames) ?? 0;
  const reasoning = count(usage, reasoningNames) ?? 0;
  const cachedWithin = isCacheWithinInput(usage) ? cacheRead + cacheWrite : 0;
  const input = Math.max(0, (allInput ?? 0) - cachedWithin);
  const output = candidates ?? Math.max(0, (allOutput ?? 0) - reasoning);
  const total = input + output + reasoning + cacheRead + cacheWrite;
  return { input, output, reasoning, cacheRead, cacheWrite, total };
}

/**
 * Bedrock and Anthropic count cached tokens beside their input. crewAI adds them to that of Anthropic since it tells
 * `cache_creation_tokens`; everybody else counts them within.
 */
function isCacheWithinInput(usage: Fields): boolean {
  const has = (name: string) => count(usage, [name]) !== undefined;
  if (has("prompt_tokens") || has("prompt_token_count")) return true;
  return has("input_tokens") && (has("cache_creation_tokens") || isFields(usage["input_tokens_details"]));
}

const cacheReadNames = [
  "cached_prompt_tokens",
  "prompt_tokens_details.cached_tokens",
  "input_tokens_details.cached_tokens",
  "cache_read_input_tokens",
  "cacheReadInputTokens",
  "cacheReadInputTokenCount",
  "cached_content_token_count",
];
const cacheWriteNames = [
  "cache_creation_tokens",
  "cache_creation_input_tokens",
  "cacheWriteInputTokens",
  "cacheWriteInputTokenCount",
];
const reasoningNames = [
  "reasoning_tokens",
  "completion_tokens_details.reasoning_tokens",
  "output_tokens_details.reasoning_tokens",
  "thoughts_token_count",
];

/** The first of these that is a count; a dot leads into an object. */
function count(usage: Fields, names: readonly string[]): number | undefined {
  for (const name of names) {
    const [outer = "", inner] = name.split(".");
    const value = Object.hasOwn(usage, outer) ? usage[outer] : undefined;
    const found = inner === undefined ? value : isFields(value) ? value[inner] : undefined;
    if (typeof found === "number" && Number.isFinite(found) && found >= 0) return found;
  }
  return undefined;
}
