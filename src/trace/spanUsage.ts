// What a single span reports of its model, tokens and cost, and what of that can be believed.

import { modelName } from "./describeSpan";
import type { TokenCounts, TraceSpan } from "./schema";
import { tokenFields } from "./soundSpan";

export interface SpanUsage {
  /** Id without its provider; "" for a span that names none. */
  readonly model: string;
  readonly provider?: string | undefined;
  /** As the span itself names it, its provider included. */
  readonly modelId?: string | undefined;
  /** As reported, without fields that nobody knows; undefined where no number is. */
  readonly tokens?: TokenCounts | undefined;
  /** US dollars, as reported. */
  readonly cost?: number | undefined;
}

const tokenParts = ["input", "output", "reasoning", "cacheRead", "cacheWrite"] as const;

export function usageOfSpan(span: TraceSpan): SpanUsage {
  let tokens: TokenCounts | undefined;
  for (const field of tokenFields) {
    const count = span.tokens?.[field];
    if (count === undefined) continue;
    tokens ??= {};
    tokens[field] = count;
  }
  const { providerId: provider, modelId } = span.model ?? {};
  return { model: modelName(span), provider, modelId, tokens, cost: span.cost };
}

/**
 * As reported, else the sum of the parts; NaN where that is nothing. A span of zeros reports nothing: producers write zeros
 * where the model's API told no usage.
 */
export function totalTokens(counts: TokenCounts | undefined): number {
  const total = credible(counts?.total);
  if (total !== undefined && total !== 0) return total;
  let sum = 0;
  for (const part of tokenParts) sum += credible(counts?.[part]) ?? 0;
  return sum === 0 ? Number.NaN : sum;
}

/** What nobody can have used is left out, so that no sum becomes infinite. */
export function credible(value: number | undefined): number | undefined {
  return value !== undefined && Math.abs(value) <= Number.MAX_SAFE_INTEGER ? value : undefined;
}
