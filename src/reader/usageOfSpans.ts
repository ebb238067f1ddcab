// Tokens and cost by row, of spans that are objects in memory.

import type { TokenCounts, TraceSpan } from "../trace/schema";
import type { UsageColumns } from "./picture";

/** @param rows of the columns, which may be one more than there are spans */
export function usageOfSpans(spans: readonly TraceSpan[], rows: number): UsageColumns {
  const tokens = new Float64Array(rows).fill(Number.NaN);
  const cost = new Float64Array(rows).fill(Number.NaN);
  for (const [row, span] of spans.entries()) {
    tokens[row] = totalTokens(span.tokens);
    if (isCredible(span.cost)) cost[row] = span.cost;
  }
  return { tokens, cost };
}

/** As reported, else the sum of the parts. Zeros report nothing: producers write them where the model told no usage. */
function totalTokens(counts: TokenCounts | undefined): number {
  if (counts === undefined) return Number.NaN;
  if (isCredible(counts.total) && counts.total !== 0) return counts.total;
  let sum = 0;
  for (const part of [counts.input, counts.output, counts.reasoning, counts.cacheRead, counts.cacheWrite])
    if (isCredible(part)) sum += part;
  return sum === 0 ? Number.NaN : sum;
}

function isCredible(value: number | undefined): value is number {
  return value !== undefined && Math.abs(value) <= Number.MAX_SAFE_INTEGER;
}
