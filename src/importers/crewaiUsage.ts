// The tokens of a model call as the providers count them, brought to the five counts of a trace, which add up: what is
// counted within another number is subtracted from it, and nothing goes below 0.

import type { TokenUsage } from "../recorder/traceTypes";
import { isFields } from "./crewaiEvent";
import type { Fields } from "./otlpFields";

/** Undefined for a call that reports none. */
export function crewTokens(usage: unknown): TokenUsage | undefined {
  if (!isFields(usage)) return undefined;
  return (
    // OpenAI, LiteLLM, Azure: cached tokens are within the prompt, and reasoning within the completion.
    counts(usage, ["prompt_tokens"], ["completion_tokens"], true) ??
    // Gemini: cached tokens are within the prompt, and thoughts beside the candidates.
    counts(usage, ["prompt_token_count"], ["candidates_token_count"], true, false) ??
    // Anthropic and Bedrock count cached tokens by themselves; OpenAI's responses tell theirs in details.
    counts(usage, ["input_tokens", "inputTokens"], ["output_tokens", "outputTokens"], hasDetails(usage))
  );
}

function hasDetails(usage: Fields): boolean {
  return isFields(usage["input_tokens_details"]);
}

function counts(
  usage: Fields,
  inputNames: readonly string[],
  outputNames: readonly string[],
  isCacheWithin: boolean,
  isReasoningWithin = true,
): TokenUsage | undefined {
  const allInput = count(usage, inputNames);
  const allOutput = count(usage, outputNames);
  if (allInput === undefined && allOutput === undefined) return undefined;
  const cacheRead = count(usage, cacheReadNames) ?? 0;
  const cacheWrite = count(usage, cacheWriteNames) ?? 0;
  const reasoning = count(usage, reasoningNames) ?? 0;
  const input = Math.max(0, (allInput ?? 0) - (isCacheWithin ? cacheRead + cacheWrite : 0));
  const output = Math.max(0, (allOutput ?? 0) - (isReasoningWithin ? reasoning : 0));
  return {
    input,
    output,
    reasoning,
    cacheRead,
    cacheWrite,
    total: input + output + reasoning + cacheRead + cacheWrite,
  };
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
