// What the spans of a trace that grows add up to: what `summariseSpans` would say of all of them. A span that changes is
// taken out as it was and put in as it is.

import { rowsPerStep, type Steps } from "../base/steps";
import { Highest, orLowest } from "./highest";
import type { LiveColumns } from "./liveColumns";
import type { TokenCounts, TraceSpan, TraceSummary } from "./schema";
import type { SpanTotals } from "./sessionTrace";
import { FLAG } from "./spanColumns";
import type { SpanSource } from "./spanSource";
import { toolName } from "./toolCall";

const countedTokens = ["input", "output", "reasoning", "cacheRead", "cacheWrite"] as const;
const mostTopTools = 10;

/** What one span adds. */
export interface SpanShare {
  readonly isOpen: boolean;
  readonly kind: TraceSpan["kind"];
  readonly cost: number | undefined;
  readonly tokens: TokenCounts | undefined;
  readonly tool: string | undefined;
  readonly toolMs: number;
}

export function shareOf(span: TraceSpan): SpanShare {
  const { kind, cost, tokens, endTime, startTime } = span;
  const toolMs = span.tool?.durationMs ?? (endTime === undefined ? 0 : endTime - startTime);
  return {
    isOpen: endTime === undefined,
    kind,
    cost,
    tokens,
    tool: kind === "tool" ? toolName(span) : undefined,
    toolMs: toolMs > 0 ? toolMs : 0,
  };
}

interface Tool {
  count: number;
  totalDuration: number;
}

export class LiveTotals {
  readonly #columns: LiveColumns;
  readonly #spans: Pick<SpanSource, "shortSpanAt">;
  readonly #tokens = { input: 0, output: 0, reasoning: 0, cacheRead: 0, cacheWrite: 0 };
  readonly #tools = new Map<string, Tool>();
  #totalTokens = 0;
  #totalToolCalls = 0;
  #totalGenerations = 0;
  #openSpans = 0;
  #cost = 0;
  #costs = 0;
  /** Turned around, so that the first one is the highest. */
  readonly #firstStart = new Highest();
  readonly #lastEnd = new Highest();

  private constructor(columns: LiveColumns, spans: Pick<SpanSource, "shortSpanAt">) {
    this.#columns = columns;
    this.#spans = spans;
  }

  /**
   * @param spans of the columns as they are
   * @param base what the rows that are there add up to
   */
  static *of(
    columns: LiveColumns,
    spans: Pick<SpanSource, "shortSpanAt">,
    base: TraceSummary | undefined,
  ): Steps<LiveTotals> {
    const totals = new LiveTotals(columns, spans);
    if (base !== undefined) yield* totals.#begin(base);
    return totals;
  }

  *#begin(base: TraceSummary): Steps<void> {
    for (const name of countedTokens) this.#tokens[name] = base.tokens?.[name] ?? 0;
    this.#totalTokens = base.totalTokens ?? 0;
    this.#totalToolCalls = base.totalToolCalls ?? 0;
    this.#totalGenerations = base.totalGenerations ?? 0;
    this.#cost = base.totalCost ?? 0;
    for (const { name, count, totalDuration = 0 } of base.topTools ?? [])
      this.#tools.set(name, { count, totalDuration });
    const columns = this.#columns;
    for (let row = 0; row < columns.spans; row++) {
      if (row % rowsPerStep === 0) yield;
      if (columns.hasFlag(row, FLAG.open)) this.#openSpans++;
      if (!Number.isNaN(columns.cost[row])) this.#costs++;
      this.#setTimes(row, this.#startOf(row), this.#endOf(row));
    }
  }

  add(row: number, span: TraceSpan, share: SpanShare): void {
    this.#apply(share, 1);
    this.#setTimes(row, span.startTime, span.endTime ?? span.startTime);
  }

  remove(share: SpanShare): void {
    this.#apply(share, -1);
  }

  get totals(): SpanTotals {
    const { spans } = this.#columns;
    if (this.#firstStart.isUnknown) this.#firstStart.findAgain(spans, (row) => orLowest(-this.#startOf(row)));
    if (this.#lastEnd.isUnknown) this.#lastEnd.findAgain(spans, (row) => orLowest(this.#endOf(row)));
    const firstMs = -this.#firstStart.value;
    const lastMs = this.#lastEnd.value;
    const topTools = [...this.#tools]
      .filter(([, { count }]) => count > 0)
      .map(([name, { count, totalDuration }]) => ({ name, count, totalDuration }))
      .sort((a, b) => b.count - a.count)
      .slice(0, mostTopTools);
    return {
      summary: {
        totalTokens: this.#totalTokens,
        totalToolCalls: this.#totalToolCalls,
        totalGenerations: this.#totalGenerations,
        openSpans: this.#openSpans,
        tokens: { ...this.#tokens },
        ...(this.#costs === 0 ? {} : { totalCost: this.#cost }),
        ...(lastMs >= firstMs ? { duration: lastMs - firstMs } : {}),
        ...(topTools.length > 0 ? { topTools } : {}),
      },
      startMs: firstMs === Number.POSITIVE_INFINITY ? undefined : firstMs,
    };
  }

  #apply(share: SpanShare, sign: 1 | -1): void {
    if (share.isOpen) this.#openSpans += sign;
    if (share.cost !== undefined) {
      this.#costs += sign;
      // Without any, what is left of fractions goes.
      this.#cost = this.#costs === 0 ? 0 : this.#cost + sign * share.cost;
    }
    if (share.tokens) this.#totalTokens += sign * this.#addTokens(share.tokens, sign);
    if (share.kind === "generation") this.#totalGenerations += sign;
    else if (share.tool !== undefined) {
      this.#totalToolCalls += sign;
      this.#addTool(share.tool, share.toolMs, sign);
    }
  }

  /** Returns the span's total. */
  #addTokens(tokens: TokenCounts, sign: 1 | -1): number {
    let sum = 0;
    for (const name of countedTokens) {
      const count = tokens[name] ?? 0;
      this.#tokens[name] += sign * count;
      sum += count;
    }
    // A producer may know the total alone.
    return sum > 0 ? sum : (tokens.total ?? 0);
  }

  #addTool(name: string, toolMs: number, sign: 1 | -1): void {
    const known = this.#tools.get(name) ?? { count: 0, totalDuration: 0 };
    known.count += sign;
    known.totalDuration += sign * toolMs;
    // One without calls keeps its place: it may be that of the only one, which is about to be put in as it is now.
    this.#tools.set(name, known);
  }

  #setTimes(row: number, startMs: number, endMs: number): void {
    this.#firstStart.update(row, orLowest(-startMs));
    this.#lastEnd.update(row, orLowest(endMs));
  }

  /** As the span tells it, which columns only have where it is possible. */
  #startOf(row: number): number {
    const start = this.#columns.startMs[row] ?? Number.NaN;
    return Number.isNaN(start) ? (this.#spans.shortSpanAt(row)?.startTime ?? Number.NaN) : start;
  }

  /** Its start for a span without an end. */
  #endOf(row: number): number {
    if (this.#columns.hasFlag(row, FLAG.open)) return this.#startOf(row);
    const end = this.#columns.endMs[row] ?? Number.NaN;
    const isTold = !Number.isNaN(end) && !this.#columns.hasFlag(row, FLAG.negativeDuration);
    return isTold ? end : (this.#spans.shortSpanAt(row)?.endTime ?? Number.NaN);
  }
}
