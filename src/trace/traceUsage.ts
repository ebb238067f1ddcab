// Tokens and cost of a trace, put together from its spans; from its summary only where the spans say less. A figure that
// nobody reported is left out, never 0.

import { rowsPerStep, type Steps } from "../base/steps";
import { oneLine } from "./plainText";
import type { TokenCounts, TraceSpan, TraceSummary } from "./schema";
import { FLAG, kindCodes, type SpanColumns, statusCodes } from "./spanColumns";
import type { SpanSource, TraceHeader } from "./spanSource";
import { credible, type SpanUsage, totalTokens } from "./spanUsage";

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

/** By row what a span reports; NaN for nothing. */
export interface ReportedUsage {
  readonly tokens: Float64Array;
  /** US dollars. */
  readonly cost: Float64Array;
}

type Sums = { -readonly [K in keyof TokenTotals]: number };

const generation = kindCodes.indexOf("generation");
const failed = statusCodes.indexOf("error");

/** @param rows of the columns, which may be one more than there are spans */
export function reportedUsage(spans: readonly TraceSpan[], rows: number): ReportedUsage {
  const tokens = new Float64Array(rows).fill(Number.NaN);
  const cost = new Float64Array(rows).fill(Number.NaN);
  for (const [row, span] of spans.entries()) {
    tokens[row] = totalTokens(span.tokens);
    cost[row] = credible(span.cost) ?? Number.NaN;
  }
  return { tokens, cost };
}

/** Reads no spans but those that report something, and these only where nobody has what they report. */
export function* traceUsage(
  { summary }: Pick<TraceHeader, "summary">,
  spans: SpanSource,
  columns: SpanColumns,
  reported: ReportedUsage,
): Steps<TraceUsage> {
  const isOuterTokens = outerReports(columns, reported.tokens);
  const isOuterCost = outerReports(columns, reported.cost);
  const models = new Map<string, Mutable<ModelUsage>>();
  let tokens: Sums | undefined;
  let cost: number | undefined;
  let isElided = false;
  for (let row = 0; row < spans.count; row++) {
    if (row % rowsPerStep === 0) yield;
    const flags = columns.flags[row] ?? 0;
    if ((flags & FLAG.elided) !== 0) isElided = true;
    const reportsTokens = !Number.isNaN(reported.tokens[row] ?? Number.NaN) && isOuterTokens[row] === 0;
    const ownCost = isOuterCost[row] === 0 ? (reported.cost[row] ?? Number.NaN) : Number.NaN;
    const reportsCost = !Number.isNaN(ownCost);
    if (columns.kind[row] !== generation && !reportsTokens && !reportsCost) continue;
    const used = spans.usageAt(row);
    if (used === undefined) continue;
    const usage = usageOf(models, used);
    usage.calls++;
    if (columns.status[row] === failed && (flags & FLAG.interrupted) === 0) usage.failures++;
    const durationMs = (columns.endMs[row] ?? Number.NaN) - (columns.startMs[row] ?? Number.NaN);
    if (!Number.isNaN(durationMs)) usage.durationMs += durationMs;
    if (reportsTokens) {
      tokens = addTokens(tokens, used.tokens);
      usage.tokens = addTokens(usage.tokens as Sums | undefined, used.tokens);
    }
    if (reportsCost) {
      cost = (cost ?? 0) + ownCost;
      usage.cost = (usage.cost ?? 0) + ownCost;
    }
  }
  const told = summaryUsage(summary);
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

function usageOf(models: Map<string, Mutable<ModelUsage>>, used: SpanUsage): Mutable<ModelUsage> {
  const model = oneLine(used.model);
  const { provider } = used;
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
function outerReports(columns: SpanColumns, reported: Float64Array): Uint8Array {
  const marks = new Uint8Array(columns.count);
  for (let row = 0; row < columns.count; row++) {
    if (Number.isNaN(reported[row] ?? Number.NaN)) continue;
    // Stops at the first marked row, whose ancestors are marked: all walks together visit each row once.
    for (let above = columns.parent[row] ?? -1; above >= 0 && marks[above] === 0; above = columns.parent[above] ?? -1)
      marks[above] = 1;
  }
  return marks;
}

function summaryUsage(summary: TraceSummary): { tokens?: TokenTotals; cost?: number } {
  const counts = { ...summary.tokens, total: summary.tokens?.total ?? summary.totalTokens };
  const tokens = Number.isNaN(totalTokens(counts)) ? undefined : addTokens(undefined, counts);
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
