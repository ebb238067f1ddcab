// Tokens and cost of a trace, put together from its spans; from its summary only where the spans say less. A figure that
// nobody reported is left out, never 0.

import { modelName } from "./describeSpan";
import { oneLine } from "./plainText";
import type { TokenCounts, TraceFile, TraceSpan } from "./schema";
import { FLAG, type SpanColumns } from "./spanColumns";

export interface TokenTotals {
  readonly input: number;
  readonly output: number;
  readonly reasoning: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  /** As reported; where only the parts are, their sum. */
  readonly total: number;
}

export interface ModelUsage {
  /** Id without its provider; "" for spans that name none. */
  readonly model: string;
  readonly provider?: string | undefined;
  readonly calls: number;
  readonly failures: number;
  /** Milliseconds of the ended calls. */
  readonly durationMs: number;
  readonly tokens?: TokenTotals | undefined;
  readonly cost?: number | undefined;
}

export interface TraceUsage {
  readonly tokens?: TokenTotals | undefined;
  /** US dollars. */
  readonly cost?: number | undefined;
  /** Where tokens and cost come from; `summary`: the producer's own sums, because spans are missing or report none. */
  readonly source: "spans" | "summary" | "none";
  /** By number of calls. */
  readonly models: readonly ModelUsage[];
}

type Sums = { -readonly [K in keyof TokenTotals]: number };

export function traceUsage(trace: TraceFile, columns: SpanColumns): TraceUsage {
  const { spans, summary } = trace;
  const isOuter = outerReports(spans, columns);
  const models = new Map<string, Mutable<ModelUsage>>();
  let tokens: Sums | undefined;
  let cost: number | undefined;
  let isElided = false;
  for (const [row, span] of spans.entries()) {
    if (((columns.flags[row] ?? 0) & FLAG.elided) !== 0) isElided = true;
    const reportsTokens = hasTokens(span.tokens) && !isOuter.tokens[row];
    const spanCost = isOuter.cost[row] ? undefined : credible(span.cost);
    if (reportsTokens) tokens = addTokens(tokens, span.tokens);
    if (spanCost !== undefined) cost = (cost ?? 0) + spanCost;
    if (span.kind !== "generation" && !reportsTokens && spanCost === undefined) continue;
    const usage = usageOf(models, span);
    usage.calls++;
    if (span.status === "error" && span.interrupted !== true) usage.failures++;
    const durationMs = (columns.endMs[row] ?? Number.NaN) - (columns.startMs[row] ?? Number.NaN);
    if (!Number.isNaN(durationMs)) usage.durationMs += durationMs;
    if (reportsTokens) usage.tokens = addTokens(usage.tokens as Sums | undefined, span.tokens);
    if (spanCost !== undefined) usage.cost = (usage.cost ?? 0) + spanCost;
  }
  const told = summaryUsage(trace);
  const useTold = tokens === undefined || (isElided && (told.tokens?.total ?? 0) > tokens.total);
  const useToldCost = cost === undefined || (isElided && (told.cost ?? 0) > cost);
  const finalTokens = useTold ? told.tokens : tokens;
  // A summary's cost of 0 is what a producer without prices writes.
  const toldCost = summary.totalCost === 0 && cost === undefined ? undefined : told.cost;
  const finalCost = useToldCost ? toldCost : cost;
  return {
    ...(finalTokens === undefined ? {} : { tokens: finalTokens }),
    ...(finalCost === undefined ? {} : { cost: finalCost }),
    source: finalTokens === undefined && finalCost === undefined ? "none" : useTold ? "summary" : "spans",
    models: [...models.values()].sort((a, b) => b.calls - a.calls),
  };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function usageOf(models: Map<string, Mutable<ModelUsage>>, span: TraceSpan): Mutable<ModelUsage> {
  const model = oneLine(modelName(span));
  const provider = span.model?.providerId;
  const key = `${provider ?? ""}\0${model}`;
  const known = models.get(key);
  if (known !== undefined) return known;
  const usage = {
    model,
    provider: provider === undefined ? undefined : oneLine(provider),
    calls: 0,
    failures: 0,
    durationMs: 0,
  };
  models.set(key, usage);
  return usage;
}

/** Instrumentation reports usage on an outer span and again on the inner ones: what has a report below it is not counted. */
function outerReports(spans: readonly TraceSpan[], columns: SpanColumns): { tokens: Uint8Array; cost: Uint8Array } {
  const tokens = new Uint8Array(columns.count);
  const cost = new Uint8Array(columns.count);
  const markAbove = (marks: Uint8Array, row: number) => {
    // Stops at the first marked row, whose ancestors are marked: all walks together visit each row once.
    for (let above = columns.parent[row] ?? -1; above >= 0 && marks[above] === 0; above = columns.parent[above] ?? -1)
      marks[above] = 1;
  };
  for (const [row, span] of spans.entries()) {
    if (hasTokens(span.tokens)) markAbove(tokens, row);
    if (credible(span.cost) !== undefined) markAbove(cost, row);
  }
  return { tokens, cost };
}

function summaryUsage({ summary }: TraceFile): { tokens?: TokenTotals; cost?: number } {
  const counts = { ...summary.tokens, total: summary.tokens?.total ?? summary.totalTokens };
  const tokens = hasTokens(counts) ? addTokens(undefined, counts) : undefined;
  const cost = credible(summary.totalCost);
  return { ...(tokens === undefined ? {} : { tokens }), ...(cost === undefined ? {} : { cost }) };
}

function addTokens(sums: Sums | undefined, counts: TokenCounts | undefined): Sums {
  const next = sums ?? { input: 0, output: 0, reasoning: 0, cacheRead: 0, cacheWrite: 0, total: 0 };
  let parts = 0;
  for (const name of ["input", "output", "reasoning", "cacheRead", "cacheWrite"] as const) {
    const count = credible(counts?.[name]) ?? 0;
    next[name] += count;
    parts += count;
  }
  const total = credible(counts?.total);
  next.total += total === undefined || total === 0 ? parts : total;
  return next;
}

/** A span of zeros reports nothing: producers write zeros where the model's API told no usage. */
function hasTokens(counts: TokenCounts | undefined): boolean {
  if (counts === undefined) return false;
  return [counts.input, counts.output, counts.reasoning, counts.cacheRead, counts.cacheWrite, counts.total].some(
    (count) => count !== undefined && Number.isFinite(count) && count !== 0,
  );
}

/** What nobody can have used is left out, so that no sum becomes infinite. */
function credible(value: number | undefined): number | undefined {
  return value !== undefined && Math.abs(value) <= Number.MAX_SAFE_INTEGER ? value : undefined;
}
