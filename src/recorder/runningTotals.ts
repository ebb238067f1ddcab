// Totals of the spans of one incarnation as they end, so that a fold need not read a single span for its summary. They
// equal what `summariseSpans` finds in the finished trace; a test holds them to that.

import type { TraceSummary } from "../trace/schema";
import type { SpanTotals } from "./sessionRecorder";

const mostTopTools = 10;

interface Tool {
  readonly name: string;
  count: number;
  totalDuration: number;
}

export class RunningTotals {
  readonly #tokens = { input: 0, output: 0, reasoning: 0, cacheRead: 0, cacheWrite: 0 };
  readonly #tools = new Map<string, Tool>();
  #cost = 0;
  #toolCalls = 0;
  #generations = 0;
  #mayHaveFailed = false;

  /** A generation and a tool call count from their beginning. */
  begin(kind: SpanTotals["kind"], name: string): void {
    if (kind === "generation") this.#generations++;
    if (kind === "tool") this.#addTool(name);
  }

  end(span: SpanTotals): void {
    if (span.isCountedLate) this.begin(span.kind, span.name);
    if (span.kind === "tool") {
      const tool = this.#tools.get(span.name) ?? this.#addTool(span.name);
      if (span.durationMs > 0) tool.totalDuration += span.durationMs;
    }
    if (span.isFailed) this.#mayHaveFailed = true;
    if (span.cost !== undefined) this.#cost += span.cost;
    if (!span.tokens) return;
    this.#tokens.input += span.tokens.input;
    this.#tokens.output += span.tokens.output;
    this.#tokens.reasoning += span.tokens.reasoning;
    this.#tokens.cacheRead += span.tokens.cacheRead;
    this.#tokens.cacheWrite += span.tokens.cacheWrite;
  }

  /** A span's status was set. */
  noteStatus(): void {
    this.#mayHaveFailed = true;
  }

  #addTool(name: string): Tool {
    this.#toolCalls++;
    const known = this.#tools.get(name);
    if (known) {
      known.count++;
      return known;
    }
    const tool = { name, count: 1, totalDuration: 0 };
    this.#tools.set(name, tool);
    return tool;
  }

  /**
   * How many failures there are is known where there are none: a fold counts them.
   * @param durationMs of the session up to now
   */
  summary(durationMs: number, openSpans: number): TraceSummary {
    const { input, output, reasoning, cacheRead, cacheWrite } = this.#tokens;
    const topTools = [...this.#tools.values()].sort((a, b) => b.count - a.count).slice(0, mostTopTools);
    return {
      totalTokens: input + output + reasoning + cacheRead + cacheWrite,
      totalCost: this.#cost,
      totalToolCalls: this.#toolCalls,
      totalGenerations: this.#generations,
      duration: durationMs,
      tokens: { input, output, reasoning, cacheRead, cacheWrite },
      topTools: topTools.map((tool) => ({ ...tool })),
      ...(this.#mayHaveFailed ? {} : { failures: 0 }),
      openSpans,
    };
  }
}
