// Model, tokens, cost and reason to stop, as instrumentations report them; nothing is estimated. The input tokens of every
// convention include cached ones and the output tokens include reasoning, while the five counts of a trace add up: what is
// counted by itself is subtracted, and nothing goes below 0.

import type { TokenUsage } from "../recorder/traceTypes";
import type { TraceSpan } from "../trace/schema";
import { fromJsonText } from "./jsonText";
import type { OtlpAttributes } from "./otlpAttributes";

export interface OtlpUsage {
  readonly tokens?: TokenUsage | undefined;
  /** US dollars. */
  readonly cost?: number | undefined;
}

/** Undefined for a span that reports neither. */
export function otlpUsage(attributes: OtlpAttributes): OtlpUsage | undefined {
  const tokens = tokensOf(attributes);
  const cost = costOf(attributes);
  return tokens === undefined && cost === undefined ? undefined : { tokens, cost };
}

function tokensOf(attributes: OtlpAttributes): TokenUsage | undefined {
  const input = attributes.count([
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.prompt_tokens",
    "llm.token_count.prompt",
    "ai.usage.inputTokens",
    "ai.usage.promptTokens",
    "ai.usage.tokens",
  ]);
  const output = attributes.count([
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.completion_tokens",
    "llm.token_count.completion",
    "ai.usage.outputTokens",
    "ai.usage.completionTokens",
  ]);
  const cacheRead = attributes.count([
    "gen_ai.usage.cache_read.input_tokens",
    "gen_ai.usage.cache_read_input_tokens",
    "llm.token_count.prompt_details.cache_read",
    "ai.usage.inputTokenDetails.cacheReadTokens",
    "ai.usage.cachedInputTokens",
  ]);
  const cacheWrite = attributes.count([
    "gen_ai.usage.cache_creation.input_tokens",
    "gen_ai.usage.cache_creation_input_tokens",
    "llm.token_count.prompt_details.cache_write",
    "ai.usage.inputTokenDetails.cacheWriteTokens",
  ]);
  const reasoning = attributes.count([
    "gen_ai.usage.reasoning.output_tokens",
    "gen_ai.usage.reasoning_tokens",
    "llm.token_count.completion_details.reasoning",
    "ai.usage.outputTokenDetails.reasoningTokens",
    "ai.usage.reasoningTokens",
  ]);
  if (input === undefined && output === undefined) return undefined;
  const counts = {
    input: Math.max(0, (input ?? 0) - (cacheRead ?? 0) - (cacheWrite ?? 0)),
    output: Math.max(0, (output ?? 0) - (reasoning ?? 0)),
    reasoning: reasoning ?? 0,
    cacheRead: cacheRead ?? 0,
    cacheWrite: cacheWrite ?? 0,
  };
  const total = counts.input + counts.output + counts.reasoning + counts.cacheRead + counts.cacheWrite;
  return { ...counts, total };
}

/** OpenInference, what several instrumentations write beside GenAI, and Pydantic AI. */
const costNames = ["llm.cost.total", "gen_ai.usage.cost", "operation.cost"];

function costOf({ all }: OtlpAttributes): number | undefined {
  for (const name of costNames) {
    const value = all[name];
    const cost = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
    if (typeof cost === "number" && Number.isFinite(cost)) return cost;
  }
  return undefined;
}

/** The model that was asked for: a call that failed names no other, and its next attempt is to be known by it. */
export function otlpModel(attributes: OtlpAttributes): TraceSpan["model"] {
  const modelId = attributes.text([
    "gen_ai.request.model",
    "llm.model_name",
    "ai.model.id",
    "gen_ai.response.model",
    "ai.response.model",
  ]);
  if (modelId === undefined) return undefined;
  const providerId = attributes.text([
    "gen_ai.provider.name",
    "gen_ai.system",
    "llm.provider",
    "llm.system",
    "ai.model.provider",
  ]);
  return { modelId, ...(providerId === undefined ? {} : { providerId }) };
}

/** That of the first answer, where several were asked for. */
export function otlpFinishReason(attributes: OtlpAttributes): string | undefined {
  const reasons = fromJsonText(attributes.all["gen_ai.response.finish_reasons"]);
  const [first] = Array.isArray(reasons) ? (reasons as unknown[]) : [reasons];
  if (typeof first === "string" && first !== "") return first;
  return attributes.text([
    "ai.response.finishReason",
    "llm.finish_reason",
    "gen_ai.response.finish_reason",
    "gen_ai.completion.0.finish_reason",
  ]);
}
