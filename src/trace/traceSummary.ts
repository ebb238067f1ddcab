// Totals of a trace, derived from its spans: never added up from records, so that reading a record twice counts once.

import { finish, rowsPerStep, type Steps } from "../base/steps";
import type { TokenCounts, TraceSpan, TraceSummary } from "./schema";
import { toolName } from "./toolCall";

const countedTokens = ["input", "output", "reasoning", "cacheRead", "cacheWrite"] as const;
const mostTopTools = 10;

/** What the spans tell. A cost that no span reports is left out; `duration` is undefined where no time is known. */
export function summariseSpans(spans: readonly TraceSpan[]): TraceSummary {
  return finish(totalsInSteps(spans));
}

/** The same, with pauses in which others can be served. */
export function* totalsInSteps(spans: readonly TraceSpan[]): Steps<TraceSummary> {
  const tokens: Record<(typeof countedTokens)[number], number> = {
    input: 0,
    output: 0,
    reasoning: 0,
    cacheRead: 0,
    cacheWrite: 0,
  };
  const tools = new Map<string, { name: string; count: number; totalDuration: number }>();
  const sums = { totalTokens: 0, totalToolCalls: 0, totalGenerations: 0, openSpans: 0 };
  let totalCost: number | undefined;
  let firstMs = Number.POSITIVE_INFINITY;
  let lastMs = Number.NEGATIVE_INFINITY;
  let done = 0;
  for (const span of spans) {
    if (++done % rowsPerStep === 0) yield;
    if (span.startTime < firstMs) firstMs = span.startTime;
    const endMs = span.endTime ?? span.startTime;
    if (endMs > lastMs) lastMs = endMs;
    if (span.endTime === undefined) sums.openSpans++;
    if (span.cost !== undefined) totalCost = (totalCost ?? 0) + span.cost;
    if (span.tokens) sums.totalTokens += addTokens(tokens, span.tokens);
    if (span.kind === "generation") sums.totalGenerations++;
    else if (span.kind === "tool") {
      sums.totalToolCalls++;
      addTool(tools, span);
    }
  }
  const topTools = [...tools.values()].sort((a, b) => b.count - a.count).slice(0, mostTopTools);
  return {
    ...sums,
    tokens,
    ...(totalCost === undefined ? {} : { totalCost }),
    ...(lastMs >= firstMs ? { duration: lastMs - firstMs } : {}),
    ...(topTools.length > 0 ? { topTools } : {}),
  };
}

/** Adds to `sums` and returns the span's total. */
function addTokens(sums: Record<(typeof countedTokens)[number], number>, tokens: TokenCounts): number {
  let sum = 0;
  for (const name of countedTokens) {
    const count = tokens[name] ?? 0;
    sums[name] += count;
    sum += count;
  }
  // A producer may know the total alone.
  return sum > 0 ? sum : (tokens.total ?? 0);
}

function addTool(tools: Map<string, { name: string; count: number; totalDuration: number }>, span: TraceSpan): void {
  const name = toolName(span);
  const known = tools.get(name) ?? { name, count: 0, totalDuration: 0 };
  const durationMs = span.tool?.durationMs ?? (span.endTime === undefined ? 0 : span.endTime - span.startTime);
  known.count++;
  if (durationMs > 0) known.totalDuration += durationMs;
  tools.set(name, known);
}
